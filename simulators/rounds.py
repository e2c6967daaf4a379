"""The trucks' day: depot, service points and roadside bins, the landfill and its queue, lunch, and one hidden hour."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np

from cities import City
from core.entities import Place
from simulators.motion import Driver, Motion
from simulators.streets import Streets

SHIFT_S: Final = 8 * 3600.0
_BAYS: Final = 2
_QUEUE_M: Final = 80.0  # the queue stands inside the gate
_WORK_BEFORE_LUNCH_S: Final = 4.0 * 3600.0
_LAST_TRIP_S: Final = 5.75 * 3600.0  # no new trip after this
_HIDE_AFTER_S: Final = 1.5 * 3600.0

# Yields (arrival at the landfill, seconds it will unload); is sent the time when a bay is free.
Errand = Generator[tuple[float, float], float, Motion]


@dataclass(frozen=True, slots=True)
class Fleet:
    """What every truck of a day shares."""

    city: City
    streets: Streets
    routes: tuple[tuple[Place, ...], ...]  # service points of each truck, in order
    hour0: float
    seed: str


def routes(city: City, trucks: int) -> tuple[tuple[Place, ...], ...]:
    """Service points shared out: a sweep around the depot, cut into equal runs, each ordered outward."""
    depot = _place(city, "depot")
    points = [p for p in city.places if p.kind == "service_point"]

    def angle(place: Place) -> tuple[float, str]:
        return float(np.arctan2(place.lat - depot.lat, place.lon - depot.lon)), place.id

    def far(place: Place) -> float:
        return (place.lon - depot.lon) ** 2 + (place.lat - depot.lat) ** 2

    points.sort(key=angle)
    if trucks >= len(points):  # more trucks than points: they share
        return tuple((points[i % len(points)],) for i in range(trucks))
    cuts = [round(i * len(points) / max(1, trucks)) for i in range(trucks + 1)]
    return tuple(tuple(sorted(points[a:b], key=far)) for a, b in itertools.pairwise(cuts))


def drive(fleet: Fleet, hidden: int | None) -> list[Motion]:
    """All trucks' motions of one shift; number `hidden` visits the stall. Landfill bays serve as trucks arrive."""
    errands = [_errand(fleet, i, hides=i == hidden) for i in range(len(fleet.routes))]
    done: list[Motion | None] = [None] * len(errands)
    arrivals = [(*next(errand), i) for i, errand in enumerate(errands)]
    heapq.heapify(arrivals)
    bays = [0.0] * _BAYS
    while arrivals:
        at, unload_s, i = heapq.heappop(arrivals)
        free = max(at, heapq.heappop(bays))
        heapq.heappush(bays, free + unload_s)
        try:
            heapq.heappush(arrivals, (*errands[i].send(free), i))
        except StopIteration as end:
            done[i] = end.value
    return [motion for motion in done if motion is not None]


def _errand(fleet: Fleet, number: int, *, hides: bool) -> Errand:
    rng = random.Random(f"{fleet.seed}/truck/{number}")  # noqa: S311 - scenery
    node = fleet.streets.place_node
    driver = Driver(fleet.streets, rng, node[_place(fleet.city, "depot").id], fleet.hour0)
    driver.stand(rng.uniform(60.0, 1500.0), "depot", _place(fleet.city, "depot").id)
    points, at, lunch, hidden = fleet.routes[number], 0, False, not hides
    while driver.t < _LAST_TRIP_S:
        for _ in range(rng.randint(4, 7)):
            _serve(driver, points[at % len(points)], node)
            at += 1
            if driver.t > _LAST_TRIP_S + 1800.0:
                break
            if not hidden and driver.t > _HIDE_AFTER_S:
                driver.go(fleet.streets.stall_node)
                driver.stand(rng.uniform(3700.0, 4100.0), "hidden")
                hidden = True
        if not lunch and driver.t > _WORK_BEFORE_LUNCH_S:
            _lunch(driver, fleet)
            lunch = True
        yield from _unload(driver, fleet)
    depot = _place(fleet.city, "depot")
    driver.go(node[depot.id])
    driver.stand(max(900.0, SHIFT_S + 1800.0 - driver.t), "depot", depot.id)
    return driver.motion()


def _serve(driver: Driver, point: Place, node: dict[str, int]) -> None:
    driver.go(node[point.id], halts_m=0.0 if driver.rng.random() < 0.4 else 170.0)
    driver.stand(driver.rng.uniform(100.0, 420.0), "service", point.id)
    if driver.rng.random() < 0.05:  # a cigarette round the corner: unexplained, short, no alert
        nearby = driver.streets.path(driver.node, driver.streets.stall_node)
        driver.go(nearby[min(2, len(nearby) - 1)])
        driver.stand(driver.rng.uniform(240.0, 540.0), "pause")


def _lunch(driver: Driver, fleet: Fleet) -> None:
    stalls = [p for p in fleet.city.places if p.kind == "break"]
    here = driver.points[-1]
    near = min(stalls, key=lambda p: float(np.hypot(*(fleet.streets.xy[fleet.streets.place_node[p.id]] - here))))
    driver.go(fleet.streets.place_node[near.id])
    driver.stand(driver.rng.uniform(1300.0, 1750.0), "break", near.id)


def _unload(driver: Driver, fleet: Fleet) -> Generator[tuple[float, float], float, None]:
    landfill = _place(fleet.city, "landfill")
    driver.go(fleet.streets.place_node[landfill.id])
    unload_s = driver.rng.uniform(240.0, 420.0)
    free, crept = (yield driver.t, unload_s), 0.0
    while free - driver.t > 45.0:  # the queue moves up as others leave
        driver.stand(min(free - driver.t, driver.rng.uniform(60.0, 300.0)), "queue", landfill.id)
        step = min(driver.rng.uniform(8.0, 14.0), _QUEUE_M - crept)
        driver.creep(step)
        crept += step
    driver.creep(20.0)
    driver.stand(unload_s, "unload", landfill.id)
    driver.creep(-60.0 if driver.rng.random() < 0.5 else 30.0)


def _place(city: City, kind: str) -> Place:
    return next(p for p in city.places if p.kind == kind)


def hidden_truck(seed: int, trucks: int) -> int:
    """Which truck hides the hour: the same for a seed, never the first."""
    return 1 + random.Random(f"hidden/{seed}").randrange(trucks - 1) if trucks > 1 else 0  # noqa: S311
