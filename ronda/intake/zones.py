"""Zones and streets from GeoJSON: polygons repaired, lines and points with a width, one row for each feature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from core.assigning import fault
from core.boundaries import set_version
from core.entities import Street, Zone
from ronda.intake.areas import clockwise_remark
from ronda.intake.polygons import SHAPES, positions, repaired, rings_of
from ronda.intake.table import RawRow
from ronda.intake.taken import Taken

_ZONE: Final = ("id", "name", "radius_m", "enter_s", "exit_s", "margin_m")
_STREET: Final = ("id", "name")
_SHAPE: Final = frozenset({"polygons", "line", "radius_m", "version"})


def zones(raw: Sequence[RawRow], version: str = "") -> Taken:
    """One `Zone` for each feature; without a version the set is named after its content."""
    taken = _taken(raw, _zones_of)
    version = version or set_version(taken.rows)
    return taken._replace(rows=[msgspec.structs.replace(row, version=version) for row in taken.rows])


def streets(raw: Sequence[RawRow]) -> Taken:
    """One `Street` for each line; a feature of several lines gives as many segments."""
    return _taken(raw, _streets_of)


Make = Callable[[RawRow, list[str]], list[Any]]


def _taken(raw: Sequence[RawRow], make: Make) -> Taken:
    rows: dict[str, Any] = {}
    given: dict[str, frozenset[str]] = {}
    remarks: list[str] = []
    refused: list[str] = []
    clockwise = 0
    for row in raw:
        said: list[str] = []
        try:
            found = _new(make(row, said), rows)
        except (ValueError, TypeError, OverflowError) as error:
            refused.append(f"{row.where}: {error}")
            continue
        rows |= found
        given |= {id_: _spoken_of(entity, row) for id_, entity in found.items()}
        clockwise += said.count("clockwise")
        remarks += [f"{row.where} ({next(iter(found))}): {text}" for text in said if text != "clockwise"]
    return Taken(list(rows.values()), remarks + clockwise_remark(clockwise), refused, given)


def _spoken_of(entity: Any, row: RawRow) -> frozenset[str]:
    """Fields that the file has a say in."""
    return frozenset(entity.__struct_fields__) & (_SHAPE | set(row.values))


def _new(found: list[Any], known: dict[str, Any]) -> dict[str, Any]:
    for entity in found:
        if wrong := fault(entity):
            raise ValueError(wrong)
        if entity.id in known:
            raise ValueError(f"{entity.id} stands in the file already")
    return {entity.id: entity for entity in found}


def _zones_of(row: RawRow, said: list[str]) -> list[Zone]:
    values = _values(row, _ZONE)
    lon, lat = values.pop("lon", None), values.pop("lat", None)
    shape = row.geometry or {"type": "Point", "coordinates": [lon, lat]}
    kind = shape.get("type") if isinstance(shape, dict) else None
    if kind in SHAPES:
        done = repaired(shape)
        said += [f"repaired: {', '.join(done.remarks)}"] if done.remarks else []
        said += ["clockwise"] if done.clockwise else []
        values |= {"polygons": rings_of(done.shape), "radius_m": 0}
    else:
        values["line"] = _line(shape, said, ("Point", "LineString"))
    return [msgspec.convert(values, Zone, strict=False)]


def _streets_of(row: RawRow, said: list[str]) -> list[Street]:
    values, shape = {name: value for name, value in _values(row, _STREET).items() if name in _STREET}, row.geometry
    if not isinstance(shape, dict) or shape.get("type") != "MultiLineString":
        return [msgspec.convert(values | {"line": _line(shape, said, ("LineString",))}, Street)]
    found = shape.get("coordinates") or ()
    lines = [_line({"type": "LineString", "coordinates": line}, said, ("LineString",)) for line in found]
    if not lines:
        raise ValueError("has no line")
    said.append(f"{len(lines)} lines, taken as {values['id']}:1 to {values['id']}:{len(lines)}")
    return [
        msgspec.convert(values | {"id": f"{values['id']}:{number}", "line": line}, Street)
        for number, line in enumerate(lines, 1)
    ]


def _values(row: RawRow, wanted: Sequence[str]) -> dict[str, Any]:
    """What the file says of a row: texts as numbers where a table wrote them with a comma."""
    if not row.values.get("id"):
        raise ValueError("has no id; name the property that holds it with --columns id=…")
    values = {name: row.values[name] for name in (*wanted, "lon", "lat") if name in row.values}
    if "width_m" in row.values and "radius_m" not in values:
        values["radius_m"] = float(_number(row.values["width_m"])) / 2.0
    numbers = {name: _number(value) for name, value in values.items() if name not in ("id", "name")}
    return values | numbers | {"id": str(values["id"]), "name": str(values.get("name", values["id"]))}


def _number(value: Any) -> Any:
    return value.replace(",", ".") if isinstance(value, str) else value


def _line(shape: Any, said: list[str], kinds: Sequence[str]) -> list[tuple[float, float]]:
    """Points of a line without those that repeat the one before; of a point, the point."""
    if not isinstance(shape, dict) or shape.get("type") not in kinds:
        raise ValueError(f"is no {' or '.join((*kinds, *(SHAPES if 'Point' in kinds else ())))}")
    found = shape.get("coordinates")
    points = positions([found] if shape["type"] == "Point" else found)
    kept = [point for i, point in enumerate(points) if i == 0 or point != points[i - 1]]
    if len(kept) < len(points):
        said.append(f"repaired: point repeated ({len(points) - len(kept)})")
    return kept
