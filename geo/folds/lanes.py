"""Which service points and street segments a leg comes near: from one fix straight to the next."""

from __future__ import annotations

from math import sqrt
from typing import Any, Final

from geo.folds.fences import COLUMNS, PER_X, PER_Y, ROWS, SOUTH, WEST, Arrays, Raster, cell_at, counted
from geo.folds.jit import inlined, jit
from geo.folds.plane import metres_per_degree, wrap

Array = Any  # numba sees the arrays
CELLS: Final = 512  # cells that a leg may cross; where a longer one led is anybody's guess


@jit
def from_segment2(px: float, py: float, ax: float, ay: float, bx: float, by: float) -> float:
    """Square of the distance from a point to a segment."""
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    share = 0.0
    if length2 > 0.0:
        share = min(max(((px - ax) * dx + (py - ay) * dy) / length2, 0.0), 1.0)
    x, y = ax + share * dx - px, ay + share * dy - py
    return x * x + y * y


@jit
def leftness(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> float:
    """Positive where a point lies left of the line from a to b."""
    return (bx - ax) * (py - ay) - (by - ay) * (px - ax)


@inlined
def apart_m(e: Array, x1: float, y1: float, x2: float, y2: float, east: float, north: float) -> float:
    """Metres between a segment and a leg, in the plane around the leg's end; 0 where they cross."""
    ax, ay = (e[0] - x2) * east, (e[1] - y2) * north
    px, py = (x1 - x2) * east, (y1 - y2) * north
    if e[0] == e[2] and e[1] == e[3]:
        return sqrt(from_segment2(ax, ay, px, py, 0.0, 0.0))
    bx, by = (e[2] - x2) * east, (e[3] - y2) * north
    a, b = leftness(px, py, 0.0, 0.0, ax, ay), leftness(px, py, 0.0, 0.0, bx, by)
    p, q = leftness(ax, ay, bx, by, px, py), leftness(ax, ay, bx, by, 0.0, 0.0)
    if ((a > 0.0 and b < 0.0) or (a < 0.0 and b > 0.0)) and ((p > 0.0 and q < 0.0) or (p < 0.0 and q > 0.0)):
        return 0.0
    ends = min(from_segment2(ax, ay, px, py, 0.0, 0.0), from_segment2(bx, by, px, py, 0.0, 0.0))
    return sqrt(min(ends, from_segment2(px, py, ax, ay, bx, by), from_segment2(0.0, 0.0, ax, ay, bx, by)))


@jit
def keep_least(found: Array, metres: Array, n: int, target: int, distance_m: float) -> int:
    """Keep the least distance to a target; a new one only where there is room. Returns how many there are."""
    for i in range(n):
        if found[i] == target:
            metres[i] = min(metres[i], distance_m)
            return n
    if n == len(found):
        return n
    found[n], metres[n] = target, distance_m
    return n + 1


@inlined
def around(
    world: Arrays, column: int, row: int, x1: float, y1: float, x2: float, y2: float, east: float, north: float,
    found: Array, metres: Array, n: int,
) -> int:  # fmt: skip
    """The targets of one cell that a leg comes within reach of."""
    raster: Raster = world.lanes
    if not (0 <= column < raster.frame[COLUMNS] and 0 <= row < raster.frame[ROWS]):
        return n
    cell = cell_at(raster.blocks, column, row)
    if cell < 0:
        return n
    for i in range(raster.start[cell], raster.start[cell + 1]):
        piece = world.pieces[i]
        target = world.target[piece]
        distance_m = apart_m(world.segments[piece], x1, y1, x2, y2, east, north)
        if distance_m <= world.reach_m[target]:
            n = keep_least(found, metres, n, target, distance_m)
    return n


@inlined
def beside(world: Arrays, lon1: float, lat1: float, lon2: float, lat2: float, found: Array, metres: Array) -> int:
    """Targets that a leg comes within reach of, each once, in the order of the leg's cells, and how near.

    Returns how many; never more than `found` has room for. A leg over more than `CELLS` cells finds none.
    """
    raster = world.lanes
    frame = raster.frame
    x2 = counted(raster, lon2)
    x1 = x2 + wrap(lon1 - lon2)
    u1, v1 = (x1 - frame[WEST]) * frame[PER_X], (lat1 - frame[SOUTH]) * frame[PER_Y]
    u2, v2 = (x2 - frame[WEST]) * frame[PER_X], (lat2 - frame[SOUTH]) * frame[PER_Y]
    steps_left = abs(u2 - u1) + abs(v2 - v1) + 3.0
    if not steps_left <= CELLS or max(u1, u2) < 0.0 or max(v1, v2) < 0.0:
        return 0
    if min(u1, u2) >= frame[COLUMNS] or min(v1, v2) >= frame[ROWS]:
        return 0
    east, north = metres_per_degree(lat2)
    right, up = 1 if u2 >= u1 else -1, 1 if v2 >= v1 else -1
    column, row = int(u1 + CELLS) - CELLS, int(v1 + CELLS) - CELLS  # rounds down below zero too
    last_column, last_row = int(u2 + CELLS) - CELLS, int(v2 + CELLS) - CELLS
    n = around(world, column, row, x1, lat1, x2, lat2, east, north, found, metres, 0)
    while column != last_column or row != last_row:
        to_u = abs((column + (1 if right > 0 else 0) - u1) * (v2 - v1))
        to_v = abs((row + (1 if up > 0 else 0) - v1) * (u2 - u1))
        if row == last_row or (column != last_column and to_u <= to_v):
            column += right
        else:
            row += up
        n = around(world, column, row, x1, lat1, x2, lat2, east, north, found, metres, n)
    return n
