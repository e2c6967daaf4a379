"""Closures upon a road network: water and people's barriers make segments slower or impassable, class by class.

Only the segments that a shape touches are computed; all others keep their weight. Of a segment that is stopped it is
known from where to where, so that whoever stands between a crossing and the water still gets away from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np
import shapely
import shapely.geometry
from numpy.typing import NDArray

from core.entities import Closure
from core.errors import ConfigError
from dispatch.roads.metric import Floats, Plane
from dispatch.roads.network import Network
from dispatch.roads.speeds import ACCESS, CLASSES, WATER_CM, WATER_SHARE, VehicleClass

MAX_CLOSURES: Final = 1_000
MAX_VERTICES: Final = 20_000  # of one shape
_SHAPES: Final = ("Polygon", "MultiPolygon", "LineString", "MultiLineString", "Point", "MultiPoint")


def speed_share(closure: Closure, cls: VehicleClass) -> float:
    """What is left of the speed of a class within the closure: 1 all of it, 0 it cannot pass."""
    if closure.vehicles and cls not in closure.vehicles:
        return 1.0
    if closure.access is not None and cls not in ACCESS[closure.access]:
        return 0.0
    if closure.depth_cm is None:
        return 0.0 if closure.access is None else 1.0
    slow_cm, stop_cm = WATER_CM[cls]
    if closure.depth_cm >= stop_cm:
        return 0.0
    return WATER_SHARE if closure.depth_cm >= slow_cm else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class ClassWeights:
    """One class under the closures: seconds of edges and of segments; where a segment is stopped, and by which."""

    edge_s: Floats
    pass_s: Floats  # of the segment as if it could be passed whole
    stop_from: Floats  # shares of the segment; above 1: it is not stopped
    stop_until: Floats
    stopped_by: NDArray[np.int32]  # number of the closure, -1: none


class Closed:
    """A network under closures. The weights of a class are computed when they are first asked for."""

    def __init__(self, network: Network | None, closures: Sequence[Closure] = ()) -> None:
        if len(closures) > MAX_CLOSURES:
            raise ConfigError(f"{len(closures)} closures; at most {MAX_CLOSURES} can be in force: join or end some")
        self.network = network
        self.closures = tuple(sorted(closures, key=lambda closure: closure.id))
        self.ids = tuple(closure.id for closure in self.closures)
        self.version = _version(self.closures)
        given = [_given(closure) for closure in self.closures]
        self._plane = network.plane if network else _plane_of(given)
        self._shapes = [_flat(*pair, self._plane) for pair in zip(self.closures, given, strict=True)]
        shapely.prepare(self._shapes)
        self._classes: dict[int, ClassWeights] = {}
        self._touched: list[_Touched] | None = None

    def xy(self, lons: Floats, lats: Floats) -> Floats:
        """Positions in the plane of the shapes; NaN where they are too far for it."""
        return np.where(self._plane.near(lons)[:, None], self._plane.xy(lons, lats), np.nan)

    def covering(self, cls: int, xy: Floats) -> NDArray[np.int32]:
        """For each position the number of a closure that covers it and stops the class, -1: none does."""
        by = np.full(len(xy), -1, np.int32)
        for number in reversed(range(len(self.closures))):
            if speed_share(self.closures[number], CLASSES[cls]) == 0.0:
                by[shapely.contains_xy(self._shapes[number], xy[:, 0], xy[:, 1])] = number
        return by

    def of(self, cls: int) -> ClassWeights:
        """Weights of a class."""
        if cls not in self._classes:
            self._classes[cls] = self._weigh(cls)
        return self._classes[cls]

    def _weigh(self, cls: int) -> ClassWeights:
        assert self.network is not None  # noqa: S101  asked for by who has a network
        network, m = self.network, self.network.roads.segments
        slower = np.zeros(m)
        found = ClassWeights(
            network.weights(cls),
            network.pass_s[cls].copy(),
            np.full(m, 2.0),
            np.full(m, -1.0),
            np.full(m, -1, np.int32),
        )
        if self._touched is None:
            self._touched = [_touched(network, shape) for shape in self._shapes]
        for number, touched in enumerate(self._touched):
            share = speed_share(self.closures[number], CLASSES[cls])
            if share == 0.0:
                _stop(found, touched, number)
            elif share < 1.0:
                slower[touched.segment] = np.maximum(slower[touched.segment], touched.share * (1.0 / share - 1.0))
        changed = np.flatnonzero((slower > 0) | (found.stopped_by >= 0))
        found.pass_s[changed] *= 1.0 + slower[changed]
        stopped = found.stopped_by[changed] >= 0
        network.put(found.edge_s, cls, changed, np.where(stopped, np.inf, found.pass_s[changed]))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Touched:
    """Segments that a shape touches: from where to where, and which share of the length it is."""

    segment: NDArray[np.int64]
    since: Floats
    until: Floats
    share: Floats


def _touched(network: Network, shape: Any) -> _Touched:
    segment = np.sort(network.tree.query(shape, predicate="intersects")).astype(np.int64)
    lines = network.lines[segment]
    inside = shapely.intersection(lines, shape)
    length_m = np.maximum(shapely.length(lines), 1e-9)
    share = np.minimum(shapely.length(inside) / length_m, 1.0)
    xy, owner = shapely.get_coordinates(inside, return_index=True)
    at = shapely.line_locate_point(lines[owner], shapely.points(xy)) / length_m[owner]
    since, until = np.full(len(segment), 2.0), np.full(len(segment), -1.0)
    np.minimum.at(since, owner, at)
    np.maximum.at(until, owner, at)
    within = share > 0  # what only touches the edge is not in it
    return _Touched(segment[within], since[within], until[within], share[within])


def _stop(found: ClassWeights, touched: _Touched, number: int) -> None:
    at = touched.segment
    found.stop_from[at] = np.minimum(found.stop_from[at], touched.since)
    found.stop_until[at] = np.maximum(found.stop_until[at], touched.until)
    found.stopped_by[at] = np.where(found.stopped_by[at] < 0, number, found.stopped_by[at])


def _version(closures: Sequence[Closure]) -> str:
    """A name for the closures in force, by their content; empty for none."""
    body = msgspec.json.encode(closures, order="sorted")
    return hashlib.sha256(body).hexdigest()[:16] if closures else ""


def _given(closure: Closure) -> Any:
    """The closure's shape in degrees, if it is one near some city."""
    try:
        shape = shapely.geometry.shape(closure.shape)
        corners = shapely.get_coordinates(shape)
        kind = shape.geom_type
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, shapely.errors.ShapelyError) as error:
        raise ConfigError(f"closure {closure.id}: its shape cannot be read ({error}); draw it again") from error
    if kind not in _SHAPES or not 0 < len(corners) <= MAX_VERTICES:
        raise ConfigError(
            f"closure {closure.id}: its shape must be one of {', '.join(_SHAPES)} with 1 to {MAX_VERTICES} corners"
        )
    if not (np.abs(corners) <= (180.0, 90.0)).all():
        raise ConfigError(f"closure {closure.id}: a corner is no position; write degrees, longitude before latitude")
    return shape


def _flat(closure: Closure, given: Any, plane: Plane) -> Any:
    """The closure's area in metres; lines and points get a width."""
    if not plane.near(shapely.get_coordinates(given)[:, 0]).all():
        raise ConfigError(f"closure {closure.id} reaches too far from the city; cut it to the city")
    flat = shapely.transform(given, lambda degrees: plane.xy(degrees[:, 0], degrees[:, 1]))
    return shapely.make_valid(flat) if "Polygon" in flat.geom_type else shapely.buffer(flat, closure.width_m / 2)


def _plane_of(shapes: Sequence[Any]) -> Plane:
    """Without roads: a plane about a corner of the first closure."""
    corners = shapely.get_coordinates(shapes[:1])
    return Plane(float(corners[0, 0]), float(corners[0, 1])) if len(corners) else Plane(0.0, 0.0)
