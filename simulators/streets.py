"""A street graph of our own making: a jittered grid over the city's land, its main roads, and a door to every place.

Nodes are joined where the circle over two of them holds no third (a Gabriel graph): planar, connected, and
much like streets. The same city and seed give the same graph.
"""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import Delaunay

from cities import City, Line

_GRID_M: Final = 320.0
_JITTER_M: Final = 70.0
_ROAD_STEP_M: Final = 180.0  # distance of nodes on main roads
_KEEP_OFF_M: Final = 110.0  # grid nodes this near to a named node would only clutter
_COUNTRY_M: Final = 1400.0  # from the second nearest centre: beyond, every other grid node suffices
_LONGEST_M: Final = 1900.0
ROAD_MPS: Final = 11.0
STREET_MPS: Final = 7.0


@dataclass(frozen=True, slots=True)
class Plane:
    """Metres east and north of an origin, by the ellipsoid's degree lengths there; longitude wraps."""

    lon0: float
    lat0: float
    m_lon: float
    m_lat: float

    @staticmethod
    def at(origin: tuple[float, float]) -> Plane:
        phi = math.radians(origin[1])
        m_lat = 111_132.954 - 559.822 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi)
        m_lon = 111_412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi) + 0.118 * math.cos(5 * phi)
        return Plane(origin[0], origin[1], m_lon, m_lat)

    def forward(self, lon: Any, lat: Any) -> Any:
        """(..., 2) metres."""
        east = (np.asarray(lon, np.float64) - self.lon0 + 180.0) % 360.0 - 180.0
        return np.stack([east * self.m_lon, (np.asarray(lat, np.float64) - self.lat0) * self.m_lat], -1)

    def inverse(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Longitude in [-180, 180) and latitude."""
        lon = (self.lon0 + np.asarray(x) / self.m_lon + 180.0) % 360.0 - 180.0
        return lon, self.lat0 + np.asarray(y) / self.m_lat


@dataclass(frozen=True)
class Streets:
    """Nodes in metres of `plane`, weighted edges (seconds at free flow), and the node of each place."""

    plane: Plane
    xy: NDArray[np.float64]
    edges: NDArray[np.int64]
    main: NDArray[np.bool_]  # per edge: a main road
    place_node: dict[str, int]
    stall_node: int
    slowed: NDArray[np.float64] | None = None  # per edge: so many times as long; None: as usual

    def nearest(self, at: NDArray[np.float64]) -> int:
        """The node nearest to a point."""
        return int(np.argmin(((self.xy - at) ** 2).sum(axis=1)))

    @cached_property
    def seconds(self) -> csr_matrix:
        a, b = self.edges.T
        length = np.hypot(*(self.xy[a] - self.xy[b]).T)
        weight = length / np.where(self.main, ROAD_MPS, STREET_MPS)
        weight = weight if self.slowed is None else weight * self.slowed
        n = len(self.xy)
        return csr_matrix((np.r_[weight, weight], (np.r_[a, b], np.r_[b, a])), shape=(n, n))

    @cached_property
    def main_pairs(self) -> set[tuple[int, int]]:
        pairs = self.edges[self.main]
        return {(int(a), int(b)) for a, b in pairs} | {(int(b), int(a)) for a, b in pairs}

    @cached_property
    def _trees(self) -> dict[int, NDArray[np.int32]]:
        return {}

    def path(self, start: int, goal: int) -> list[int]:
        """Nodes of the quickest way, both ends included."""
        tree = self._trees.get(goal)
        if tree is None:
            _, tree = dijkstra(self.seconds, indices=goal, return_predecessors=True)
            self._trees[goal] = tree
        nodes = [start]
        while nodes[-1] != goal:
            nodes.append(int(tree[nodes[-1]]))
        return nodes

    def lines(self) -> list[Line]:
        """Every edge as a line (lon, lat), chained into longer ones where it can be: what the map draws."""
        lon, lat = self.plane.inverse(self.xy[:, 0], self.xy[:, 1])
        points = list(zip(np.round(lon, 5).tolist(), np.round(lat, 5).tolist(), strict=True))
        return [tuple(points[i] for i in chain) for chain in _chains(self.edges)]


def build(city: City, seed: int = 0) -> Streets:
    """The streets of `city`."""
    plane = Plane.at(city.origin)
    land = _land(city, plane)
    roads = [_resample(plane.forward(*zip(*line, strict=True))) for line in city.streets]
    places = [(p.lon, p.lat) for p in city.places] + [city.stall or city.origin]
    fixed = np.vstack([*roads, plane.forward(*zip(*places, strict=True))])
    fixed, index = _merge(fixed, len(fixed) - len(places))
    xy = np.vstack([fixed, _grid(land, fixed, _centres(city, plane), seed)])
    edges, main = _edges(xy, land, roads, index)
    node = {str(p.id): int(index[i - len(places)]) for i, p in enumerate(city.places)}
    return Streets(plane, xy, edges, main, node, int(index[-1]))


def _land(city: City, plane: Plane) -> shapely.Geometry:
    shapes = [
        shapely.Polygon(plane.forward(*zip(*rings[0], strict=True))) for area in city.areas for rings in area.polygons
    ]
    land = shapely.union_all(shapes).buffer(40.0)
    shapely.prepare(land)
    return land


def _centres(city: City, plane: Plane) -> NDArray[np.float64]:
    firsts = [area.polygons[0][0] for area in city.areas]
    return np.array([plane.forward(*zip(*ring, strict=True)).mean(0) for ring in firsts])


def _resample(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """A line with a node about every `_ROAD_STEP_M`."""
    along = np.r_[0.0, np.cumsum(np.hypot(*np.diff(line, axis=0).T))]
    at = np.linspace(0.0, along[-1], max(2, round(along[-1] / _ROAD_STEP_M) + 1))
    return np.stack([np.interp(at, along, line[:, 0]), np.interp(at, along, line[:, 1])], -1)


def _merge(xy: NDArray[np.float64], soft: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points within 40 m of an earlier one become it (crossings of roads); the last ones, places, stay themselves."""
    kept: list[NDArray[np.float64]] = []
    index = np.empty(len(xy), np.int64)
    for i, point in enumerate(xy):
        close = np.hypot(*(np.array(kept) - point).T) < 40.0 if kept and i < soft else np.zeros(0, bool)
        near = np.flatnonzero(close)
        index[i] = near[0] if len(near) else len(kept)
        if not len(near):
            kept.append(point)
    return np.array(kept), index


def _grid(
    land: shapely.Geometry, fixed: NDArray[np.float64], centres: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    rng = random.Random(f"streets/{seed}")  # noqa: S311 - scenery, not secrets
    west, south, east, north = land.bounds
    nodes = []
    for row, y in enumerate(np.arange(south, north, _GRID_M)):
        for column, x in enumerate(np.arange(west, east, _GRID_M)):
            point = np.array([x + rng.gauss(0, _JITTER_M), y + rng.gauss(0, _JITTER_M)])
            away = np.sort(np.hypot(*(centres - point).T))
            country = away[min(1, len(away) - 1)] > _COUNTRY_M
            clutter = np.hypot(*(fixed - point).T).min() < _KEEP_OFF_M
            if clutter or (country and (row % 2 or column % 2)) or not shapely.contains_xy(land, *point):
                continue
            nodes.append(point)
    return np.array(nodes).reshape(-1, 2)


def _edges(
    xy: NDArray[np.float64], land: shapely.Geometry, roads: list[NDArray[np.float64]], index: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    pairs = _gabriel(xy)
    middle = (xy[pairs[:, 0]] + xy[pairs[:, 1]]) / 2
    short = np.hypot(*(xy[pairs[:, 0]] - xy[pairs[:, 1]]).T) < _LONGEST_M
    found = {(int(a), int(b)): False for a, b in pairs[short & shapely.contains_xy(land, middle)]}
    at = 0
    for road in roads:
        nodes = index[at : at + len(road)].tolist()
        at += len(road)
        found |= {(min(a, b), max(a, b)): True for a, b in itertools.pairwise(nodes) if a != b}
    found |= dict.fromkeys(_bridges(xy, np.array(list(found))), False)
    return np.array(list(found)), np.array(list(found.values()))


def _gabriel(xy: NDArray[np.float64]) -> NDArray[np.int64]:
    """Delaunay edges whose diametral circle holds neither opposite corner."""
    corners = Delaunay(xy).simplices
    blocked: dict[tuple[int, int], bool] = {}
    for triangle in corners.tolist():
        for i in range(3):
            a, b, c = triangle[i], triangle[(i + 1) % 3], triangle[(i + 2) % 3]
            inside = float((xy[a] - xy[c]) @ (xy[b] - xy[c])) < 0.0
            key = (min(a, b), max(a, b))
            blocked[key] = blocked.get(key, False) or inside
    return np.array(sorted(pair for pair, no in blocked.items() if not no))


def _bridges(xy: NDArray[np.float64], edges: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Shortest links that join every cut-off part to the largest."""
    a, b = edges.T
    n = len(xy)
    _, part = connected_components(csr_matrix((np.ones(len(edges)), (a, b)), shape=(n, n)), directed=False)
    largest = np.bincount(part).argmax()
    mainland = np.flatnonzero(part == largest)
    links = []
    for label in set(part.tolist()) - {int(largest)}:
        island = np.flatnonzero(part == label)
        far = np.hypot(*(xy[island][:, None] - xy[mainland][None]).transpose(2, 0, 1))
        i, j = np.unravel_index(far.argmin(), far.shape)
        links.append((min(int(island[i]), int(mainland[j])), max(int(island[i]), int(mainland[j]))))
    return links


def _chains(edges: NDArray[np.int64]) -> list[list[int]]:
    """Walks that together use every edge once: fewer and longer lines to draw."""
    left: dict[int, set[int]] = {}
    for a, b in edges.tolist():
        left.setdefault(a, set()).add(b)
        left.setdefault(b, set()).add(a)
    chains = []
    for start in sorted(left):
        while left[start]:
            chain = [start]
            while left[chain[-1]]:
                onward = min(left[chain[-1]])
                left[chain[-1]].remove(onward)
                left[onward].remove(chain[-1])
                chain.append(onward)
            chains.append(chain)
    return chains
