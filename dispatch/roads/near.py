"""Who is next by road: from an incident along the crossings in the order of its field, without a look at the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.field import Field, Seconds
from dispatch.roads.metric import Floats
from dispatch.roads.pick import by_crossing, pick

Columns = NDArray[np.int64]
ORDERED: Final = 8192  # crossings of a field that are kept in order: 32 kB


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Those of one class. `leave_a_s` and `leave_b_s` take them from where they are to the ends of their segment."""

    lons: Floats
    lats: Floats
    covered_by: NDArray[np.int32]  # number of a closure that they stand in and cannot leave, -1: none
    segment: NDArray[np.int32]  # -1: no road in reach
    share: Floats
    off_s: Floats
    a: Columns
    b: Columns
    leave_a_s: Seconds
    leave_b_s: Seconds
    on_road: NDArray[np.bool_]

    @property
    def n(self) -> int:
        return len(self.lons)

    def take(self, rows: Columns) -> Group:
        """Some of them."""
        return Group(*(getattr(self, name)[rows] for name in self.__slots__))


class Scratch:
    """Room for one question about a class at a time."""

    def __init__(self, people: int) -> None:
        self.mark, self.call = np.zeros(people, np.int64), 0
        self.found, self.seconds = np.empty(people, np.int64), np.empty(people, np.float32)
        self.ends = np.zeros(3, np.int64)


class Neighbours:
    """Some people of one class by the crossings at both ends of their segment."""

    def __init__(self, people: Group, at: Columns, nodes: int, some: Columns, scratch: Scratch) -> None:
        self.people, self.at, self.rows, self._scratch = people, at, some, scratch
        self._segments = people.segment[some]
        on = some[people.on_road[some]]
        self._off = some[~people.on_road[some]]
        self._away = people.take(self._off)
        self._first, self._rows = np.zeros(nodes + 1, np.int64), np.empty(2 * len(on), np.int64)
        by_crossing(people.a, people.b, on, self._first, self._rows)

    def off_road(self) -> tuple[Columns, Group]:
        """Those on no road whom `nearest` did not name just now."""
        named = self._scratch.mark[self._off] == self._scratch.call
        if named.any():
            return self._off[~named], self._away.take(np.flatnonzero(~named))
        return self._off, self._away

    def nearest(self, found: Field, order: NDArray[np.int32], k: int, also: Columns) -> tuple[Columns, Seconds, float]:
        """About k of them who are soonest there and those in `also`; their seconds, and what all others need at least.

        Named are all beside the incident, and of those on no road the ones in `also`; the seconds are by road over a
        crossing, up to the incident's own place. The bound is inf where nobody else on a road can get there, -inf
        (nothing is known) where few are next to any crossing in order.
        """
        people, room = self.people, self._scratch
        begin, end = np.searchsorted(self._segments, (found.place.snap.segment[0], found.place.snap.segment[0] + 1))
        also = np.concatenate([also, self.rows[begin:end]]) if begin < end else also  # sorted, as a class's people are
        room.call += 1
        pick(
            order, self._first, self._rows, found.node_s, people.a, people.b, people.leave_a_s, people.leave_b_s,
            also, 2 * k, room.mark, room.call, room.found, room.seconds, room.ends,
        )  # fmt: skip
        n, used, met = room.ends.tolist()
        if met < 2 * k:
            floor_s = -np.inf if len(order) >= ORDERED else np.inf
        else:  # of the last one: who is not next to it is farther
            floor_s = float(found.node_s[order[min(used, len(order) - 1)]])
        return room.found[:n].copy(), room.seconds[:n].copy(), floor_s


def order_of(found: Field) -> NDArray[np.int32]:
    """The crossings from which the incident is reached soonest, in order."""
    near = np.flatnonzero(np.isfinite(found.node_s))
    if len(near) > ORDERED:
        near = near[np.argpartition(found.node_s[near], ORDERED)[:ORDERED]]
    return near[np.argsort(found.node_s[near], kind="stable")].astype(np.int32)


def warm() -> None:
    """Have the kernels compiled, or loaded, before the first question."""
    one, s, none = np.zeros(1, np.int64), np.zeros(1, np.float32), np.empty(0, np.int64)
    by_crossing(one, one, one, np.zeros(2, np.int64), np.zeros(2, np.int64))
    room = Scratch(1)
    pick(
        np.zeros(1, np.int32), np.zeros(2, np.int64), one, s, one, one, s, s, none, 2, room.mark, 1, room.found,
        room.seconds, room.ends,
    )  # fmt: skip
