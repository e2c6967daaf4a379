"""Fences of a million points: ours, exact and with halos, against `STRtree.query(points, "within")` of shapely.

51 areas that tile a city and 500 zones, all made up from a seed. Both in one run, on one core, by CPU time; the ratio
is what counts. Shapely's time holds the making of its points, as ours holds the cells and the exact tests.
    python bench/zones.py [--points N] [--seed S]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely
from scipy.spatial import Voronoi

from core.entities import Area, AreaId, Street, StreetId, Zone, ZoneId
from geo.city.world import World
from geo.folds.jit import COMPILED, jit
from geo.folds.lanes import beside

CORNER, WIDTH = np.array([123.53, -10.25]), 0.16  # degrees: a city of 17 km
AREAS, ZONES, STREETS = 51, 500, 5_000
LEGS = 100_000


def city(rng: np.random.Generator) -> list[shapely.Polygon]:
    """Areas that share their winding borders, then zones anywhere."""
    seeds = rng.uniform(0, WIDTH, (AREAS, 2))
    mirrored = [seeds * (1, -1), seeds * (-1, 1), (2 * WIDTH, 0) + seeds * (-1, 1), (0, 2 * WIDTH) + seeds * (1, -1)]
    cells = Voronoi(np.concatenate([seeds, *mirrored]))
    borders: dict[tuple[int, int], np.ndarray] = {}
    shapes = [area(rng, cells, borders, cells.regions[cells.point_region[i]]) for i in range(AREAS)]
    return shapes + [zone(rng) for _ in range(ZONES)]


def area(rng: np.random.Generator, cells: Any, borders: dict[tuple[int, int], np.ndarray], corners: list[int]) -> Any:
    """A Voronoi cell, each of its borders a line of many vertices that its neighbour has too."""
    ring = []
    for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
        low, high = min(a, b), max(a, b)
        if (low, high) not in borders:
            borders[low, high] = winding(rng, cells.vertices[low], cells.vertices[high])
        line = borders[low, high]
        ring.append(line[:-1] if a == low else line[:0:-1])
    return shapely.make_valid(shapely.Polygon(np.concatenate(ring) + CORNER))


def winding(rng: np.random.Generator, a: np.ndarray, b: np.ndarray, steps: int = 23) -> np.ndarray:
    """A line from a to b that winds by a tenth of its length."""
    share = np.linspace(0, 1, steps + 1)[:, None]
    swing = np.cumsum(rng.normal(0, 0.02, steps + 1))
    swing -= swing[0] + (swing[-1] - swing[0]) * share[:, 0]
    return a + (b - a) * share + swing[:, None] * np.array([a[1] - b[1], b[0] - a[0]])


def zone(rng: np.random.Generator) -> shapely.Polygon:
    """A blob of 100 to 500 m."""
    n = int(rng.integers(20, 113))
    turn = np.linspace(0, 2 * np.pi, n, endpoint=False)
    wave = 1 + 0.25 * np.sin(3 * turn + rng.uniform(0, 7)) + rng.normal(0, 0.02, n)
    radius = rng.uniform(0.001, 0.004)
    centre = CORNER + rng.uniform(0.004, WIDTH - 0.004, 2)
    return shapely.make_valid(
        shapely.Polygon(centre + radius * wave[:, None] * np.column_stack([np.cos(turn), np.sin(turn)]))
    )


def rings(shape: Any) -> tuple[Any, ...]:
    """Polygons as our entities have them."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return tuple(tuple(tuple(map(tuple, ring.coords)) for ring in (p.exterior, *p.interiors)) for p in parts)


def streets(rng: np.random.Generator) -> list[Street]:
    """Straight segments of 50 to 200 m."""
    ends = CORNER + rng.uniform(0, WIDTH, (STREETS, 2))
    turn, length = rng.uniform(0, 2 * np.pi, STREETS), rng.uniform(0.0005, 0.002, STREETS)
    others = ends + length[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    return [
        Street(id=StreetId(f"s{i}"), line=(tuple(a), tuple(b)))
        for i, (a, b) in enumerate(zip(ends.tolist(), others.tolist(), strict=True))
    ]


def seconds(run: Callable[[], Any], times: int) -> tuple[float, Any]:
    """The least CPU seconds of several runs, and what the last returned."""
    least, answer = float("inf"), None
    for _ in range(times):
        begin = time.process_time()
        answer = run()
        least = min(least, time.process_time() - begin)
    return least, answer


@jit
def passed(world: Any, ends: Any, found: Any, metres: Any) -> int:
    """How many targets all legs come near."""
    n = 0
    for i in range(len(ends)):
        leg = ends[i]
        n += beside(world, leg[0], leg[1], leg[2], leg[3], found, metres)
    return n


def legs(world: World, rng: np.random.Generator) -> float:
    """Legs of 100 m per CPU second against streets."""
    start = CORNER + rng.uniform(0, WIDTH, (LEGS, 2))
    turn = rng.uniform(0, 2 * np.pi, LEGS)
    ends = np.concatenate([start, start + 0.0009 * np.column_stack([np.cos(turn), np.sin(turn)])], axis=1)
    found, metres = np.empty(64, np.int64), np.empty(64)
    passed(world.arrays, ends[:1], found, metres)
    spent, _ = seconds(lambda: passed(world.arrays, ends, found, metres), 3)
    return LEGS / spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    rng = np.random.default_rng(given.seed)
    shapes = city(rng)
    begin = time.process_time()
    areas = [Area(id=AreaId(f"a{i:03}"), name="", polygons=rings(shape)) for i, shape in enumerate(shapes[:AREAS])]
    zones = [Zone(id=ZoneId(f"z{i:03}"), polygons=rings(shape)) for i, shape in enumerate(shapes[AREAS:])]
    world = World(areas, (), zones, streets(rng))
    built = time.process_time() - begin
    lon, lat = (CORNER + rng.uniform(0, WIDTH, (given.points, 2))).T
    world.fences_of(lon[:10], lat[:10])  # compiled before it is timed
    ours, (point, fence) = seconds(lambda: world.fences_of(lon, lat), 3)
    tree = shapely.STRtree(shapes)
    theirs, pairs = seconds(lambda: tree.query(shapely.points(lon, lat), predicate="within"), 1)
    same = np.array_equal(np.unique(np.stack([point, fence]), axis=1), np.unique(pairs, axis=1))
    vertices = shapely.get_num_coordinates(shapes)
    kernel = "compiled" if COMPILED else "interpreted"
    print(f"shapely {shapely.__version__} (GEOS {shapely.geos_version_string}), kernel {kernel}")
    print(f"{AREAS} areas of {vertices[:AREAS].mean():.0f} vertices, {ZONES} zones of {vertices[AREAS:].mean():.0f}")
    print(f"world built in {built:.2f} s, {sum(a.nbytes for a in flat(world.arrays)) / 1e6:.1f} MB")
    print(f"{'shapely STRtree.query(points, within)':40}{given.points / theirs / 1e6:8.3f} million points/s")
    print(f"{'World.fences_of':40}{given.points / ours / 1e6:8.3f} million points/s")
    print(f"{'ratio':40}{theirs / ours:8.1f}")
    print(f"{'the same pairs':40}{'yes' if same else 'NO':>8}")
    print(f"{'legs of 100 m beside 5,000 streets':40}{legs(world, rng) / 1e6:8.3f} million legs/s")


def flat(arrays: Any) -> list[Any]:
    """All arrays of a tuple of arrays and tuples."""
    return [item for field in arrays for item in (flat(field) if isinstance(field, tuple) else [field])]


if __name__ == "__main__":
    main()
