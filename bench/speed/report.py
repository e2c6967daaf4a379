"""What is printed: ratios within one run; absolute figures belong to the machine.

The fleet is the frozen one of bench/accuracy: 24 devices, 8 hours, in arrival order with 1 % late and 1 % twice. Peers
get it sorted, device by device. A peer that is missing is said to be, with the way to install it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

import geo.folds.dwell
import geo.folds.plane
import geo.folds.rewind
import geo.folds.timers
from bench.accuracy.generator import SAMPLINGS_S, TEST_SEEDS, fleet
from bench.accuracy.ours import arriving
from bench.speed import kernel, whole
from core.fixes import Fixes
from geo.folds.jit import COMPILED, interpreted
from ronda.collector import calm_collector

SIZES: Final = (100, 10_000)
FEW: Final = 3_000  # fixes for the interpreter


def peers(python: str) -> list[dict[str, Any]]:
    """What the other Python measured of the peers."""
    script = Path(__file__).with_name("peers.py")
    done = subprocess.run([python, "-W", "ignore", str(script)], capture_output=True, text=True, check=True)
    rows: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return rows


class Ours(NamedTuple):
    """One way of feeding the kernel: fixes in an order, in batches of a size."""

    name: str
    seconds: float  # a fix, over all samplings by their number of fixes


def dwell(python: str) -> None:
    """The dwell kernel beside the peers."""
    heard = [arriving(list(fleet(TEST_SEEDS[0], every_s))) for every_s in SAMPLINGS_S]
    weights = [len(fixes) for fixes in heard]
    print(f"dwell, ring and rewind on, {sum(weights):,} fixes at " + ", ".join(f"{s:.0f} s" for s in SAMPLINGS_S))
    ours = []
    for name, fleets in {"in order": [in_order(fixes) for fixes in heard], "as heard": heard}.items():
        for size in SIZES:
            each = [kernel.seconds_a_fix(fixes, size) for fixes in fleets]
            ours.append(Ours(f"{name}, {size:,}", _mean(each, weights)))
            print(f"  ours, {ours[-1].name:20}{1e9 * ours[-1].seconds:9.0f} ns a fix ({_list(each)})")
    plain = interpreted(geo.folds.plane, geo.folds.dwell, geo.folds.timers, geo.folds.rewind)["feed"]
    slow = kernel.seconds_a_fix(heard[1].take(np.arange(FEW)), FEW, plain)
    print(f"  without numba{'':13}{1e9 * slow:9,.0f} ns a fix")
    for peer in peers(python):
        if peer["version"] is None:
            print(f"  {peer['name']}: not installed; uv pip install --python {python} --group bench")
            continue
        _beside(f"{peer['name']} {peer['version']}", peer["seconds"], weights, ours)
        if "call" in peer:
            _beside("  temporal_stops alone", peer["call"], weights, ours)


def in_order(fixes: Fixes) -> Fixes:
    """By time, and by content at equal times."""
    return fixes.take(np.lexsort((fixes.content.view(np.int64), fixes.time_us)))


def _beside(name: str, each: list[float], weights: list[int], ours: list[Ours]) -> None:
    mean = _mean(each, weights)
    print(f"  {name:26}{1e9 * mean:9,.0f} ns a fix ({_list(each)})")
    print(f"  {'':26}ours is " + "; ".join(f"{mean / o.seconds:,.0f}x ({o.name})" for o in ours))


def _mean(each: list[float], weights: list[int]) -> float:
    return sum(s * weight for s, weight in zip(each, weights, strict=True)) / sum(weights)


def _list(seconds: list[float]) -> str:
    return " ".join(f"{1e9 * s:,.0f}" for s in seconds)


def parked() -> None:
    """Long history never slows a device."""
    few, many = (whole.parked(count) for count in (500, 8_000))
    print(f"parked, whole step: {1e6 * few:.2f} us a fix after 500, {1e6 * many:.2f} after 8,000: {many / few:.2f}x")


def memory() -> None:
    """Bytes a device, so megabytes for a million, by part."""
    for every_s in (10, 30):
        parts = whole.memory(10_000, every_s)
        live = parts["dwell"] + parts["track"]
        said = ", ".join(f"{name} {size:,.0f}" for name, size in parts.items())
        print(f"memory at {every_s} s sampling, bytes a device: {said}")
        print(f"  100,000 devices: {live / 10:,.0f} MB of kernel state, {sum(parts.values()) / 10:,.0f} MB with rings")


def full_step() -> None:
    """Every detector on, beside our own decoding of the same fixes."""
    frozen = arriving(list(fleet(TEST_SEEDS[0], 10.0)))
    for name, (configs, fixes) in {"frozen fleet": ([], frozen), "simulated city": whole.simulated_city()}.items():
        messages = whole.payloads(fixes)
        calm_collector()  # as every process of ours; else it walks through the bench's own objects with each batch
        alone = min(whole.parsed(messages) for _ in range(3))
        for size in SIZES:
            ours, events = whole.stepped(configs, fixes, size)
            decode = min(whole.decoded(messages, fixes, size) for _ in range(3))
            print(
                f"step, {name}, batches of {size:,}: {1e9 * ours:,.0f} ns a fix ({100 * events / len(fixes):.1f} events"
                f" in 100 fixes); decoding {1e9 * decode:,.0f}: {decode / ours:.2f}x; msgspec alone {1e9 * alone:,.0f}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", default=sys.executable, help="the Python that has the peers (group `bench`)")
    parser.add_argument("--only", choices=("dwell", "parked", "memory", "step"))
    asked = parser.parse_args()
    numba = version("numba") if COMPILED else "absent: interpreted"
    print(f"Python {sys.version.split()[0]}, numpy {version('numpy')}, numba {numba}, msgspec {version('msgspec')}")
    for name, run in {
        "dwell": lambda: dwell(asked.peers),
        "parked": parked,
        "memory": memory,
        "step": full_step,
    }.items():
        if asked.only in (None, name):
            run()
