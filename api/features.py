"""Places, areas, zones and streets as GeoJSON features, and features as rows again."""

from __future__ import annotations

from typing import Any, Final

from api.problems import ParameterError

_GEOMETRY: Final = {
    "places": ("lon", "lat"), "areas": ("polygons",), "zones": ("polygons", "line"), "streets": ("line",),
}  # fmt: skip
_SHAPES: Final = {"places": ("Point",), "zones": ("Polygon", "MultiPolygon", "LineString", "Point")}


def feature_of(section: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row as a feature; what its geometry says is not among its properties."""
    properties = {name: value for name, value in row.items() if name not in _GEOMETRY[section]}
    return {"type": "Feature", "id": row["id"], "geometry": _geometry(section, row), "properties": properties}


def _geometry(section: str, row: dict[str, Any]) -> dict[str, Any]:
    if section == "places":
        return {"type": "Point", "coordinates": [row["lon"], row["lat"]]}
    line = row.get("line") or []
    if not line:
        return {"type": "MultiPolygon", "coordinates": row.get("polygons") or []}
    if len(line) == 1:
        return {"type": "Point", "coordinates": line[0]}
    return {"type": "LineString", "coordinates": line}


def fields_of(section: str, body: dict[str, Any]) -> dict[str, Any]:
    """The fields of a row that a body gives, be it a feature or the fields themselves."""
    if body.get("type") != "Feature":
        return body
    geometry, properties = body.get("geometry"), body.get("properties") or {}
    if not isinstance(geometry, dict) or not isinstance(properties, dict):
        raise ParameterError("geometry", "must be a GeoJSON geometry, and properties an object")
    if section == "closures":
        return _id_of(body) | properties | {"shape": geometry}
    kind = geometry.get("type")
    if kind not in _SHAPES.get(section, ()):
        raise ParameterError("geometry", f"of {section} is {' or '.join(_SHAPES.get(section, ('none',)))}")
    return _id_of(body) | properties | _fields(section, str(kind), geometry.get("coordinates"))


def _id_of(feature: dict[str, Any]) -> dict[str, str]:
    return {"id": str(feature["id"])} if feature.get("id") is not None else {}


def _fields(section: str, kind: str, coordinates: Any) -> dict[str, Any]:
    try:
        if section == "places":
            return {"lon": coordinates[0], "lat": coordinates[1]}
        if kind in ("Point", "LineString"):
            return {"line": [point[:2] for point in ([coordinates] if kind == "Point" else coordinates)]}
        polygons = [coordinates] if kind == "Polygon" else coordinates
        return {"polygons": [[[point[:2] for point in ring] for ring in rings] for rings in polygons]}
    except (TypeError, KeyError, IndexError) as error:
        raise ParameterError("geometry", f"cannot be read: its coordinates do not fit a {kind}") from error


def common_version(rows: list[dict[str, Any]]) -> str | None:
    """The version that all rows bear; None where they differ or bear none."""
    versions = {row.get("version") for row in rows}
    return (versions.pop() or None) if len(versions) == 1 else None
