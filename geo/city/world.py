"""What the kernels know of the city: fences to visit and targets to serve, built from the configuration at once.

A point on a border is inside. A point in two areas belongs to the one whose id comes first, a point in none to none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.entities import Area, Place, Street, Zone
from geo.city import raster
from geo.city.frame import Frame, placed
from geo.city.shapes import Fence, Parts, Target, fences, parts_of_fences, parts_of_targets, segments, targets
from geo.folds.fences import FENCE, OUTSIDE, SLAB, WHOLE, Arrays, Raster, first_below, locate, surely
from geo.folds.jit import bare
from geo.folds.plane import metres_per_degree

Array = NDArray[Any]
FOUND: Final = 64  # fences at one point; more are not looked for
PAIRS: Final = 65_536  # answers of one go
MARKS: Final = 16  # places along a street by which its covered part is told
US_PER_S: Final = 1_000_000


class World:
    """Fences and targets by index, and where they are."""

    def __init__(
        self,
        areas: Iterable[Area] = (),
        places: Iterable[Place] = (),
        zones: Iterable[Zone] = (),
        streets: Iterable[Street] = (),
    ) -> None:
        areas, places = list(areas), list(places)
        self._areas = len(areas)
        given, sought = fences(areas, places, zones), targets(places, streets)
        self.keys = [fence.key for fence in given]
        self.targets = [target.key for target in sought]
        self._versions = {fence.key: fence.version for fence in given}
        self.arrays = _arrays(given, sought)
        self._bare = bare(self.arrays)

    def version_of(self, key: str) -> str:
        """Version of the boundary set that a fence came with; "" where it has none."""
        return self._versions.get(key, "")

    def area_at(self, lon: Array, lat: Array) -> list[str | None]:
        """Id of the first area that each point is in, None outside all."""
        if not self._areas:
            return [None] * len(lon)
        found = np.empty(len(lon), np.int64)
        first_below(self._bare, _floats(lon), _floats(lat), self._areas, np.empty(FOUND, np.int64), found)
        return [self.keys[fence].partition(":")[2] if fence >= 0 else None for fence in found.tolist()]

    def fences_at(self, lon: float, lat: float) -> list[str]:
        """Keys of the fences that a point is inside of."""
        if not self.keys:
            return []
        found = np.empty(FOUND, np.int64)
        n = surely(self._bare, lon, lat, found)
        return [self.keys[code >> 1] for code in found[:n].tolist()]

    def fences_of(self, lon: Array, lat: Array) -> tuple[Array, Array]:
        """Points and the fences that they are inside of, as pairs of indices, by point and fence."""
        lon, lat, found = _floats(lon), _floats(lat), np.empty(FOUND, np.int64)
        pairs, first = [np.empty((2, 0), np.int64)], 0
        while first < len(lon):
            room = np.empty((2, PAIRS), np.int64)
            n, first = locate(self._bare, lon, lat, first, room[0], room[1], found)
            pairs.append(room[:, :n])
        point, fence = np.concatenate(pairs, axis=1)
        return point, fence


def _floats(values: Any) -> Array:
    return np.ascontiguousarray(values, np.float64)


def _arrays(given: Sequence[Fence], sought: Sequence[Target]) -> Arrays:
    cells, entries, edges, refs = _fence_cells(parts_of_fences(given))
    lanes, pieces, segment, target = _target_cells(parts_of_targets(sought))
    along = np.array([_along(t) for t in sought]).reshape(-1, MARKS, 2)
    return Arrays(
        cells,
        lanes,
        entries,
        edges,
        refs,
        _reaches2(given),
        np.array([round(f.enter_s * US_PER_S) for f in given], np.int64),
        np.array([round(f.exit_s * US_PER_S) for f in given], np.int64),
        pieces,
        segment,
        target,
        np.array([t.reach_m for t in sought], float),
        np.array([t.street for t in sought], np.int8),
        np.ascontiguousarray(along[:, :, 0]),
        np.ascontiguousarray(along[:, :, 1]),
    )


def _reaches2(given: Sequence[Fence]) -> Array:
    """Squares of the radius and of the reach of the halo, float64[fences, 2]; a polygon has no radius: -1."""
    radius = np.array([fence.radius_m for fence in given], float)
    reach = radius.clip(0.0) + np.array([fence.halo_m for fence in given], float)
    return np.column_stack([np.where(radius < 0.0, -1.0, radius * radius), reach * reach])


def _fence_cells(given: Parts) -> tuple[Raster, Array, Array, Array]:
    """Raster, entries, edges and refs of the fences."""
    frame, parts = placed(given)
    close, slabs = raster.near(frame, parts), raster.slabs(frame, parts)
    edges = np.concatenate([slabs.edge, np.flatnonzero(~parts.solid[parts.part])])
    kept, where = np.unique(edges, return_index=True)
    code = raster.coded(close.row, close.column, parts.part[close.edge])
    order = np.argsort(code, kind="stable")
    border, first = np.unique(code[order], return_index=True)
    entries = np.column_stack(
        [border, *_slabs_at(frame, parts, slabs, border), first, np.append(first, len(order))[1:]]
    )
    laid_out = raster.blocks_of(close.row, close.column)
    middle_inside = raster.coded(*raster.whole_cells(frame, parts, laid_out))
    blocks = raster.whole_blocks(frame, parts, laid_out)
    whole = np.concatenate([np.setdiff1d(middle_inside, border[entries[:, SLAB] != OUTSIDE]), raster.coded(*blocks)])
    entries = entries[~((entries[:, SLAB] == OUTSIDE) & np.isin(border, middle_inside))]
    entries = np.concatenate([entries, np.column_stack([whole, np.full((len(whole), 4), WHOLE)])])
    row, column, part = raster.decoded(entries[:, 0])
    entries[:, FENCE] = parts.shape[part]
    cells, by_cell = raster.raster(frame, row, column, entries[:, FENCE], len(blocks.part))
    refs = where[np.searchsorted(kept, close.edge[order])]
    return cells, entries[by_cell].astype(np.int32), parts.edges[edges], refs.astype(np.int32)


def _slabs_at(frame: Frame, parts: Parts, slabs: raster.Slabs, border: Array) -> tuple[Array, Array]:
    """First and end of the slabs for cells near an edge; `OUTSIDE` where none of a polygon's edges touches the cell."""
    row, _, part = raster.decoded(border)
    first, end = slabs.of(part, row)
    at = raster.touched(frame, parts)
    beyond = parts.solid[part] & ~np.isin(border, raster.coded(at.row, at.column, parts.part[at.edge]))
    return np.where(beyond, OUTSIDE, first), end


