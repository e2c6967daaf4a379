"""Where a raster lies, how fine its cells are, and shapes counted eastward from its west edge."""

from __future__ import annotations

from math import ceil
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.city.shapes import Parts
from geo.folds.fences import BLOCK_CELLS, PER_X, PER_Y, SOUTH, WEST
from geo.folds.plane import metres_per_degree

Array = NDArray[Any]
CELL_M: Final = 50.0
ENTRIES: Final = 1_000_000  # in more entries of cells than about so many, and the cells are made twice as wide
NEAR: Final = 2_000_000  # the same of edges near cells, each with each: a winding corridor may be 10 km wide
NEAR_EACH: Final = 16  # cells near an edge of no length, on average: wider cells would help no more
PAD_DEG: Final = 1e-6
POLAR_LAT: Final = 89.9  # nearer to a pole, reach is measured as here


class Frame(NamedTuple):
    """Where a raster lies and how fine it is."""

    values: Array  # float64[7], as `geo.folds.fences` names them

    def u(self, x: Array) -> Array:
        """Longitudes in cells from the west edge, by the same arithmetic as the kernel's."""
        u: Array = (x - self.values[WEST]) * self.values[PER_X]
        return u

    def v(self, y: Array) -> Array:
        """Latitudes in cells from the south edge."""
        v: Array = (y - self.values[SOUTH]) * self.values[PER_Y]
        return v

    def ends(self, edges: Array) -> tuple[Array, Array, Array, Array]:
        """Both ends of edges in cells."""
        return self.u(edges[:, 0]), self.v(edges[:, 1]), self.u(edges[:, 2]), self.v(edges[:, 3])


def placed(parts: Parts) -> tuple[Frame, Parts]:
    """The frame of the parts, and the parts counted eastward from its west edge.

    The west edge lies at the end of the widest gap between them; where there is none, at -180, and what reaches over
    it is there twice.
    """
    if not len(parts.shape):
        return Frame(np.array([-180.0, -90.0, 1e-9, 1e-9, 0.0, 0.0, 0.0])), parts
    reach = reach_deg(parts)
    low, high = _extents(parts, 0)
    start = np.mod(low - reach[0] + 180.0, 360.0) - 180.0
    west, is_round = _widest_gap(start, start + (high - low) + 2.0 * reach[0])
    parts = _shifted(parts, -360.0 * np.floor((low - west) / 360.0))
    if is_round:
        parts = _doubled(parts, west, reach[0])
        reach = reach_deg(parts)
    return _fine_enough(parts, west, reach), parts


def reach_deg(parts: Parts) -> tuple[Array, Array]:
    """How far each part is asked after, in degrees of longitude and of latitude."""
    _, top = _extents(parts, 1)
    bottom, _ = _extents(parts, 1)
    lat = np.minimum(np.maximum(abs(top), abs(bottom)) + parts.reach_m / 110_000.0, POLAR_LAT)
    east, north = np.array([metres_per_degree(value) for value in lat]).reshape(-1, 2).T
    return parts.reach_m / np.minimum(east, 111_000.0) + PAD_DEG, parts.reach_m / np.minimum(north, 110_570.0) + PAD_DEG


def _extents(parts: Parts, axis: int) -> tuple[Array, Array]:
    """Least and greatest longitude (0) or latitude (1) of each part."""
    starts = np.searchsorted(parts.part, np.arange(len(parts.shape)))
    both = parts.edges[:, axis::2]
    return np.minimum.reduceat(both.min(axis=1), starts), np.maximum.reduceat(both.max(axis=1), starts)


def _widest_gap(start: Array, end: Array) -> tuple[float, bool]:
    """Where the widest stretch of longitudes without a part ends, and whether there is none."""
    order = np.argsort(start)
    start, reached = start[order], np.maximum.accumulate(end[order])
    gaps = np.concatenate([start[1:], [start[0] + 360.0]]) - np.maximum(reached, reached[-1] - 360.0)
    widest = int(np.argmax(gaps))
    if gaps[widest] <= 0.0:
        return -180.0, True
    return float(start[(widest + 1) % len(start)]), False


