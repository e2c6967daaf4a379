"""Who is next by road: from an incident along the crossings in the order of its field, without a look at the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.roads.field import Field, Seconds
from dispatch.roads.metric import Floats

Columns = NDArray[np.int64]
FIRST_NODES = 256
ORDERED = 8192  # crossings of a field that are kept in order: 32 kB


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


class Neighbours:
    """People of one class by the crossings at both ends of their segment."""

    def __init__(self, people: Group, nodes: int) -> None:
        on = np.flatnonzero(people.on_road)
        node, rows = np.concatenate([people.a[on], people.b[on]]), np.tile(on, 2)
        self._rows = rows[np.argsort(node, kind="stable")]
        self._first = np.concatenate([[0], np.cumsum(np.bincount(node, minlength=nodes))])
        self._segment, self._off = people.segment, np.flatnonzero(~people.on_road)

    def nearest(self, found: Field, order: NDArray[np.int32], k: int) -> tuple[Columns, float]:
        """About k of them who are soonest there, and seconds by road that all others need at least (inf: they cannot).

        Those on no road and those on the incident's own segment are always among them.
        """
        many = FIRST_NODES
        while many < len(order) and self._count(order[:many]).sum() < 2 * k:
            many *= 2
        count = self._count(order[:many])
        if count.sum() < 2 * k:
            return np.arange(len(self._segment)), np.inf  # few are near any of these: everybody is looked at
        used = int(np.searchsorted(np.cumsum(count), 2 * k)) + 1
        begin, count = self._first[order[:used]], count[:used]
        at = np.arange(count.sum()) + np.repeat(begin - (np.cumsum(count) - count), count)
        beside = np.flatnonzero(self._segment == found.place.snap.segment[0])
        floor_s = float(
            found.node_s[order[min(used, len(order)) - 1]]
        )  # of the last one: who is not next to it is farther
        return np.unique(np.concatenate([self._rows[at], beside, self._off])), floor_s

    def _count(self, nodes: NDArray[np.int32]) -> NDArray[np.int64]:
        """How many people are next to each of these crossings."""
        counted: NDArray[np.int64] = self._first[nodes + 1] - self._first[nodes]
        return counted


def order_of(found: Field) -> NDArray[np.int32]:
    """The crossings from which the incident is reached soonest, in order."""
    near = np.flatnonzero(np.isfinite(found.node_s))
    if len(near) > ORDERED:
        near = near[np.argpartition(found.node_s[near], ORDERED)[:ORDERED]]
    return near[np.argsort(found.node_s[near], kind="stable")].astype(np.int32)
