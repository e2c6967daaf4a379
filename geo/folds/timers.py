"""What the clock may say of a device: that its limit passed in silence, and whether it may say anything at all.

Silence proves a stay only of a device whose newest fix was heard in time, and of which nothing was heard since. One
that goes on sending fixes from beyond the horizon is not silent: its clock jumped back, or it empties its memory.
Where it is now, nobody knows until a fix counts again.
"""

from __future__ import annotations

from typing import Any

from geo.folds.dwell import at_rest
from geo.folds.jit import jit
from geo.folds.layout import (
    DEAF,
    FLAGGED_AT,
    FLAGGED_DAY,
    H_T0,
    H_TIMER,
    H_TIN,
    LIMIT,
    LIVE,
    OUT_N,
    P_HORIZON,
    P_LIMIT,
    PHASE,
    RECEIVED,
    STRAY_AT,
    STRAY_LAT,
    STRAY_LON,
    STRAY_SINCE,
    STRAY_T,
    T0,
    TIMER,
    TIN,
    TLAST,
)  # fmt: skip

Array = Any

HEARD = (RECEIVED, DEAF, FLAGGED_AT, FLAGGED_DAY, STRAY_AT, STRAY_SINCE, STRAY_T, STRAY_LON, STRAY_LAT)
E7 = 1e7  # of STRAY_LON and STRAY_LAT, a degree


@jit
def keep_heard(ck: Array, s: int, copy: int) -> None:
    """When what was heard is no matter of the past: a copy that becomes the live state has it as it now is."""
    for column in HEARD:
        ck[copy, s, column] = ck[LIVE, s, column]


@jit
def astray(k: Array) -> bool:
    """Whether fixes beyond the horizon came since the newest fix that counts."""
    return k[STRAY_AT] > k[RECEIVED]


@jit
def note_stray(k: Array, received: int, deaf: int, t: int, lon: float, lat: float) -> None:
    """Note a fix from beyond the horizon; of one message the newest."""
    if received <= k[RECEIVED] or received < k[STRAY_AT] or (received == k[STRAY_AT] and t < k[STRAY_T]):
        return
    if not astray(k):
        k[STRAY_SINCE] = received
    k[STRAY_AT], k[DEAF] = received, deaf
    k[STRAY_T], k[STRAY_LON], k[STRAY_LAT] = t, round(lon * E7), round(lat * E7)


@jit
def timely(k: Array, p: Array) -> bool:
    """Whether the clock says anything of a device: its newest fix was heard within the horizon, and nothing since."""
    return k[RECEIVED] - k[TLAST] <= p[P_HORIZON] and not astray(k)


@jit
def due(f: Array, k: Array, p: Array, now: int, deaf: int) -> bool:
    """Whether the limit passed by the clock where the device is: timely, at rest, our outages taken off its silence."""
    if not timely(k, p) or not at_rest(f, k, p):
        return False
    since = k[T0] if k[OUT_N] == 0 else k[H_T0]
    told = k[LIMIT] if k[OUT_N] == 0 else k[H_TIMER]
    return told == 0 and now - since - (deaf - k[DEAF]) >= p[P_LIMIT]


@jit
def ring_bell(k: Array) -> None:
    """Note that the limit passed by the clock."""
    if k[OUT_N] > 0:
        k[H_TIMER] = 1
    else:
        k[LIMIT] = 2
        k[TIMER] = 1 if k[PHASE] == 1 else 0


@jit
def forget_bell(k: Array) -> None:
    """Take off what only the clock noted: what is left follows from fixes alone."""
    if k[LIMIT] == 2:
        k[LIMIT] = 0
    k[TIMER], k[H_TIMER] = 0, 0


@jit
def carry(k: Array, p: Array, start: int, last: int, now: int, deaf: int) -> None:
    """A row told by the clock stays told if a replay leaves it where it was and as long: silence lost nothing."""
    quiet = deaf - k[DEAF]
    if k[PHASE] > 0 and k[T0] <= last and k[TIN] >= start and now - k[T0] - quiet >= p[P_LIMIT]:
        if k[LIMIT] == 0:
            k[LIMIT] = 2
            k[TIMER] = 1 if k[PHASE] == 1 else 0
    elif k[OUT_N] > 0 and k[H_T0] <= last and k[H_TIN] >= start and now - k[H_T0] - quiet >= p[P_LIMIT]:
        k[H_TIMER] = 1
