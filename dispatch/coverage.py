"""Coverage: "one more five-person fire here, now?" for each area of the city. Pure, a function of the state.

Asked of those who are free: on duty, seen lately, neither promised nor chosen in a plan. Nobody is placed anew, so it
is what a new incident could have without taking anybody from another one. The cost is one field for each area and
class (kept from call to call, for areas stay) and one look at everybody for each area.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from core.entities import Area
from dispatch.areas import middle
from dispatch.costs import Everybody
from dispatch.desk import Desk

PEOPLE: Final = 5
MAX_AREAS: Final = 500


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of the people that a new incident in this area wants: how many could come, and when the last of them is there."""

    area: str
    name: str
    lon: float
    lat: float
    wanted: int
    could: int
    full_s: float | None  # None: not all could come


def coverage(desk: Desk, people: int = PEOPLE) -> list[Coverage]:
    """By area, in the order of ids; the first `MAX_AREAS`. Areas without a shape are passed over."""
    everybody = Everybody(desk)
    free = everybody.free.copy()
    free[[everybody.column[d] for plan in desk.state.plans.values() for d in plan if d in everybody.column]] = False
    areas = sorted(desk.state.areas.values(), key=lambda area: area.id)[:MAX_AREAS]
    return [_of(everybody, free, area, people) for area in areas if area.polygons]


def _of(everybody: Everybody, free: Any, area: Area, people: int) -> Coverage:
    lon, lat = middle(area)
    eta_s = everybody.reach.eta_of(lon, lat, everybody.crowd, why=False).eta_s[free]
    soonest = np.sort(eta_s[eta_s <= everybody.desk.params.cutoff_s])[:people]
    full_s = round(float(soonest[-1]), 1) if len(soonest) == people else None
    return Coverage(area.id, area.name, lon, lat, people, len(soonest), full_s)
