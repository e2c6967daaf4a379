"""Planned rounds, driven and heard every 10 s: is each collection found at its own point, and nothing else claimed?

Every stop of every round is a service point. Of the trackers one in ten says nothing all day, and one in five is off
for half an hour. Found means: of the services that the track fold tells of this truck at points of its round during a
true stop, the one with the longest standstill (then the nearest) is of that stop's point; points of other rounds may
lie at the same corner. A claim, at any point, is without evidence if the truck never came within 45 m of it (30 m and
the noise) while its tracker spoke.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from bench.accuracy.generator import START_US
from bench.accuracy.ours import batches
from core.entries import Config
from core.events import Spell, SpellChanged
from core.fixes import Fixes
from geo.partition import GeoState
from geo.step import step
from geo.steps.telltrack import open_spells
from simulators.schedule import Collection, Driven, Planned, drive, read

TABLE: Final = Path(__file__).parents[3] / "shared" / "data" / "routes" / "tainan_garbage_routes.csv"
ASKED_S: Final = 60.0  # collections at least this long must be found
REACH_M: Final = 30.0
NOISE_M: Final = 15.0  # three times that of the tracker
SAME_M: Final = 1.0  # two stops of a plan at one place are one point
NEVER: Final = (np.inf, -np.inf)


class Outcome(NamedTuple):
    """What was asked for, what was found at its own point, at another, or not at all; claims and empty claims."""

    asked: int
    right: int
    wrong: int
    missed: int
    claims: int
    empty: int


class Truck(NamedTuple):
    """One round, and when its tracker is off."""

    device: str
    driven: Driven
    off_s: tuple[float, float]

    def speaks(self, t_s: Any) -> Any:
        return (t_s < self.off_s[0]) | (t_s >= self.off_s[1])


def trucks(rounds: Sequence[Sequence[Planned]]) -> list[Truck]:
    """All rounds driven on one day, with trackers that fail by their number."""
    made = []
    for number, stops in enumerate(rounds):
        driven = drive(stops)
        middle_s = float(driven.t_s[0] + driven.t_s[-1]) / 2.0
        off_s = (-np.inf, np.inf) if number % 10 == 9 else (middle_s, middle_s + 1800.0) if number % 5 == 2 else NEVER
        made.append(Truck(f"r{number}", driven, off_s))
    return made


def heard(fleet: list[Truck], seed: int) -> Fixes:
    """What all trackers say, in order of time."""
    parts = []
    for number, truck in enumerate(fleet):
        t_s, lon, lat = truck.driven.heard(np.random.default_rng((seed, number)))
        speaks = truck.speaks(t_s)
        time_us = START_US + np.round(t_s[speaks] * 1e6).astype(np.int64)
        columns = {"time_us": time_us, "received_us": time_us, "lon": lon[speaks], "lat": lat[speaks]}
        parts.append(Fixes.of([truck.device], device=np.zeros(len(time_us), int), **columns))
    joined = Fixes.concat(parts)
    return joined.take(np.argsort(joined.time_us, kind="stable"))


def services(fixes: Fixes, places: Mapping[str, Planned]) -> dict[str, list[Spell]]:
    """Services of each truck, as the real `step()` tells them, the open ones as they stand; `places` by subject."""
    state = GeoState()
    point = {"kind": "service_point", "radius_m": REACH_M}
    rows = tuple(
        point | {"id": key.removeprefix("place:"), "name": stop.id, "lon": stop.lon, "lat": stop.lat}
        for key, stop in places.items()
    )
    step(state, Config(section="places", op="set", rows=rows))
    told: dict[str, Spell] = {}
    for batch in batches(fixes):
        told |= {e.row.id: e.row for e in step(state, batch) if isinstance(e, SpellChanged)}
    told |= {row.id: row for row in open_spells(state)}
    of_truck = defaultdict(list)
    for row in told.values():
        if row.kind == "service" and row.state != "retracted":
            of_truck[row.device].append(row)
    return of_truck


def outcome(rounds: Sequence[Sequence[Planned]], seed: int = 8) -> Outcome:
    """Drive, hear, detect, compare."""
    fleet = trucks(rounds)
    places = {f"place:{n}-{i}": stop for n, stops in enumerate(rounds) for i, stop in enumerate(stops)}
    told = services(heard(fleet, seed), places)
    asked = right = wrong = empty = 0
    for number, truck in enumerate(fleet):
        empty += sum(_without_evidence(truck, row, places[row.subject]) for row in told[truck.device])
        own = [row for row in told[truck.device] if row.subject.startswith(f"place:{number}-")]
        for collection in truck.driven.collections:
            if collection.end_s - collection.start_s >= ASKED_S and _was_heard(truck, collection):
                asked += 1
                best = _best(collection, own)
                right += best is not None and _same(places[best.subject], collection.stop, truck)
                wrong += best is not None and not _same(places[best.subject], collection.stop, truck)
    return Outcome(asked, right, wrong, asked - right - wrong, sum(map(len, told.values())), empty)


def tainan() -> list[list[Planned]] | None:
    """The real rounds, where they are at hand."""
    if not TABLE.exists():
        return None
    with TABLE.open(newline="") as table:
        return read(table)[0]


def _seconds(at_us: int) -> float:
    return (at_us - START_US) / 1e6


def _best(collection: Collection, rows: list[Spell]) -> Spell | None:
    meets = [r for r in rows if _seconds(r.start_us) <= collection.end_s and _seconds(r.last_us) >= collection.start_s]
    return max(meets, key=lambda r: (r.stopped_s or 0.0, -(r.nearest_m or 0.0)), default=None)


def _was_heard(truck: Truck, collection: Collection) -> bool:
    """Whether the tracker spoke all through the stop: what nobody heard cannot be found."""
    return truck.off_s[1] <= collection.start_s or truck.off_s[0] >= collection.end_s


def _same(place: Planned, stop: Planned, truck: Truck) -> bool:
    xy = truck.driven.plane.forward([place.lon, stop.lon], [place.lat, stop.lat])
    return bool(np.hypot(*(xy[0] - xy[1])) <= SAME_M)


def _without_evidence(truck: Truck, row: Spell, place: Planned) -> bool:
    """Whether the truck was never near the point while its tracker spoke, during the service and 10 s around it."""
    t_s = np.arange(_seconds(row.start_us) - 10.0, _seconds(row.last_us) + 10.0, 1.0)
    t_s = t_s[truck.speaks(t_s)]
    away = truck.driven.at(t_s) - truck.driven.plane.forward(place.lon, place.lat)
    return bool(np.all(np.hypot(*away.T) > REACH_M + NOISE_M))
