"""One polygon as a file has it, repaired: every repair is said, nothing is repaired in silence.

Longitudes of a polygon across the antimeridian are counted on beyond 180 while it is looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import isfinite
from typing import Any, Final, NamedTuple

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from geo.city.shapes import closed_ring
from geo.folds.plane import metres_per_degree

SLIVER_M2: Final = 1.0  # smaller parts, holes, overlaps and gaps are dirt
Ring = tuple[tuple[float, float], ...]
SHAPES: Final = ("Polygon", "MultiPolygon")


class Repaired(NamedTuple):
    """A valid polygon of one part or several, and what had to be done for it."""

    shape: BaseGeometry
    remarks: list[str]
    clockwise: bool  # a shell ran clockwise; most programs do not care


def repaired(geometry: dict[str, Any] | None) -> Repaired:
    """The polygon of a GeoJSON geometry; raises `ValueError` that says why it cannot be used."""
    done: Counter[str] = Counter()
    parts = [_part(rings, done) for rings in _coordinates(geometry)]
    clockwise = any(not shapely.is_ccw(part.exterior) for part in parts if part.is_valid and not part.is_empty)
    invalid = next((explain_validity(part) for part in parts if not part.is_valid), "")
    shape = _united([_polygons_of(shapely.make_valid(part)) for part in parts], done)
    shape = _without_slivers(shape, done)
    if shape.is_empty:
        why = invalid or ", ".join(done) or "it has no area"
        raise ValueError(f"nothing is left of it after repair ({why}); draw it again")
    remarks = [f"{what} ({count} times)" if count > 1 else what for what, count in done.items()]
    if invalid:
        remarks.insert(0, invalid.partition("[")[0].strip().lower())
    return Repaired(shapely.orient_polygons(shape), remarks, clockwise)


def rings_of(shape: BaseGeometry) -> tuple[tuple[Ring, ...], ...]:
    """Polygons as our entities have them: longitudes between -180 and 180."""
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, Polygon)]
    return tuple(tuple(_ring_of(ring) for ring in (part.exterior, *part.interiors)) for part in parts)


def square_metres(shape: BaseGeometry) -> float:
    """Area, by the lengths of a degree at its middle: right to a thousandth up to a degree in size."""
    if shape.is_empty:
        return 0.0
    east, north = metres_per_degree(float(shape.centroid.y))
    return float(shape.area) * east * north


def _ring_of(ring: BaseGeometry) -> Ring:
    return tuple((x - 360.0 if x > 180.0 else x, y) for x, y in ring.coords)


def _coordinates(geometry: dict[str, Any] | None) -> Sequence[Any]:
    """Polygons as lists of rings."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    found = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if kind not in SHAPES or found in (None, []):
        raise ValueError("is not a polygon" if kind not in SHAPES else "is not a polygon: it is empty")
    polygons = [found] if kind == "Polygon" else found
    if not isinstance(polygons, list) or not all(isinstance(rings, list) for rings in polygons):
        raise ValueError("its geometry cannot be read (coordinates must be lists of rings of [longitude, latitude])")
    return polygons


def _part(rings: Sequence[Any], done: Counter[str]) -> Polygon:
    """Shell and holes, closed, without repeated points; the largest ring is the shell."""
    read = [points for ring in rings if len(points := _points(ring, done))]
    if not read:
        return Polygon()
    sizes = [Polygon(points).area for points in read]
    largest = int(np.argmax(sizes))
    if largest:
        done["hole stood before its shell"] += 1
    shell = read.pop(largest)
    return Polygon(shell, [_beside(hole, shell) for hole in read])


def _points(ring: Any, done: Counter[str]) -> Any:
    """The closed ring, float64[n, 2]; empty where it has fewer than three points."""
    points = positions(ring)
    if len(points) and points[0] != points[-1]:
        done["ring was not closed"] += 1
    kept = [point for i, point in enumerate(points) if i == 0 or point != points[i - 1]]
    if len(kept) < len(points):
        done["point repeated"] += len(points) - len(kept)
    if len(set(kept)) < 3:
        done["ring of fewer than three points left out"] += 1
        return np.empty((0, 2))
    return closed_ring(np.array(kept))


def positions(points: Any) -> list[tuple[float, float]]:
    """Pairs of a GeoJSON line or ring, heights dropped; raises `ValueError` for what are no degrees."""
    try:
        found = [(float(point[0]), float(point[1])) for point in points]
    except (TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
        raise ValueError(f"its geometry cannot be read ({error})") from error
    if not all(isfinite(x) and isfinite(y) for x, y in found):
        raise ValueError("its geometry cannot be read (a coordinate is no number)")
    if all(-180 <= x <= 180 and -90 <= y <= 90 for x, y in found):
        return found
    if all(-90 <= x <= 90 and -180 <= y <= 180 for x, y in found):
        raise ValueError("its coordinates have the latitude first; GeoJSON has longitude, latitude")
    raise ValueError("its coordinates are not degrees (longitude, latitude); convert it to WGS84")


def _beside(hole: Any, shell: Any) -> Any:
    """A hole counted on from the same side of the antimeridian as its shell."""
    turn = 360.0 if shell[:, 0].max() > 180.0 and hole[:, 0].min() < shell[:, 0].min() else 0.0
    return hole + np.array([turn, 0.0])


def _united(parts: list[BaseGeometry], done: Counter[str]) -> BaseGeometry:
    """All parts as one: as they are given where they lie apart, else what they cover together."""
    beside = MultiPolygon([piece for part in parts for piece in shapely.get_parts(part)])
    if len(parts) == 1 or beside.is_valid:
        return beside
    whole = shapely.union_all(parts)
    if sum(shapely.area(parts)) - whole.area > 1e-9 * whole.area:
        done["its own parts overlapped"] += 1
    return _polygons_of(whole)


def _polygons_of(geometry: BaseGeometry) -> BaseGeometry:
    """Only what has an area: a repair may leave lines and points."""
    parts = [part for piece in shapely.get_parts(geometry) for part in shapely.get_parts(piece)]
    return MultiPolygon([part for part in parts if isinstance(part, Polygon) and not part.is_empty])


def _without_slivers(shape: BaseGeometry, done: Counter[str]) -> BaseGeometry:
    """Without parts and holes of less than a square metre."""
    parts = []
    for part in shapely.get_parts(shape):
        holes = [hole for hole in part.interiors if square_metres(Polygon(hole)) >= SLIVER_M2]
        if len(holes) < len(part.interiors):
            done["hole of less than 1 m² filled"] += len(part.interiors) - len(holes)
            part = Polygon(part.exterior, holes)  # noqa: PLW2901  the same part, cleaner
        parts.append(part)
    large = [part for part in parts if square_metres(part) >= SLIVER_M2]
    if len(large) < len(parts):
        done["part of less than 1 m² left out"] += len(parts) - len(large)
    return MultiPolygon(large)
