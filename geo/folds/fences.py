"""Which fences a fix lies in, and which service points and streets a leg comes near: the kernels of `geo.city.world`.

A raster of cells says what may be near, so that a fix costs the same among ten fences as among ten thousand. A cell
that lies wholly inside names its fence outright; at a boundary the test is exact: even-odd crossings of a ray with the
edges of the fix's own row of cells (a border point is inside), and distances to the edges near the cell, in the plane
around the fix. Which side of an edge a point is on is decided in double-double arithmetic where rounding could turn it
(J. R. Shewchuk's filter, "Adaptive Precision Floating-Point Arithmetic", 1997): it is on one side, or on the edge.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from geo.folds.jit import inlined, jit
from geo.folds.plane import metres_per_degree

Array = Any  # numba sees the arrays; shapes are in the comments below

WEST, SOUTH, PER_X, PER_Y, COLUMNS, ROWS, MIDDLE = range(
    7
)  # a raster's frame: degrees, cells per degree, cells; degrees
FENCE, SLAB, SLAB_END, NEAR, NEAR_END = range(5)  # an entry's columns
WHOLE, OUTSIDE = -1, -2  # SLAB of an entry: the cell lies wholly inside; wholly outside, but near
BLOCK_CELLS: Final = 16  # cells along the side of a block
ACROSS: Final = 1 << 24  # more blocks than lie beside each other
RADIUS2, HALO2 = 0, 1  # a fence's columns, square metres: within it is inside of a line; within it is in the halo
ROUNDING: Final = 3.330669073875472e-16  # of an orientation, relative (Shewchuk's ccwerrboundA)
SPLITTER: Final = 134217729.0  # 2**27 + 1: halves a float64 into two that multiply exactly


class Raster(NamedTuple):
    """Cells by hashed blocks of 16 x 16: what lies far apart needs no room between, nor what has no border inside."""

    frame: Array  # float64[7]
    blocks: Array  # int64[2**k, 3]: key of a block, its first cell, 1 if it has 256 and 0 if one; key -1: free
    start: Array  # int32[cells + 1]: the first entry of each cell


class Arrays(NamedTuple):
    """The world as the kernels read it; fences and targets by index, in the order of `World.keys` and `.targets`."""

    cells: Raster
    lanes: Raster  # the same for targets; its entries are indices of `pieces`
    entries: Array  # int32[n, 5], by cell, then by fence
    edges: Array  # float64[n, 4]: lon, lat, lon, lat, longitudes as the raster counts them; by slab, so some twice
    refs: Array  # int32: edges near a cell
    fences: Array  # float64[fences, 2]; RADIUS2 of a polygon is -1
    enter_us: Array  # int64[fences]
    exit_us: Array  # int64[fences]
    pieces: Array  # int32: segments
    segments: Array  # float64[n, 4]; of a point both ends are the point
    target: Array  # int32[segments]: whose it is
    reach_m: Array  # float64[targets]
    street: Array  # int8[targets]: 1 a street, 0 a point
    along_lon: Array  # float64[targets, 16]: middles of sixteen equal lengths of a street; a point's own place
    along_lat: Array


@inlined
def named_arrays(bare: Any) -> Any:
    """The arrays again that went through a call without their names (`geo.folds.jit.bare`)."""
    return Arrays(Raster(*bare[0]), Raster(*bare[1]), *bare[2:])


@inlined
def counted(raster: Raster, lon: float) -> float:
    """A longitude as the raster counts: within half a turn of its middle, beyond 180 over the antimeridian."""
    away = lon - raster.frame[MIDDLE]
    if away >= 180.0:
        return lon - 360.0
    return lon + 360.0 if away < -180.0 else lon


@inlined
def cell_at(blocks: Array, column: int, row: int) -> int:
    """Index of a cell, -1 where nothing lies."""
    across, up = column // BLOCK_CELLS, row // BLOCK_CELLS
    mask = len(blocks) - 1
    key = up * ACROSS + across
    slot = (up * 73856093 ^ across * 19349663) & mask
    while blocks[slot, 0] != key:
        if blocks[slot, 0] < 0:
            return -1
        slot = (slot + 1) & mask
    return int(blocks[slot, 1] + blocks[slot, 2] * ((row % BLOCK_CELLS) * BLOCK_CELLS + column % BLOCK_CELLS))


@inlined
def cell_of(raster: Raster, x: float, lat: float) -> int:
    """The cell that a point lies in, -1 where nothing is near (or the point is none)."""
    frame = raster.frame
    u, v = (x - frame[WEST]) * frame[PER_X], (lat - frame[SOUTH]) * frame[PER_Y]
    if not (u >= 0.0 and v >= 0.0 and u < frame[COLUMNS] and v < frame[ROWS]):
        return -1
    return cell_at(raster.blocks, int(u), int(v))


@jit
def product(a: float, b: float) -> tuple[float, float]:
    """The product exactly, as the sum of two floats (Dekker)."""
    p = a * b
    c = SPLITTER * a
    a_high = c - (c - a)
    a_low = a - a_high
    c = SPLITTER * b
    b_high = c - (c - b)
    b_low = b - b_high
    return p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low


@jit
def total(a: float, b: float) -> tuple[float, float]:
    """The sum exactly, as the sum of two floats (Knuth)."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


