"""The area that a place is in, by the register."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import shapely

from core.entities import Area


def area_at(areas: Mapping[str, Area], lon: float, lat: float) -> str | None:
    """Id of the first area that a point is in, its border counted; None outside all. A bad shape holds nothing."""
    for area_id in sorted(areas):
        for rings in areas[area_id].polygons:
            with suppress(ValueError, shapely.errors.ShapelyError):
                if rings and shapely.intersects_xy(shapely.Polygon(rings[0], rings[1:]), lon, lat):
                    return area_id
    return None


def middle(area: Area) -> tuple[float, float]:
    """A place inside the largest part of an area."""
    parts = [shapely.Polygon(rings[0], rings[1:]) for rings in area.polygons]
    point = shapely.make_valid(max(parts, key=lambda part: part.area)).representative_point()
    return float(point.x), float(point.y)
