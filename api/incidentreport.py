"""The report of an incident as the BPBD writes it: headings in Indonesian, facts of the archive and no others.

What nobody recorded here (victims, damage) says so and leaves room for a pen.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from html import escape
from typing import Final, Literal, NamedTuple

from api.htmlpages import table
from api.times import from_us
from core.events import IncidentChanged, Need, OfferChanged
from dispatch.offers import ENDED, PROMISED, THERE
from dispatch.state import LOOK

Kind = Literal["awal", "berkala", "akhir"]
Rows = Sequence[tuple[str, str]]
TITLES: Final[dict[Kind, str]] = {
    "awal": "LAPORAN AWAL KEJADIAN BENCANA",
    "berkala": "LAPORAN BERKALA KEJADIAN BENCANA",
    "akhir": "LAPORAN AKHIR KEJADIAN BENCANA",
}
UNKNOWN: Final = "tidak dicatat di sistem ini"
STATUS: Final = {
    "reported": "dilaporkan, belum diverifikasi", "verified": "terverifikasi", "dispatching": "relawan sedang diminta",
    "responding": "relawan menuju lokasi", "on_scene": "relawan di lokasi", "closed": "selesai",
    "cancelled": "dibatalkan",
}  # fmt: skip
DOUBT: Final = {
    "placeholder": " (titik pusat kota: titik pastinya belum diketahui)",
    "area": " (titik di dalam wilayah peringatan: titik pastinya belum diketahui)",
}
ALERT: Final = {"in_force": "berlaku", "cancelled": "dicabut oleh penerbitnya", "expired": "sudah berakhir"}
SOURCE: Final = {"": "koordinator", "volunteer": "relawan", "cap": "peringatan resmi (CAP)"}


class Facts(NamedTuple):
    """What the report is made of; `history` is the incident's versions, oldest first."""

    incident: IncidentChanged
    history: Sequence[IncidentChanged]
    offers: Sequence[OfferChanged]
    arrivals_us: Sequence[int]  # when people came to be there, the first first
    what: str
    where: str
    city: str
    now_us: int


def sections(kind: Kind, facts: Facts, zone: tzinfo) -> list[tuple[str, Rows]]:
    """The report, heading by heading."""
    found: list[tuple[str, Rows]] = [
        ("Keterangan laporan", _about(kind, facts, zone)),
        ("1. Jenis, waktu, dan lokasi kejadian", _event(facts, zone)),
        ("2. Kronologi", [("Keterangan", facts.incident.text or UNKNOWN)]),
        ("3. Dampak", [(name, UNKNOWN) for name in _IMPACT]),
        ("4. Upaya penanganan", _effort(facts, zone)),
        ("5. Kebutuhan", _needs(facts)),
    ]
    if kind != "awal":
        found.append(("6. Perkembangan", _course(facts, zone)))
    if kind == "akhir":
        found.append(("7. Penutupan", [("Ditutup", _time(facts.incident.closed_us, zone))]))
    return found


_IMPACT: Final = (
    "Meninggal", "Hilang", "Luka-luka", "Mengungsi", "Kerusakan rumah", "Kerusakan fasilitas umum", "Kerugian",
)  # fmt: skip


def _about(kind: Kind, facts: Facts, zone: tzinfo) -> Rows:
    exercise = [("Sifat", "LATIHAN, bukan kejadian sebenarnya")] if facts.incident.exercise else []
    return [
        ("Instansi", f"BPBD {facts.city}"),
        ("Laporan", kind),
        ("Keadaan per", _time(facts.now_us, zone)),
        ("Nomor kejadian", facts.incident.id),
        *exercise,
    ]


def _event(facts: Facts, zone: tzinfo) -> Rows:
    incident = facts.incident
    place = f"{incident.lat:.5f}, {incident.lon:.5f}"
    doubt = DOUBT.get(incident.placed, "")
    return [
        ("Jenis kejadian", facts.what),
        ("Tingkat", f"{incident.severity} dari 3"),
        ("Waktu dilaporkan", _time(incident.opened_us, zone)),
        ("Lokasi", facts.where),
        ("Koordinat (lintang, bujur)", place + doubt),
        ("Sumber laporan", SOURCE.get(incident.source, incident.source)),
        *_alert(incident, zone),
        ("Jumlah laporan", str(incident.reports)),
        ("Diverifikasi oleh", ", ".join(incident.verified_by) or "belum diverifikasi"),
        ("Status", STATUS.get(incident.status, incident.status)),
    ]


def _alert(incident: IncidentChanged, zone: tzinfo) -> Rows:
    """Whose alert it is: whoever issued it must be named."""
    cap = incident.cap
    if cap is None:
        return []
    until = "" if cap.expires_us is None else f" sampai {_time(cap.expires_us, zone)}"
    return [
        ("Peringatan resmi", f"{cap.headline or cap.event}. Sumber: {cap.attribution}"),
        ("Nomor peringatan", cap.identifier),
        ("Masa berlaku", f"{_time(cap.sent_us, zone)}{until}; {ALERT[cap.state]}"),
    ]


def _effort(facts: Facts, zone: tzinfo) -> Rows:
    helpers = [offer for offer in facts.offers if offer.role != LOOK]
    there = sum(offer.state in THERE for offer in helpers)
    coming = sum(offer.state in PROMISED for offer in helpers) - there
    return [
        ("Relawan diminta", str(len({offer.person for offer in facts.offers}))),
        ("Relawan dalam perjalanan", str(coming)),
        ("Relawan di lokasi", str(there)),
        ("Relawan yang pernah tiba", str(len(facts.arrivals_us))),
        ("Relawan pertama tiba", _time(min(facts.arrivals_us, default=None), zone)),
        ("Permintaan yang masih terbuka", str(sum(o.state not in ENDED and o.state not in PROMISED for o in helpers))),
    ]


def _needs(facts: Facts) -> Rows:
    said = [need for need in facts.incident.needs if need.role != LOOK]
    return [(need.role or "relawan", _people(need)) for need in said] or [("Relawan", UNKNOWN)]


def _people(need: Need) -> str:
    return ", ".join([f"{need.count} orang", *need.skills, *([need.vehicle] if need.vehicle else [])])


def _course(facts: Facts, zone: tzinfo) -> Rows:
    """When its status or severity became what it was."""
    rows, before = list[tuple[str, str]](), None
    for version in facts.history:
        now = (version.status, version.severity)
        if now != before:
            told = f"{STATUS.get(version.status, version.status)}; tingkat {version.severity}"
            rows.append((_time(version.at_us, zone), told))
        before = now
    return rows


def _time(us: int | None, zone: tzinfo) -> str:
    if us is None:
        return "belum"
    at = from_us(us, zone)
    return f"{at:%d-%m-%Y %H.%M.%S} {at:%Z}"


def markup(found: Sequence[tuple[str, Rows]]) -> list[str]:
    """The sections as parts of a page."""
    return [
        f"<h2>{escape(heading)}</h2>" + table(("Uraian", "Keterangan"), [[escape(a), escape(b)] for a, b in rows])
        for heading, rows in found
    ]


def cells(found: Sequence[tuple[str, Rows]]) -> list[list[str]]:
    """The sections as rows of a table."""
    return [["bagian", "uraian", "keterangan"], *([heading, a, b] for heading, rows in found for a, b in rows)]
