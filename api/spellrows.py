"""Trips, visits, services, speedings and gaps as the outside sees them: names, units and times of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final

from api.rows import point
from api.times import rfc3339, rfc3339_or_none
from core.events import Spell, SpellKind
from core.live import Live

_HEAD: Final = ("id", "device", "vehicle", "class", "start", "end", "duration_s")
_TAIL: Final = ("lon", "lat", "fixes", "state", "merged_into", "revision")
MEASURES: Final[Mapping[SpellKind, tuple[str, ...]]] = {
    "trip": ("distance_m", "gap_m", "silent_s", "stopped_s", "max_mps", "to_lon", "to_lat"),
    "visit": ("subject", "version", "silent_s", "stopped_s"),
    "service": ("subject", "version", "nearest_m", "nearest", "heading_deg", "silent_s", "stopped_s", "covered"),
    "speeding": ("max_mps", "limit_mps"),
    "gap": ("distance_m", "to_lon", "to_lat"),
}
PLURALS: Final[Mapping[SpellKind, str]] = {
    "trip": "trips", "visit": "visits", "service": "services", "speeding": "speedings", "gap": "gaps",
}  # fmt: skip
_DIGITS: Final = {
    "distance_m": 1, "gap_m": 1, "silent_s": 3, "stopped_s": 3, "max_mps": 2, "limit_mps": 2, "nearest_m": 1,
    "heading_deg": 1, "covered": 3, "to_lon": 7, "to_lat": 7,
}  # fmt: skip


def spell_columns(kind: SpellKind) -> tuple[str, ...]:
    """The names of a row of this kind, in order."""
    return (*_HEAD, *MEASURES[kind], *_TAIL)


def overlaid(row: Spell, live: Live | None) -> Spell:
    """An open row as the engine holds it now; the archive has it as it was at its last change."""
    if row.state != "open" or live is None:
        return row
    found = (now for now in live.spells if now.id == row.id and now.revision >= row.revision)
    return next(found, row)


def spell_row(row: Spell, vehicle: str | None, now_us: int, zone: tzinfo, live: Live | None = None) -> dict[str, Any]:
    """A spell under the names of its kind; an open one lasts until now."""
    row = overlaid(row, live)
    until_us = max(now_us, row.last_us) if row.end_us is None else row.end_us
    known = {
        "id": row.id,
        "device": row.device,
        "vehicle": vehicle,
        "class": row.cls,
        "start": rfc3339(row.start_us, zone),
        "end": rfc3339_or_none(row.end_us, zone),
        "duration_s": round((until_us - row.start_us) / 1e6, 3),
        "subject": row.subject,
        "version": row.version,
        "nearest": rfc3339_or_none(row.nearest_us, zone),
        "lon": row.lon,
        "lat": row.lat,
        "fixes": row.fixes,
        "state": row.state,
        "merged_into": row.merged_into,
        "revision": row.revision,
    } | {name: _rounded(getattr(row, name), digits) for name, digits in _DIGITS.items()}
    return {name: known[name] for name in spell_columns(row.kind)}


def spell_feature(row: dict[str, Any]) -> dict[str, Any]:
    """GeoJSON: a line from where it began to where it ended, where both are known; else a point."""
    properties = {name: value for name, value in row.items() if name not in ("lon", "lat", "to_lon", "to_lat")}
    feature = point(row["lon"], row["lat"], properties, row["id"])
    if row.get("to_lon") is not None:
        ends = [[row["lon"], row["lat"]], [row["to_lon"], row["to_lat"]]]
        feature["geometry"] = {"type": "LineString", "coordinates": ends}
    return feature


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
