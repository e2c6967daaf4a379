"""What a volunteer reports: a form judged, and sent as `incident.open`. A report asks nobody; people verify it."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from fastapi import HTTPException

from api.clerks import take
from api.commands import DISPATCH
from api.deps import Deps
from api.forms import Form
from api.incidentbodies import NewIncident, opening
from api.personal import Visit
from api.problems import ParameterError
from core.entities import Area
from core.errors import ConflictError
from dispatch.areas import middle
from store import read

TEXT_MAX: Final = 2000
KIND_MAX: Final = 40
KEY_MAX: Final = 64


class UnfitError(Exception):
    """Why a report cannot be taken as it is, Indonesian and English."""

    def __init__(self, indonesian: str, english: str) -> None:
        super().__init__(english)
        self.texts = (indonesian, english)


async def report(visit: Visit, form: Form) -> str:
    """Open an incident as reported; its id. The same form sent twice is one report."""
    body = await _body(visit.deps, form)
    who, key = str(visit.person.id), form.get("key")[:KEY_MAX]
    try:
        if not await visit.commands.known("incident.open", who, key):
            take(visit.clerks.reports, who)
        return (await visit.commands.send("incident.open", who, body, DISPATCH, key=key)).id
    except HTTPException as error:
        raise UnfitError(
            "Terlalu banyak laporan dalam sepuluh menit. Tunggu sebentar, atau telepon koordinator.",
            "Too many reports within ten minutes. Wait a little, or call the coordinator.",
        ) from error
    except ConflictError as error:
        raise UnfitError(f"Belum diterima: {error}. Telepon koordinator.", f"Not taken: {error}. Call.") from error


async def _body(deps: Deps, form: Form) -> dict[str, Any]:
    kind = form.get("kind")[:KIND_MAX]
    if not kind or (deps.city.hazards and kind not in {hazard.kind for hazard in deps.city.hazards}):
        raise UnfitError("Pilih dulu apa yang terjadi.", "Choose what has happened.")
    severity = form.get("severity") or "2"
    if severity not in ("1", "2", "3"):
        raise UnfitError("Pilih seberapa parah.", "Choose how severe it is.")
    lon, lat, about = await _place(deps, form)
    given = {
        "kind": kind, "lon": lon, "lat": lat, "severity": int(severity), "text": form.get("text")[:TEXT_MAX],
        "address": form.get("address")[:TEXT_MAX] or None, "exercise": form.get("exercise") == "yes",
    }  # fmt: skip
    new = NewIncident.model_validate(given)
    try:
        return opening(new, deps.city) | {"source": "volunteer"} | about
    except ParameterError as error:
        raise UnfitError(
            f"Tempat itu di luar {deps.city.name}. Pilih kelurahan, atau laporkan kepada yang berwenang di sana.",
            f"That place is outside {deps.city.name}. Choose an area, or report it to those whose it is.",
        ) from error


async def _place(deps: Deps, form: Form) -> tuple[float, float, dict[str, Any]]:
    """What the phone measured; else the middle of the area that was chosen, with the doubt noted."""
    lon, lat = _degrees(form.get("lon"), 180), _degrees(form.get("lat"), 90)
    if lon is not None and lat is not None:
        return lon, lat, {}
    row = await read.registry_row(deps.pool, "areas", area) if (area := form.get("area")[:128]) else None
    if row is None:
        raise UnfitError(
            "Di mana? Tekan “Pakai lokasi HP”, atau pilih kelurahan.", "Where? Use the phone's location, or an area."
        )
    lon, lat = middle(msgspec.convert(row, Area)) or deps.city.centre
    return lon, lat, {"area": area, "placed": "area"}


def _degrees(text: str, most: int) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if -most <= value <= most else None