@jit
def exact_side(x1: float, y1: float, x2: float, y2: float, x: float, y: float) -> float:
    """`side` in double-double arithmetic: exact to 1e-30 of its terms."""
    ax, ax_low = total(x1, -x)
    by, by_low = total(y2, -y)
    ay, ay_low = total(y1, -y)
    bx, bx_low = total(x2, -x)
    left, left_low = product(ax, by)
    right, right_low = product(ay, bx)
    high, rest = total(left, -right)
    low = (left_low - right_low) + ((ax * by_low + ax_low * by) - (ay * bx_low + ay_low * bx))
    return high + (rest + low)


@inlined
def side(x1: float, y1: float, x2: float, y2: float, x: float, y: float) -> float:
    """Positive where the point lies left of the line from 1 to 2, negative right of it, zero on it."""
    left, right = (x1 - x) * (y2 - y), (y1 - y) * (x2 - x)
    turn = left - right
    bound = ROUNDING * (abs(left) + abs(right))
    if turn > bound or -turn > bound:
        return turn
    return exact_side(x1, y1, x2, y2, x, y)


@inlined
def within(edges: Array, first: int, end: int, x: float, y: float) -> bool:
    """Whether a point is inside a polygon or on its border, by the edges that its row of cells meets."""
    odd = False
    for i in range(first, end):
        e = edges[i]
        x1, y1, x2, y2 = e[0], e[1], e[2], e[3]
        if (y1 > y) != (y2 > y):
            if x1 > x and x2 > x:
                odd = not odd
            elif x1 >= x or x2 >= x:
                turn = side(x1, y1, x2, y2, x, y)
                if turn == 0.0:
                    return True
                if (turn > 0.0) == (y2 > y1):
                    odd = not odd
        elif y1 == y and y2 == y:
            if min(x1, x2) <= x <= max(x1, x2):
                return True
        elif (x1 == x and y1 == y) or (x2 == x and y2 == y):
            return True
    return odd


@inlined
def closeness(
    edges: Array, refs: Array, first: int, end: int, x: float, y: float, east: float, north: float, radius2: float,
    halo2: float,
) -> int:  # fmt: skip
    """2 within the radius of one of the edges, 1 within the halo, 0 beyond; squares of metres, without a division."""
    close = 0
    for i in range(first, end):
        e = edges[refs[i]]
        ax, ay = (e[0] - x) * east, (e[1] - y) * north
        dx, dy = (e[2] - e[0]) * east, (e[3] - e[1]) * north
        length2 = dx * dx + dy * dy
        foot = -(ax * dx + ay * dy)  # where along the edge the point is nearest, times its length
        if 0.0 < foot < length2:
            across = ax * dy - ay * dx
            distance2, scale = across * across, length2
        else:
            if foot > 0.0:
                ax, ay = ax + dx, ay + dy
            distance2, scale = ax * ax + ay * ay, 1.0
        if distance2 <= radius2 * scale:
            return 2
        if distance2 <= halo2 * scale:
            close = 1
    return close


@inlined
def search(world: Arrays, lon: float, lat: float, halos: bool, found: Array) -> int:
    """`inside`, with or without those fences that have the point in their halo only."""
    raster = world.cells
    x = counted(raster, lon)
    cell = cell_of(raster, x, lat)
    if cell < 0:
        return 0
    east, north, n = 0.0, 0.0, 0
    for i in range(raster.start[cell], raster.start[cell + 1]):
        entry = world.entries[i]
        fence, first, verdict = int(entry[FENCE]), entry[SLAB], 2
        if n > 0 and found[n - 1] == 2 * fence + 1:
            continue  # another part of it has the point
        if first == OUTSIDE or (first != WHOLE and not within(world.edges, first, entry[SLAB_END], x, lat)):
            reach = world.fences[fence]
            if not halos and reach[RADIUS2] < 0.0:
                continue
            if north == 0.0:
                east, north = metres_per_degree(lat)
            verdict = closeness(
                world.edges, world.refs, entry[NEAR], entry[NEAR_END], x, lat, east, north, reach[RADIUS2], reach[HALO2]
            )
            if verdict == 0 or (verdict == 1 and not halos):
                continue
        if n > 0 and found[n - 1] == 2 * fence:
            n -= 1
        if n == len(found):
            return n
        found[n] = 2 * fence + verdict - 1
        n += 1
    return n


@inlined
def inside(world: Arrays, lon: float, lat: float, found: Array) -> int:
    """The fences of a point, by index: found[i] = 2 * fence + 1 inside, 2 * fence in the halo only.

    Returns how many; never more than `found` has room for.
    """
    return search(world, lon, lat, True, found)


@jit
def surely(bare: Any, lon: float, lat: float, found: Array) -> int:
    """The fences that a point is inside of, as `inside` writes them. This and what follows is called from Python."""
    return search(named_arrays(bare), lon, lat, False, found)


@jit
def locate(
    bare: Any, lon: Array, lat: Array, first: int, points: Array, fences: Array, found: Array
) -> tuple[int, int]:
    """Points from `first` on and the fences that they are inside of, as pairs; ends early where the room does.

    Returns the number of pairs and the next point.
    """
    world, n = named_arrays(bare), 0
    for i in range(first, len(lon)):
        if n + len(found) > len(fences):
            return n, i
        for j in range(search(world, lon[i], lat[i], False, found)):
            points[n], fences[n] = i, found[j] >> 1
            n += 1
    return n, len(lon)


@jit
def first_below(bare: Any, lon: Array, lat: Array, fences: int, found: Array, out: Array) -> None:
    """Of each point the first fence that it is inside of, of those below `fences`; -1: none."""
    world = named_arrays(bare)
    for i in range(len(lon)):
        out[i] = -1
        if search(world, lon[i], lat[i], False, found) > 0 and found[0] < 2 * fences:
            out[i] = found[0] >> 1
