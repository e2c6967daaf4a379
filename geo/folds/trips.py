"""Trips, silences and speeding: what lies between long stops, fix by fix.

A trip runs from the last fix of a dwell of at least `trip_stop_s` to the first fix of the next one. It is told once
`trip_min_m` are driven, and ends, back-dated, when the dwell has lasted. A silence that was no stay is a gap; one of
at least `trip_gap_s` ends the trip before it and begins another after it.
"""

from __future__ import annotations

from typing import Any

from geo.folds.jit import jit
from geo.folds.layout import (
    CLOSED,
    CX,
    CY,
    HX,
    HY,
    OPENED,
    P_SPEED_LIMIT,
    P_SPEEDING,
    P_TRIP_GAP,
    P_TRIP_MIN,
    P_TRIP_STOP,
)
from geo.folds.odometer import believe, catch_up, drive, give_up, go_to, make_certain, pass_over, rest_at, settle
from geo.folds.plane import distance_m
from geo.folds.saying import say_gap, say_speeding, say_trip
from geo.folds.tracklayout import (
    G_AWAY_MPS,
    G_GAP_D,
    G_GAP_M,
    G_GAP_MPS,
    G_GAP_PEND,
    G_GAP_TX,
    G_GAP_TY,
    G_GAP_X,
    G_GAP_Y,
    G_ODO,
    G_S_LIMIT,
    G_S_MPS,
    G_SX,
    G_SY,
    G_T_GAP_M,
    G_T_MPS,
    G_T_ODO,
    G_TX,
    G_TY,
    G_X1,
    G_X2,
    G_Y1,
    G_Y2,
    M_AWAY,
    M_GAP_N0,
    M_GAP_N1,
    M_GAP_S,
    M_GAP_SILENT,
    M_GAP_T0,
    M_GAP_T1,
    M_HEARD,
    M_K_FIX,
    M_K_PHASE,
    M_K_T0,
    M_K_TIN,
    M_S_N,
    M_S_T0,
    M_S_TIN,
    M_SPEED,
    M_STOPPED,
    M_T1,
    M_T2,
    M_T_FIX,
    M_T_SILENT,
    M_T_STOPPED,
    M_T_T0,
    M_TRIP,
    Out,
)  # fmt: skip

Array = Any

SLOWED = 0.9  # speeding ends below this share of the limit


@jit
def stand_at(g: Array, m: Array, t: int, number: int, lon: float, lat: float) -> None:
    """The last fix of a long stop, or the first after a long silence: the next trip begins here."""
    m[M_TRIP], m[M_T_T0], m[M_T_FIX] = 0, t, number
    g[G_TX], g[G_TY] = lon, lat


@jit
def set_out(g: Array, m: Array, odometer_m: float) -> None:
    """A trip may have begun at the last stop; what is counted from here on is its own."""
    m[M_TRIP], m[M_T_SILENT], m[M_T_STOPPED] = 1, m[M_GAP_SILENT], m[M_STOPPED]
    g[G_T_ODO], g[G_T_GAP_M], g[G_T_MPS] = odometer_m, g[G_GAP_M], 0.0


@jit
def end_stop(m: Array, p: Array) -> None:
    """The dwell that the last fix was in is over; a short one is a part of the trip."""
    stay = m[M_K_TIN] - m[M_K_T0]
    if m[M_K_PHASE] == 2 and stay < p[P_TRIP_STOP]:
        m[M_STOPPED] += stay


@jit
def confirm_gap(
    out: Out, g: Array, m: Array, p: Array, s: int, row: int, t: int, c: int
) -> None:  # fmt: skip
    """The silence in doubt was no stay: a gap is told, its line counted apart; a long one parts the trip in two."""
    say_gap(out, CLOSED, g, m, s, row, t, c)
    parts = m[M_GAP_T1] - m[M_GAP_T0] >= p[P_TRIP_GAP]
    before_m = g[G_ODO] + g[G_GAP_PEND]
    g[G_T_MPS] = max(g[G_T_MPS], g[G_GAP_MPS])
    driven_m = before_m - g[G_T_ODO] + g[G_GAP_M] - g[G_T_GAP_M]
    if parts and (m[M_TRIP] == 2 or (m[M_TRIP] == 1 and driven_m >= p[P_TRIP_MIN])):
        say_trip(
            out, CLOSED, g, m, s, row, t, c, m[M_GAP_T0], m[M_GAP_N0], g[G_GAP_X], g[G_GAP_Y], before_m
        )  # fmt: skip
    g[G_GAP_M] += g[G_GAP_D]
    m[M_GAP_SILENT] += m[M_GAP_S]
    if parts:
        stand_at(g, m, m[M_GAP_T1], m[M_GAP_N1], g[G_GAP_TX], g[G_GAP_TY])
        set_out(g, m, before_m)
    m[M_GAP_T1] = 0


