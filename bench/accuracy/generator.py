"""A seeded fleet with truth. FROZEN: it was written before anything was tuned, and `CHECKSUMS` shows if it changes.

Trucks work through a made-up town: legs of a few blocks, halts at lights and bins, stops of a minute, long ones.
What a tracker says of it: noise of 3-10 m (root mean square, by device), a drift of 6 m with a memory of 300 s (an
Ornstein-Uhlenbeck walk), jumps of 50-300 m (p .004 a fix, runs of 1-3), gaps of 1-15 min (one in two hours), 1 % of
fixes twice, 1 % late by up to 10 min, a clock that is off by up to 30 s. No speed, no ignition: position, time and a
claimed accuracy, which is all that the peers can read. The truth is told on the device's own clock.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SAMPLINGS_S: Final = (5.0, 10.0, 30.0)
TUNING_SEED: Final = 7
TEST_SEEDS: Final = (8, 9, 10)
CHECKSUMS: Final = {7: "89725e3b2c159726", 8: "c1051349dc88bc5a", 9: "1bdb107187c63d24", 10: "18774b1160c6d2e2"}
DEVICES: Final = 24
DAY_S: Final = 8 * 3600.0
START_US: Final = 1_765_000_000_000_000
LON0, LAT0 = 123.6, -10.17
EAST, NORTH = 109_660.0, 110_610.0  # metres per degree there


class Stand(NamedTuple):
    """One true standstill, in seconds of the device's clock."""

    start_s: float
    end_s: float


class Track(NamedTuple):
    """One device: its fixes in order of time, when each copy is heard, and the truth."""

    t_s: Floats
    x: Floats
    y: Floats
    accuracy_m: Floats
    heard_s: Floats  # of each message, in order of arrival
    row: NDArray[np.int64]  # the fix that the message holds
    truth: tuple[Stand, ...]

    def lon_lat(self) -> tuple[Floats, Floats]:
        """Degrees, to the seventh decimal (a centimetre)."""
        return np.round(LON0 + self.x / EAST, 7), np.round(LAT0 + self.y / NORTH, 7)


def fleet(seed: int, every_s: float, devices: int = DEVICES) -> list[Track]:
    """All devices of a seed, sampled every so many seconds; the motion is the same for each sampling."""
    return [track(seed, number, every_s) for number in range(devices)]


def track(seed: int, number: int, every_s: float) -> Track:
    """One device of a seed."""
    t_true, xy_true, stands = motion(np.random.default_rng((seed, number)))
    rng = np.random.default_rng((seed, number, round(every_s)))
    spread_m, clock_s = rng.uniform(3.0, 10.0), rng.uniform(-30.0, 30.0)
    t = np.arange(rng.uniform(0.0, every_s), DAY_S, every_s)
    t = np.round(t + rng.uniform(-0.3, 0.3, len(t)), 1)
    t = t[~_gaps(t, rng)]
    x, y = (np.interp(t, t_true, axis) for axis in xy_true.T)
    noise, drift, jumps = rng.normal(0.0, spread_m / np.sqrt(2.0), (len(t), 2)), _drift(t, rng), _jumps(len(t), rng)
    x, y = (np.array([x, y]).T + noise + drift + jumps).T
    thrown = np.hypot(*jumps.T) > 0.0
    claim = spread_m * rng.lognormal(0.0, 0.3, len(t)) * np.where(thrown & (rng.random(len(t)) < 0.5), 5.0, 1.0)
    heard, row = _heard(t, rng)
    truth = tuple(Stand(round(a + clock_s, 1), round(min(b, DAY_S) + clock_s, 1)) for a, b in stands)
    return Track(np.round(t + clock_s, 1), x, y, np.round(claim, 1), heard, row, truth)


