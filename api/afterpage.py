"""What became of an incident as a page to be printed, in Indonesian: a picture first, then figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from html import escape
from typing import Final

from api.afteraction import instants, lasted_s, sequence_row
from api.charts import headcount
from api.htmlpages import listed, table
from api.times import from_us
from core.units import us_to_seconds
from dispatch.review import ByHand, Outcome, Review, Turn
from dispatch.words import instead
from dispatch.worth import said, saved, span

Rows = Sequence[tuple[str, str]]
INSTANTS: Final = {
    "reported": "Dilaporkan", "verified": "Diverifikasi", "dispatched": "Relawan mulai diminta",
    "asked": "Permintaan pertama", "filled": "Semua tempat dijanjikan", "first_there": "Relawan pertama tiba",
    "all_there": "Semua tempat terisi di lokasi", "closed": "Ditutup",
}  # fmt: skip
OUTCOMES: Final[Mapping[Outcome, str]] = {
    "accepted": "bersedia", "declined": "menolak", "unanswered": "tidak menjawab",
    "withdrawn": "ditarik sebelum dijawab", "waiting": "masih menunggu",
}  # fmt: skip
ACTS: Final = {
    "incident.assign": "menugaskan", "incident.exclude": "mengecualikan", "incident.include": "mengizinkan lagi",
    "incident.pause": "menjeda permintaan", "incident.resume": "melanjutkan permintaan",
    "incident.wake": "membangunkan yang tidak bertugas", "offer.lock": "mengunci tempat",
    "offer.stand_down": "memulangkan",
}  # fmt: skip
ESTIMATE: Final = (
    "Perkiraan. Cara daftar: kejadian menurut urutan dibuka, masing-masing mendapat relawan terdekat yang masih bebas. "
    "Keduanya menjawab pertanyaan yang sama, dengan keadaan saat relawan mulai diminta: siapa dikirim bila semua yang "
    "diminta datang."
)
PRICE: Final = (
    "Harga dihitung seperti oleh pencocokan: waktu tempuh, ditambah bobot istirahat dan keadilan, dan 60 detik bagi "
    "siapa yang sudah direncanakan di sana."
)
UNKNOWN: Final = "belum ada data"
NONE: Final = "-"


def picture(found: Review, now_us: int, zone: tzinfo) -> str:
    """How many came, from the report to the end, or to now."""
    end_us = found.incident.closed_us or now_us
    return headcount(found.heads, sum(found.wanted.values()), found.incident.opened_us, end_us, zone)


def figures(found: Review, zone: tzinfo) -> Rows:
    """What a leader reads: how soon, how willing, what was worth it. Nobody is named."""
    times, outcomes = instants(found), found.outcomes()
    since = [
        (INSTANTS[name], _after(us, found.incident.opened_us, zone)) for name, us in times.items() if us is not None
    ]
    missing = [(INSTANTS[name], "belum") for name, us in times.items() if us is None]
    asked = ", ".join(f"{count} {OUTCOMES[outcome]}" for outcome, count in outcomes.items() if count)
    return [
        *since,
        *missing,
        ("Permintaan kepada relawan", f"{sum(outcomes.values())} kali: {asked}" if asked else "tidak ada"),
        ("Lama di lokasi (seluruhnya)", _total(found)),
        ("Dibanding cara daftar (perkiraan)", _gain(found)),
        ("Dibanding bertanya satu per satu (perkiraan)", _sequence(found)),
    ]


def parts(found: Review, names: Mapping[str, str], now_us: int, zone: tzinfo) -> list[str]:
    """The page of one incident; for those who may read who came."""
    people = [_person(turn, names, zone) for turn in found.turns.values()]
    heading = ("Relawan", "Peran", "Jawaban", "Diminta", "Menjawab", "Tiba", "Perjalanan", "Di lokasi")
    by_hand = [_hand(hand, names, zone) for hand in found.by_hand]
    return [
        picture(found, now_us, zone),
        "<h2>Waktu dan hasil</h2>",
        listed(figures(found, zone)),
        f'<p class="note">{ESTIMATE}</p>',
        "<h2>Relawan yang diminta</h2>",
        _many(heading, people, "Tidak ada yang diminta."),
        "<h2>Diputuskan koordinator sendiri</h2>",
        _many(("Waktu", "Keputusan", "Harga menurut rencana saat itu"), by_hand, "Tidak ada."),
        f'<p class="note">{PRICE}</p>' if by_hand else "",
    ]


def _many(columns: Sequence[str], rows: Sequence[Sequence[str]], nothing: str) -> str:
    """A table that scrolls by itself where the screen is narrow."""
    return f'<div class="many">{table(columns, rows)}</div>' if rows else f"<p>{nothing}</p>"


def _person(turn: Turn, names: Mapping[str, str], zone: tzinfo) -> list[str]:
    cells = [
        names.get(turn.person) or turn.person,
        turn.role or "relawan",
        OUTCOMES[turn.outcome] + (" (ditugaskan)" if turn.manual else ""),
        clock(turn.asked_us, zone),
        _lasted(turn.asked_us, turn.answered_us),
        clock(turn.arrived_us, zone),
        _lasted(turn.answered_us, turn.arrived_us),
        _lasted(turn.arrived_us, turn.ended_us) if turn.ended_us or not turn.arrived_us else "masih di lokasi",
    ]
    return [escape(cell) for cell in cells]


def _hand(hand: ByHand, names: Mapping[str, str], zone: tzinfo) -> list[str]:
    name = names.get(hand.person or "") or hand.person or ""
    did = " ".join(word for word in (hand.actor, ACTS.get(hand.act, hand.act), name) if word)
    cost = UNKNOWN if hand.cost is None else instead(name, hand.cost).id
    return [escape(cell) for cell in (clock(hand.at_us, zone), did, cost)]


def _gain(found: Review) -> str:
    gain = saved(found.beside)
    return UNKNOWN if gain is None else said(gain).id


def _sequence(found: Review) -> str:
    row = sequence_row(found)
    if row is None:
        return UNKNOWN
    return f"tempat terisi dalam {minutes(row['filled_s'])}; satu per satu {minutes(row['sequence_s'])}"


def _total(found: Review) -> str:
    """Hours of volunteers who came and went."""
    lasted = [lasted_s(turn.arrived_us, turn.ended_us) for turn in found.turns.values()]
    known = [seconds for seconds in lasted if seconds is not None]
    return f"{minutes(sum(known))} oleh {len(known)} relawan" if known else UNKNOWN


def _after(us: int, opened_us: int, zone: tzinfo) -> str:
    since = f" (+{minutes(us_to_seconds(us - opened_us))})" if us > opened_us else ""
    return f"{from_us(us, zone):%d-%m-%Y %H.%M.%S %Z}{since}"


def clock(us: int | None, zone: tzinfo) -> str:
    """The time of day."""
    return NONE if us is None else f"{from_us(us, zone):%H.%M.%S}"


def _lasted(from_: int | None, to: int | None) -> str:
    seconds = lasted_s(from_, to)
    return NONE if seconds is None else minutes(seconds)


def minutes(seconds: float) -> str:
    return span(seconds, "menit", "detik")
