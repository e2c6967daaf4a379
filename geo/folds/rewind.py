"""Fixes in arrival order: a ring of recent fixes and copies of the state make every order give the same rows.

Each device keeps the fixes of its lateness horizon, sorted by (time, content), a copy of its state as it was before the
oldest of them (the checkpoint), and some as it was since. A newer fix advances the live state. A late one is put in its
place, and the ring is replayed from the nearest copy before it, alone and at once, so batches do not matter. Nothing is
computed twice for the copies: the live state is copied as it passes, twice a horizon, over the oldest; so the ring
reaches back at most one and a half horizons. Fixes older than the horizon are reported, not used.
"""

from __future__ import annotations

from typing import Any

from core.fixes import Flag
from geo.folds.dwell import advance, put, put_challenger
from geo.folds.jit import jit
from geo.folds.layout import (
    BEGIN,
    BEHIND,
    BEYOND,
    CLAST,
    COUNT,
    DEAF,
    E_CK_C,
    E_CK_T,
    END,
    FLAGGED_AT,
    FLAGGED_DAY,
    H_T0,
    H_TIMER,
    H_TIN,
    HORIZON,
    KEPT,
    LIMIT,
    LIVE,
    NEVER,
    NEWEST,
    OFFSET,
    OLDEST,
    PAST,
    PROFILE,
    RECEIVED,
    SIZE,
    T0,
    TIMED,
    TIN,
    TLAST,
)  # fmt: skip
from geo.folds.plane import degree_lengths
from geo.folds.timers import carry, due, forget_bell, keep_heard, note_stray, ring_bell
from geo.folds.track import follow, named_track, track_begin, track_copy, track_end, track_room
from geo.folds.tracklayout import Z_EVENTS, Z_VISITS

Array = Any
Trail = Any  # geo.folds.tracklayout.Track, or None: no track is followed

SPAN_MAX = 512  # fixes from one copy to the next; with more of them the horizon shrinks, and is counted
RING_MAX = PAST * SPAN_MAX  # fixes a device
PER_FIX = 6  # kernel events of one new fix at most
PER_REPLAYED = 3  # of one that is replayed: no timer is among them, and a cluster opens, reaches its limit, closes once
DAY = 86_400_000_000
FLAG_EVERY = 10_000_000  # a device that sends old days again is told of every 10 s and day, not once a fix
HEARTBEAT, MOCK, RETAINED = int(Flag.HEARTBEAT), int(Flag.MOCK), int(Flag.RETAINED)
BLOCK = 64  # fixes measured at once
# how `feed` ended: all fixes; ring of a device is full; event buffer is full; the track has something to say
DONE, GROW, DRAIN, SAID = -1, -2, -3, -4
USED, DUPLICATE, LATE, TOO_LATE, HEARTBEATS, PUSHED, MOCKS = range(7)  # what is counted


@jit
def tell_open(f: Array, k: Array, ei: Array, ef: Array, n: int, code: int, row: int, slot: int, t: int, c: int) -> int:
    """Every row that is open now: the cluster's, and the challenger's if a timer opened one."""
    n = put(ei, ef, n, code, row, slot, f, k, t, c)
    if k[H_TIMER] == 1:
        n = put_challenger(ei, ef, n, KEPT, row, slot, f, k, t, c)
    return n


@jit
def find(ring: Array, home: Array, t: int, c: int) -> int:
    """Number of ring fixes before (t, c) in order."""
    rt, rc = ring[0], ring[1]
    low, high = home[OFFSET], home[OFFSET] + home[COUNT]
    while low < high:
        mid = (low + high) // 2
        if rt[mid] < t or (rt[mid] == t and rc[mid] < c):
            low = mid + 1
        else:
            high = mid
    return low - home[OFFSET]


@jit
def write(ring: Array, a: int, t: int, c: int, lon: float, lat: float, acc: float, spd: float, rest: int) -> None:
    """A fix into a cell of the arena."""
    rt, rc, rlon, rlat, racc, rspd, rrest = ring
    rt[a], rc[a], rlon[a], rlat[a], racc[a], rspd[a], rrest[a] = t, c, lon, lat, acc, spd, rest


@jit
def make_place(ring: Array, a: int, end: int) -> None:
    """Move the cells `a` to `end` one on."""
    rt, rc, rlon, rlat, racc, rspd, rrest = ring
    for j in range(end, a, -1):
        i = j - 1
        write(ring, j, rt[i], rc[i], rlon[i], rlat[i], racc[i], rspd[i], rrest[i])


