"""The dwell kernel "two clusters": O(1) state and time per fix, in time order.

A device has a cluster (candidate, then dwell) with a time-weighted centroid and a challenger that collects the fixes
outside. The dwell closes only after `exit_s` seconds and `exit_fixes` fixes outside, so a multipath jump costs
nothing; the challenger then becomes the candidate with a start of its own. Open carries the back-dated start, close
the last fix inside. Over a silence the displacement decides: trackers sleep when parked and wake while driving off,
so two fixes hundreds of metres and an hour apart are a stay whose silent part is counted apart; beyond `wake_m` or
`wake_mps` nothing is claimed.
The radii follow the noise that the device has shown (`scale`). How true it all is: docs/accuracy.md, decision 0035.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

from geo.folds.jit import inlined, jit
from geo.folds.layout import (
    AX,
    AY,
    CLAST,
    CLOSED,
    CX,
    CY,
    DROPPED,
    E_C,
    E_CK_C,
    E_CK_T,
    E_CODE,
    E_LIMIT,
    E_N,
    E_PHASE,
    E_ROW,
    E_SILENT,
    E_SLOT,
    E_T,
    E_T0,
    E_TIN,
    E_WORK,
    GAP,
    H_N,
    H_SILENT,
    H_T0,
    H_TIMER,
    H_TIN,
    HR,
    HW,
    HX,
    HY,
    KEPT,
    LIMIT,
    LX,
    LY,
    MOVED,
    NOISE,
    NW,
    OPENED,
    OUT_N,
    OUT_T0,
    OX,
    OY,
    P_EXIT,
    P_EXIT_N,
    P_LIMIT,
    P_MIN,
    P_NOISE,
    P_R_IN,
    P_R_OUT,
    P_REST,
    P_RESTED,
    P_SILENT,
    P_TAU,
    P_WAKE,
    P_WAKE_V,
    PHASE,
    REACHED,
    REST,
    SILENT,
    SINCE,
    SPEED,
    T0,
    TIMER,
    TIN,
    TLAST,
    WORK,
    WORK_C,
    N,
    R,
    W,
)  # fmt: skip
from geo.folds.plane import distance_m, wrap

Array = Any  # numba sees the arrays; their shapes are in `geo.folds.layout`

STEP_US = 60_000_000.0  # no single interval weighs more than this
ACCURACY_FREE_M = 10.0  # accuracy up to here is what the radii are made for
ACCURACY_MAX_M = 40.0  # a worse claim widens the radii no further
NOISE_PRIOR_US = 120_000_000.0  # the profile's noise weighs as much as so long a dwell
NOISE_TAU_US = 600_000_000.0  # memory of the noise seen
SCALE_MIN, SCALE_MAX = 0.7, 2.0  # how far it may pull the radii
LOOSE = 0.1
DRIFT_M = 10.0  # an open dwell is told to be elsewhere once its centroid went so far


@jit
def put(ei: Array, ef: Array, n: int, code: int, row: int, slot: int, f: Array, k: Array, t: int, c: int) -> int:
    """Append a kernel event with a snapshot of the cluster; returns the new number of events.

    A row that closes is at its centroid, one that is open where it is told to be.
    """
    e = ei[n]
    e[E_CODE], e[E_ROW], e[E_SLOT], e[E_T], e[E_C] = code, row, slot, t, c
    e[E_T0], e[E_TIN], e[E_N], e[E_SILENT] = k[T0], k[TIN], k[N], k[SILENT]
    e[E_PHASE], e[E_LIMIT], e[E_CK_T], e[E_CK_C], e[E_WORK] = k[PHASE], k[LIMIT], 0, 0, k[WORK_C]
    ef[n, 0], ef[n, 1], ef[n, 2] = (f[CX], f[CY], f[R]) if code == CLOSED else (f[OX], f[OY], f[R])
    return n + 1


@jit
def lasted(k: Array, p: Array, stay_us: float, t: int) -> bool:
    """Whether a stay up to the last fix makes a dwell; it is known to a tenth of an interval only, as clocks jitter."""
    return stay_us + LOOSE * min(float(t - k[TLAST]), stay_us) >= p[P_MIN]


@jit
def qualify(f: Array, k: Array, p: Array, t: int, c: int, ei: Array, ef: Array, n: int, row: int, slot: int) -> int:
    """A candidate that lasted becomes a dwell; a dwell that lasted reaches its limit, and is a rest from work."""
    stay_us = float(k[TIN] - k[T0])
    if k[PHASE] == 1 and (lasted(k, p, stay_us, t) if k[OUT_N] == 0 else stay_us >= p[P_MIN]):
        k[PHASE], k[TIMER] = 2, 0
        n = put(ei, ef, n, OPENED, row, slot, f, k, t, c)
    if k[PHASE] == 2 and k[LIMIT] != 1 and stay_us >= p[P_LIMIT]:
        told = k[LIMIT] == 2
        k[LIMIT] = 1
        if not told:
            n = put(ei, ef, n, REACHED, row, slot, f, k, t, c)
    if k[PHASE] == 2 and stay_us >= p[P_RESTED] and k[TIN] > k[WORK]:
        k[WORK] = k[TIN]
    return n


@jit
def put_challenger(
    ei: Array, ef: Array, n: int, code: int, row: int, slot: int, f: Array, k: Array, t: int, c: int
) -> int:
    """The same for the challenger, where a timer opened a row."""
    n = put(ei, ef, n, code, row, slot, f, k, t, c)
    e = ei[n - 1]
    e[E_T0], e[E_TIN], e[E_N], e[E_SILENT] = k[H_T0], k[H_TIN], k[H_N], k[H_SILENT]
    e[E_PHASE], e[E_LIMIT], e[E_CK_T], e[E_WORK] = 1, 1, 1, k[WORK]  # 1 of the third: not the cluster
    ef[n - 1, 0], ef[n - 1, 1], ef[n - 1, 2] = f[HX], f[HY], f[HR]
    return n


@jit
def withdraw(f: Array, k: Array, t: int, c: int, ei: Array, ef: Array, n: int, row: int, slot: int) -> int:
    """The challenger is given up: a row that a timer opened there goes with it."""
    if k[H_TIMER] == 1:
        k[H_TIMER] = 0
        n = put(ei, ef, n, DROPPED, row, slot, f, k, t, c)
        if k[PHASE] == 2 or k[TIMER] == 1:
            n = put(ei, ef, n, KEPT, row, slot, f, k, t, c)
    return n


@jit
def challenge(f: Array, k: Array, t: int, lon: float, lat: float) -> None:
    """Start the challenger at this fix."""
    f[HX], f[HY], f[HW], f[HR] = lon, lat, 0.0, 0.0
    k[H_T0], k[H_TIN], k[H_N], k[H_SILENT] = t, t, 1, 0


@jit
def promote(f: Array, k: Array) -> None:
    """The challenger is the candidate now."""
    f[CX], f[CY], f[W], f[R] = f[HX], f[HY], f[HW], f[HR]
    f[OX], f[OY] = f[CX], f[CY]
    k[T0], k[TIN], k[N], k[SILENT] = k[H_T0], k[H_TIN], k[H_N], k[H_SILENT]
    k[PHASE], k[OUT_N], k[LIMIT], k[TIMER], k[H_TIMER] = 1, 0, 2 * k[H_TIMER], k[H_TIMER], 0
    k[GAP], k[WORK_C] = 0, k[WORK]


@jit
def leave(f: Array, k: Array, t: int, c: int, ei: Array, ef: Array, n: int, row: int, slot: int) -> int:
    """The cluster is over: a dwell closes at its last fix inside, a candidate is forgotten."""
    if k[PHASE] == 2:
        n = put(ei, ef, n, CLOSED, row, slot, f, k, t, c)
        k[SINCE] = k[TIN]
    elif k[TIMER] == 1:
        n = put(ei, ef, n, DROPPED, row, slot, f, k, t, c)
    timed = k[H_TIMER] == 1
    promote(f, k)
    return put(ei, ef, n, KEPT, row, slot, f, k, t, c) if timed else n


@jit
def scale(f: Array, p: Array) -> float:
    """Factor on the radii by the noise that this device has shown in dwells: half of a radius stands, half follows."""
    if not (f[NW] > 0.0 and p[P_NOISE] > 0.0):
        return 1.0
    return min(max(0.5 + 0.5 * sqrt(f[NOISE]) / p[P_NOISE], SCALE_MIN), SCALE_MAX)


@jit
def reach(radius_m: float, by: float, slack_m: float) -> float:
    """The radius for one fix: by what was seen, or by what the fix admits of itself, whichever is wider."""
    return max(radius_m * by, radius_m * min(by, 1.0) + slack_m)


@jit
def learn(f: Array, p: Array, step_us: float, d: float) -> None:
    """A fix of a dwell, `d` from the centre, tells of the noise; the profile's stands for what is not known yet."""
    if not f[NW] > 0.0:
        f[NOISE], f[NW] = p[P_NOISE] * p[P_NOISE], NOISE_PRIOR_US
    f[NW] = min(f[NW] + step_us, NOISE_TAU_US)
    f[NOISE] = f[NOISE] + step_us / f[NW] * (d * d - f[NOISE])


