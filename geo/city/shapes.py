"""Areas, places, zones and streets as one list of edges, each with the part of the shape that it belongs to.

A longitude may jump by more than 180 degrees from one vertex to the next: the shape goes on across the antimeridian,
and its edges are counted on beyond 180. A ring that does not close so (it goes round a pole) stands as it is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.entities import Area, Place, Street, Zone

Array = NDArray[Any]
Line = Sequence[tuple[float, float]]
Polygon = Sequence[Line]
HALO_M: Final = 20.0  # of areas and places; zones say their own
ENTER_S: Final = 10.0
EXIT_S: Final = 25.0
LEAST_REACH_M: Final = 30.0  # served from the street: a point within less than this is not asked for


class Parts(NamedTuple):
    """Shapes taken apart: polygons (a shell and its holes), lines, points."""

    edges: Array  # float64[n, 4]: lon, lat, lon, lat
    part: Array  # int64[n]: the part that an edge belongs to
    shape: Array  # int64[parts]: the fence or target that a part belongs to
    solid: Array  # bool[parts]: a polygon, inside between its edges
    reach_m: Array  # float64[parts]: within so many metres of it a fix is asked after


class Fence(NamedTuple):
    """What visits need of an area, a place or a zone."""

    key: str
    polygons: Sequence[Polygon]
    line: Line
    radius_m: float  # of the line; -1: it has none
    halo_m: float
    enter_s: float
    exit_s: float
    version: str


class Target(NamedTuple):
    """What services need of a service point or a street."""

    key: str
    line: Line
    reach_m: float
    street: bool


def fences(areas: Iterable[Area], places: Iterable[Place], zones: Iterable[Zone]) -> list[Fence]:
    """Areas first, then places, then zones, each by id: in this order they are found."""
    return [
        *(
            Fence(f"area:{a.id}", a.polygons, (), -1.0, HALO_M, ENTER_S, EXIT_S, a.version)
            for a in sorted(areas, key=lambda area: area.id)
        ),
        *(
            Fence(f"place:{p.id}", (), ((p.lon, p.lat),), p.radius_m, HALO_M, ENTER_S, EXIT_S, "")
            for p in sorted(places, key=lambda place: place.id)
        ),
        *(
            Fence(f"zone:{z.id}", z.polygons, *_width(z), z.margin_m, z.enter_s, z.exit_s, z.version)
            for z in sorted(zones, key=lambda zone: zone.id)
        ),
    ]


def _width(zone: Zone) -> tuple[Line, float]:
    """Line and radius of a zone; one that has polygons has no line."""
    return (zone.line, zone.radius_m) if zone.line and not zone.polygons else ((), -1.0)


def targets(places: Iterable[Place], streets: Iterable[Street]) -> list[Target]:
    """Service points, then streets, each by id."""
    points = sorted((p for p in places if p.kind == "service_point"), key=lambda place: place.id)
    lines = sorted((s for s in streets if s.line), key=lambda street: street.id)
    return [
        *(Target(f"place:{p.id}", ((p.lon, p.lat),), max(p.radius_m, LEAST_REACH_M), street=False) for p in points),
        *(Target(f"street:{s.id}", s.line, LEAST_REACH_M, street=True) for s in lines),
    ]


def parts_of_fences(given: Sequence[Fence]) -> Parts:
    """Every polygon and every line a part of its own; an empty one has none."""
    taken = []
    for index, fence in enumerate(given):
        taken += [(_polygon(polygon), index, True, fence.halo_m) for polygon in fence.polygons]
        taken += [(segments(fence.line), index, False, max(fence.radius_m, 0.0) + fence.halo_m)]
    return _joined(taken)


def parts_of_targets(given: Sequence[Target]) -> Parts:
    """Every target one part."""
    return _joined([(segments(target.line), index, False, target.reach_m) for index, target in enumerate(given)])


def segments(line: Line) -> Array:
    """The segments of a line, float64[n, 4]; a point is one segment without length."""
    if not line:
        return np.empty((0, 4))
    points = np.array(line if len(line) > 1 else [line[0], line[0]], float)
    return _edges(counted_on(points))


def _polygon(rings: Polygon) -> Array:
    """Edges of all rings of a polygon, its holes counted on from the same side of the antimeridian as the shell."""
    edges: list[Array] = []
    for ring in rings:
        if len(ring):
            given = _edges(closed_ring(np.array(ring, float)))
            if edges and given[:, ::2].min() < edges[0][:, ::2].min():
                given[:, ::2] += 360.0
            edges.append(given)
    return np.concatenate(edges) if edges else np.empty((0, 4))


def closed_ring(points: Array) -> Array:
    """A closed ring; where counting on over the antimeridian does not close it, as it is drawn."""
    closed = points if len(points) > 1 and (points[0] == points[-1]).all() else np.concatenate([points, points[:1]])
    counted = counted_on(closed)
    return counted if counted[0, 0] == counted[-1, 0] else closed


def counted_on(points: Array) -> Array:
    """Longitudes that never jump. A step of exactly 360 degrees is an edge along a whole parallel, and stays."""
    step = np.diff(points[:, 0])
    jumps = (abs(step) > 180.0) & (abs(step) < 360.0)
    turns = np.concatenate([[0.0], np.cumsum(np.where(jumps, -360.0 * np.sign(step), 0.0))])
    turns -= min(turns.min(), 0.0)  # counted on to the east
    return np.column_stack([points[:, 0] + turns, points[:, 1]])


def _edges(points: Array) -> Array:
    return np.concatenate([points[:-1], points[1:]], axis=1)


def _joined(taken: Sequence[tuple[Array, int, bool, float]]) -> Parts:
    """The list of edges; parts without edges are left out."""
    full = [entry for entry in taken if len(entry[0])]
    lengths = [len(entry[0]) for entry in full]
    return Parts(
        np.concatenate([entry[0] for entry in full]) if full else np.empty((0, 4)),
        np.repeat(np.arange(len(full)), lengths),
        np.array([entry[1] for entry in full], np.int64),
        np.array([entry[2] for entry in full], bool),
        np.array([entry[3] for entry in full], float),
    )