@jit
def drop(ring: Array, home: Array, count: int) -> None:
    """Take the oldest fixes out of a ring."""
    rt, rc, rlon, rlat, racc, rspd, rrest = ring
    home[COUNT] -= count
    for j in range(home[OFFSET], home[OFFSET] + home[COUNT]):
        i = j + count
        write(ring, j, rt[i], rc[i], rlon[i], rlat[i], racc[i], rspd[i], rrest[i])


@jit
def copy_state(cf: Array, ck: Array, track: Trail, s: int, source: int, target: int) -> None:
    """One copy of a device's state into another."""
    for i in range(cf.shape[2]):
        cf[target, s, i] = cf[source, s, i]
    for i in range(ck.shape[2]):
        ck[target, s, i] = ck[source, s, i]
    if track is not None:
        track_copy(track, s, source, target)


@jit
def copy_at(home: Array, i: int) -> int:
    """Which copy is the `i`-th of the past: 0 is the checkpoint."""
    return 1 + (home[OLDEST] + i) % PAST


@jit
def take(home: Array, cf: Array, ck: Array, track: Trail, s: int, i: int, behind: int) -> None:
    """The `i`-th copy is the live state now, which has so many fixes of the ring behind it."""
    copy = copy_at(home, i)
    copy_state(cf, ck, track, s, LIVE, copy)
    forget_bell(ck[copy, s])
    home[BEHIND + i] = behind


@jit
def move_on(ring: Array, home: Array, cf: Array, ck: Array, track: Trail, s: int) -> int:
    """The second copy is the checkpoint, the live state the newest copy; returns how many fixes were lost too early."""
    rt, gone, newest, lost = ring[0], home[BEHIND + 1], ck[LIVE, s, TLAST], 0
    while lost < gone and rt[home[OFFSET] + gone - 1 - lost] >= newest - home[HORIZON]:
        lost += 1
    drop(ring, home, gone)
    home[OLDEST] = (home[OLDEST] + 1) % PAST
    for i in range(PAST - 1):
        home[BEHIND + i] = home[BEHIND + i + 1] - gone
    take(home, cf, ck, track, s, PAST - 1, home[COUNT])
    home[NEWEST] = newest
    return lost


@jit
def copy_before(home: Array, place: int) -> int:
    """The newest copy that has no more than `place` fixes of the ring behind it."""
    i = PAST - 1
    while home[BEHIND + i] > place:
        i -= 1
    return i


@jit
def replay(
    ring: Array, home: Array, first: int, stop: int, cf: Array, ck: Array, p: Array, track: Trail, lengths: Array,
    ei: Array, ef: Array, n: int, row: int, s: int,
) -> int:  # fmt: skip
    """Advance the live state through the ring's fixes `first` to `stop`; the copies that they pass are taken again."""
    rt, rc, rlon, rlat, racc, rspd, rrest = ring
    f, k, east, north, begin = cf[LIVE, s], ck[LIVE, s], lengths[2], lengths[3], first
    newer = copy_before(home, first) + 1
    for j in range(first, stop):
        a, i = home[OFFSET] + j, j - begin
        if i in (0, BLOCK):
            begin, i = j, 0
            degree_lengths(rlat, a, min(a + BLOCK, home[OFFSET] + stop), east, north)
        t, c, lon, lat, acc, spd, rest = rt[a], rc[a], rlon[a], rlat[a], float(racc[a]), float(rspd[a]), rrest[a]
        n = advance(f, k, p, t, c, lon, lat, acc, spd, rest, east[i], north[i], ei, ef, n, row, s)
        if track is not None:
            follow(track, LIVE, s, f, k, p, t, c, lon, lat, spd, row, east[i], north[i])
        while newer < PAST and home[BEHIND + newer] == j + 1:
            take(home, cf, ck, track, s, newer, j + 1)
            newer += 1
    return n


