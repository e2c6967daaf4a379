"""How long each volunteer takes to arrive at an incident: by road where there are roads, else by the straight line.

The line is stretched to a likely road length, then driven at the city's pace after a fixed start-up. The three
figures are a fit on Kupang's road matrix; over 20 km the sphere's error (5e-3) is far below the fit's. By road the
same start-up is added to the seconds of the network (`dispatch.roads`), which closures change class by class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.entities import Closure
from dispatch.roads.blame import FREE, blamed
from dispatch.roads.closing import Closed
from dispatch.roads.field import Field, Fields, Seconds, field, obstacles
from dispatch.roads.metric import between_m
from dispatch.roads.near import Columns, Group, Neighbours, order_of
from dispatch.roads.network import Network
from dispatch.roads.people import Classes, Crowd, Member, along, by_road_s
from dispatch.roads.speeds import CLASSES, FOOT, OFF_ROAD_KMH

METHOD: Final = "straight-line estimate"
ROAD: Final = "road"
DETOUR: Final = 1.44
PACE_S_PER_KM: Final = 78.5
FOOT_PACE_S_PER_KM: Final = 3600 / OFF_ROAD_KMH["foot"]
OFF_ROAD_MPS: Final = max(OFF_ROAD_KMH.values()) / 3.6
START_S: Final = 136.0
LIMIT_S: Final = 7200.0  # on the way; who needs longer cannot get there
SLOWED: Final = ""  # in `cut_off`: no closure stops them, slow water takes them beyond the limit
NOBODY: Final = np.empty(0, np.int64)
NO_TIMES: Final = np.empty(0, np.float32)
_MARGIN: Final = 1.01  # more than plane and sphere differ over a city


def distances_m(lon: float, lat: float, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Great-circle distance from one point to each of many."""
    return between_m(lon, lat, lons, lats)


def estimate_s(distance_m: NDArray[np.float64], pace_s_per_km: float = PACE_S_PER_KM) -> NDArray[np.float64]:
    """Seconds to arrive over each straight-line distance."""
    return START_S + pace_s_per_km / 1000 * DETOUR * distance_m


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """For each volunteer asked about: seconds to arrive (inf: cannot get there), and whether that is by road.

    `cut_off` counts those who could come if it were not for a closure, by the closure that is first in their way.
    """

    eta_s: NDArray[np.float32]
    by_road: NDArray[np.bool_]
    cut_off: Mapping[str, int]

    def method(self, column: int) -> str:
        """How the time of one of them was found."""
        return ROAD if self.by_road[column] else METHOD


def eta_s(
    lon: float, lat: float, lons: Any, lats: Any, classes: Classes, network: Network | None = None,
    closures: Sequence[Closure] = (),
) -> Arrivals:  # fmt: skip
    """The times of volunteers at these positions to one incident; who asks about several keeps a `Reach`."""
    reach = Reach(network, closures)
    return reach.eta_of(lon, lat, reach.crowd(lons, lats, classes))


