"""The rasters of `geo.city.world`: which cells lie wholly inside a shape, and which edges are near which cells.

All in whole arrays, so that a city's thousand shapes are laid out in a fraction of a second. What is said of a cell
holds for every point of it: an edge is near a cell if it comes within the reach of any of its points.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.city.frame import Frame, reach_cells, reach_deg
from geo.city.shapes import Parts
from geo.folds.fences import ACROSS, BLOCK_CELLS, COLUMNS, PER_X, PER_Y, ROWS, Raster

Array = NDArray[Any]
PIECE: Final = 8.0  # cells: a longer edge is looked at in pieces, or its bounding box would be all the city
CHUNK: Final = 1_000_000  # cells looked at in one go
CORNER: Final = 0.7072  # from a cell's middle to its corner, a little more


class Near(NamedTuple):
    """Edges near cells, one row each."""

    row: Array
    column: Array
    edge: Array


class Whole(NamedTuple):
    """Cells, or blocks of them, that lie wholly inside a part, one row each."""

    row: Array
    column: Array
    part: Array


def spans(counts: Array) -> tuple[Array, Array]:
    """For each of counts[i] things of i: i, and its number among them."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)


def near(frame: Frame, parts: Parts) -> Near:
    """Edges that come within their part's reach of a cell, by edge, then row, then column."""
    return _near_within(frame, parts, reach_cells(frame, reach_deg(parts)))


def touched(frame: Frame, parts: Parts) -> Near:
    """Edges that may touch a cell: only there is a point of it inside and another outside."""
    return _near_within(frame, parts, np.full(len(parts.shape), 1e-6))


def _near_within(frame: Frame, parts: Parts, reach: Array) -> Near:
    found = [_near(frame, *chunk) for chunk in _pieces(frame, parts.edges, reach[parts.part])]
    code = np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)
    row, column, edge = decoded(code)
    return Near(row, column, edge)


def coded(row: Array, column: Array, of: Array) -> Array:
    """A cell and what it is about (an edge, a part) in one number: by that, then by row, then by column."""
    return (of << 40) | (row << 20) | column


def decoded(code: Array) -> tuple[Array, Array, Array]:
    """Row, column, and what the cell is about."""
    return (code >> 20) & 0xFFFFF, code & 0xFFFFF, code >> 40