@jit
def stay(f: Array, k: Array, p: Array, t: int, lon: float, lat: float, d: float) -> None:
    """A fix inside: the centroid follows it by its share of the time weight."""
    step_us = min(float(t - k[TLAST]), STEP_US)
    if k[PHASE] == 2 and (lon != f[LX] or lat != f[LY]):  # a tracker that holds its position shows no noise
        learn(f, p, step_us, d)
    f[W] = min(f[W] + step_us, p[P_TAU])
    if f[W] > 0.0:
        g = step_us / f[W]
        f[CX] = wrap(f[CX] + g * wrap(lon - f[CX]))
        f[CY] = f[CY] + g * (lat - f[CY])
    extend(f, k, p, t, d)


@jit
def silence(k: Array, p: Array, t: int) -> int:
    """The interval that this fix ends, if it is longer than the tracker's habit; else 0."""
    return t - k[TLAST] if t - k[TLAST] > p[P_SILENT] else 0


@jit
def extend(f: Array, k: Array, p: Array, t: int, d: float) -> None:
    """The cluster reaches to this fix; what was silent on the way there is counted apart."""
    k[SILENT] += k[GAP] + silence(k, p, t)
    k[GAP] = 0
    k[TIN] = t
    k[N] += 1
    k[OUT_N] = 0
    f[R] = max(f[R], d)


