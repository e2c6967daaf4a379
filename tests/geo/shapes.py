"""Shapes for tests: boxes, random polygons on a coarse grid, and the same as shapely sees them."""

from __future__ import annotations

from typing import Any

import shapely
from hypothesis import reject
from hypothesis import strategies as st

from core.entities import Area, AreaId, Zone, ZoneId

Ring = tuple[tuple[float, float], ...]
Polygons = tuple[tuple[Ring, ...], ...]


def box(x0: float, y0: float, x1: float, y1: float) -> Ring:
    """A rectangle as a ring."""
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))


def area(id_: str, *polygons: tuple[Ring, ...]) -> Area:
    return Area(id=AreaId(id_), name=id_, polygons=polygons)


def zone(id_: str, **fields: Any) -> Zone:
    return Zone(id=ZoneId(id_), **fields)


def polygons_of(shape: Any) -> Polygons:
    """What our entities hold of a shapely geometry."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return tuple(tuple(tuple(map(tuple, ring.coords)) for ring in (p.exterior, *p.interiors)) for p in parts)


EIGHTH = 0.0005  # degrees, about a cell: points of this grid often lie on vertices and edges
grid = st.integers(0, 24).map(lambda n: n * EIGHTH)
corners = st.tuples(grid, grid)
free = st.tuples(st.floats(0, 24 * EIGHTH), st.floats(0, 24 * EIGHTH))
points = st.lists(corners | free, min_size=1, max_size=30)


@st.composite
def polygons(draw: st.DrawFn) -> Any:
    """A valid shapely geometry of one or several polygons with holes, made of pieces added and cut out."""
    shape = shapely.MultiPolygon()
    for ring in draw(st.lists(st.lists(corners | free, min_size=3, max_size=6), min_size=1, max_size=5)):
        piece = only_polygons(shapely.make_valid(shapely.Polygon(ring)))
        joined = shapely.difference if draw(st.booleans()) else shapely.union
        try:
            shape = only_polygons(joined(shape, piece))
        except RuntimeWarning:  # pieces 1e-300 degrees wide: shapely cannot say what they are
            reject()
    return shape


def only_polygons(shape: Any) -> Any:
    """A multipolygon of what has an area."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts) if parts else shapely.MultiPolygon()
