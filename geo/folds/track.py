"""The track fold: what a device does from fix to fix beside standing. It drives, speeds, falls silent, visits, serves.

One more state machine in the order of fixes, after the dwell's at each fix, with the same ring and rewind: odometer,
trips, gaps and speeding (`odometer`, `trips`), visits of fences (`visits`), passes of service points and streets
(`passes`). O(1) time and memory a fix. Its events go to a buffer of their own and become spells in
`geo.rows.spells`. Of fixes at one instant the first counts.
"""

from __future__ import annotations

from typing import Any

from geo.folds.contacts import copy_contacts, drop_contacts
from geo.folds.fences import named_arrays
from geo.folds.jit import inlined, jit
from geo.folds.layout import BEGIN, COPIES, END, H_T0, KEPT, OUT_N, P_EXIT, P_MIN, P_REST, P_SILENT, PHASE, T0, TIN
from geo.folds.odometer import settle
from geo.folds.passes import heading, pass_on, reach_along, sleep_near, take_back
from geo.folds.saying import say, say_contact, say_speeding
from geo.folds.tracklayout import (
    C_NEXT,
    C_PHASE,
    CONTACTS,
    G_FLOATS,
    G_ODO,
    G_X1,
    G_X2,
    G_Y1,
    G_Y2,
    M_AWAY,
    M_C1,
    M_CONTACTS,
    M_H_FIX,
    M_HEAD,
    M_HEARD,
    M_INTS,
    M_K_FIX,
    M_K_PHASE,
    M_K_T0,
    M_K_TIN,
    M_SILENT,
    M_SPEED,
    M_T1,
    M_T2,
    M_TRIP,
    PER_FIX_SPELLS,
    Z_CELLS,
    Z_EVENTS,
    Z_WANTED,
    Out,
    Pool,
    Track,
)  # fmt: skip
from geo.folds.trips import (
    end_stop,
    fastest,
    judge_trip,
    measure,
    say_open_trip,
    set_out,
    speed_of,
    stand_at,
    watch_speed,
)
from geo.folds.visits import look_around, look_back

Array = Any


@inlined
def named_track(bare: Any) -> Any:
    """The track again that went through a call without its names (`geo.folds.jit.bare`); None: no track is followed."""
    if bare is None:
        return None
    g, m, out, pool, found, metres, world = bare
    return Track(g, m, Out(*out), Pool(*pool), found, metres, named_arrays(world))


@jit
def appear(g: Array, m: Array, k: Array, t: int, lon: float, lat: float) -> None:
    """The first fix of a device: it stands at its beginning."""
    settle(g, m, lon, lat)
    stand_at(g, m, t, 1, lon, lat)
    g[G_X1], g[G_Y1], g[G_X2], g[G_Y2] = lon, lat, lon, lat
    m[M_T1], m[M_K_T0], m[M_K_FIX], m[M_H_FIX] = t, k[T0], 1, 1


@jit
def remember_cluster(m: Array, k: Array, t: int, away: bool) -> None:
    """What the dwell kernel holds now, and which fix each of its clusters began with."""
    if k[T0] != m[M_K_T0]:
        m[M_K_FIX] = m[M_HEARD] if k[T0] == t else m[M_H_FIX]
    if (k[H_T0] if away else k[T0]) == t:
        m[M_H_FIX] = m[M_HEARD]
    m[M_K_T0], m[M_K_TIN], m[M_K_PHASE], m[M_AWAY] = k[T0], k[TIN], k[PHASE], k[OUT_N]


