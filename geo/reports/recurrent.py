"""Places where vehicles stop again and again without explanation: the same stall every Tuesday, 4 trucks, 9 hours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import floor
from statistics import median
from typing import Final, NamedTuple

import msgspec

from core.calendar import Calendar, weekday
from core.events import Dwell
from core.units import DAY_US, MINUTE_US, US_PER_S
from geo.folds.plane import metres_per_degree, wrap
from geo.reports.daybook import Seen, ends_us, metres

NEAR_M: Final = 50.0  # stops no farther from the densest one are at the same place
REGULAR: Final = 0.75  # on so many of its weekdays in the window: "every Tuesday"
TIMES: Final = 3  # less often is chance
SHOWN: Final = 20  # stops named of each place, the longest
DAY_MIN: Final = DAY_US // MINUTE_US


class Least(NamedTuple):
    """What a place has at least; less is chance, or a traffic light."""

    stops: int = TIMES
    days: int = 2
    total_s: float = 1800.0


USUAL: Final = Least()


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """A dwell without explanation, and whose it was."""

    row: Dwell
    vehicle: str | None


class Haunt(msgspec.Struct, frozen=True, kw_only=True):
    """A place of many stops. `every` are the ISO weekdays on which somebody is nearly always there."""

    lon: float
    lat: float
    area: str | None
    vehicles: tuple[str, ...]
    days: int
    stops: int
    total_s: float
    weekdays: tuple[int, ...]  # stops on each, Monday first
    every: tuple[int, ...]
    usual_min: int  # the median minute of the day at which a stop begins
    dwells: tuple[str, ...]


def recurrent(
    stops: Sequence[Stop], calendar: Calendar, window: tuple[int, int], now_us: int, least: Least = USUAL
) -> list[Haunt]:
    """Places of so many stops between two days (the second is not one of them), the longest sum first."""
    haunts = (_haunt(group, calendar, window, now_us) for group in clusters(stops) if len(group) >= least.stops)
    found = [haunt for haunt in haunts if haunt.days >= least.days and haunt.total_s >= least.total_s]
    return sorted(found, key=lambda haunt: (-haunt.total_s, haunt.dwells))


def clusters(stops: Sequence[Stop]) -> list[list[Stop]]:
    """Stops by place: the one with the most others within `NEAR_M` takes them all, then the next of what is left."""
    near = _neighbours(stops)
    left = set(range(len(stops)))
    found = []
    for i in sorted(left, key=lambda i: (-len(near[i]), -_seconds(stops[i].row), stops[i].row.id)):
        if i in left:
            taken = sorted(left.intersection(near[i]))
            left.difference_update(taken)
            found.append([stops[j] for j in taken])
    return found


def _neighbours(stops: Sequence[Stop]) -> list[list[int]]:
    """For each stop those within `NEAR_M`, itself too, by a grid of cells at least as wide as that."""
    cells: dict[tuple[int, int], list[int]] = {}
    places = _cells(stops)
    for i, cell in enumerate(places):
        cells.setdefault(cell, []).append(i)
    found = []
    for i, (x, y) in enumerate(places):
        here = Seen(0, stops[i].row.lon, stops[i].row.lat)
        around = [j for dx in (-1, 0, 1) for dy in (-1, 0, 1) for j in cells.get((x + dx, y + dy), ())]
        found.append([j for j in around if metres(here, stops[j].row.lon, stops[j].row.lat) <= NEAR_M])
    return found


def _cells(stops: Sequence[Stop]) -> list[tuple[int, int]]:
    """The cell of each stop, counted from the first one's meridian; degrees are as short as at the highest latitude."""
    east, north = metres_per_degree(max((abs(stop.row.lat) for stop in stops), default=0.0))
    wide, high = NEAR_M / max(east, 1.0), NEAR_M / north * 1.02  # a degree of latitude is 1 % shorter at the equator
    return [(floor(wrap(stop.row.lon - stops[0].row.lon) / wide), floor(stop.row.lat / high)) for stop in stops]


def _haunt(group: Sequence[Stop], calendar: Calendar, window: tuple[int, int], now_us: int) -> Haunt:
    days = {calendar.day(stop.row.start_us) for stop in group}
    by_weekday = Counter(weekday(calendar.day(stop.row.start_us)) for stop in group)
    longest = sorted(group, key=lambda stop: (-_seconds(stop.row), stop.row.id))
    areas = Counter(stop.row.area for stop in group)
    return Haunt(
        lon=round(median(stop.row.lon for stop in group), 6),
        lat=round(median(stop.row.lat for stop in group), 6),
        area=max(areas, key=lambda area: (areas[area], area or "")),
        vehicles=tuple(sorted({stop.vehicle or stop.row.device for stop in group})),
        days=len(days),
        stops=len(group),
        total_s=round(sum((ends_us(stop.row, now_us) - stop.row.start_us) / US_PER_S for stop in group), 3),
        weekdays=tuple(by_weekday[day] for day in range(1, 8)),
        every=tuple(_regular(days, window)),
        usual_min=_usual([calendar.minute(stop.row.start_us) for stop in group]),
        dwells=tuple(stop.row.id for stop in longest[:SHOWN]),
    )


def _regular(days: set[int], window: tuple[int, int]) -> Iterable[int]:
    """Weekdays on which there was a stop on nearly every one of them in the window."""
    there, all_ = Counter(map(weekday, days)), Counter(map(weekday, range(*window)))
    return (day for day in range(1, 8) if there[day] >= max(TIMES, REGULAR * all_[day]))


def _usual(minutes: Sequence[int]) -> int:
    """The median on a clock that is cut where it is idle longest: of 23:50 and 00:10 it is midnight, not noon."""
    ordered = sorted(minutes)
    idle = [(minute - before) % DAY_MIN for before, minute in zip([ordered[-1], *ordered], ordered, strict=False)]
    cut = ordered[idle.index(max(idle))]
    return int(cut + median((minute - cut) % DAY_MIN for minute in minutes)) % DAY_MIN


def _seconds(row: Dwell) -> float:
    return (row.last_us - row.start_us) / US_PER_S