def _pieces(frame: Frame, edges: Array, reach: Array) -> Iterator[tuple[Array, Array, Array]]:
    """Pieces of edges (u, v, u, v in cells), their edges and reaches; so many as look at `CHUNK` cells."""
    ends = np.column_stack(frame.ends(edges))
    counts = np.ceil(abs(ends[:, 2:] - ends[:, :2]).max(axis=1) / PIECE).astype(np.int64).clip(1)
    edge, number = spans(counts)
    step = (ends[edge, 2:] - ends[edge, :2]) / counts[edge, None]
    first = ends[edge, :2] + number[:, None] * step
    pieces = np.concatenate([first, first + step], axis=1)
    looked_at = np.cumsum((abs(step) + 2.0 * reach[edge, None] + 2.0).prod(axis=1))
    for chunk in np.split(np.arange(len(edge)), np.flatnonzero(np.diff(looked_at // CHUNK)) + 1):
        if len(chunk):
            yield pieces[chunk], edge[chunk], reach[edge[chunk]]


def _near(frame: Frame, pieces: Array, edge: Array, reach: Array) -> Array:
    """Cells whose middle is near a piece, with its edge, as `coded`."""
    low = np.floor(np.minimum(pieces[:, :2], pieces[:, 2:]) - reach[:, None] - 1e-6).astype(np.int64).clip(0)
    high = np.floor(np.maximum(pieces[:, :2], pieces[:, 2:]) + reach[:, None] + 1e-6).astype(np.int64)
    size = (np.minimum(high, frame.values[[COLUMNS, ROWS]].astype(np.int64) - 1) - low + 1).clip(0)
    piece, number = spans(size.prod(axis=1))
    row, column = np.divmod(number, size[piece, 0])
    row, column = row + low[piece, 1], column + low[piece, 0]
    ax, ay = pieces[piece, 0] - column - 0.5, pieces[piece, 1] - row - 0.5
    dx, dy = (pieces[piece, 2:] - pieces[piece, :2]).T
    length2 = dx * dx + dy * dy
    share = np.divide(-(ax * dx + ay * dy), length2, out=np.zeros(len(piece)), where=length2 > 0).clip(0.0, 1.0)
    close = np.hypot(ax + share * dx, ay + share * dy) <= reach[piece] + CORNER
    return coded(row[close], column[close], edge[piece[close]])


def _scanned(frame: Frame, parts: Parts) -> tuple[Array, Array, Array, Array]:
    """Runs of cells whose middle lies inside a solid part (even-odd): row, part, first column, end."""
    chosen = parts.solid[parts.part]
    part = parts.part[chosen]
    u1, v1, u2, v2 = frame.ends(parts.edges[chosen])
    first, last = np.ceil(np.minimum(v1, v2) - 0.5), np.ceil(np.maximum(v1, v2) - 0.5)
    edge, number = spans((last - first).astype(np.int64))
    row = first[edge].astype(np.int64) + number
    u = u1[edge] + (row + 0.5 - v1[edge]) * (u2 - u1)[edge] / (v2 - v1)[edge]
    order = np.lexsort((u, row, part[edge]))
    ends = np.ceil(u[order].reshape(-1, 2) - 0.5).astype(np.int64).clip(0, int(frame.values[COLUMNS]))
    return row[order][::2], part[edge][order][::2], ends[:, 0], np.maximum(ends[:, 0], ends[:, 1])


def whole_blocks(frame: Frame, parts: Parts, laid_out: Array) -> Whole:
    """Blocks wholly inside a part: no edge is near them, for they are not laid out in cells."""
    values = frame.values.copy()
    values[[PER_X, PER_Y]] /= BLOCK_CELLS
    values[[COLUMNS, ROWS]] = -(-values[[COLUMNS, ROWS]] // BLOCK_CELLS)
    row, part, left, right = _scanned(Frame(values), parts)
    run, number = spans(right - left)
    found = Whole(row[run], left[run] + number, part[run])
    beyond = ~np.isin(_block(found.row, found.column), laid_out)
    return Whole(*(column[beyond] for column in found))


def whole_cells(frame: Frame, parts: Parts, laid_out: Array) -> Whole:
    """Cells of the blocks laid out (sorted) whose middle lies inside a part."""
    row, part, left, right = _scanned(frame, parts)
    first = np.searchsorted(laid_out, _block(row // BLOCK_CELLS, left // BLOCK_CELLS))
    end = np.searchsorted(laid_out, _block(row // BLOCK_CELLS, (right - 1) // BLOCK_CELLS), side="right")
    run, number = spans((end - first).clip(0))
    west = (laid_out[first[run] + number] % ACROSS) * BLOCK_CELLS
    left, right = np.maximum(left[run], west), np.minimum(right[run], west + BLOCK_CELLS)
    cell, number = spans((right - left).clip(0))
    return Whole(row[run][cell], left[cell] + number, part[run][cell])


def blocks_of(row: Array, column: Array) -> Array:
    """Blocks that these cells lie in, sorted."""
    return np.unique(_block(row // BLOCK_CELLS, column // BLOCK_CELLS))


def _block(up: Array, across: Array) -> Array:
    """The key of a block, as the kernel's `cell_at` makes it."""
    return up * ACROSS + across


class Slabs(NamedTuple):
    """For each row of cells that a part meets, the edges that meet the row."""

    key: Array  # int64[slabs], ascending: part and row in one number
    start: Array  # int64[slabs + 1]
    edge: Array  # int64: edges, slab by slab

    def of(self, part: Array, row: Array) -> tuple[Array, Array]:
        """First and end of the slabs of parts and rows; empty where a part has no edge in the row."""
        key = (part << 20) | row
        at = np.searchsorted(self.key, key)
        there = np.append(self.key, -1)[at] == key
        return np.where(there, self.start[at], 0), np.where(there, np.append(self.start, 0)[at + 1], 0)


def slabs(frame: Frame, parts: Parts) -> Slabs:
    """The slabs of the solid parts: a ray along a row's latitudes can cross no other edges."""
    chosen = np.flatnonzero(parts.solid[parts.part])
    rows = np.floor(frame.v(parts.edges[chosen][:, 1::2])).astype(np.int64)
    low, high = rows.min(axis=1), rows.max(axis=1)
    owner, number = spans(high - low + 1)
    key = (parts.part[chosen][owner] << 20) | (low[owner] + number)
    order = np.argsort(key, kind="stable")
    keys, start = np.unique(key[order], return_index=True)
    return Slabs(keys, np.append(start, len(key)), chosen[owner][order])


def raster(frame: Frame, row: Array, column: Array, rank: Array, blocks: int = 0) -> tuple[Raster, Array]:
    """The raster of entries, and their order in it: by cell, there by rank.

    The last `blocks` of them are about whole blocks, by their row and column.
    """
    fine = len(row) - blocks
    keys, block = np.unique(_block(row[:fine] // BLOCK_CELLS, column[:fine] // BLOCK_CELLS), return_inverse=True)
    single, number = np.unique(_block(row[fine:], column[fine:]), return_inverse=True)
    cells = len(keys) * BLOCK_CELLS**2
    cell = np.concatenate(
        [block * BLOCK_CELLS**2 + (row % BLOCK_CELLS * BLOCK_CELLS + column % BLOCK_CELLS)[:fine], cells + number]
    )
    order = np.lexsort((rank, cell))
    start = np.searchsorted(cell[order], np.arange(cells + len(single) + 1)).astype(np.int32)
    first = np.concatenate([np.arange(len(keys)) * BLOCK_CELLS**2, cells + np.arange(len(single))])
    laid_out = np.arange(len(first)) < len(keys)
    table = _hashed(np.concatenate([keys, single]), np.column_stack([first, laid_out]))
    return Raster(frame.values, table, start), order


def _hashed(keys: Array, values: Array) -> Array:
    """Blocks by open addressing, at most half full; the kernel's `cell_at` looks them up."""
    table = np.full((1 << max(2 * len(keys), 1).bit_length(), 3), -1, np.int64)
    up, across = np.divmod(keys, ACROSS)
    slot = (up * 73856093 ^ across * 19349663) & (len(table) - 1)
    waiting = np.arange(len(keys))
    while len(waiting):
        free = waiting[table[slot[waiting], 0] < 0]
        _, which = np.unique(slot[free], return_index=True)
        settled = free[which]
        table[slot[settled], 0], table[slot[settled], 1:] = keys[settled], values[settled]
        waiting = np.setdiff1d(waiting, settled)
        slot[waiting] = (slot[waiting] + 1) & (len(table) - 1)
    return table