@jit
def go_back(
    ring: Array, home: Array, place: int, cf: Array, ck: Array, p: Array, track: Trail, lengths: Array, ei: Array,
    ef: Array, n: int, row: int, s: int,
) -> None:  # fmt: skip
    """The live state as it was before the ring's fix at `place`, which is new there.

    What was told on the way is not told again: events are written past the `n` that count, and overwritten.
    """
    i = copy_before(home, place)
    first = home[BEHIND + i]
    keep_heard(ck, s, copy_at(home, i))
    copy_state(cf, ck, track, s, copy_at(home, i), LIVE)
    for newer in range(i + 1, PAST):
        home[BEHIND + newer] += 1
    said = visits = 0
    if track is not None:
        said, visits = track.out.z[Z_EVENTS], track.out.z[Z_VISITS]
    replay(ring, home, first, place, cf, ck, p, track, lengths, ei, ef, n, row, s)
    if track is not None:
        track.out.z[Z_EVENTS], track.out.z[Z_VISITS] = said, visits


@jit
def rewind(
    ring: Array, home: Array, place: int, cf: Array, ck: Array, p: Array, track: Trail, now: int, deaf: int,
    lengths: Array, ei: Array, ef: Array, n: int, row: int, s: int, t: int, c: int,
) -> int:  # fmt: skip
    """A late fix came in at `place`: all from there on is told anew, between BEGIN and END."""
    f, k = cf[LIVE, s], ck[LIVE, s]
    timed, start, last = k[LIMIT] == 2, k[T0], k[TIN]
    h_timed, h_start, h_last = k[H_TIMER] == 1, k[H_T0], k[H_TIN]
    go_back(ring, home, place, cf, ck, p, track, lengths, ei, ef, n, row, s)
    n = put(ei, ef, n, BEGIN, row, s, f, k, t, c)
    ei[n - 1, E_CK_T], ei[n - 1, E_CK_C] = k[TLAST], k[CLAST]
    if track is not None:
        track_begin(track, s, row, t, c)
    n = replay(ring, home, place, home[COUNT], cf, ck, p, track, lengths, ei, ef, n, row, s)
    if track is not None:
        track_end(track, s, row, t, c)
    if timed:
        carry(k, p, start, last, now, deaf)
    if h_timed:
        carry(k, p, h_start, h_last, now, deaf)
    if due(f, k, p, now, deaf):
        ring_bell(k)
    return tell_open(f, k, ei, ef, n, END, row, s, t, c)


@jit
def hear_late(
    ring: Array, home: Array, cf: Array, ck: Array, p: Array, track: Trail, now: int, deaf: int, lengths: Array,
    ei: Array, ef: Array, n: int, counts: Array, row: int, s: int, t: int, c: int, lon: float, lat: float, acc: float,
    spd: float, rest: int, received: int, flags: int,
) -> tuple[int, int]:  # fmt: skip
    """A fix that is not its device's newest: put in its place, known, or too late; returns as `feed`, but the row."""
    k, oldest = ck[LIVE, s], ck[copy_at(home, 0), s]
    if t < k[TLAST] - home[HORIZON] or t < oldest[TLAST] or (t == oldest[TLAST] and c < oldest[CLAST]):
        if received - k[FLAGGED_AT] >= FLAG_EVERY or k[FLAGGED_DAY] != t // DAY:
            k[FLAGGED_AT], k[FLAGGED_DAY] = received, t // DAY
            n = put(ei, ef, n, BEYOND, row, s, cf[LIVE, s], k, t, c)
        if t < k[TLAST] - home[HORIZON] and not flags & RETAINED:  # what a broker replays was not said now
            note_stray(k, received, deaf, t, lon, lat)
        counts[TOO_LATE] += 1
        return DONE, n
    place, count = find(ring, home, t, c), home[COUNT]
    a = home[OFFSET] + place
    if (t == oldest[TLAST] and c == oldest[CLAST]) or (place < count and ring[0][a] == t and ring[1][a] == c):
        counts[DUPLICATE] += 1
        return DONE, n
    if count == home[SIZE]:
        if count < RING_MAX:
            return GROW, n
        counts[PUSHED] += move_on(ring, home, cf, ck, track, s)
        return DRAIN, n
    if n + PER_REPLAYED * count + 2 * PER_FIX > len(ei) or (track is not None and not track_room(track, count + 1)):
        return DRAIN, n
    make_place(ring, a, home[OFFSET] + count)
    write(ring, a, t, c, lon, lat, acc, spd, rest)
    home[COUNT] += 1
    counts[LATE] += 1
    return DONE, rewind(ring, home, place, cf, ck, p, track, now, deaf, lengths, ei, ef, n, row, s, t, c)


