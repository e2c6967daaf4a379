"""Where something truly is at any time, and why it stands: what trackers then report badly."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulators.streets import ROAD_MPS, STREET_MPS, Streets

Reason = Literal[
    "depot", "service", "street", "traffic", "queue", "unload", "break", "pause", "hidden", "wait", "tracker_dead"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stop:
    """One true standstill (or, for `tracker_dead`, one true death): seconds after the day's start."""

    start_s: float
    end_s: float
    x: float
    y: float
    reason: Reason
    place: str = ""


@dataclass(frozen=True)
class Motion:
    """Position as a broken line in time, strictly increasing in `t_s`."""

    t_s: NDArray[np.float64]
    xy: NDArray[np.float64]
    stops: tuple[Stop, ...]

    def at(self, t_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """(n, 2) metres at the given times."""
        return np.stack([np.interp(t_s, self.t_s, self.xy[:, 0]), np.interp(t_s, self.t_s, self.xy[:, 1])], -1)

    @cached_property
    def along_m(self) -> NDArray[np.float64]:
        """Metres driven by each time."""
        steps = np.hypot(*np.diff(self.xy, axis=0).T)
        return np.concatenate([np.zeros(1), np.cumsum(steps)])

    @property
    def length_m(self) -> float:
        return float(self.along_m[-1])

    def then(self, later: Motion) -> Motion:
        """The same until another begins, from then on that one."""
        n = int(np.searchsorted(self.t_s, later.t_s[0]))
        stops = (*(stop for stop in self.stops if stop.end_s <= later.t_s[0]), *later.stops)
        return Motion(np.r_[self.t_s[:n], later.t_s], np.vstack([self.xy[:n], later.xy]), stops)

    def shifted(self, by_s: float) -> Motion:
        stops = (Stop(s.start_s + by_s, s.end_s + by_s, s.x, s.y, s.reason, s.place) for s in self.stops)
        return Motion(self.t_s + by_s, self.xy, tuple(stops))


@dataclass
class Driver:
    """Drives and stands on a street graph, keeping the record; `hour0` is the city's hour when its day starts."""

    streets: Streets
    rng: random.Random
    node: int
    hour0: float
    t: float = 0.0
    pace: float = 1.0  # a motorcycle is quicker than a truck
    times: list[float] = field(default_factory=list)
    points: list[NDArray[np.float64]] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._mark(self.streets.xy[self.node])

    def stand(self, seconds: float, reason: Reason, place: str = "") -> None:
        """Stand here; the record keeps it as the truth."""
        start, point = self.t, self.points[-1]
        self.t += seconds
        self._mark(point)
        self.stops.append(Stop(start, self.t, float(point[0]), float(point[1]), reason, place))

    def creep(self, metres: float) -> None:
        """Move up in a queue."""
        self.t += abs(metres) / 1.2
        self._mark(self.points[-1] + np.array([metres, 0.0]))

    def go(self, goal: int, *, halts_m: float = 0.0) -> None:
        """Drive to a node; with `halts_m`, bins at the roadside every so many metres on average make it halt."""
        nodes = self.streets.path(self.node, goal)
        for a, b in itertools.pairwise(nodes):
            self._edge(a, b, halts_m)
        self.node = goal

    def walk(self, to: NDArray[np.float64], speed: float) -> None:
        """Straight to a point, roads or none; the next drive begins at the same node as before."""
        self._drive(to, speed)

    def motion(self) -> Motion:
        return Motion(np.array(self.times), np.array(self.points), tuple(self.stops))

    def _edge(self, a: int, b: int, halts_m: float) -> None:
        start, end = self.streets.xy[a], self.streets.xy[b]
        length = float(np.hypot(*(end - start)))
        main = (a, b) in self.streets.main_pairs
        speed = (
            (ROAD_MPS if main else STREET_MPS) * self.pace * traffic(self.hour, main=main) * self.rng.uniform(0.8, 1.1)
        )
        halts = int(length / halts_m + self.rng.random()) if halts_m else 0
        for i in range(1, halts + 1):
            self._drive(start + (end - start) * (i / (halts + 1)), speed * 0.6)
            self.stand(self.rng.uniform(12.0, 48.0), "street")
        self._drive(end, speed * (0.6 if halts else 1.0))
        if main and self.rng.random() < 0.12:
            self.stand(self.rng.uniform(8.0, 55.0), "traffic")  # a light
        elif main and self.rng.random() < 0.01 * (2.0 - traffic(self.hour, main=True)):
            self.stand(self.rng.uniform(60.0, 200.0), "traffic")  # a jam

    def _drive(self, to: NDArray[np.float64], speed: float) -> None:
        length = float(np.hypot(*(to - self.points[-1])))
        if length > 0.1:
            self.t += length / speed
            self._mark(to)

    def _mark(self, point: NDArray[np.float64]) -> None:
        if self.times and self.t <= self.times[-1]:
            self.t = self.times[-1] + 1e-3
        self.times.append(self.t)
        self.points.append(point)

    @property
    def hour(self) -> float:
        return (self.hour0 + self.t / 3600.0) % 24.0


def traffic(hour: float, *, main: bool) -> float:
    """Factor on free speed: two rush hours, felt on main roads more than elsewhere."""
    rush = max(_bump(hour, 7.2), _bump(hour, 17.3), 0.5 * _bump(hour, 12.5))
    return 1.0 - (0.5 if main else 0.25) * rush


def _bump(hour: float, peak: float) -> float:
    away = abs((hour - peak + 12.0) % 24.0 - 12.0)
    return float(np.exp(-0.5 * (away / 0.9) ** 2))