def _shifted(parts: Parts, by: Array) -> Parts:
    shift = by[parts.part]
    return parts._replace(edges=parts.edges + np.column_stack([shift, 0.0 * shift, shift, 0.0 * shift]))


def _doubled(parts: Parts, west: float, reach: Array) -> Parts:
    """With a copy a turn to the west or the east of each part that reaches over an edge of the frame."""
    low, high = _extents(parts, 0)
    for over, by in ((high + reach > west + 360.0, -360.0), (low - reach < west, 360.0)):
        parts = _with_copies(parts, np.flatnonzero(over), by)
    return parts


def _with_copies(parts: Parts, chosen: Array, by: float) -> Parts:
    edges = np.flatnonzero(np.isin(parts.part, chosen))
    renumbered = len(parts.shape) + np.searchsorted(chosen, parts.part[edges])
    return Parts(
        np.concatenate([parts.edges, parts.edges[edges] + (by, 0.0, by, 0.0)]),
        np.concatenate([parts.part, renumbered]),
        *(np.concatenate([column, column[chosen]]) for column in parts[2:]),
    )


def _fine_enough(parts: Parts, west: float, reach: tuple[Array, Array]) -> Frame:
    """The frame with the narrowest cells, from `CELL_M` on, of which there are not too many."""
    south, north = _extents(parts, 1)
    east = _extents(parts, 0)[1] + reach[0]
    bottom, top = float((south - reach[1]).min()), float((north + reach[1]).max())
    metres = metres_per_degree(min(abs(bottom + top) / 2.0, POLAR_LAT))
    cell_m = CELL_M
    while True:
        per_x, per_y = metres[0] / cell_m, metres[1] / cell_m
        columns, rows = ceil((float(east.max()) - west) * per_x) + 1, ceil((top - bottom) * per_y) + 1
        columns = min(columns, ceil(360.0 * per_x))
        frame = Frame(np.array([west, bottom, per_x, per_y, columns, rows, west + min(columns / per_x / 2.0, 180.0)]))
        if columns * rows <= 4 or _few_enough(frame, parts, reach):  # wider cells would help no more
            return frame
        cell_m *= 2.0


def reach_cells(frame: Frame, reach: tuple[Array, Array]) -> Array:
    """Reach of each part in cells, whichever way they are narrower."""
    cells: Array = np.maximum(reach[0] * frame.values[PER_X], reach[1] * frame.values[PER_Y])
    return cells


def _few_enough(frame: Frame, parts: Parts, reach: tuple[Array, Array]) -> bool:
    """Whether the cells have few enough edges near them, and would have few enough entries."""
    u1, v1, u2, v2 = frame.ends(parts.edges)
    length, width = np.hypot(u2 - u1, v2 - v1), 2.0 * reach_cells(frame, reach) + 2.0
    near = (length * width[parts.part] + width[parts.part] ** 2).sum()
    return bool(near <= max(NEAR, NEAR_EACH * len(length)) and _entries(frame, parts, length, width) <= ENTRIES)


def _entries(frame: Frame, parts: Parts, length: Array, width: Array) -> float:
    """About how many entries the cells would have: along the edges blocks of cells, within them whole blocks."""
    u1, v1, u2, v2 = frame.ends(parts.edges)
    area = abs(np.bincount(parts.part, u1 * v2 - u2 * v1, len(parts.shape))) / 2.0
    beside = length * (width[parts.part] + BLOCK_CELLS) + width[parts.part] ** 2
    (left, right), (bottom, top) = _extents(parts, 0), _extents(parts, 1)
    box = (frame.u(right) - frame.u(left) + width) * (frame.v(top) - frame.v(bottom) + width)
    border = np.minimum(np.bincount(parts.part, beside, len(parts.shape)), box)
    return float(area[parts.solid].sum() / BLOCK_CELLS**2 + border.sum())