@inlined
def follow(
    track: Track, which: int, s: int, f: Array, k: Array, p: Array, t: int, c: int, lon: float, lat: float, spd: float,
    row: int, east: float, north: float,
) -> None:  # fmt: skip
    """One fix of device `s`, newer than all before it, after the dwell took it in: its copy `which` moves on.

    `east`, `north`: metres of a degree at the fix.
    """
    g, m, out, pool = track.g[which, s], track.m[which, s], track.out, track.pool
    away = k[OUT_N] > 0
    m[M_C1] = c
    if m[M_HEARD] > 0 and t == m[M_T1]:
        if (k[H_T0] if away else k[T0]) == t:
            m[M_H_FIX] = m[M_HEARD]
        return
    m[M_HEARD] += 1
    if m[M_HEARD] == 1:
        appear(g, m, k, t, lon, lat)
    moved, dwelling, first = k[T0] != m[M_K_T0], k[PHASE] == 2, m[M_HEARD] == 1
    doubt, back = away and dwelling, m[M_AWAY] > 0 and not away and not moved
    silent = t - m[M_T1] > p[P_SILENT]
    joined = (k[H_T0] if away else k[T0]) < t
    slept = silent and joined
    if silent:
        m[M_SILENT] += t - m[M_T1]
    if moved:
        end_stop(m, p)
    if m[M_TRIP] == 0 and (moved or first):
        set_out(g, m, g[G_ODO])
    mps = speed_of(g, m, t, lon, lat, spd, silent, east, north)
    measure(out, g, m, p, f, s, row, t, c, lon, lat, dwelling, away, moved, silent, joined, east, north)
    fastest(g, mps, dwelling, away, moved)
    watch_speed(out, g, m, p, s, row, t, c, lon, lat, mps, silent)
    if slept:
        sleep_near(out, pool, m, p[P_MIN], s, row, t, c, doubt)
    if back and dwelling:
        take_back(pool, m, t)
    heading(g, lon, lat, east, north, silent)
    look_around(track, m, s, row, t, c, lon, lat, doubt)
    slow = (dwelling and not away) or 0.0 <= mps < p[P_REST]
    pathless = silent or first or (back and dwelling)
    reach_along(track, g, m, p, s, row, t, c, lon, lat, pathless, slow, doubt, mps, east, north)
    if m[M_CONTACTS] > 0:
        look_back(out, pool, m, track.world.enter_us, track.world.exit_us, s, row, t, c, slept, doubt)
        pass_on(out, pool, m, p[P_EXIT], s, row, t, c, doubt)
    remember_cluster(m, k, t, away)
    g[G_X2], g[G_Y2], m[M_T2] = g[G_X1], g[G_Y1], 0 if silent else m[M_T1]
    g[G_X1], g[G_Y1], m[M_T1] = lon, lat, t
    judge_trip(out, g, m, p, f, s, row, t, c, away)


@jit
def track_copy(track: Track, s: int, source: int, target: int) -> None:
    """Device `s`: copy `target` becomes what copy `source` is."""
    g, m = track.g[target, s], track.m[target, s]
    drop_contacts(track.pool, m)
    for i in range(G_FLOATS):
        g[i] = track.g[source, s, i]
    for i in range(M_INTS):
        m[i] = track.m[source, s, i]
    m[M_HEAD], m[M_CONTACTS] = 0, 0
    copy_contacts(track.pool, track.m[source, s], m)


@jit
def track_begin(track: Track, s: int, row: int, t: int, c: int) -> None:
    """A rewind to before the late fix (t, c): the live state is that of the fix before it, whose moment is told.

    What was decided after that moment is open to revision.
    """
    m = track.m[0, s]
    say(track.out, BEGIN, 0, s, row, t, c, m[M_T1], m[M_C1], 0)


@jit
def track_end(track: Track, s: int, row: int, t: int, c: int) -> None:
    """The replay is done: every spell that is open now is written, then the end."""
    g, m, out, pool = track.g[0, s], track.m[0, s], track.out, track.pool
    if m[M_TRIP] == 2:
        say_open_trip(out, KEPT, g, m, s, row, t, c)
    if m[M_SPEED] == 2:
        say_speeding(out, KEPT, g, m, s, row, t, c)
    cell = m[M_HEAD] - 1
    while cell >= 0:
        if pool.ci[cell, C_PHASE] == 2:
            say_contact(out, pool, KEPT, cell, s, row, t, c)
        cell = pool.ci[cell, C_NEXT] - 1
    say(out, END, 0, s, row, t, c, 0, 0, 0)


@inlined
def track_room(track: Track, fixes: int) -> bool:
    """Whether the buffer and the pool surely hold what so many fixes of one device may write.

    A contact writes two events at most, and lives for two fixes at least; trips, gaps and speeding add a few.
    """
    z = track.out.z
    z[Z_WANTED] = PER_FIX_SPELLS * (fixes + 4)
    return len(track.out.ei) - z[Z_EVENTS] >= z[Z_WANTED] and z[Z_CELLS] >= COPIES * CONTACTS
