"""Events of the track fold as they are written: a snapshot of one spell, whole, so that nobody must remember."""

from __future__ import annotations

from typing import Any

from geo.folds.jit import jit
from geo.folds.tracklayout import (
    C_KEY,
    C_MASK,
    C_N,
    C_NEAR_US,
    C_SILENT0,
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
    G_GAP_D,
    G_GAP_M,
    G_GAP_TX,
    G_GAP_TY,
    G_GAP_X,
    G_GAP_Y,
    G_S_LIMIT,
    G_S_MPS,
    G_SX,
    G_SY,
    G_T_GAP_M,
    G_T_MPS,
    G_T_ODO,
    G_TX,
    G_TY,
    GAP_SPELL,
    M_GAP_N0,
    M_GAP_N1,
    M_GAP_S,
    M_GAP_SILENT,
    M_GAP_T0,
    M_GAP_T1,
    M_S_N,
    M_S_T0,
    M_S_TIN,
    M_STOPPED,
    M_T_FIX,
    M_T_SILENT,
    M_T_STOPPED,
    M_T_T0,
    SERVICE_SPELL,
    SPEEDING_SPELL,
    TRIP_SPELL,
    VISIT_SPELL,
    X_ABOUT,
    X_C,
    X_CODE,
    X_KIND,
    X_MASK,
    X_N,
    X_NEAR,
    X_ROW,
    X_SILENT,
    X_SLOT,
    X_STOPPED,
    X_T,
    X_T0,
    X_TIN,
    Y_E,
    Y_GAP,
    Y_METRES,
    Y_MPS,
    Y_N,
    Y_TX,
    Y_TY,
    Y_X,
    Y_Y,
    Z_EVENTS,
    Z_LOST,
    Z_VISITS,
    Out,
    Pool,
)  # fmt: skip

Array = Any


@jit
def say(out: Out, code: int, kind: int, s: int, row: int, t: int, c: int, start: int, last: int, fixes: int) -> int:
    """Begin an event; returns its place. `track_room` saw to the room; were there none, it is lost and counted."""
    z, ei, ef = out.z, out.ei, out.ef
    n = z[Z_EVENTS]
    if n >= len(ei):
        z[Z_LOST] += 1
        n = len(ei) - 1
    else:
        z[Z_EVENTS] = n + 1
        z[Z_VISITS] += kind == VISIT_SPELL
    ei[n, X_CODE], ei[n, X_KIND], ei[n, X_SLOT], ei[n, X_ROW], ei[n, X_T], ei[n, X_C] = code, kind, s, row, t, c
    ei[n, X_T0], ei[n, X_TIN], ei[n, X_N], ei[n, X_ABOUT] = start, last, fixes, 0
    ei[n, X_SILENT], ei[n, X_STOPPED], ei[n, X_NEAR], ei[n, X_MASK] = 0, 0, 0, 0
    for i in range(ef.shape[1]):
        ef[n, i] = 0.0
    return n


@jit
def say_gap(out: Out, code: int, g: Array, m: Array, s: int, row: int, t: int, c: int) -> None:
    """The silence in doubt is certain now."""
    n = say(out, code, GAP_SPELL, s, row, t, c, m[M_GAP_T0], m[M_GAP_T1], m[M_GAP_N1] - m[M_GAP_N0] + 1)
    out.ei[n, X_SILENT] = m[M_GAP_S]
    ef = out.ef
    ef[n, Y_X], ef[n, Y_Y], ef[n, Y_TX], ef[n, Y_TY] = g[G_GAP_X], g[G_GAP_Y], g[G_GAP_TX], g[G_GAP_TY]
    ef[n, Y_METRES] = g[G_GAP_D]


@jit
def say_trip(
    out: Out, code: int, g: Array, m: Array, s: int, row: int, t: int, c: int, last: int, fix: int, lon: float,
    lat: float, odometer_m: float,
) -> None:  # fmt: skip
    """The trip as far as it reaches: to the fix of time `last` and number `fix`, at the odometer's reading then."""
    n = say(out, code, TRIP_SPELL, s, row, t, c, m[M_T_T0], last, fix - m[M_T_FIX] + 1)
    ei, ef = out.ei, out.ef
    ei[n, X_SILENT] = m[M_GAP_SILENT] - m[M_T_SILENT]
    ei[n, X_STOPPED] = m[M_STOPPED] - m[M_T_STOPPED]
    ef[n, Y_X], ef[n, Y_Y], ef[n, Y_TX], ef[n, Y_TY] = g[G_TX], g[G_TY], lon, lat
    ef[n, Y_METRES], ef[n, Y_GAP] = odometer_m - g[G_T_ODO], g[G_GAP_M] - g[G_T_GAP_M]
    ef[n, Y_MPS] = g[G_T_MPS]


@jit
def say_speeding(out: Out, code: int, g: Array, m: Array, s: int, row: int, t: int, c: int) -> None:
    n = say(out, code, SPEEDING_SPELL, s, row, t, c, m[M_S_T0], m[M_S_TIN], m[M_S_N])
    ef = out.ef
    ef[n, Y_X], ef[n, Y_Y], ef[n, Y_MPS] = g[G_SX], g[G_SY], g[G_S_MPS]
    ef[n, Y_METRES] = g[G_S_LIMIT]


@jit
def say_contact(out: Out, pool: Pool, code: int, cell: int, s: int, row: int, t: int, c: int) -> None:
    """A visit or a service."""
    contact, place = pool.ci[cell], pool.cf[cell]
    kind = VISIT_SPELL + (contact[C_KEY] & 1) * (SERVICE_SPELL - VISIT_SPELL)
    n = say(out, code, kind, s, row, t, c, contact[C_T0], contact[C_TIN], contact[C_N])
    ei, ef = out.ei, out.ef
    ei[n, X_ABOUT], ei[n, X_SILENT] = contact[C_KEY] >> 1, contact[C_SILENT1] - contact[C_SILENT0]
    ei[n, X_STOPPED], ei[n, X_NEAR], ei[n, X_MASK] = contact[C_STOPPED], contact[C_NEAR_US], contact[C_MASK]
    ef[n, Y_X], ef[n, Y_Y], ef[n, Y_METRES] = place[D_X], place[D_Y], place[D_NEAR]
    ef[n, Y_E], ef[n, Y_N], ef[n, Y_MPS] = place[D_E], place[D_N], place[D_MPS]
