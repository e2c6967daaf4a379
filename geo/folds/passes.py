"""Services: how near legs come to service points and streets, when, on which heading, how fast, and what stood there.

A leg is the straight line between two fixes; one over a silence is none, since nobody knows where it led. A service
lasts from the moment at which the first leg within reach is nearest to the point to that of the last leg; of a street,
from its first of sixteen points to its last. It is told as open once it lasted `min_dwell_s`, and ends when no leg came
within reach for `exit_s`.
"""

from __future__ import annotations

from typing import Any, Final

from geo.folds.contacts import drop_contact, find_contact, new_contact
from geo.folds.fences import Arrays
from geo.folds.jit import jit
from geo.folds.lanes import beside
from geo.folds.layout import CLOSED, OPENED, P_MIN
from geo.folds.plane import wrap
from geo.folds.saying import say_contact
from geo.folds.tracklayout import (
    C_FIX,
    C_KEY,
    C_MASK,
    C_N,
    C_NEAR_US,
    C_NEXT,
    C_OUT,
    C_PHASE,
    C_SEEN,
    C_SILENT1,
    C_STOPPED,
    C_T0,
    C_TIN,
    D_E,
    D_MPS,
    D_N,
    D_NEAR,
    D_X,
    D_Y,
    G_DX,
    G_DY,
    G_X1,
    G_Y1,
    M_HEAD,
    M_K_TIN,
    M_SILENT,
    M_T1,
    Out,
    Pool,
    Track,
)  # fmt: skip

Array = Any

PIECES: Final = 16  # of a street: the bits of its mask
HEADING_M: Final = 10.0  # a shorter leg has no direction worth telling: that of the last longer one holds


@jit
def heading(g: Array, lon: float, lat: float, east: float, north: float, silent: bool) -> None:
    """Remember the direction of this leg, if it is long enough to have one."""
    e, n = wrap(lon - g[G_X1]) * east, (lat - g[G_Y1]) * north
    if not silent and e * e + n * n >= HEADING_M * HEADING_M:
        g[G_DX], g[G_DY] = e, n


@jit
def along(px: float, py: float, ax: float, ay: float) -> float:
    """The share of the leg from a to the origin after which it is nearest to p."""
    length2 = ax * ax + ay * ay
    if length2 <= 0.0:
        return 1.0
    return min(max(1.0 - (px * ax + py * ay) / length2, 0.0), 1.0)


@jit
def touch(
    world: Arrays, g: Array, contact: Array, place: Array, metres: float, x1: float, y1: float, t1: int, t: int,
    lon: float, lat: float, mps: float, east: float, north: float,
) -> bool:  # fmt: skip
    """A leg within reach of a target; returns whether its end is.

    Moment and place are those of the leg where it is nearest to the point, or to one of the street's sixteen points.
    """
    target = contact[C_KEY] >> 1
    ax, ay = wrap(x1 - lon) * east, (y1 - lat) * north
    reach2 = world.reach_m[target] * world.reach_m[target]
    least, share, near_end, first, last = 1e60, 1.0, False, 2.0, -1.0
    for i in range(PIECES if world.street[target] else 1):
        px, py = wrap(world.along_lon[target, i] - lon) * east, (world.along_lat[target, i] - lat) * north
        u = along(px, py, ax, ay)
        x, y = px - (1.0 - u) * ax, py - (1.0 - u) * ay
        d2 = x * x + y * y
        if d2 < least:
            least, share = d2, u
        if d2 <= reach2:
            contact[C_MASK] |= 1 << i
            first, last = min(first, u), max(last, u)
        near_end = near_end or px * px + py * py <= reach2
    if last < 0.0:  # it is near to the street, but to none of its points
        first, last = share, share
    if contact[C_SEEN] == 0:
        contact[C_T0] = t1 + int(first * float(t - t1))
        place[D_NEAR] = 1e30
    contact[C_TIN] = t1 + int(last * float(t - t1))
    if metres < place[D_NEAR]:
        place[D_NEAR], place[D_MPS], contact[C_NEAR_US] = metres, mps, t1 + int(share * float(t - t1))
        place[D_X] = wrap(lon + (1.0 - share) * wrap(x1 - lon))
        place[D_Y] = lat + (1.0 - share) * (y1 - lat)
        place[D_E], place[D_N] = g[G_DX], g[G_DY]
    return near_end