@jit
def hint(ignition: int, moving: int) -> int:
    """1 where the device says it is parked, 0 where it says it moves, -1 where it says nothing."""
    if moving == 1:
        return 0
    return 1 if ignition == 0 or moving == 0 else -1


@jit
def feed(
    start: int, slots: Array, device: Array, time: Array, content: Array, received: Array, lon: Array, lat: Array,
    spd: Array, course: Array, acc: Array, battery: Array, ignition: Array, moving: Array, flags: Array, ring: Array,
    homes: Array, cf: Array, ck: Array, last: Array, profiles: Array, bare: Any, now: int, deaf: int, lengths: Array,
    ei: Array, ef: Array, counts: Array, at_once: bool,
) -> tuple[int, int, int]:  # fmt: skip
    """Fixes from row `start` on, in arrival order; returns (how it ended, next row, number of events).

    It ends at a row that it could not take: the ring of its device is full, or the buffer of events is (or the
    checkpoint moved, so that the fix is judged again); `at_once`: also after each fix that tells of a visit. `slots`
    are those of the batch's devices; the track comes without its names (`geo.folds.jit.bare`), or is None: none is
    followed.
    """
    track, n, rows, block = named_track(bare), 0, len(device), start
    for row in range(start, rows):
        if row == start or row - block == BLOCK:
            block = row
            degree_lengths(lat, row, min(row + BLOCK, rows), lengths[0], lengths[1])
        s, t, c = slots[device[row]], time[row], content[row]
        home, k, p, ended = homes[s], ck[LIVE, s], profiles[homes[s, PROFILE]], DONE
        if flags[row] & MOCK:
            counts[MOCKS] += 1
            continue
        if flags[row] & HEARTBEAT:
            counts[HEARTBEATS] += 1
        elif n + PER_FIX > len(ei) or (bare is not None and not track_room(track, 1)):
            return DRAIN, row, n
        elif t > k[TLAST] or (t == k[TLAST] and c > k[CLAST]):
            if home[COUNT] == home[SIZE]:
                if home[SIZE] < RING_MAX:
                    return GROW, row, n
                counts[PUSHED] += move_on(ring, home, cf, ck, track, s)
                return DRAIN, row, n
            x, y, m, v, rest = lon[row], lat[row], float(acc[row]), float(spd[row]), hint(ignition[row], moving[row])
            east, north = lengths[0, row - block], lengths[1, row - block]
            write(ring, home[OFFSET] + home[COUNT], t, c, x, y, m, v, rest)
            home[COUNT] += 1
            n = advance(cf[LIVE, s], k, p, t, c, x, y, m, v, rest, east, north, ei, ef, n, row, s)
            if bare is not None:
                follow(track, LIVE, s, cf[LIVE, s], k, p, t, c, x, y, v, row, east, north)
            k[RECEIVED], k[DEAF] = received[row], deaf
            if t - home[NEWEST] > home[HORIZON] // (PAST - 1) or home[COUNT] - home[BEHIND + PAST - 1] >= SPAN_MAX:
                counts[PUSHED] += move_on(ring, home, cf, ck, track, s)
            counts[USED] += 1
        else:
            ended, n = hear_late(
                ring, home, cf, ck, p, track, now, deaf, lengths, ei, ef, n, counts, row, s, t, c, lon[row], lat[row],
                float(acc[row]), float(spd[row]), hint(ignition[row], moving[row]), received[row],
                flags[row],
            )  # fmt: skip
            if ended != DONE:
                return ended, row, n
        if t >= k[TLAST]:
            last[s, 0], last[s, 1], last[s, 2] = course[row], acc[row], battery[row]
        if bare is not None and at_once and track.out.z[Z_VISITS] > 0:  # numba leaves out what asks `bare` first
            return SAID, row + 1, n
    return DONE, rows, n


@jit
def scan(
    start: int, size: int, homes: Array, f: Array, k: Array, profiles: Array, now: int, deaf: int, ei: Array, ef: Array
) -> tuple[int, int]:
    """Timers at `now`: an event for each device whose limit passed; returns (next slot, number of events)."""
    n = 0
    for s in range(start, size):
        if n + 2 >= len(ei):
            return s, n
        if due(f[s], k[s], profiles[homes[s, PROFILE]], now, deaf):
            ring_bell(k[s])
            n = tell_open(f[s], k[s], ei, ef, n, TIMED, -1, s, now, NEVER)
    return size, n