class Reach:
    """Who can be where how soon, with the roads and closures of now. Fields are kept in the caller's cache."""

    def __init__(
        self,
        network: Network | None,
        closures: Sequence[Closure] = (),
        fields: Fields | None = None,
        limit_s: float = LIMIT_S,
    ) -> None:
        self.network, self.limit_s = network, limit_s
        self.closed = Closed(network, closures)
        self._dry = Closed(network) if closures else self.closed
        self._fields = Fields() if fields is None else fields

    def crowd(self, lons: Any, lats: Any, classes: Classes) -> Crowd:
        """Volunteers put on the roads, once for all incidents; raises `ValueError` for a class that is not known."""
        return Crowd(self.network, self.closed, self._dry, lons, lats, classes)

    def nearest(
        self, lon: float, lat: float, among: Mapping[int, Neighbours], k: int, also: Mapping[int, Columns]
    ) -> tuple[Columns, Seconds, float]:
        """Columns of those soonest there by road, about k of each class, their times, and what others need at least.

        `among` are those who may come, by class, and `also` rows of a class that are looked at in any case.
        """
        columns, times, floor_s = [NOBODY], [NO_TIMES], np.inf
        for cls, some in among.items():
            rows, eta, others_s = self._nearest(lon, lat, cls, some, k, also.get(cls, NOBODY))
            columns.append(some.at[rows])
            times.append(eta)
            floor_s = min(floor_s, START_S + others_s)
        return np.concatenate(columns), np.concatenate(times), floor_s

    def _nearest(
        self, lon: float, lat: float, cls: int, some: Neighbours, k: int, also: Columns
    ) -> tuple[Columns, Seconds, float]:
        """Those of one class, by row."""
        network, found = self.network, self._field(self.closed, cls, lon, lat)
        assert network is not None  # noqa: S101  without roads the straight line tells who is near
        assert found is not None  # noqa: S101
        if found.place.snap.segment[0] >= 0 and found.covered_by < 0:
            key = ("order", lon, lat, cls, network.version, self.closed.version, self.limit_s)
            order = self._fields.get(key, lambda: order_of(found))
            near, eta, floor_s = some.nearest(found, order, k, also)
            if floor_s > -np.inf:
                along(network, self.closed, cls, found, some.people, near, eta)
                eta += np.float32(START_S + found.place.off_s[0])
                if len(away := np.flatnonzero(~some.people.on_road[near])):
                    eta[away] = self._straight(self.closed, cls, lon, lat, some.people.take(near[away]))
                eta[eta > START_S + self.limit_s] = np.inf
                off, people = some.off_road()
                if len(off):
                    away_s = self._straight(self.closed, cls, lon, lat, people)
                    away_s[away_s > START_S + self.limit_s] = np.inf
                    near, eta = np.concatenate([near, off]), np.concatenate([eta, away_s])
                return near, eta, floor_s
        rows = np.union1d(also, some.rows)  # few are near any crossing in order, or no road leads there: everybody
        return rows, self._times(self.closed, cls, lon, lat, some.people.take(rows))[0], np.inf

    def floors_s_per_m(self) -> list[float]:
        """By class what nobody of it beats for a metre of the straight line, beyond the start."""
        line = [(FOOT_PACE_S_PER_KM if cls == FOOT else PACE_S_PER_KM) * DETOUR / 1000 for cls in range(len(CLASSES))]
        if self.network is not None:
            fastest = [max(row[cls] for row in self.network.roads.speeds) / 3.6 for cls in range(len(CLASSES))]
            line = [min(s, 1 / max(mps, OFF_ROAD_MPS)) for s, mps in zip(line, fastest, strict=True)]
        return [s / _MARGIN for s in line]

    def on_road(self, lon: float, lat: float, crowd: Crowd) -> bool:
        """Whether the way to this position is by road for anybody."""
        fields = (
            self._field(self.closed, member.cls, lon, lat) for member in crowd.chosen(None) if crowd.on_road.any()
        )
        return any(found is not None and found.place.snap.segment[0] >= 0 for found in fields)

    def eta_of(
        self, lon: float, lat: float, crowd: Crowd, columns: Columns | None = None, *, why: bool = True
    ) -> Arrivals:
        """Times of all, or of the volunteers of these columns, to the incident at this position.

        `cut_off` is of those asked about, and empty without `why`.
        """
        members = crowd.chosen(columns)
        parts = [self._times(self.closed, member.cls, lon, lat, member.people) for member in members]
        cut_off: dict[str, int] = {}
        if why and self.closed.closures:
            for member, (times, _) in zip(members, parts, strict=True):
                self._count(cut_off, lon, lat, member, np.flatnonzero(np.isinf(times)))
        by_road = crowd.on_road if columns is None else crowd.on_road[columns]
        for member, (_, road) in zip(members, parts, strict=True):
            if not road:
                by_road = by_road.copy()
                by_road[member.at] = False
        eta = crowd.gathered([times for times, _ in parts], None if columns is None else members)
        return Arrivals(eta, by_road, cut_off)

    def _times(
        self, closed: Closed, cls: int, lon: float, lat: float, people: Group
    ) -> tuple[NDArray[np.float32], bool]:
        """Seconds of one class, and whether a road leads to the incident."""
        found = self._field(closed, cls, lon, lat)
        road = found is not None and found.place.snap.segment[0] >= 0
        if self.network is None or found is None or not road:
            eta = self._straight(closed, cls, lon, lat, people)
        elif found.covered_by >= 0:
            eta = np.full(people.n, np.inf, np.float32)
        else:
            eta = by_road_s(self.network, closed, cls, found, people, START_S)
            if len(away := np.flatnonzero(~people.on_road)):
                eta[away] = self._straight(closed, cls, lon, lat, people.take(away))
        eta[eta > START_S + self.limit_s] = np.inf
        return eta, bool(road)

    def _straight(self, closed: Closed, cls: int, lon: float, lat: float, people: Group) -> NDArray[np.float32]:
        """The estimate, where no closure covers either end."""
        pace = FOOT_PACE_S_PER_KM if cls == FOOT else PACE_S_PER_KM
        eta = estimate_s(between_m(lon, lat, people.lons, people.lats), pace).astype(np.float32)
        eta[(people.covered_by >= 0) | (_covered(closed, cls, lon, lat) >= 0)] = np.inf
        return eta

    def _field(self, closed: Closed, cls: int, lon: float, lat: float) -> Field | None:
        network = self.network
        if network is None:
            return None
        key = (lon, lat, cls, network.version, closed.version, self.limit_s)
        kept: Field = self._fields.get(key, lambda: field(network, closed, cls, _xy(closed, lon, lat), self.limit_s))
        return kept

    def _count(self, cut_off: dict[str, int], lon: float, lat: float, member: Member, rows: Columns) -> None:
        """Add those whom closures keep away."""
        if not len(rows):
            return
        cls, stuck, free = member.cls, member.people.take(rows), member.free(rows)
        could, road = self._times(self._dry, cls, lon, lat, free)
        by = np.where(stuck.covered_by >= 0, stuck.covered_by, _covered(self.closed, cls, lon, lat))
        if road:
            by = np.where(free.on_road & (by < 0), self._blamed(cls, lon, lat, stuck, free), by)
        numbers, counts = np.unique(np.where(np.isfinite(could), by, FREE), return_counts=True)
        for number, n in zip(numbers.tolist(), counts.tolist(), strict=True):
            if number != FREE:
                name = self.closed.ids[number] if number >= 0 else SLOWED
                cut_off[name] = cut_off.get(name, 0) + n

    def _blamed(self, cls: int, lon: float, lat: float, stuck: Group, open_: Group) -> NDArray[np.int32]:
        """The obstacle of each on the road."""
        network, free = self.network, self._field(self._dry, cls, lon, lat)
        assert network is not None  # noqa: S101  they are on it
        assert free is not None  # noqa: S101
        weights, dry = self.closed.of(cls), self._dry.of(cls)
        key = ("obstacles", lon, lat, cls, network.version, self.closed.version, self.limit_s)
        by_node = self._fields.get(key, lambda: obstacles(network, dry, weights, free.place, self.limit_s))
        return blamed(weights.stopped_by, by_node, free, stuck, open_)


def _covered(closed: Closed, cls: int, lon: float, lat: float) -> int:
    """The closure that covers the incident and stops the class, -1: none."""
    if not closed.closures:
        return -1
    return int(closed.covering(cls, _xy(closed, lon, lat))[0])


def _xy(closed: Closed, lon: float, lat: float) -> NDArray[np.float64]:
    return closed.xy(np.array([lon]), np.array([lat]))