def _target_cells(given: Parts) -> tuple[Raster, Array, Array, Array]:
    """Raster, pieces, segments and whose they are, of the targets."""
    frame, parts = placed(given)
    touched = raster.near(frame, parts)
    lanes, order = raster.raster(frame, touched.row, touched.column, touched.edge)
    return lanes, touched.edge[order].astype(np.int32), parts.edges, parts.shape[parts.part].astype(np.int32)


def _along(target: Target) -> Array:
    """Middles of sixteen equal lengths of a target's line, float64[16, 2]; of a point, the point."""
    if not target.street:
        return np.tile(target.line[0], (MARKS, 1))
    ends = segments(target.line)
    east, north = metres_per_degree(float(ends[0, 1]))
    length = np.hypot((ends[:, 2] - ends[:, 0]) * east, (ends[:, 3] - ends[:, 1]) * north)
    reached = np.concatenate([[0.0], np.cumsum(length)])
    marks = (np.arange(MARKS) + 0.5) / MARKS * reached[-1]
    points = np.concatenate([ends[:, :2], ends[-1:, 2:]])
    lon, lat = np.interp(marks, reached, points[:, 0]), np.interp(marks, reached, points[:, 1])
    return np.column_stack([np.where(lon >= 180.0, lon - 360.0, lon), lat])
