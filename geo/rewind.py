"""Fixes in arrival order: a ring of recent fixes and a lagging checkpoint make every order give the same rows.

Each device keeps the fixes of its lateness horizon, sorted by (time, content), and the kernel state as it was before
the oldest of them. A newer fix advances the live state. A late one is put in its place and the ring is replayed from
the checkpoint, alone and at once, so batches do not matter. Fixes older than the horizon are reported, not used.
"""

from __future__ import annotations

from typing import Any

from geo.dwell import advance, at_rest, put, put_challenger
from geo.jit import jit
from geo.layout import (
    BEGIN,
    BEYOND,
    CLAST,
    DEAF,
    E_CK_C,
    E_CK_T,
    END,
    FLAGGED_AT,
    FLAGGED_DAY,
    H_T0,
    H_TIMER,
    H_TIN,
    KEPT,
    LIMIT,
    NEVER,
    OUT_N,
    P_HORIZON,
    P_LIMIT,
    PHASE,
    RECEIVED,
    T0,
    TIMED,
    TIMER,
    TIN,
    TLAST,
)  # fmt: skip

Array = Any

RING_MAX = 1024  # fixes a device; beyond it the horizon of that device shrinks, and is counted
PER_FIX = 6  # kernel events of one fix at most
DAY = 86_400_000_000
FLAG_EVERY = 60_000_000  # a device that sends old days again is told of once a minute and day, not once a fix
SCRATCH = 8  # cells at the end of the event buffer, for events that were told before
DONE, GROW, DRAIN = -1, -2, -3  # how `feed` ended: all fixes; ring of a device is full; event buffer is full


@jit
def due(f: Array, k: Array, p: Array, now: int, deaf: int) -> bool:
    """Whether the limit passed by the clock where the device is: live, at rest, our outages taken off its silence."""
    if k[RECEIVED] - k[TLAST] > p[P_HORIZON] or not at_rest(f, k, p):
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
def carry(k: Array, p: Array, start: int, last: int, now: int, deaf: int) -> None:
    """A row told by the clock stays told if a replay leaves it where it was and as long: silence lost nothing."""
    quiet = deaf - k[DEAF]
    if k[PHASE] > 0 and k[T0] <= last and k[TIN] >= start and now - k[T0] - quiet >= p[P_LIMIT]:
        if k[LIMIT] == 0:
            k[LIMIT] = 2
            k[TIMER] = 1 if k[PHASE] == 1 else 0
    elif k[OUT_N] > 0 and k[H_T0] <= last and k[H_TIN] >= start and now - k[H_T0] - quiet >= p[P_LIMIT]:
        k[H_TIMER] = 1


@jit
def tell_open(f: Array, k: Array, ei: Array, ef: Array, n: int, code: int, row: int, slot: int, t: int, c: int) -> int:
    """Every row that is open now: the cluster's, and the challenger's if a timer opened one."""
    n = put(ei, ef, n, code, row, slot, f, k, t, c)
    if k[H_TIMER] == 1:
        n = put_challenger(ei, ef, n, KEPT, row, slot, f, k, t, c)
    return n


@jit
def find(rt: Array, rc: Array, off: int, mask: int, head: int, count: int, t: int, c: int) -> int:
    """Number of ring fixes before (t, c) in order."""
    low, high = 0, count
    while low < high:
        mid = (low + high) // 2
        at = off + ((head + mid) & mask)
        if rt[at] < t or (rt[at] == t and rc[at] < c):
            low = mid + 1
        else:
            high = mid
    return low


@jit
def shift(ring: Array, off: int, mask: int, head: int, count: int, place: int) -> int:
    """Make room at `place`; returns the index of the freed cell."""
    rt, rc, rlon, rlat, racc, rspd, rrest = ring
    for j in range(count, place, -1):
        to, of = off + ((head + j) & mask), off + ((head + j - 1) & mask)
        rt[to], rc[to], rlon[to], rlat[to] = rt[of], rc[of], rlon[of], rlat[of]
        racc[to], rspd[to], rrest[to] = racc[of], rspd[of], rrest[of]
    return off + ((head + place) & mask)


@jit
def replay(
    ring: Array, off: int, mask: int, head: int, count: int, f: Array, k: Array, p: Array, ei: Array, ef: Array, n: int,
    row: int, slot: int,
) -> int:  # fmt: skip
    """Advance (f, k) through the ring's fixes in order."""
    rt, rc, rlon, rlat, racc, rspd, rrest = ring
    for j in range(count):
        a = off + ((head + j) & mask)
        n = advance(f, k, p, rt[a], rc[a], rlon[a], rlat[a], racc[a], rspd[a], rrest[a], ei, ef, n, row, slot)
    return n


@jit
def evict(ring: Array, region: Array, kf: Array, kk: Array, p: Array, newest: int, ei: Array, ef: Array, n: int) -> int:
    """Move the checkpoint over the fixes that left the horizon; returns how many were pushed out by a full ring."""
    rt, rc, rlon, rlat, racc, rspd, rrest = ring
    floor, pushed = newest - int(p[P_HORIZON]), 0
    while region[3] > 0:
        a = region[0] + region[2]
        if rt[a] >= floor:
            if region[3] < RING_MAX:
                break
            pushed += 1
        # its events were told when the live state passed here: written past the end, never read
        advance(kf, kk, p, rt[a], rc[a], rlon[a], rlat[a], racc[a], rspd[a], rrest[a], ei, ef, n, 0, 0)
        region[2] = (region[2] + 1) & (region[1] - 1)
        region[3] -= 1
    return pushed