@jit
def measure(
    out: Out, g: Array, m: Array, p: Array, f: Array, s: int, row: int, t: int, c: int, lon: float,
    lat: float, dwelling: bool, away: bool, moved: bool, silent: bool, joined: bool, east: float, north: float,
) -> None:  # fmt: skip
    """The odometer over one leg.

    `dwelling`: the cluster is a dwell; `away`: this fix is outside it; `moved`: it is another cluster than at the last
    fix; `silent`: the leg is a silence; `joined`: the fix is where fixes before it were, a stay if after a silence.
    """
    if m[M_AWAY] > 0 and not away and not moved:
        give_up(g, m)
    if moved:
        if m[M_GAP_T1] > 0:
            confirm_gap(out, g, m, p, s, row, t, c)
        make_certain(g)
    if joined:
        if silent:
            catch_up(g, m, east, north)
        rest_at(g, m, f[HX] if away else f[CX], f[HY] if away else f[CY])
    elif silent:
        pass_over(g, m, t, lon, lat, east, north)
    else:
        drive(g, m, t, lon, lat, east, north)
    if not away:
        if m[M_GAP_T1] > 0:
            confirm_gap(out, g, m, p, s, row, t, c)
        if joined:
            believe(g, m, east, north)
        if dwelling and (moved or m[M_K_PHASE] != 2) and not silent:
            catch_up(g, m, east, north)
            go_to(g, f[CX], f[CY], east, north)
        make_certain(g)
        if dwelling:
            settle(g, m, f[CX], f[CY])


@jit
def speed_of(
    g: Array, m: Array, t: int, lon: float, lat: float, said: float, silent: bool, east: float, north: float
) -> float:  # fmt: skip
    """Metres a second at this fix: as the device says, else of its leg, unless the leg before denies it; -1: unknown.

    A jump makes one or two fast legs, but no fast two legs together.
    """
    if said >= 0.0:  # false for NaN
        return said
    if silent or m[M_T2] == 0:
        return -1.0
    leg = distance_m(g[G_X1], g[G_Y1], lon, lat, east, north) / float(t - m[M_T1])
    two = distance_m(g[G_X2], g[G_Y2], lon, lat, east, north) / float(t - m[M_T2])
    return 1e6 * min(leg, two)


@jit
def fastest(g: Array, mps: float, dwelling: bool, away: bool, moved: bool) -> None:
    """The trip's highest speed. Fixes outside a cluster count when it is left, fixes inside a dwell never."""
    if moved:
        g[G_T_MPS] = max(g[G_T_MPS], g[G_AWAY_MPS])
        g[G_AWAY_MPS] = 0.0
    if away:
        g[G_AWAY_MPS] = max(g[G_AWAY_MPS], mps)
    else:
        g[G_AWAY_MPS] = 0.0
        if not dwelling:
            g[G_T_MPS] = max(g[G_T_MPS], mps)


@jit
def watch_speed(
    out: Out, g: Array, m: Array, p: Array, s: int, row: int, t: int, c: int, lon: float, lat: float,
    mps: float, silent: bool,
) -> None:  # fmt: skip
    """Faster than the limit for `speeding_s`; over when it is below nine tenths of it for as long, or falls silent."""
    limit, state = p[P_SPEED_LIMIT], m[M_SPEED]
    if state > 0 and (silent or limit <= 0.0):
        if state == 2:
            say_speeding(out, CLOSED, g, m, s, row, t, c)
        state = 0
    if limit > 0.0 and mps >= 0.0:
        if state == 0 and mps > limit:
            state = 1
            m[M_S_T0], m[M_S_TIN], m[M_S_N] = t, t, 0
            g[G_SX], g[G_SY], g[G_S_MPS], g[G_S_LIMIT] = lon, lat, 0.0, limit
        if state > 0 and mps > (limit if state == 1 else SLOWED * limit):
            m[M_S_TIN] = t
            m[M_S_N] += 1
            g[G_S_MPS] = max(g[G_S_MPS], mps)
            if state == 1 and t - m[M_S_T0] >= p[P_SPEEDING]:
                state = 2
                say_speeding(out, OPENED, g, m, s, row, t, c)
        elif state == 1:
            state = 0
        elif state == 2 and t - m[M_S_TIN] >= p[P_SPEEDING]:
            state = 0
            say_speeding(out, CLOSED, g, m, s, row, t, c)
    m[M_SPEED] = state


@jit
def say_open_trip(out: Out, code: int, g: Array, m: Array, s: int, row: int, t: int, c: int) -> None:
    """The trip as it stands: to its newest fix, or to where it stops now."""
    stands = m[M_K_PHASE] == 2
    last, fix = (m[M_K_T0], m[M_K_FIX]) if stands else (m[M_T1], m[M_HEARD])
    say_trip(out, code, g, m, s, row, t, c, last, fix, g[G_X1], g[G_Y1], g[G_ODO])


@jit
def judge_trip(
    out: Out, g: Array, m: Array, p: Array, f: Array, s: int, row: int, t: int, c: int, away: bool
) -> None:  # fmt: skip
    """Told when it is long enough; over when the dwell where it is has lasted."""
    long = m[M_K_PHASE] == 2 and m[M_K_TIN] - m[M_K_T0] >= p[P_TRIP_STOP]
    if m[M_TRIP] == 1 and g[G_ODO] - g[G_T_ODO] + g[G_GAP_M] - g[G_T_GAP_M] >= p[P_TRIP_MIN]:
        m[M_TRIP] = 2
        if not long:
            say_open_trip(out, OPENED, g, m, s, row, t, c)
    if long and not away:
        if m[M_TRIP] == 2:
            say_trip(out, CLOSED, g, m, s, row, t, c, m[M_K_T0], m[M_K_FIX], f[CX], f[CY], g[G_ODO])
        stand_at(g, m, t, m[M_HEARD], f[CX], f[CY])
