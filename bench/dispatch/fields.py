"""Times to arrive over a city's roads: fields, look-ups, snapping, closures; beside a plain scipy `dijkstra`.

A made-up town of 30,000 crossings with one-way streets. Times are CPU seconds of one core; the ratio is what counts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from core.entities import Closure
from dispatch.eta import LIMIT_S, Reach
from dispatch.roads.build import build
from dispatch.roads.closing import Closed
from dispatch.roads.field import Fields, field
from dispatch.roads.network import Network
from dispatch.roads.packing import pack, unpack
from dispatch.roads.tags import way_of

CORNER, WIDTH = np.array([123.53, -10.28]), 0.16  # degrees: a city of 17 km
INCIDENTS, BIKE = 500, 1


def town(nodes: int, rng: np.random.Generator) -> list[Any]:
    """A bent grid with a tenth of its streets missing; every tenth line is a main road, some streets are one-way."""
    side = round(nodes**0.5 * 1.02)
    step = WIDTH / side
    spots = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), axis=-1) * step + CORNER
    grid = np.rint((spots + rng.uniform(-0.3, 0.3, spots.shape) * step) * 1e7).astype(int)
    ways = []
    for across in (False, True):
        for i in range(side):
            kind = "primary" if i % 10 == 0 else "tertiary" if i % 5 == 0 else "residential"
            for j in range(side - 1):
                if kind != "primary" and rng.random() < 0.1:
                    continue
                ends = (grid[i, j], grid[i, j + 1]) if across else (grid[j, i], grid[j + 1, i])
                bend = (ends[0] + ends[1]) // 2 + rng.integers(-500, 500, 2)
                one_way = "yes" if kind == "residential" and rng.random() < 0.1 else "no"
                points = tuple(tuple(point.tolist()) for point in (ends[0], bend, ends[1]))
                ways.append(way_of({"highway": kind, "oneway": one_way}, points))
    return ways


def seconds(run: Callable[[], Any], times: int = 3) -> float:
    """The least CPU seconds of several runs."""
    least = float("inf")
    for _ in range(times):
        begin = time.process_time()
        run()
        least = min(least, time.process_time() - begin)
    return least


def say(what: str, spent_s: float, ratio: float | None = None) -> None:
    print(f"{what:58}{spent_s * 1000:10.2f} ms" + (f"{ratio:10.2f} x plain" if ratio is not None else ""))


def flood(share: float) -> Closure:
    """Water over a square in the middle, of this share of the city's width."""
    low, high = (CORNER + WIDTH * (0.5 - share / 2)).tolist(), (CORNER + WIDTH * (0.5 + share / 2)).tolist()
    ring = [low, [high[0], low[1]], high, [low[0], high[1]], low]
    return Closure(id="banjir", shape={"type": "Polygon", "coordinates": [ring]}, depth_cm=50)


def fields(network: Network, rng: np.random.Generator) -> None:
    """One search, and a plain one over the same graph."""
    closed = Closed(network)
    weights = closed.of(BIKE)
    n = network.roads.nodes
    plain = csr_array((weights.edge_s, network.indices, network.indptr), shape=(n, n))
    spots = rng.uniform(CORNER, CORNER + WIDTH, (20, 2))
    xy = [closed.xy(spot[:1], spot[1:]) for spot in spots]
    sources = rng.integers(0, n, 20)
    for limit_s in (LIMIT_S, 1200.0, 600.0):
        base = seconds(lambda limit=limit_s: [dijkstra(plain, indices=s, limit=limit) for s in sources]) / 20
        ours = seconds(lambda limit=limit_s: [field(network, closed, BIKE, at, limit) for at in xy]) / 20
        say(f"plain scipy dijkstra, limit {limit_s:.0f} s", base)
        say(f"a field, cold, limit {limit_s:.0f} s", ours, ours / base)


def lookups(network: Network, rng: np.random.Generator, n: int, closures: tuple[Closure, ...]) -> None:
    """Everybody to every incident with warm fields, and 64 nearest only."""
    kept = Fields(most_bytes=1_000_000_000)
    reach = Reach(network, closures, kept)
    lons, lats = rng.uniform(CORNER, CORNER + WIDTH, (n, 2)).T
    classes = rng.choice(np.array([1, 2, 3], np.int8), n, p=[0.85, 0.12, 0.03])
    reach.crowd(lons[:1], lats[:1], classes[:1])
    say(f"  snapping {n} volunteers", seconds(lambda: reach.crowd(lons, lats, classes)))
    crowd = reach.crowd(lons, lats, classes)
    spots = rng.uniform(CORNER, CORNER + WIDTH, (INCIDENTS, 2)).tolist()
    begin = time.process_time()
    for spot in spots:
        reach.eta_of(*spot, crowd, why=False)
    say(f"  {n} x {INCIDENTS}, fields cold ({kept.computed})", time.process_time() - begin)
    say(f"  {n} x {INCIDENTS}, warm", seconds(lambda: [reach.eta_of(*spot, crowd, why=False) for spot in spots]))
    near = [rng.choice(n, 64, replace=False) for _ in spots]
    pairs = list(zip(spots, near, strict=True))
    say(f"  64 x {INCIDENTS}, warm", seconds(lambda: [reach.eta_of(*s, crowd, c, why=False) for s, c in pairs]))
    if closures:
        for spot in spots[:20]:
            reach.eta_of(*spot, crowd)
        told = seconds(lambda: [reach.eta_of(*spot, crowd) for spot in spots[:20]]) / 20
        say(f"  {n} x 1, warm, with whom the water keeps away", told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    ways = town(given.nodes, rng)
    roads, _ = build(ways)
    body = pack(roads)
    print(f"{roads.nodes} nodes, {roads.segments} segments, {roads.km:.0f} km, {len(body) / 1000:.0f} kB packed")
    say("built from ways", seconds(lambda: build(ways), 1))
    say("unpacked and made ready", seconds(lambda: Network(unpack(body))))
    network = Network(roads)
    fields(network, rng)
    say("lines and their index, once", seconds(lambda: network.tree, 1))
    for share in (0.02, 0.1, 0.3):
        say(
            f"closure of {share:.0%} of the width",
            seconds(lambda share=share: Closed(network, [flood(share)]).of(BIKE)),
        )
    for n in (5_000, 50_000):
        for closures in ((), (flood(0.1),)):
            print(f"{n} volunteers, {'a flood' if closures else 'dry'}")
            lookups(network, rng, n, closures)