def motion(rng: np.random.Generator) -> tuple[Floats, Floats, list[tuple[float, float]]]:
    """Corners of the true path with their times, and the standstills: a depot, then legs and stops by turns."""
    times, corners, stands = [0.0], [np.zeros(2)], []
    heading = rng.integers(0, 4)
    stay = rng.uniform(600.0, 1800.0)
    while times[-1] < DAY_S:
        stands.append((times[-1], times[-1] + stay))
        times.append(times[-1] + stay)
        corners.append(corners[-1])
        left, speed = max(60.0, rng.lognormal(np.log(350.0), 0.7)), rng.uniform(4.0, 11.0)
        while left > 0.0:  # blocks, with a corner to turn between them
            block = min(left, rng.uniform(80.0, 200.0))
            step = block * np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]][heading])
            times.append(times[-1] + block / speed + rng.uniform(1.0, 4.0))
            corners.append(corners[-1] + step)
            heading = (heading + (rng.integers(-1, 2) if rng.random() < 0.5 else 0)) % 4
            left -= block
        stay = _stay(rng)
    return np.array(times), np.array(corners), stands


def _stay(rng: np.random.Generator) -> float:
    """Seconds of a stop: lights and bins, service, a longer errand, a rest."""
    kind = rng.random()
    if kind < 0.35:
        return float(rng.uniform(8.0, 45.0))
    if kind < 0.88:
        return float(np.clip(rng.lognormal(np.log(95.0), 0.45), 45.0, 240.0))
    return float(rng.uniform(240.0, 900.0) if kind < 0.95 else rng.uniform(900.0, 3600.0))


def _gaps(t: Floats, rng: np.random.Generator) -> NDArray[np.bool_]:
    missing = np.zeros(len(t), bool)
    for start in rng.uniform(0.0, DAY_S, rng.poisson(DAY_S / 7200.0)):
        missing |= (t >= start) & (t < start + rng.uniform(60.0, 900.0))
    return missing


def _drift(t: Floats, rng: np.random.Generator) -> Floats:
    keep = np.exp(-np.diff(t, prepend=t[0] - 1e9) / 300.0)
    kicks = rng.normal(0.0, 6.0 / np.sqrt(2.0), (len(t), 2)) * np.sqrt(1.0 - keep**2)[:, None]
    out, here = np.empty_like(kicks), np.zeros(2)
    for i in range(len(t)):
        here = here * keep[i] + kicks[i]
        out[i] = here
    return out


def _jumps(n: int, rng: np.random.Generator) -> Floats:
    """One to three fixes in a run, thrown the same way."""
    off = np.zeros((n, 2))
    for at in np.flatnonzero(rng.random(n) < 0.004).tolist():
        bearing, far = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(50.0, 300.0)
        off[at : at + int(rng.integers(1, 4))] = far * np.array([np.sin(bearing), np.cos(bearing)])
    return off


def _heard(t: Floats, rng: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
    """Soon, but 1 % late and 1 % a second time."""
    heard, row = t + rng.uniform(0.5, 3.0, len(t)), np.arange(len(t))
    late = rng.random(len(t)) < 0.01
    heard[late] += rng.uniform(10.0, 600.0, int(late.sum()))
    again = np.flatnonzero(rng.random(len(t)) < 0.01)
    heard = np.concatenate([heard, heard[again] + rng.uniform(1.0, 60.0, len(again))])
    row = np.concatenate([row, again])
    order = np.lexsort((row, heard))
    return np.round(heard[order], 1), row[order]


def checksum(seed: int) -> str:
    """Of what the detectors and the score read of a seed, to the decimetre and the tenth of a second."""
    digest = blake2b(digest_size=8)
    for every_s in SAMPLINGS_S:
        for made in fleet(seed, every_s):
            for column in (made.t_s, made.x, made.y, made.accuracy_m, made.heard_s, made.row, np.array(made.truth)):
                digest.update(np.round(np.asarray(column) * 10.0).astype("<i8").tobytes())
    return digest.hexdigest()
