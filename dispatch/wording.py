"""What a volunteer reads: a title and a sentence for each kind of notice, Indonesian first. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Final, NamedTuple

from core.events import IncidentChanged, NoticeKind

Texts = Mapping[NoticeKind, tuple[str, str]]


class Said(NamedTuple):
    title: str
    body: str


_ID: Final[Texts] = {
    "offer": ("{what}: bisa datang?", "{where}.{eta} Tingkat {severity} dari 3."),
    "verify": ("Tolong lihat: {what}", "Ada laporan {what} di {where}.{eta} Benarkah? Jangan ambil risiko."),
    "wake": ("Darurat {what}: bisa bantu?", "{where}. Anda sedang di luar tugas; jawab hanya bila sanggup."),
    "withdrawn": ("Tidak perlu datang", "{what} di {where} sudah cukup orang. Terima kasih."),
    "stood_down": ("Silakan kembali", "{what} di {where} sudah cukup orang. Terima kasih sudah bersedia."),
    "moved": ("Lokasi pindah", "{what} sekarang di {where}."),
}
_EN: Final[Texts] = {
    "offer": ("{what}: can you come?", "{where}.{eta} Severity {severity} of 3."),
    "verify": ("Please look: {what}", "{what} was reported at {where}.{eta} Is it true? Take no risk."),
    "wake": ("Emergency, {what}: can you help?", "{where}. You are off duty; answer only if you are able to."),
    "withdrawn": ("No need to come", "Enough people are at {what}, {where}. Thank you."),
    "stood_down": ("You may turn back", "Enough people are at {what}, {where}. Thank you for being ready."),
    "moved": ("The place has changed", "{what} is now at {where}."),
}
_LANGUAGES: Final[Mapping[str, Texts]] = {"id": _ID, "en": _EN}
_ETA: Final = {"id": " Kira-kira {minutes} menit dari Anda.", "en": " About {minutes} min from you."}
_EXERCISE: Final = {"id": "LATIHAN: ", "en": "EXERCISE: "}
_UNKNOWN: Final = {"id": "kejadian", "en": "incident"}


def said(
    kind: NoticeKind,
    incident: IncidentChanged | None,
    *,
    what: str,
    where: str,
    eta_s: float | None = None,
    language: str = "id",
) -> Said:
    """Title and sentence. `what` names the kind of incident, `where` its place, as people there call them."""
    language = language if language in _LANGUAGES else "en"
    title, body = _LANGUAGES[language][kind]
    named = {
        "what": what or _UNKNOWN[language],
        "where": where,
        "severity": incident.severity if incident else 2,
        "eta": "" if eta_s is None else _ETA[language].format(minutes=max(1, ceil(eta_s / 60))),
    }
    mark = _EXERCISE[language] if incident is not None and incident.exercise else ""
    return Said(mark + title.format(**named), body.format(**named))


def place_of(incident: IncidentChanged, areas: Mapping[str, str]) -> str:
    """Where it is, in words: the address, the area's name, else the coordinates. A doubtful coordinate is not said."""
    area = areas.get(incident.area or "", incident.area or "")
    known = [part for part in (incident.address or "", area) if part]
    return ", ".join(known) or f"{incident.lat:.5f}, {incident.lon:.5f}"
