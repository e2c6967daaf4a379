"""Boundary polygons as they come: repaired where they are dirty, joined where one area has several parts."""

from __future__ import annotations

from typing import Any, NamedTuple

import shapely
from shapely.geometry import MultiPolygon, Polygon, shape
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from core.entities import Area, AreaId
from ronda.intake.table import RawRow


class Taken(NamedTuple):
    """Rows that can be used, remarks about what was repaired, refusals with their reason.

    `given` names, by row id, the fields that the file spoke of; None: it spoke of all of them.
    """

    rows: list[Any]
    remarks: list[str]
    refused: list[str]
    given: dict[str, frozenset[str]] | None = None


def areas(raw: list[RawRow]) -> Taken:
    """One `Area` for each id; features of one id are joined."""
    shapes: dict[str, list[BaseGeometry]] = {}
    named: dict[str, RawRow] = {}
    remarks: list[str] = []
    refused: list[str] = []
    for row in raw:
        try:
            polygon, repair = _polygon(row)
        except ValueError as error:
            refused.append(f"{row.where}: {error}")
            continue
        area_id = str(row.values["id"])
        named.setdefault(area_id, row)
        shapes.setdefault(area_id, []).append(polygon)
        remarks += [f"{row.where} ({area_id}): {repair}"] if repair else []
    remarks += [f"{area_id}: {len(parts)} features joined" for area_id, parts in shapes.items() if len(parts) > 1]
    rows = [_area(area_id, named[area_id], parts) for area_id, parts in shapes.items()]
    return Taken(rows, remarks + _overlaps(shapes), refused)


def _polygon(row: RawRow) -> tuple[BaseGeometry, str]:
    """The row's valid polygon and what had to be done for it."""
    if not row.values.get("id"):
        raise ValueError("has no id; name the property that holds it with --columns id=…")
    try:
        given = shapely.force_2d(shape(row.geometry)) if row.geometry else None
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, shapely.errors.ShapelyError) as error:
        raise ValueError(f"its geometry cannot be read ({error})") from error
    if given is None or given.geom_type not in ("Polygon", "MultiPolygon") or given.is_empty:
        raise ValueError("is not a polygon")
    west, south, east, north = given.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ValueError("its coordinates are not degrees (longitude, latitude); convert it to WGS84")
    if given.is_valid:
        return given, ""
    repaired = _polygons_of(shapely.make_valid(given))
    if repaired.is_empty:
        raise ValueError(f"nothing is left of it after repair ({explain_validity(given)})")
    return repaired, f"repaired, it had a {explain_validity(given).partition('[')[0].strip().lower()}"


def _polygons_of(geometry: BaseGeometry) -> BaseGeometry:
    """Only what has an area: a repair may leave lines and points."""
    parts = [g for g in shapely.get_parts(geometry) if g.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts) if parts else MultiPolygon()


def _area(area_id: str, row: RawRow, parts: list[BaseGeometry]) -> Area:
    joined = parts[0] if len(parts) == 1 else shapely.union_all(parts)
    polygons = [joined] if isinstance(joined, Polygon) else list(getattr(joined, "geoms", []))
    return Area(
        id=AreaId(area_id),
        name=str(row.values.get("name", area_id)),
        parent=str(row.values.get("parent", "")),
        polygons=tuple(_rings(polygon) for polygon in polygons),
    )


def _rings(polygon: Polygon) -> tuple[tuple[tuple[float, float], ...], ...]:
    return tuple(tuple((x, y) for x, y in ring.coords) for ring in (polygon.exterior, *polygon.interiors))


def _overlaps(shapes: dict[str, list[BaseGeometry]]) -> list[str]:
    """Pairs of areas that share more than a sliver: a point there belongs to the first of them."""
    names, joined = list(shapes), [shapely.union_all(parts) for parts in shapes.values()]
    pairs = shapely.STRtree(joined).query(joined, predicate="overlaps").T.tolist() if joined else []
    remarks = []
    for a, b in pairs:
        smaller = min(joined[a].area, joined[b].area)
        if a < b and joined[a].intersection(joined[b]).area > 0.01 * smaller:
            remarks.append(f"{names[a]} and {names[b]} overlap")
    return remarks
