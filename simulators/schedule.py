"""Rounds that somebody planned, driven: from a table of stops with times to what a tracker says, and the truth.

A truck is at each stop at its planned minute, or as soon as it gets there; it stays until it must leave for the next,
never less than `SHORTEST_S` and never longer than `LONGEST_S`. Between stops it goes straight.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median
from typing import Final, NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from simulators.streets import Plane

SPEED_MPS: Final = 7.0
SHORTEST_S: Final = 20.0
LONGEST_S: Final = 300.0
FAR_M: Final = 50_000.0  # from the middle of its round: no stop of it, but a slip of the pen
DAY_S: Final = 86_400.0


class Planned(NamedTuple):
    """One stop of a round; `due_s` counts from the midnight before its first stop."""

    id: str
    round: str
    due_s: float
    lon: float
    lat: float


class Collection(NamedTuple):
    """What truly happened at a stop, in seconds after that midnight."""

    stop: Planned
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Driven:
    """One round, driven: a broken line in time, in metres of `plane`, and the truth."""

    plane: Plane
    t_s: NDArray[np.float64]
    xy: NDArray[np.float64]
    collections: tuple[Collection, ...]

    def at(self, t_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) metres: where the truck is."""
        return np.stack([np.interp(t_s, self.t_s, axis) for axis in self.xy.T], -1)

    def heard(
        self, rng: np.random.Generator, *, every_s: float = 10.0, noise_m: float = 5.0
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Seconds, longitudes and latitudes of its tracker; `noise_m` is the root mean square of the distance."""
        t_s = np.arange(self.t_s[0] + rng.uniform(0.0, every_s), self.t_s[-1], every_s)
        lon, lat = self.plane.inverse(*(self.at(t_s) + rng.normal(0.0, noise_m / np.sqrt(2.0), (len(t_s), 2))).T)
        return t_s, lon, lat


def read(table: TextIO) -> tuple[list[list[Planned]], list[str]]:
    """Rounds of a CSV with area, route, stop_id, turn, sched (HH:MM), lon, lat; and why some rows are in none.

    Refused are rows without a time or a place, those farther than `FAR_M` from the middle of their round, and a round
    of one stop.
    """
    rounds: list[list[Planned]] = []
    refused: list[str] = []
    rows = sorted(csv.DictReader(table), key=lambda row: (row["area"], row["route"], int(row["turn"])))
    for name, group in groupby(rows, key=lambda row: f"{row['area']}/{row['route']}"):
        stops: list[Planned] = []
        for row in group:
            try:
                hour, minute = row["sched"].split(":")
                due_s = int(hour) * 3600.0 + int(minute) * 60.0
                stops.append(Planned(row["stop_id"], name, due_s, float(row["lon"]), float(row["lat"])))
            except ValueError:
                refused.append(f"{row['stop_id']}: no time or no place")
        near = _near(stops)
        refused += [f"{stop.id}: far from its round" for stop in stops if stop not in near]
        if len(near) > 1:
            rounds.append(_unwound(near))
        else:
            refused += [f"{stop.id}: alone in its round" for stop in near]
    return rounds, refused


def drive(stops: Sequence[Planned]) -> Driven:
    """One round, with its stops in order."""
    plane = Plane.at((stops[0].lon, stops[0].lat))
    places = plane.forward([s.lon for s in stops], [s.lat for s in stops])
    legs_s = [float(np.hypot(*(b - a))) / SPEED_MPS for a, b in pairwise(places)]
    times: list[float] = []
    truth: list[Collection] = []
    now_s = stops[0].due_s
    for i, stop in enumerate(stops):
        start_s = now_s
        leaves_s = stops[i + 1].due_s - legs_s[i] if i < len(legs_s) else start_s + SHORTEST_S
        end_s = float(np.clip(leaves_s, start_s + SHORTEST_S, start_s + LONGEST_S))
        truth.append(Collection(stop, start_s, end_s))
        times += [start_s, end_s]
        now_s = end_s + max(1.0, legs_s[i]) if i < len(legs_s) else end_s
    return Driven(plane, np.array(times), np.repeat(places, 2, axis=0), tuple(truth))


def _near(stops: list[Planned]) -> list[Planned]:
    """Stops near the middle one of the round, which a few slips of the pen cannot move."""
    if not stops:
        return []
    plane = Plane.at((median(s.lon for s in stops), median(s.lat for s in stops)))
    away = np.hypot(*plane.forward([s.lon for s in stops], [s.lat for s in stops]).T)
    return [stop for stop, metres in zip(stops, away.tolist(), strict=True) if metres <= FAR_M]


def _unwound(stops: list[Planned]) -> list[Planned]:
    """A stop that is planned half a day before the one before it is of the next day."""
    days, unwound = 0.0, stops[:1]
    for before, stop in pairwise(stops):
        days += DAY_S if stop.due_s < before.due_s - DAY_S / 2.0 else 0.0
        unwound.append(stop._replace(due_s=stop.due_s + days))
    return unwound
