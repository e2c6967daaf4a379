"""Visits: which fences a device is inside of, with hysteresis in space and time.

Inside for `enter_s` and two fixes begins a visit, at the first of them; beyond the fence's margin for `exit_s` ends it,
at the last fix inside; in the margin neither. While the dwell kernel doubts whether its dwell was left, nothing begins
or ends. Who falls asleep inside and stands, stands inside until it wakes, wherever that is.
"""

from __future__ import annotations

from typing import Any

from geo.folds.contacts import drop_contact, find_contact, new_contact
from geo.folds.fences import inside
from geo.folds.jit import jit
from geo.folds.layout import CLOSED, OPENED
from geo.folds.saying import say_contact
from geo.folds.tracklayout import (
    C_KEY,
    C_N,
    C_NEXT,
    C_OUT,
    C_PHASE,
    C_SEEN,
    C_SILENT1,
    C_T0,
    C_TIN,
    D_X,
    D_Y,
    M_HEAD,
    M_SILENT,
    M_T1,
    Out,
    Pool,
    Track,
)  # fmt: skip

Array = Any

ENTER_FIXES = 2


@jit
def reach_into(
    out: Out, pool: Pool, m: Array, cell: int, enter_us: int, s: int, row: int, t: int, c: int, doubt: bool
) -> None:  # fmt: skip
    """A visit lasts to this fix; it is told when it has lasted."""
    contact = pool.ci[cell]
    contact[C_TIN], contact[C_SEEN], contact[C_OUT], contact[C_SILENT1] = t, t, 0, m[M_SILENT]
    contact[C_N] += 1
    lasting = contact[C_N] >= ENTER_FIXES and t - contact[C_T0] >= enter_us
    if contact[C_PHASE] == 1 and lasting and not doubt:
        contact[C_PHASE] = 2
        say_contact(out, pool, OPENED, cell, s, row, t, c)


@jit
def look_around(
    track: Track, m: Array, s: int, row: int, t: int, c: int, lon: float, lat: float, doubt: bool
) -> None:  # fmt: skip
    """The fences that this fix is inside of, or in the margin of."""
    out, pool, found, enter_us = track.out, track.pool, track.found, track.world.enter_us
    for i in range(inside(track.world, lon, lat, found)):
        key = found[i] & ~1
        cell = find_contact(pool, m, key)
        if found[i] & 1:
            if cell < 0:
                cell = new_contact(pool, m, key, t)
                if cell < 0:
                    continue
                pool.cf[cell, D_X], pool.cf[cell, D_Y] = lon, lat
            reach_into(out, pool, m, cell, enter_us[key >> 1], s, row, t, c, doubt)
        elif cell >= 0:
            pool.ci[cell, C_SEEN], pool.ci[cell, C_OUT] = t, 0


@jit
def look_back(
    out: Out, pool: Pool, m: Array, enter_us: Array, exit_us: Array, s: int, row: int, t: int, c: int, slept: bool,
    doubt: bool,
) -> None:  # fmt: skip
    """The visits that this fix is not inside of: asleep until now, or left, or never begun.

    `slept`: the device stood through the silence that this fix ends.
    """
    before, cell = -1, m[M_HEAD] - 1
    while cell >= 0:
        contact = pool.ci[cell]
        after, fence, gone = contact[C_NEXT] - 1, contact[C_KEY] >> 1, False
        if contact[C_KEY] & 1 == 0 and contact[C_TIN] < t:
            if slept and contact[C_TIN] == m[M_T1]:
                reach_into(out, pool, m, cell, enter_us[fence], s, row, t, c, doubt)
            elif contact[C_SEEN] < t:
                if contact[C_OUT] == 0:
                    contact[C_OUT] = t
                gone = contact[C_PHASE] == 1 or (not doubt and t - contact[C_OUT] >= exit_us[fence])
        if gone:
            if contact[C_PHASE] == 2:
                say_contact(out, pool, CLOSED, cell, s, row, t, c)
            drop_contact(pool, m, cell, before)
        else:
            before = cell
        cell = after