@jit
def slept(f: Array, k: Array, p: Array, t: int, lon: float, lat: float, east: float, north: float) -> bool:
    """Whether the device stood through the silence that this fix ends: hardly displaced, and slowly on average."""
    gap_us = float(t - k[TLAST])
    if gap_us <= p[P_SILENT]:
        return False
    d = min(distance_m(f[LX], f[LY], lon, lat, east, north), distance_m(f[AX], f[AY], lon, lat, east, north))
    return d <= p[P_WAKE] and d <= p[P_WAKE_V] * gap_us


@jit
def wake(f: Array, k: Array, p: Array, t: int, lon: float, lat: float, d: float) -> None:
    """The fix that ends a silence joins the cluster; a cluster of little evidence moves to it."""
    if f[W] < p[P_EXIT]:
        f[CX], f[CY] = lon, lat
    extend(f, k, p, t, d)


@jit
def drift(
    f: Array, k: Array, t: int, c: int, east: float, north: float, ei: Array, ef: Array, n: int, row: int, slot: int
) -> int:
    """Where an open row is told to be: at its centroid; a dwell only anew once that went farther than noise carries it.

    So the label of an open row follows from fixes in their order, whenever else it is told.
    """
    if k[PHASE] != 2:
        f[OX], f[OY] = f[CX], f[CY]
    elif distance_m(f[OX], f[OY], f[CX], f[CY], east, north) > DRIFT_M:
        f[OX], f[OY] = f[CX], f[CY]
        n = put(ei, ef, n, MOVED, row, slot, f, k, t, c)
    return n


@jit
def gone(k: Array, p: Array, away_us: float) -> bool:
    """Whether the fixes outside end the cluster.

    Those that move on do after `exit_s`. Those that lie together may be a run of jumps, thrown one way: they take twice
    as many and twice as long, or four times as long where fixes are rare.
    """
    if k[OUT_N] < p[P_EXIT_N] or away_us < p[P_EXIT]:
        return False
    moves_on = k[H_T0] != k[OUT_T0]
    return moves_on or away_us >= 4.0 * p[P_EXIT] or (k[OUT_N] >= 2.0 * p[P_EXIT_N] and away_us >= 2.0 * p[P_EXIT])


