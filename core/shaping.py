"""What is wrong with a place, a zone, a street or a task: what their types do not say. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.entities import Place, Street, Task, Zone
from core.units import TIMES_US

RADIUS_M: Final = 5000.0  # a wider circle or corridor: draw a polygon
MARGIN_M: Final = 1000.0
WAIT_S: Final = 3600.0  # to be inside, or outside
VERTICES: Final = 20_000  # of one shape; a river with more of them can be simplified to a metre
POLAR_LAT: Final = 89.9  # nearer to a pole the plane around a fix bends, and no distance is true
Line = Sequence[tuple[float, float]]


def place_fault(place: Place) -> str | None:
    """None, or what is wrong with the place."""
    if not 0 < place.radius_m <= RADIUS_M:
        return f"radius_m must be more than 0 and at most {RADIUS_M:.0f}"
    if place.queue_m > RADIUS_M:
        return f"queue_m must be at most {RADIUS_M:.0f}"
    return _polar_fault(((place.lon, place.lat),))


def zone_fault(zone: Zone) -> str | None:
    """None, or what is wrong with the zone."""
    if bool(zone.polygons) == bool(zone.line):
        return "is either polygons, or a line (one point: a circle) with radius_m"
    if zone.line and not 0 < zone.radius_m <= RADIUS_M:
        return f"radius_m of a line or point must be more than 0 and at most {RADIUS_M:.0f}"
    if zone.polygons and zone.radius_m:
        return "radius_m is a line's or a point's; a polygon has none"
    if zone.margin_m > MARGIN_M or zone.enter_s > WAIT_S or zone.exit_s > WAIT_S:
        return f"margin_m must be at most {MARGIN_M:.0f}, enter_s and exit_s at most {WAIT_S:.0f}"
    return polygons_fault(zone.polygons) or _line_fault(zone.line)


def street_fault(street: Street) -> str | None:
    """None, or what is wrong with the street."""
    if len(set(street.line)) < 2:
        return "its line needs two points or more"
    return _line_fault(street.line)


def task_fault(task: Task) -> str | None:
    """None, or what is wrong with the task."""
    if not 0 < task.radius_m <= RADIUS_M:
        return f"radius_m must be more than 0 and at most {RADIUS_M:.0f}"
    if not TIMES_US[0] <= task.from_us < task.until_us < TIMES_US[1]:
        return "must begin before it ends, between 1970 and 2106"
    return _polar_fault(((task.lon, task.lat),))


def polygons_fault(polygons: Sequence[Sequence[Line]]) -> str | None:
    """None, or what is wrong with the polygons."""
    for number, rings in enumerate(polygons, 1):
        if not rings:
            return f"has a polygon without a shell (number {number}); draw its outer ring, or leave it out"
        if any(len(set(ring)) < 3 for ring in rings):
            return f"has a ring of fewer than three points (in polygon {number}); add points to it, or leave it out"
    return _long_fault([point for rings in polygons for ring in rings for point in ring])


def _line_fault(line: Line) -> str | None:
    return _long_fault(line) or _polar_fault(line)


def _polar_fault(points: Line) -> str | None:
    if all(abs(lat) <= POLAR_LAT for _, lat in points):
        return None
    return f"lies beyond {POLAR_LAT} degrees of latitude, where distances cannot be told; draw polygons instead"


def _long_fault(points: Line) -> str | None:
    if len(points) <= VERTICES:
        return None
    return f"has {len(points)} vertices; simplify it to at most {VERTICES}"
