"""Where an alert meets the city. Pure: shapes in degrees, longitudes of a city astride 180° counted on beyond it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from math import cos, pi, radians, sin
from typing import Any, Final, NamedTuple

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon, box, mapping
from shapely.geometry.base import BaseGeometry

from cities import City
from core.entities import Area
from ingest.cap.alert import AlertArea, Circle, LonLat

AROUND_DEG: Final = 0.1  # about 11 km: how far beyond the city's bounds a hazard is drawn
ROUGH_DEG: Final = 0.0015  # about 160 m: an overlap no wider than twice this is the roughness of two boundaries
CORNERS: Final = 2_000  # of a hazard
SIMPLE_DEG: Final = 1e-4
KM_PER_DEG: Final = 111.2
_DIGITS: Final = 5
_SIDES: Final = 48  # of a circle


class Met(NamedTuple):
    """A point inside both, the ids of areas that are met, and the hazard as GeoJSON."""

    lon: float
    lat: float
    areas: tuple[str, ...]
    hazard: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Land:
    """The city: its areas by id, all of them together, and what is drawn around them."""

    areas: dict[str, BaseGeometry]
    names: dict[str, str]
    whole: BaseGeometry
    around: BaseGeometry

    @classmethod
    def of(cls, city: City, areas: Iterable[Area]) -> Land:
        """By the areas in force; without any the city is its bounds."""
        west, south, east, north = city.bounds
        east += 360.0 if east < west else 0.0
        named = {str(area.id): area for area in areas}
        shapes = {id_: _area_shape(area, west) for id_, area in named.items()}
        known = {id_: shape for id_, shape in shapes.items() if shape.area > 0}
        names, bounds = {id_: named[id_].name or id_ for id_ in known}, box(west, south, east, north)
        return cls(
            known, names, shapely.union_all([*known.values()]) if known else bounds, bounds.buffer(AROUND_DEG, 1)
        )

    def met(self, places: Sequence[AlertArea]) -> Met | None:
        """Where these places meet the city; None: nowhere."""
        found = shapely.union_all([self._shape(place) for place in places])
        common = shapely.intersection(found, self.whole)
        deep = shapely.buffer(common, -ROUGH_DEG)
        if deep.is_empty and not (common.area > 0 and common.area >= found.area / 2):
            return None
        inside = common if deep.is_empty else deep
        point = max(shapely.get_parts(inside), key=shapely.area).representative_point()
        ids = tuple(id_ for id_, area in self.areas.items() if shapely.intersection(area, inside).area > 0)
        return Met(round(_wrapped(point.x), _DIGITS), round(point.y, _DIGITS), ids, _drawn(found))

    def _shape(self, place: AlertArea) -> BaseGeometry:
        """A place of an alert, cut to what is drawn; where it has no shape, the areas that its codes name."""
        rings = [*place.polygons, *(_ring(circle) for circle in place.circles)]
        if not rings:
            return shapely.union_all([self.areas[id_] for id_ in self._coded(place)])
        shapes = [shapely.make_valid(Polygon(_unwrapped(ring))) for ring in rings]
        turned = [shapely.transform(shape, partial(_turned, turn)) for shape in shapes for turn in _TURNS]
        return shapely.union_all(shapely.intersection(turned, self.around))

    def _coded(self, place: AlertArea) -> list[str]:
        """Areas whose code is one of these, or begins with it: of a district, of the whole city."""
        codes = tuple(digits for _, code in place.geocodes if len(digits := _digits(code)) >= 4)
        return [id_ for id_ in self.areas if codes and _digits(id_).startswith(codes)]


_TURNS: Final = (-360.0, 0.0, 360.0)


def _turned(turn: float, xy: Any) -> Any:
    return xy + np.array([turn, 0.0])


def _area_shape(area: Area, west: float) -> BaseGeometry:
    parts = [
        shapely.make_valid(Polygon(*(_from(west, ring) for ring in rings[:1]), [_from(west, r) for r in rings[1:]]))
        for rings in area.polygons
        if rings and all(len(ring) >= 4 for ring in rings)
    ]
    return shapely.union_all(parts)


def _from(west: float, ring: Sequence[LonLat]) -> list[LonLat]:
    return [(lon + 360.0 if lon < west - 180.0 else lon, lat) for lon, lat in ring]


def _unwrapped(ring: Sequence[LonLat]) -> list[LonLat]:
    """A ring whose neighbours jump over the antimeridian, counted on beyond it."""
    found, turn, before = list[LonLat](), 0.0, ring[0][0]
    for lon, lat in ring:
        if 180.0 < abs(lon - before) < 360.0:
            turn += 360.0 if lon < before else -360.0
        found.append((lon + turn, lat))
        before = lon
    return found


def _ring(circle: Circle) -> tuple[LonLat, ...]:
    lat_deg = circle.radius_km / KM_PER_DEG
    lon_deg = lat_deg / max(cos(radians(circle.lat)), 0.01)
    angles = [2 * pi * side / _SIDES for side in range(_SIDES)]
    corners = [(circle.lon + lon_deg * cos(angle), circle.lat + lat_deg * sin(angle)) for angle in angles]
    return (*corners, corners[0])


def _drawn(shape: BaseGeometry) -> dict[str, Any]:
    """As GeoJSON, of a bounded number of corners, cut at the antimeridian."""
    tolerance = SIMPLE_DEG
    simple = shapely.simplify(shape, tolerance)
    while len(shapely.get_coordinates(simple)) > CORNERS:
        tolerance *= 2
        simple = shapely.simplify(shape, tolerance)
    halves = [
        shapely.intersection(simple, box(-180, -90, 180, 90)),
        shapely.intersection(simple, box(180, -90, 540, 90)),
    ]
    turned = [halves[0], shapely.transform(halves[1], partial(_turned, -360.0))]
    parts = [part for half in turned for part in shapely.get_parts(half, return_index=False)]
    polygons = [polygon for part in parts for polygon in _polygons(part)]
    rounded = shapely.transform(MultiPolygon(polygons), lambda xy: xy.round(_DIGITS))
    geometry: dict[str, Any] = mapping(rounded if len(polygons) > 1 else rounded.geoms[0])
    return {"type": geometry["type"], "coordinates": geometry["coordinates"]}


def _polygons(part: BaseGeometry) -> list[BaseGeometry]:
    return [one for one in shapely.get_parts(part) if isinstance(one, Polygon) and not one.is_empty]


def _wrapped(lon: float) -> float:
    return lon - 360.0 if lon > 180.0 else lon


def _digits(code: str) -> str:
    return "".join(c for c in code if c.isascii() and c.isdigit())