@jit
def stray(
    f: Array, k: Array, p: Array, t: int, c: int, lon: float, lat: float, reach_m: float, east: float, north: float,
    ei: Array, ef: Array, n: int, row: int, slot: int,
) -> int:  # fmt: skip
    """A fix outside feeds the challenger; enough of them, for long enough, end the cluster."""
    if t - k[TLAST] >= p[P_RESTED]:
        k[WORK] = t  # nobody knows what it did meanwhile: nobody counts it as work
    d = distance_m(f[HX], f[HY], lon, lat, east, north)
    if k[OUT_N] == 0:
        k[OUT_T0] = t
        challenge(f, k, t, lon, lat)
    elif d > reach_m:
        if lasted(k, p, float(k[H_TIN] - k[H_T0]), t):  # it stood there, and moves on: a dwell of its own
            n = leave(f, k, t, c, ei, ef, n, row, slot)
            n = qualify(f, k, p, t, c, ei, ef, n, row, slot)
            k[OUT_T0] = t
        else:
            n = withdraw(f, k, t, c, ei, ef, n, row, slot)
        challenge(f, k, t, lon, lat)
    else:
        step_us = min(float(t - k[H_TIN]), STEP_US)
        f[HW] = min(f[HW] + step_us, p[P_TAU])
        if f[HW] > 0.0:
            g = step_us / f[HW]
            f[HX] = wrap(f[HX] + g * wrap(lon - f[HX]))
            f[HY] = f[HY] + g * (lat - f[HY])
        if t - k[H_TIN] > p[P_SILENT]:
            k[H_SILENT] += t - k[H_TIN]
        k[H_TIN] = t
        k[H_N] += 1
        f[HR] = max(f[HR], d)
    k[GAP] += silence(k, p, t)
    k[OUT_N] += 1
    return leave(f, k, t, c, ei, ef, n, row, slot) if gone(k, p, float(t - k[OUT_T0])) else n


@jit
def note(f: Array, k: Array, t: int, c: int, lon: float, lat: float, speed: float, rest: int) -> None:
    """Remember the newest fix; of fixes at one instant, two positions."""
    if t == k[TLAST]:
        f[AX], f[AY] = f[LX], f[LY]
    else:
        f[AX], f[AY] = lon, lat
    f[LX], f[LY], f[SPEED] = lon, lat, speed
    k[TLAST], k[CLAST], k[REST] = t, c, rest


@inlined
def advance(
    f: Array, k: Array, p: Array, t: int, c: int, lon: float, lat: float, accuracy: float, speed: float, rest: int,
    east: float, north: float, ei: Array, ef: Array, n: int, row: int, slot: int,
) -> int:  # fmt: skip
    """One fix, newer than all before it: updates `f`, `k` and appends events; returns their new number.

    `east` and `north` are the metres of a degree at the fix (`geo.folds.plane`).
    """
    if k[PHASE] == 0:
        k[SINCE] = k[WORK] = t
        challenge(f, k, t, lon, lat)
        promote(f, k)
        note(f, k, t, c, lon, lat, speed, rest)
        return n
    slack_m = 0.0
    if accuracy > ACCURACY_FREE_M:
        slack_m = min(accuracy, ACCURACY_MAX_M + ACCURACY_FREE_M) - ACCURACY_FREE_M
    by = scale(f, p)
    reach_m = reach(p[P_R_OUT] if k[PHASE] == 2 else p[P_R_IN], by, slack_m)
    d = distance_m(f[CX], f[CY], lon, lat, east, north)
    if d <= reach_m:
        n = withdraw(f, k, t, c, ei, ef, n, row, slot)
        stay(f, k, p, t, lon, lat, d)
        n = drift(f, k, t, c, east, north, ei, ef, n, row, slot)
    elif slept(f, k, p, t, lon, lat, east, north):
        if k[OUT_N] > 0:  # it had left: the challenger, which holds the last fix, is where it fell silent
            n = leave(f, k, t, c, ei, ef, n, row, slot)
            n = qualify(f, k, p, t, c, ei, ef, n, row, slot)
            d = distance_m(f[CX], f[CY], lon, lat, east, north)
        wake(f, k, p, t, lon, lat, d)
        n = drift(f, k, t, c, east, north, ei, ef, n, row, slot)
    else:
        n = stray(f, k, p, t, c, lon, lat, reach(p[P_R_IN], by, slack_m), east, north, ei, ef, n, row, slot)
    n = qualify(f, k, p, t, c, ei, ef, n, row, slot)
    note(f, k, t, c, lon, lat, speed, rest)
    return n


@jit
def at_rest(f: Array, k: Array, p: Array) -> bool:
    """Whether the newest fix shows a device at rest, in its cluster or its challenger: only then may silence stand."""
    if k[PHASE] == 0 or k[REST] == 0:
        return False
    if k[REST] == 1:
        return True
    settled = k[PHASE] == 2 and k[OUT_N] == 0
    if f[SPEED] >= 0.0:  # false for NaN
        return f[SPEED] < (2.0 * p[P_REST] if settled else p[P_REST])
    if k[OUT_N] > 0:
        return k[H_N] > 1 and f[HW] >= p[P_EXIT]
    return settled or (k[N] > 1 and f[W] >= p[P_EXIT])
