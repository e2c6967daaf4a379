"""What each vehicle did on a day in figures, and sums of them by group, by city, over days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from core.calendar import Span
from core.events import Dwell, Spell, SpellKind
from core.units import US_PER_S
from geo.meaning.duty import merged
from geo.reports.coverage import Coverage, counts
from geo.reports.daybook import Book, clipped, ends_us
from geo.reports.rounds import Ritase
from geo.reports.unheard import without

COUNTED: Final[tuple[SpellKind, ...]] = ("trip", "gap", "speeding")


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of a vehicle on a day; moving, stopped and silent seconds are the day from its first fix ever, till now.

    A silence in which it stood counts as stopped. `stops` and `stop_s` go by purpose.
    """

    vehicle: str
    group: str = ""
    days: int = 1  # on which it was heard
    distance_m: float = 0.0
    gap_m: float = 0.0
    moving_s: float = 0.0
    stopped_s: float = 0.0
    silent_s: float = 0.0
    trips: int = 0
    speedings: int = 0
    ritase: int = 0
    stops: dict[str, int] = {}
    stop_s: dict[str, float] = {}
    points: dict[str, int] = {}  # of the rounds it was to drive, by status


def totals(book: Book, done: Coverage, to_landfill: Sequence[Ritase]) -> list[Totals]:
    """A day's figures of every vehicle that was registered or heard, by id; devices in none are left out."""
    rows: dict[str, list[Dwell | Spell]] = {id_: [] for id_ in book.config.entities("vehicles")}
    counted: list[Dwell | Spell] = [row for stays in book.dwells_of.values() for row in stays]
    counted += [row for kind in COUNTED for row in book.of_kind.get(kind, ())]
    for row in counted:
        vehicle = book.vehicle(row)
        if vehicle is not None and clipped((row.start_us, ends_us(row, book.now_us) + 1), book.span):
            rows.setdefault(vehicle, []).append(row)
    rides = Counter(r.vehicle for r in to_landfill)
    return [_of_vehicle(book, id_, rows[id_], rides[id_], done) for id_ in sorted(rows)]


def _of_vehicle(book: Book, vehicle: str, rows: Sequence[Dwell | Spell], rides: int, done: Coverage) -> Totals:
    dwells = [row for row in rows if isinstance(row, Dwell)]
    spells = [row for row in rows if isinstance(row, Spell)]
    trips = [row for row in spells if row.kind == "trip"]
    gaps = [row for row in spells if row.kind == "gap"]
    devices = {row.device for row in rows} | set(book.config.duties.devices_of(vehicle, _until_us(book) - 1))
    heard = _heard_spans(book, devices)
    stopped, silent = _parts(book, dwells), _parts(book, gaps)
    silent_only = [part for span in silent for part in without(span, stopped)]
    whole_s = _seconds(heard)
    stopped_s, silent_s = (
        min(_seconds(stopped), whole_s),
        _seconds(silent_only) + _unheard_s(book, heard, stopped, devices),
    )
    known = book.config.entities("vehicles").get(vehicle)
    today = [row for row in dwells if book.span[0] <= row.start_us < book.span[1]]
    return Totals(
        vehicle=vehicle,
        group=known.group if known else "",
        days=1 if heard else 0,
        distance_m=round(sum(_share(book, row) * (row.distance_m or 0.0) for row in trips), 1),
        gap_m=round(sum(_share(book, row) * (row.gap_m or 0.0) for row in trips), 1),
        moving_s=round(max(0.0, whole_s - stopped_s - silent_s), 3),
        stopped_s=round(stopped_s, 3),
        silent_s=round(min(silent_s, whole_s - stopped_s), 3),
        trips=sum(_began(book, row) for row in trips),
        speedings=sum(_began(book, row) for row in spells if row.kind == "speeding"),
        ritase=rides,
        stops=dict(sorted(Counter(row.purpose for row in today).items())),
        stop_s=_by_purpose(book, dwells),
        points=counts(p.status for r in done.rounds if vehicle in r.units for p in r.points),
    )


def _until_us(book: Book) -> int:
    """Until when the day is known."""
    return min(book.span[1], book.now_us)


def _heard_spans(book: Book, devices: Iterable[str]) -> list[Span]:
    """The day as far as it is known, from the first fix ever of these devices; nothing of those never heard."""
    seen = [heard for device in devices if (heard := book.heard.get(device)) and heard.newest]
    if not seen:
        return []
    firsts = [h.first.at_us if h.first and not h.before else book.span[0] for h in seen]
    span = clipped((min(firsts), _until_us(book)), book.span)
    return [span] if span else []


def _unheard_s(book: Book, heard: list[Span], stopped: list[Span], devices: Iterable[str]) -> float:
    """Silence since the newest fix, once it is longer than the tracker's habit; a stop that goes on is none."""
    seen = [h for device in devices if (h := book.heard.get(device))]
    if not heard or any(h.after for h in seen):
        return 0.0
    last_us = max((h.newest.at_us for h in seen if h.newest), default=heard[0][0])
    quiet_s = min((book.config.profile(h.device).silent_after_s for h in seen), default=0.0)
    if heard[0][1] - last_us <= quiet_s * US_PER_S:
        return 0.0
    return _seconds(without((max(last_us, heard[0][0]), heard[0][1]), stopped))


def _parts(book: Book, rows: Iterable[Dwell | Spell]) -> list[Span]:
    """The parts of the day, till now, that rows cover together."""
    day = book.span[0], _until_us(book)
    return merged(part for row in rows if (part := clipped((row.start_us, ends_us(row, book.now_us)), day)))


def _share(book: Book, row: Spell) -> float:
    """The share of a row's time that lies in the day: a trip over midnight belongs to both days."""
    length = ends_us(row, book.now_us) - row.start_us
    part = clipped((row.start_us, row.start_us + length), book.span)
    return (part[1] - part[0]) / length if part else 0.0


def _began(book: Book, row: Spell) -> bool:
    return book.span[0] <= row.start_us < book.span[1]


def _by_purpose(book: Book, dwells: Sequence[Dwell]) -> dict[str, float]:
    purposes = sorted({row.purpose for row in dwells})
    return {p: round(_seconds(_parts(book, [row for row in dwells if row.purpose == p])), 3) for p in purposes}


def _seconds(spans: Iterable[Span]) -> float:
    return sum(end_us - start_us for start_us, end_us in spans) / US_PER_S


def summed(rows: Iterable[Totals], key: Callable[[Totals], str]) -> list[Totals]:
    """Sums by what `key` names, in order; `vehicle` is that name, and `days` are vehicle-days."""
    found: dict[str, Totals] = {}
    for row in rows:
        name = key(row)
        found[name] = _plus(found[name], row) if name in found else msgspec.structs.replace(row, vehicle=name)
    return [found[name] for name in sorted(found)]


def _plus(a: Totals, b: Totals) -> Totals:
    names = ("days", "distance_m", "gap_m", "moving_s", "stopped_s", "silent_s", "trips", "speedings", "ritase")
    sums = {name: getattr(a, name) + getattr(b, name) for name in names}
    maps = {name: _added(getattr(a, name), getattr(b, name)) for name in ("stops", "stop_s", "points")}
    return msgspec.structs.replace(a, **sums, **maps)


def _added(a: dict[str, float], b: dict[str, float]) -> dict[str, float]:
    return {name: a.get(name, 0) + b.get(name, 0) for name in sorted({*a, *b})}
