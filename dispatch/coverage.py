"""Coverage: "one more five-person fire here, now?" for each area of the city. Pure, a function of the state.

First of those who are free: on duty, seen lately, neither promised nor chosen in a plan; so it is what a new incident
could have without taking anybody from another one. Where they are too few, all are matched again with the new incident
among them: who is only asked or planned may be taken from a lesser one, who promised is not. The cost is one field for
each area and class (kept from call to call, for areas stay), one look at everybody for each area, and a matching for
each area that is short.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from core.entities import Area
from core.events import IncidentChanged, Need, Words
from dispatch import words
from dispatch.areas import middle
from dispatch.costs import Charged, Everybody
from dispatch.desk import Desk
from dispatch.matching import solve
from dispatch.matching.problem import Need as Places
from dispatch.matching.problem import Problem
from dispatch.plan import Row, asks, row_of
from dispatch.state import open_incidents

PEOPLE: Final = 5
SEVERITY: Final = 2
MAX_AREAS: Final = 500
MOST_CELLS: Final = 20_000_000  # of all matchings of one call; beyond, nobody is placed anew
ONE_MORE: Final = ""  # the id of the incident that might be


@dataclass(frozen=True, slots=True)
class Taking:
    """With people of lesser incidents: how many could come, when the last is there, and how many each would lose."""

    could: int
    full_s: float | None
    takes: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of the people that a new incident in this area wants: how many could come, and when the last of them is there.

    `taking` is None where the free are enough, or where matching again would cost too much.
    """

    area: str
    name: str
    lon: float
    lat: float
    wanted: int
    could: int
    full_s: float | None  # None: not all could come
    taking: Taking | None = None

    @property
    def words(self) -> Words:
        """The answer in a sentence."""
        if self.taking is None or self.taking.could <= self.could:
            return words.coverage(self.wanted, self.could, self.full_s)
        taken = sum(places for _, places in self.taking.takes)
        return words.coverage(self.wanted, self.taking.could, self.taking.full_s, self.could, taken)


def coverage(desk: Desk, people: int = PEOPLE, severity: int = SEVERITY) -> list[Coverage]:
    """By area, in the order of ids; the first `MAX_AREAS`. Areas without a shape are passed over."""
    everybody = Everybody(desk)
    free = everybody.free.copy()
    free[[everybody.column[d] for plan in desk.state.plans.values() for d in plan if d in everybody.column]] = False
    areas = sorted(desk.state.areas.values(), key=lambda area: area.id)[:MAX_AREAS]
    found = [_of(everybody, free, area, place, people) for area in areas if (place := middle(area)) is not None]
    rows = _asking(desk)
    short = sum(each.could < people for each in found)
    if not rows or short * (len(rows) + 1) * len(everybody.people) > MOST_CELLS:
        return found
    before = _sent(everybody, rows)
    return [each if each.could >= people else _taking(everybody, rows, before, each, severity) for each in found]


def _of(everybody: Everybody, free: Any, area: Area, place: tuple[float, float], people: int) -> Coverage:
    lon, lat = place
    eta_s = everybody.reach.eta_of(lon, lat, everybody.crowd, why=False).eta_s[free]
    soonest = np.sort(eta_s[eta_s <= everybody.desk.params.cutoff_s])[:people]
    full_s = round(float(soonest[-1]), 1) if len(soonest) == people else None
    return Coverage(area.id, area.name, lon, lat, people, len(soonest), full_s)


def _asking(desk: Desk) -> list[Row]:
    """The places that are still open of incidents that ask."""
    incidents = [incident for incident in open_incidents(desk.state) if asks(desk, incident)]
    return [row_of(desk, incident, need) for incident in incidents for need in desk.needs(incident)]


def _sent(everybody: Everybody, rows: Sequence[Row]) -> tuple[tuple[int, ...], ...]:
    """Who is sent to each row, nobody asked beyond the places."""
    costs = Charged(everybody, rows, np.zeros(len(everybody.people), np.bool_))
    places = [Places(row.open, row.incident.severity) for row in rows]
    return solve.match(Problem(places, costs)).chosen


def _taking(
    everybody: Everybody, rows: Sequence[Row], before: Sequence[Sequence[int]], here: Coverage, severity: int
) -> Coverage:
    need = Need(count=here.wanted)
    incident = IncidentChanged(
        at_us=everybody.desk.now_us, id=ONE_MORE, kind="", severity=severity, status="verified", lon=here.lon,
        lat=here.lat, needs=(need,),
    )  # fmt: skip
    after = _sent(everybody, [*rows, Row(incident, need, here.wanted, (), asks=False)])
    lost = Counter[str]()
    for row, was, now in zip(rows, before, after[:-1], strict=True):
        lost[row.incident.id] += len(was) - len(now)
    come = after[-1]
    eta_s = everybody.some(incident, np.array(come, np.int64))
    full_s = round(float(eta_s.max()), 1) if len(come) == here.wanted else None
    taking = Taking(len(come), full_s, tuple((name, many) for name, many in lost.items() if many > 0))
    return Coverage(here.area, here.name, here.lon, here.lat, here.wanted, here.could, here.full_s, taking)
