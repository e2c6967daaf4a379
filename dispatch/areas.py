"""The area that a place is in, by the register."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

import shapely

from core.entities import Area


def area_at(areas: Mapping[str, Area], lon: float, lat: float) -> str | None:
    """Id of the first area that a point is in, its border counted; None outside all. A bad shape holds nothing."""
    for area_id in sorted(areas):
        for part in _parts(areas[area_id]):
            with suppress(shapely.errors.ShapelyError):
                if shapely.intersects_xy(part, lon, lat):
                    return area_id
    return None


def middle(area: Area) -> tuple[float, float] | None:
    """A place inside the largest part of an area; None of one without a shape, or with a bad one."""
    largest = max(_parts(area), key=lambda part: part.area, default=None)
    point = shapely.make_valid(largest).representative_point() if largest is not None else shapely.Point()
    return None if point.is_empty else (float(point.x), float(point.y))


def _parts(area: Area) -> Iterator[shapely.Polygon]:
    for rings in area.polygons:
        with suppress(ValueError, shapely.errors.ShapelyError):
            if rings:
                yield shapely.Polygon(rings[0], rings[1:])
