"""What a tracker makes of the truth: noise, drift, jumps, sleep, death, gaps, copies, lateness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from simulators.motion import Motion, Stop

Kind = Literal["steady", "sleeper", "pulse", "phone"]
Floats = NDArray[np.float64]

_DRIFT_M: Final = 6.0  # a slow wander with this spread ...
_DRIFT_S: Final = 300.0  # ... and this memory
_JUMP_P: Final = 0.004
_JUMP_M: Final = (50.0, 300.0)
_REST_S: Final = 120.0  # a standstill that a tracker notices
_REST_INTERVAL_S: Final = {"steady": 30.0, "pulse": 600.0}  # between fixes of a parked tracker that does not sleep
_SETTLED_S: Final = 300.0  # before a silence this long a tracker waits for a good fix
_PHONE_MOVE_M: Final = 50.0  # a phone speaks when it has moved this far ...
_PHONE_PING_S: Final = 1800.0  # ... or pings with what it last had


@dataclass(frozen=True, slots=True)
class Report:
    """One device's day: columns of fixes in order of time, and sendings as (when, row) in order of sending.

    Times are seconds after the day's start. Rows sent at one time travel as one message, in their order here.
    """

    t_s: Floats
    xy: Floats
    speed: Floats
    course: Floats
    accuracy: Floats
    ping: NDArray[np.bool_]  # an old position repeated
    sent_s: Floats
    sent_row: NDArray[np.int64]
    dead: tuple[Stop, ...] = ()


def report(
    motion: Motion, kind: Kind, rng: np.random.Generator, *, interval_s: float, dies: bool = False, clean: bool = False
) -> Report:
    """Fixes of a device that moves so; `clean` leaves out every fault except noise."""
    t = _sample(motion, interval_s, rng)
    t = t[_awake(t, motion, kind, interval_s)]
    dead = _death(motion, rng) if dies else ()
    if not clean:
        t = t[~_within(t, _spells(motion, rng, per_h=0.3, lasting_s=(60.0, 900.0)))]
    t = t[~_within(t, [(d.start_s, d.end_s) for d in dead])]
    xy, spread = _noisy(motion, t, rng, kind, jumps=not clean)
    keep = _filtered(t, xy) if kind == "phone" else np.ones(len(t), bool)
    t, xy = t[keep], xy[keep]
    speed, course = _going(motion, t, rng)
    accuracy = np.asarray(np.clip(spread * rng.lognormal(0.1, 0.35, len(t)), 2.0, 90.0).round(1), np.float64)
    sent, row = _sent(t, motion, rng, clean=clean)
    ping = np.zeros(len(t), bool)
    if kind == "phone":
        ping[1:] = np.hypot(*np.diff(xy, axis=0).T) < 1e-9
    return Report(t, xy, speed, course, accuracy, ping, sent, row, dead)


def _sample(motion: Motion, interval_s: float, rng: np.random.Generator) -> Floats:
    start, end = motion.t_s[0], motion.t_s[-1]
    even = np.arange(start + rng.uniform(0.0, interval_s), end, interval_s)
    return np.unique(np.round(even + rng.normal(0.0, 0.3, len(even))))


def _awake(t: Floats, motion: Motion, kind: Kind, interval_s: float) -> NDArray[np.bool_]:
    """Sleepers say two fixes after arrival and are silent until departure; others slow down."""
    awake = np.ones(len(t), bool)
    for stop in _rests(motion):
        a, b = np.searchsorted(t, [stop[0], stop[1]])
        if kind == "sleeper":
            awake[a + 2 : b] = False
        elif kind in _REST_INTERVAL_S:
            every = max(1, round(_REST_INTERVAL_S[kind] / interval_s))
            awake[a + 2 : b] = np.arange(1, max(1, b - a - 1)) % every == 0
    return awake


def _rests(motion: Motion) -> list[tuple[float, float]]:
    """Standstills long enough to notice; those a few metres apart (a queue) stay apart."""
    return [(s.start_s, s.end_s) for s in motion.stops if s.end_s - s.start_s >= _REST_S]


def _death(motion: Motion, rng: np.random.Generator) -> tuple[Stop, ...]:
    """Dies while driving, comes back an hour later wherever it is."""
    speed = np.hypot(*np.diff(motion.xy, axis=0).T) / np.diff(motion.t_s)
    driving = np.flatnonzero((speed > 4.0) & (motion.t_s[:-1] > 3600.0))
    at = int(rng.choice(driving))
    start = float((motion.t_s[at] + motion.t_s[at + 1]) / 2)
    x, y = motion.at(np.array([start]))[0].tolist()
    return (Stop(start, start + float(rng.uniform(2700.0, 5400.0)), x, y, "tracker_dead"),)


def _spells(
    motion: Motion, rng: np.random.Generator, *, per_h: float, lasting_s: tuple[float, float]
) -> list[tuple[float, float]]:
    start, end = float(motion.t_s[0]), float(motion.t_s[-1])
    starts = rng.uniform(start, end, rng.poisson(per_h * (end - start) / 3600.0))
    return [(float(a), float(a + np.exp(rng.uniform(*np.log(lasting_s))))) for a in np.sort(starts)]


def _within(t: Floats, spells: list[tuple[float, float]]) -> NDArray[np.bool_]:
    inside = np.zeros(len(t), bool)
    for a, b in spells:
        inside |= (t >= a) & (t < b)
    return inside


def _noisy(motion: Motion, t: Floats, rng: np.random.Generator, kind: Kind, *, jumps: bool) -> tuple[Floats, float]:
    spread = float(rng.uniform(4.0, 14.0) if kind == "phone" else rng.uniform(3.0, 10.0))
    xy = motion.at(t) + rng.normal(0.0, spread / np.sqrt(2.0), (len(t), 2)) + _drift(t, rng)
    if jumps:
        xy += _jumps(t, rng)
    return xy, spread


def _jumps(t: Floats, rng: np.random.Generator) -> Floats:
    """Multipath: one to three fixes thrown the same way; never the two before a long silence."""
    off = np.zeros((len(t), 2))
    for at in np.flatnonzero(rng.random(len(t)) < _JUMP_P).tolist():
        bearing, far, run = rng.uniform(0.0, 2 * np.pi), rng.uniform(*_JUMP_M), int(rng.integers(1, 4))
        off[at : at + run] += far * np.array([np.sin(bearing), np.cos(bearing)])
    last = np.flatnonzero(np.diff(t, append=np.inf) > _SETTLED_S)
    off[last] = off[np.maximum(0, last - 1)] = 0.0
    return off


def _drift(t: Floats, rng: np.random.Generator) -> Floats:
    """An Ornstein-Uhlenbeck walk: steps shrink with the time since the last fix."""
    keep = np.exp(-np.diff(t, prepend=t[:1] - 1e9) / _DRIFT_S)
    kicks = rng.normal(0.0, _DRIFT_M / np.sqrt(2.0), (len(t), 2)) * np.sqrt(1.0 - keep**2)[:, None]
    out, here = np.empty_like(kicks), np.zeros(2)
    for i in range(len(t)):
        here = here * keep[i] + kicks[i]
        out[i] = here
    return out


def _filtered(t: Floats, xy: Floats) -> NDArray[np.bool_]:
    """The distance filter of a phone; a ping repeats the position it last had."""
    keep, last = np.zeros(len(t), bool), 0
    for i in range(len(t)):
        moved = i == 0 or np.hypot(*(xy[i] - xy[last])) >= _PHONE_MOVE_M
        if moved or t[i] - t[last] >= _PHONE_PING_S:
            if not moved:
                xy[i] = xy[last]
            keep[i], last = True, i
    return keep


def _going(motion: Motion, t: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Speed and course of the receiver: by Doppler, so better than positions; standing, it says nearly zero."""
    step = motion.at(t + 0.5) - motion.at(t - 0.5)
    true = np.hypot(*step.T)
    speed = np.where(
        true > 0.3, np.maximum(0.0, true + rng.normal(0.0, 0.25, len(t))), np.abs(rng.normal(0, 0.15, len(t)))
    )
    course: Floats = np.where(true > 0.3, np.degrees(np.arctan2(step[:, 0], step[:, 1])) % 360.0, np.nan)
    return speed.round(1), course.round() % 360.0


def _sent(t: Floats, motion: Motion, rng: np.random.Generator, *, clean: bool) -> tuple[Floats, NDArray[np.int64]]:
    """When each fix leaves: soon; some alone and late, some in bulk after a hole in coverage, some twice."""
    sent, rows = np.ceil(t * 10) / 10 + rng.uniform(0.2, 1.5, len(t)), np.arange(len(t))
    if not clean:
        late = rng.random(len(t)) < 0.01
        sent[late] += rng.uniform(5.0, 90.0, int(late.sum()))
        for a, b in _spells(motion, rng, per_h=0.4, lasting_s=(90.0, 720.0)):
            sent[(t >= a) & (t < b)] = b + 2.0
        again = np.flatnonzero(rng.random(len(t)) < 0.01)
        sent = np.concatenate([sent, sent[again] + rng.uniform(1.0, 20.0, len(again))])
        rows = np.concatenate([rows, again])
    order = np.lexsort((rows, sent))
    return sent[order], rows[order]
