"""Made-up trucks near Kupang: they drive, stand, jump and fall asleep as real ones do; the same for the same seed."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from heapq import merge
from typing import NamedTuple

LAT, LON = -10.178, 123.607
M_PER_DEG = 111_000.0
DRIVE_MPS = 8.0


class Fix(NamedTuple):
    time: int
    lat: float
    lon: float
    speed: float


def trip(seed: int, start_s: int, every_s: int) -> Iterator[Fix]:
    """One truck for ever: a leg of some minutes, then a stand of up to a quarter of an hour, some in silence."""
    rng = random.Random(seed)
    x = y = 0.0
    at_s = start_s
    while True:
        heading, end_s = rng.uniform(0.0, math.tau), at_s + rng.randint(90, 300)
        while at_s < end_s:
            x, y = x + every_s * DRIVE_MPS * math.cos(heading), y + every_s * DRIVE_MPS * math.sin(heading)
            yield _fix(rng, at_s, x, y, DRIVE_MPS, 4.0)
            at_s += every_s
        end_s, sleeps = at_s + rng.randint(30, 900), rng.random() < 0.3
        for number in range(10_000):
            if at_s >= end_s:
                break
            if not sleeps or number < 3:
                yield _fix(rng, at_s, x, y, 0.0, 120.0 if rng.random() < 0.02 else 4.0)
            at_s += every_s


def fleet(count: int, seed: int, start_s: int, every_s: int) -> Iterator[tuple[str, Fix]]:
    """Several trucks for ever, in order of time."""

    def one(number: int) -> Iterator[tuple[int, str, Fix]]:
        for fix in trip(seed + number, start_s + number, every_s):
            yield fix.time, f"truck-{number}", fix

    return ((device, fix) for _, device, fix in merge(*(one(number) for number in range(count))))


def late(fixes: Iterator[tuple[str, Fix]], seed: int, share: float = 0.1, most: int = 60) -> Iterator[tuple[str, Fix]]:
    """The same in another order: some are held back until up to `most` others have passed them."""
    rng = random.Random(seed)
    held: list[tuple[int, str, Fix]] = []
    for number, (device, fix) in enumerate(fixes):
        if rng.random() < share:
            held.append((number + rng.randint(1, most), device, fix))
        else:
            yield device, fix
        for entry in [e for e in held if e[0] <= number]:
            held.remove(entry)
            yield entry[1:]


def _fix(rng: random.Random, at_s: int, x: float, y: float, speed: float, noise_m: float) -> Fix:
    north, east = y + rng.gauss(0.0, noise_m), x + rng.gauss(0.0, noise_m)
    lat = LAT + north / M_PER_DEG
    lon = LON + east / (M_PER_DEG * math.cos(math.radians(LAT)))
    return Fix(at_s, round(lat, 6), round(lon, 6), speed)
