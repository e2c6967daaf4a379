"""The nearest road of many positions: which segment, how far along it, how far from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from dispatch.roads.metric import Floats

REACH_M: Final = 500.0  # a position farther from any road is not on the network
STEP_M: Final = 50.0  # between the points by which legs are found
_TRIED: Final = 4  # legs tried exactly for each position


@dataclass(frozen=True, slots=True, eq=False)
class Snap:
    """For each position: the segment (-1: no road in reach), the share of it behind (0 at a), the metres off."""

    segment: NDArray[np.int32]
    share: Floats
    off_m: Floats

    def take(self, columns: NDArray[np.int64]) -> Snap:
        """Some of the positions."""
        return Snap(self.segment[columns], self.share[columns], self.off_m[columns])


class Snapper:
    """An index over the legs of the segments that a class can use."""

    def __init__(self, line_xy: Floats, first: NDArray[np.int32], usable: NDArray[np.bool_]) -> None:
        points = np.diff(first)
        owner = np.repeat(np.arange(len(points)), points)
        leg = np.flatnonzero((owner[:-1] == owner[1:]) & usable[owner[:-1]])
        self._start = line_xy[leg]
        self._way = line_xy[leg + 1] - self._start
        self._length_m = np.hypot(self._way[:, 0], self._way[:, 1])
        self._segment = owner[leg].astype(np.int32)
        steps = np.hypot(*np.diff(line_xy, axis=0).T)
        steps[owner[:-1] != owner[1:]] = 0.0
        run_m = np.concatenate([[0.0], np.cumsum(steps)])
        begin, end = run_m[first[:-1]], run_m[first[1:] - 1]
        self._before_m = run_m[leg] - begin[self._segment]
        self._whole_m = np.maximum(end - begin, 1e-9)[self._segment]
        self._tree, self._leg_of = self._index()

    def _index(self) -> tuple[cKDTree | None, NDArray[np.int64]]:
        """Points along each leg, evenly, and whose they are."""
        pieces = np.maximum(np.ceil(self._length_m / STEP_M), 1).astype(np.int64)
        leg = np.repeat(np.arange(len(pieces)), pieces)
        nth = np.arange(len(leg)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        share = (nth + 0.5) / pieces[leg]
        return (cKDTree(self._start[leg] + share[:, None] * self._way[leg]) if len(leg) else None), leg

    def snap(self, xy: Floats) -> Snap:
        """The nearest road of each position (x, y); NaN and what is out of reach gets none."""
        n = len(xy)
        nowhere = Snap(np.full(n, -1, np.int32), np.zeros(n), np.full(n, np.inf))
        known = np.flatnonzero(np.isfinite(xy).all(axis=1))
        if self._tree is None or not len(known):
            return nowhere
        _, found = self._tree.query(xy[known], k=_TRIED, distance_upper_bound=REACH_M + STEP_M)
        near = found[:, 0] < len(self._leg_of)
        known, found = known[near], found[near]
        legs = self._leg_of[np.where(found < len(self._leg_of), found, found[:, :1])]
        off_m, share = self._project(xy[known, None], legs)
        best = np.argmin(off_m, axis=1)[:, None]
        off_m, share, legs = (np.take_along_axis(a, best, axis=1)[:, 0] for a in (off_m, share, legs))
        close = off_m <= REACH_M
        known, legs = known[close], legs[close]
        nowhere.segment[known] = self._segment[legs]
        nowhere.off_m[known] = off_m[close]
        along_m = self._before_m[legs] + share[close] * self._length_m[legs]
        nowhere.share[known] = np.clip(along_m / self._whole_m[legs], 0.0, 1.0)
        return nowhere

    def _project(self, xy: Floats, legs: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Metres from each leg tried, and the share of the leg where that is."""
        start, way = self._start[legs], self._way[legs]
        square = np.maximum(self._length_m[legs] ** 2, 1e-12)
        share = np.clip(((xy - start) * way).sum(axis=2) / square, 0.0, 1.0)
        off = xy - start - share[..., None] * way
        return np.hypot(off[..., 0], off[..., 1]), share