@jit
def rewind(
    ring: Array, region: Array, f: Array, k: Array, kf: Array, kk: Array, p: Array, now: int, deaf: int, ei: Array,
    ef: Array, n: int, row: int, slot: int, t: int, c: int,
) -> int:  # fmt: skip
    """Replay one device from its checkpoint, with the ring as it now is; events between BEGIN and END."""
    received, deaf_then, flagged_at, flagged_day = k[RECEIVED], k[DEAF], k[FLAGGED_AT], k[FLAGGED_DAY]
    timed, start, last = k[LIMIT] == 2, k[T0], k[TIN]
    h_timed, h_start, h_last = k[H_TIMER] == 1, k[H_T0], k[H_TIN]
    f[:], k[:] = kf, kk
    n = put(ei, ef, n, BEGIN, row, slot, f, k, t, c)
    ei[n - 1, E_CK_T], ei[n - 1, E_CK_C] = kk[TLAST], kk[CLAST]
    n = replay(ring, region[0], region[1] - 1, region[2], region[3], f, k, p, ei, ef, n, row, slot)
    k[RECEIVED], k[DEAF], k[FLAGGED_AT], k[FLAGGED_DAY] = received, deaf_then, flagged_at, flagged_day
    if timed:
        carry(k, p, start, last, now, deaf)
    if h_timed:
        carry(k, p, h_start, h_last, now, deaf)
    if due(f, k, p, now, deaf):
        ring_bell(k)
    return tell_open(f, k, ei, ef, n, END, row, slot, t, c)


@jit
def feed(
    start: int, slots: Array, time: Array, content: Array, lon: Array, lat: Array, acc: Array, spd: Array, rest: Array,
    received: Array, skip: Array, ring: Array, regions: Array, f: Array, k: Array, kf: Array, kk: Array, p: Array,
    now: int, deaf: int, ei: Array, ef: Array, counts: Array,
) -> tuple[int, int, int]:  # fmt: skip
    """Fixes from row `start` on, in arrival order; returns (how it ended, next row, number of events).

    `counts` grows by: used, duplicate, late, beyond the horizon, skipped, pushed out of a full ring. `skip` is 0, or
    where in `counts` a fix belongs that is not used.
    """
    rt, rc, rlon, rlat, racc, rspd, rrest = ring
    n, room = 0, len(ei) - SCRATCH
    for row in range(start, len(slots)):
        s, t, c = slots[row], time[row], content[row]
        if skip[row]:
            counts[skip[row]] += 1
            continue
        region, ks = regions[s], k[s]
        if n + PER_FIX * (region[3] + 2) > room:
            return DRAIN, row, n
        mask = region[1] - 1
        if t > ks[TLAST] or (t == ks[TLAST] and c > ks[CLAST]):
            if region[3] >= RING_MAX or (region[3] > 0 and rt[region[0] + region[2]] < t - int(p[s, P_HORIZON])):
                counts[5] += evict(ring, region, kf[s], kk[s], p[s], t, ei, ef, len(ei) - SCRATCH)
            if region[3] == region[1]:
                return GROW, row, n
            a = region[0] + ((region[2] + region[3]) & mask)
            region[3] += 1
            rt[a], rc[a], rlon[a], rlat[a], racc[a], rspd[a], rrest[a] = (
                t, c, lon[row], lat[row], acc[row], spd[row], rest[row],
            )  # fmt: skip
            n = advance(f[s], ks, p[s], t, c, lon[row], lat[row], acc[row], spd[row], rest[row], ei, ef, n, row, s)
            ks[RECEIVED], ks[DEAF] = received[row], deaf
            counts[0] += 1
            continue
        kks = kk[s]
        if t < ks[TLAST] - int(p[s, P_HORIZON]) or t < kks[TLAST] or (t == kks[TLAST] and c < kks[CLAST]):
            if received[row] - ks[FLAGGED_AT] >= FLAG_EVERY or ks[FLAGGED_DAY] != t // DAY:
                ks[FLAGGED_AT], ks[FLAGGED_DAY] = received[row], t // DAY
                n = put(ei, ef, n, BEYOND, row, s, f[s], ks, t, c)
            counts[3] += 1
            continue
        place = find(rt, rc, region[0], mask, region[2], region[3], t, c)
        a = region[0] + ((region[2] + place) & mask)
        if (t == kks[TLAST] and c == kks[CLAST]) or (place < region[3] and rt[a] == t and rc[a] == c):
            counts[1] += 1
            continue
        if region[3] == region[1]:
            if region[1] < RING_MAX:
                return GROW, row, n
            counts[5] += evict(ring, region, kf[s], kk[s], p[s], ks[TLAST], ei, ef, len(ei) - SCRATCH)
            return DRAIN, row, n  # the checkpoint moved: judge this fix again
        a = shift(ring, region[0], mask, region[2], region[3], place)
        region[3] += 1
        rt[a], rc[a], rlon[a], rlat[a], racc[a], rspd[a], rrest[a] = (
            t, c, lon[row], lat[row], acc[row], spd[row], rest[row],
        )  # fmt: skip
        n = rewind(ring, region, f[s], ks, kf[s], kks, p[s], now, deaf, ei, ef, n, row, s, t, c)
        counts[2] += 1
    return DONE, len(slots), n


@jit
def scan(
    start: int, size: int, f: Array, k: Array, p: Array, now: int, deaf: int, ei: Array, ef: Array
) -> tuple[int, int]:
    """Timers at `now`: an event for each device whose limit passed; returns (next slot, number of events)."""
    n = 0
    for s in range(start, size):
        if n + 2 >= len(ei):
            return s, n
        if due(f[s], k[s], p[s], now, deaf):
            ring_bell(k[s])
            n = tell_open(f[s], k[s], ei, ef, n, TIMED, -1, s, now, NEVER)
    return size, n