@jit
def last_on(
    out: Out, pool: Pool, m: Array, cell: int, min_us: float, s: int, row: int, t: int, c: int, doubt: bool
) -> None:  # fmt: skip
    """A service goes on; it is told when it has lasted."""
    contact = pool.ci[cell]
    contact[C_SEEN], contact[C_OUT], contact[C_SILENT1] = t, 0, m[M_SILENT]
    if contact[C_PHASE] == 1 and contact[C_TIN] - contact[C_T0] >= min_us and not doubt:
        contact[C_PHASE] = 2
        say_contact(out, pool, OPENED, cell, s, row, t, c)


@jit
def reach_along(
    track: Track, g: Array, m: Array, p: Array, s: int, row: int, t: int, c: int, lon: float, lat: float,
    pathless: bool, slow: bool, doubt: bool, mps: float, east: float, north: float,
) -> None:  # fmt: skip
    """The targets that the leg to this fix comes near; without a path to it, that the fix itself is near to."""
    pool, world = track.pool, track.world
    x1, y1, t1 = g[G_X1], g[G_Y1], m[M_T1]
    if pathless:
        x1, y1, t1 = lon, lat, t
    for i in range(beside(world, x1, y1, lon, lat, track.found, track.metres)):
        key = 2 * track.found[i] + 1
        cell = find_contact(pool, m, key)
        if cell < 0:
            cell = new_contact(pool, m, key, t)
            if cell < 0:
                continue
        contact = pool.ci[cell]
        if touch(world, g, contact, pool.cf[cell], track.metres[i], x1, y1, t1, t, lon, lat, mps, east, north):
            contact[C_FIX] = t
            contact[C_N] += 1
            if slow:
                contact[C_STOPPED] += t - t1
        last_on(track.out, pool, m, cell, p[P_MIN], s, row, t, c, doubt)


@jit
def sleep_near(
    out: Out, pool: Pool, m: Array, min_us: float, s: int, row: int, t: int, c: int, doubt: bool
) -> None:  # fmt: skip
    """The device stood through the silence that ends at `t`: where its last fix was within reach, it stood there."""
    cell = m[M_HEAD] - 1
    while cell >= 0:
        contact = pool.ci[cell]
        if contact[C_KEY] & 1 and contact[C_FIX] == m[M_T1]:
            contact[C_STOPPED] += t - m[M_T1]
            contact[C_TIN] = t
            last_on(out, pool, m, cell, min_us, s, row, t, c, doubt)
        cell = contact[C_NEXT] - 1


@jit
def take_back(pool: Pool, m: Array, t: int) -> None:
    """It never left the dwell that the fixes outside left in doubt: what began with them, it did not pass.

    And where its last fix inside was within reach, it stood until now.
    """
    before, cell = -1, m[M_HEAD] - 1
    while cell >= 0:
        after = pool.ci[cell, C_NEXT] - 1
        if pool.ci[cell, C_KEY] & 1 and pool.ci[cell, C_T0] > m[M_K_TIN]:
            drop_contact(pool, m, cell, before)
        else:
            if pool.ci[cell, C_KEY] & 1 and pool.ci[cell, C_FIX] == m[M_K_TIN]:
                pool.ci[cell, C_STOPPED] += t - m[M_K_TIN]
            before = cell
        cell = after


@jit
def pass_on(
    out: Out, pool: Pool, m: Array, exit_us: float, s: int, row: int, t: int, c: int, doubt: bool
) -> None:  # fmt: skip
    """The services that this leg did not come near end in time, unless it is in doubt whether the device moved."""
    before, cell = -1, m[M_HEAD] - 1
    while cell >= 0:
        contact = pool.ci[cell]
        after, gone = contact[C_NEXT] - 1, False
        if contact[C_KEY] & 1 and contact[C_SEEN] < t:
            if contact[C_OUT] == 0:
                contact[C_OUT] = t
            gone = not doubt and t - contact[C_OUT] >= exit_us
        if gone:
            say_contact(out, pool, CLOSED, cell, s, row, t, c)
            drop_contact(pool, m, cell, before)
        else:
            before = cell
        cell = after
