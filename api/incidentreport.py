"""The report of an incident as the BPBD writes it: headings in Indonesian, facts of the archive and no others.

What nobody entered says so; 0 is said only where a person said 0. Who is there is named while it goes on, for whoever
leads at the scene; the final report names nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from html import escape
from typing import Final, Literal, NamedTuple

from api.afterpage import ESTIMATE, UNKNOWN, figures, picture
from api.htmlpages import listed
from api.times import from_us
from core.events import Impact, IncidentChanged, Need, OfferChanged
from dispatch.incidents import ENDED as OVER
from dispatch.offers import ENDED, PROMISED, THERE
from dispatch.review import Review
from dispatch.state import LOOK

Kind = Literal["awal", "berkala", "akhir"]
Rows = Sequence[tuple[str, str]]
TITLES: Final[dict[Kind, str]] = {
    "awal": "LAPORAN AWAL KEJADIAN BENCANA",
    "berkala": "LAPORAN BERKALA KEJADIAN BENCANA",
    "akhir": "LAPORAN AKHIR KEJADIAN BENCANA",
}
EFFORT: Final = "4. Upaya penanganan"
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
    review: Review
    names: Mapping[str, str]  # of volunteers, by id
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
        ("3. Dampak", [(name, _told(facts.incident.impact, field)) for field, name in IMPACT.items()]),
        (EFFORT, _effort(facts, zone)),
        ("5. Kebutuhan", _needs(facts)),
    ]
    if kind != "awal":
        found.append(("6. Perkembangan", _course(facts, zone)))
    if kind == "berkala":
        found.append(("7. Relawan di lokasi", _present(facts, zone)))
    if kind == "akhir":
        found.append(("7. Penutupan", [("Ditutup", _time(facts.incident.closed_us, zone))]))
        found.append(("8. Evaluasi", figures(facts.review, zone)))
    return found


IMPACT: Final = {
    "deaths": "Meninggal", "missing": "Hilang", "injured_heavy": "Luka berat", "injured_light": "Luka ringan",
    "displaced_families": "Mengungsi (KK)", "displaced_persons": "Mengungsi (jiwa)",
    "houses_heavy": "Rumah rusak berat (RB)", "houses_moderate": "Rumah rusak sedang (RS)",
    "houses_light": "Rumah rusak ringan (RR)", "facilities": "Kerusakan fasilitas umum", "losses": "Kerugian",
}  # fmt: skip


def _told(impact: Impact | None, field: str) -> str:
    """What was entered; nothing is not 0."""
    value = getattr(impact, field, None)
    return UNKNOWN if value is None or value == "" else str(value)


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
        (
            "Relawan yang pernah tiba",
            str(len({turn.person for turn in facts.review.turns.values() if turn.arrived_us})),
        ),
        ("Relawan pertama tiba", _time(facts.review.first_us, zone)),
        ("Upaya lain", _told(facts.incident.impact, "efforts")),
        ("Permintaan yang masih terbuka", str(sum(o.state not in ENDED and o.state not in PROMISED for o in helpers))),
    ]


def _needs(facts: Facts) -> Rows:
    """The newest needs, and while it goes on how far they are met."""
    said = [need for need in facts.incident.needs if need.role != LOOK]
    urgent = ("Kebutuhan mendesak", _told(facts.incident.impact, "urgent_needs"))
    return [
        *((need.role or "relawan", _met(need, facts)) for need in said),
        *([] if said else [("Relawan", UNKNOWN)]),
        urgent,
    ]


def _met(need: Need, facts: Facts) -> str:
    if facts.incident.status in OVER:
        return _people(need)
    states = [offer.state for offer in facts.offers if offer.role == need.role]
    there, promised = sum(s in THERE for s in states), sum(s in PROMISED for s in states)
    missing = max(0, need.count - promised)
    return f"{_people(need)}: {there} di lokasi, {promised - there} dalam perjalanan, {missing} belum ada"


def _present(facts: Facts, zone: tzinfo) -> Rows:
    """Who is there now, for the head-count."""
    turns = [turn for turn in facts.review.turns.values() if turn.state in THERE]
    named = [
        (facts.names.get(turn.person) or turn.person, f"{turn.role or 'relawan'}, sejak {_time(turn.arrived_us, zone)}")
        for turn in turns
    ]
    return [("Jumlah", f"{len(named)} orang"), *named]


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
    return "belum" if us is None else written(us, zone)


def written(us: int, zone: tzinfo) -> str:
    """An instant as it stands in a letter."""
    return f"{from_us(us, zone):%d-%m-%Y %H.%M.%S %Z}"


def markup(kind: Kind, facts: Facts, zone: tzinfo) -> list[str]:
    """The report as parts of a page; after what was done a picture of who came."""
    parts = list[str]()
    for heading, rows in sections(kind, facts, zone):
        parts.append(f"<h2>{escape(heading)}</h2>{listed(rows)}")
        if heading == EFFORT and kind != "awal":
            parts.append(picture(facts.review, facts.now_us, zone))
    return [*parts, f'<p class="note">{ESTIMATE}</p>'] if kind == "akhir" else parts


def cells(found: Sequence[tuple[str, Rows]]) -> list[list[str]]:
    """The sections as rows of a table."""
    return [["bagian", "uraian", "keterangan"], *([heading, a, b] for heading, rows in found for a, b in rows)]
