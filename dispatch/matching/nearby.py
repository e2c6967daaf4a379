"""Costs from positions: a tree of places for each group of alike volunteers, exact times for those near enough.

A group is a vehicle class with a set of skills: who may serve a need, and how fast anybody of them can be, depend on
nothing else. The trees rank by straight line; the exact time (by road, with whatever a pair is charged for) is asked
for those listed only. Whoever is not listed is farther, and a lower bound of the time follows from the distance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dispatch.matching.problem import NEVER, Near

RADIUS_M: Final = 6_371_008.8
FEWEST: Final = 8  # of each group, so that small groups do not hold the bound down
Points = NDArray[np.float64]
Ints = NDArray[np.int64]
Pairs = Callable[[Ints, Ints], Ints]


def points_m(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Points:
    """Positions in space: the distance through the sphere is never longer than the way over it, on any meridian."""
    east, north = np.radians(lon), np.radians(lat)
    flat = np.cos(north)
    return RADIUS_M * np.column_stack([flat * np.cos(east), flat * np.sin(east), np.sin(north)])


@dataclass(frozen=True, slots=True)
class Pace:
    """The least that a group's volunteers can take: seconds at the start, then by metre of the straight line."""

    start_s: float
    s_per_m: float

    def floor_s(self, metres: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.floor(self.start_s + self.s_per_m * metres)


class Nearby:
    """Costs over positions. `seconds_of` tells pairs (need, column) in whole seconds, NEVER where impossible.

    `group` is each volunteer's, `may` says which groups may serve each need, `paces` is by group. `also` names columns
    that are always listed at a need: those whose pair is charged less than the bound, such as who is sent there now.
    """

    def __init__(  # a problem's columns, each used by itself
        self,
        needs_at: Points,
        people_at: Points,
        group: Ints,
        may: NDArray[np.bool_],
        paces: Sequence[Pace],
        seconds_of: Pairs,
        most_s: int,
        also: Sequence[Sequence[int]] = (),
    ) -> None:
        self._needs_at, self._group, self._may, self._paces = needs_at, group, may, paces
        self._pairs, self._also = seconds_of, also
        self._members = [np.flatnonzero(group == number) for number in range(len(paces))]
        self._trees = [cKDTree(people_at[members]) for members in self._members]
        self.volunteers, self.most_s = len(people_at), most_s

    def dense(self) -> Ints:
        shape = (len(self._needs_at), self.volunteers)
        need, column = (index.ravel() for index in np.indices(shape))
        return self._seconds(need, column).reshape(shape)

    def seconds(self, need: int, column: int) -> int:
        return int(self._seconds(np.array([need]), np.array([column]))[0])

    def nearest(self, needs: Sequence[int], k: int) -> list[Near]:
        asked = np.asarray(needs, np.int64)
        found = [self._of_group(number, asked, k) for number in range(len(self._paces))]
        kept = [(i, column) for i, need in enumerate(asked.tolist()) for column in self._kept(need)]
        rows = np.concatenate([*(rows for rows, _, _ in found), np.array([i for i, _ in kept], np.int64)])
        columns = np.concatenate([*(columns for _, columns, _ in found), np.array([j for _, j in kept], np.int64)])
        floors = np.min([floor for _, _, floor in found], axis=0, initial=np.inf)
        if kept:
            rows, columns = np.divmod(np.unique(rows * self.volunteers + columns), self.volunteers)
        return self._listed(asked, rows, columns, floors, k)

    def _listed(self, asked: Ints, rows: Ints, columns: Ints, floors: NDArray[np.float64], k: int) -> list[Near]:
        """The k cheapest of these pairs, by need, and the bound: the next of them, or what the groups' trees tell."""
        seconds = self._seconds(asked[rows], columns)
        order = np.lexsort((columns, seconds, rows))
        order = order[seconds[order] != NEVER]
        columns, seconds = columns[order], seconds[order]
        ends = np.searchsorted(rows[order], np.arange(len(asked) + 1)).tolist()
        floor_s = [NEVER if floor > self.most_s else int(floor) for floor in floors.tolist()]
        lists = []
        for a, b, floor in zip(ends[:-1], ends[1:], floor_s, strict=True):
            end = min(a + k, b)
            lists.append(Near(columns[a:end], seconds[a:end], min(floor, int(seconds[end])) if end < b else floor))
        return lists

    def _of_group(self, number: int, asked: Ints, k: int) -> tuple[Ints, Ints, NDArray[np.float64]]:
        """The nearest of one group: numbers of the needs asked, columns, and a bound by need for the others."""
        members = self._members[number]
        rows = np.flatnonzero(self._may[asked, number]) if len(members) else np.empty(0, np.int64)
        floor = np.full(len(asked), np.inf)
        if not len(rows):
            return rows, rows, floor
        listed = min(len(members), max(FEWEST, ceil(2 * k * len(members) / self.volunteers)))
        metres, place = self._trees[number].query(self._needs_at[asked[rows]], k=np.arange(1, listed + 1))
        if listed < len(members):
            floor[rows] = self._paces[number].floor_s(metres[:, -1])
        return np.repeat(rows, listed), members[place.ravel()], floor

    def _kept(self, need: int) -> list[int]:
        """Columns always listed, of those who may serve the need at all."""
        also = self._also[need] if self._also else ()
        return [column for column in also if self._may[need, self._group[column]]]

    def _seconds(self, need: Ints, column: Ints) -> Ints:
        """Exact times; NEVER for who may not, and beyond the longest time."""
        seconds = np.where(self._may[need, self._group[column]], self._pairs(need, column), NEVER)
        return np.where(seconds > self.most_s, NEVER, seconds)
