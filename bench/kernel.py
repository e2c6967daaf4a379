"""Fixes per CPU second of the dwell kernel, rewind on: compiled and interpreted, in order and with late fixes.

Prints one table; the ratio is what counts, since both run in the same minute on the same machine.
    python bench/kernel.py [--fixes N]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import geo.dwell
import geo.plane
import geo.rewind
from core.entities import Profile
from core.fixes import Fixes
from geo.jit import interpreted
from geo.partition import GeoState
from geo.step import step

DEVICES = 500
START_US = 1_765_000_000_000_000


def fleet(n: int, late: float, seed: int = 1) -> Fixes:
    """Trucks that drive and stand by turns, 10 s apart, noise 5 m; a share `late` comes up to 10 min late."""
    rng = np.random.default_rng(seed)
    per_device = n // DEVICES
    device = np.tile(np.arange(DEVICES), per_device)
    turn = np.repeat(np.arange(per_device), DEVICES)
    moving = (turn // 30 + device) % 2 == 0
    x_m = np.cumsum((moving * 80.0).reshape(per_device, DEVICES), axis=0).ravel() + rng.normal(0, 5, n)
    time_us = START_US + turn * 10_000_000
    order = np.argsort(time_us + (rng.random(n) < late) * rng.integers(0, 600_000_000, n), kind="stable")
    fixes = Fixes.of(
        [f"t{i}" for i in range(DEVICES)],
        device=device,
        time_us=time_us,
        received_us=time_us + 1_000_000,
        lon=123.6 + x_m / 109_660,
        lat=-10.17 + rng.normal(0, 5, n) / 110_610,
        speed_mps=moving * 8.0,
    )
    return fixes.take(order)


def rate(run: Callable[[], float], n: int) -> float:
    """Best of three, in fixes per CPU second; `run` returns its seconds."""
    return n / min(run() for _ in range(3))


def fed(fixes: Fixes, feed: Callable[..., Any]) -> float:
    """Seconds of the kernel and its rings alone: no rows, no labels."""
    state = GeoState()
    d = state.devices
    slots = np.array([d.slot(i, Profile()) for i in fixes.ids])[fixes.device]
    for slot in range(len(d.ids)):
        for _ in range(3):
            d.grow_ring(slot)
    columns = (
        slots, fixes.time_us, fixes.content.view(np.int64), fixes.lon, fixes.lat, fixes.accuracy_m, fixes.speed_mps,
        np.full(len(fixes), -1, np.int8), fixes.received_us, np.zeros(len(fixes), bool),
    )  # fmt: skip
    ended, row = geo.rewind.DRAIN, 0
    begin = time.process_time()
    while ended != geo.rewind.DONE:
        ended, row, _ = feed(
            row, *columns, d.ring, d.regions, d.f, d.k, d.kf, d.kk, d.p, 0, 0, state.event_ints, state.event_floats,
            state.counts,
        )  # fmt: skip
    return time.process_time() - begin


def stepped(fixes: Fixes) -> float:
    """Seconds of the whole step on a new partition: rings grow, rows and alerts are made."""
    state = GeoState()
    begin = time.process_time()
    step(state, fixes)
    return time.process_time() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fixes", type=int, default=1_000_000)
    n = parser.parse_args().fixes // DEVICES * DEVICES
    plain = interpreted(geo.plane, geo.dwell, geo.rewind)["feed"]
    few = n // 50 // DEVICES * DEVICES
    print(f"{'':28}{'compiled/s':>14}{'interpreted/s':>15}{'ratio':>8}")
    for name, late in (("in order", 0.0), ("1 % late", 0.01), ("10 % late", 0.1)):
        whole, part = fleet(n, late), fleet(few, late)
        fed(part, geo.rewind.feed)
        fast = rate(lambda w=whole: fed(w, geo.rewind.feed), n)
        slow = rate(lambda p=part: fed(p, plain), few)
        print(f"{'kernel and ring, ' + name:28}{fast:14,.0f}{slow:15,.0f}{fast / slow:8.0f}")
        full = rate(lambda w=whole: stepped(w), n)
        print(f"{'whole step, ' + name:28}{full:14,.0f}")


if __name__ == "__main__":
    main()
