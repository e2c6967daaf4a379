"""Rows of the registries, places and assignments as entities; a row that cannot be understood says why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, tzinfo
from typing import Any, Final

import msgspec

from core.entities import Assignment, Device, Person, Place, Route, Shift, Vehicle
from ronda.intake.areas import Taken, areas
from ronda.intake.table import RawRow

ENTITIES: Final[dict[str, type[msgspec.Struct]]] = {
    "devices": Device, "vehicles": Vehicle, "people": Person, "routes": Route, "shifts": Shift,
    "assignments": Assignment, "places": Place,
}  # fmt: skip
_LISTS: Final = ("skills", "points")
_NUMBERS: Final = ("lon", "lat", "radius_m")
ID_LIMIT: Final = 200  # characters; Postgres indexes ids
_FAR_MS: Final = 1e14  # the year 5138 in milliseconds: a larger number is microseconds, or nonsense


def take(section: str, raw: list[RawRow], zone: tzinfo) -> Taken:
    """The rows of one section; times without an offset are the city's."""
    if section == "areas":
        return areas(raw)
    rows: dict[str, Any] = {}
    refused: list[str] = []
    for row in raw:
        try:
            entity = msgspec.convert(_values(section, row, zone), ENTITIES[section], strict=False)
            _sensible(entity)
        except (ValueError, TypeError) as error:
            refused.append(f"{row.where}: {error}")
            continue
        if entity.id in rows:  # type: ignore[attr-defined]  # every entity has one
            refused.append(f"{row.where}: {entity.id} stands in the file already")  # type: ignore[attr-defined]
            continue
        rows[entity.id] = entity  # type: ignore[attr-defined]
    return Taken(list(rows.values()), [], refused)


def _values(section: str, row: RawRow, zone: tzinfo) -> dict[str, Any]:
    """The row's values under the entity's names and in its types."""
    values = {**row.values, **_point(row.geometry), **_line(row.geometry)}
    if section == "assignments" and "id" not in values:  # what it joins, and since when, is its name
        joined = [str(values[name]) for name in ("device", "vehicle", "person", "route", "shift") if name in values]
        values["id"] = ":".join([*joined, str(values.get("from", ""))])
    for name in _NUMBERS:
        if isinstance(values.get(name), str):
            values[name] = values[name].replace(",", ".")
    for name in _LISTS:
        if isinstance(values.get(name), str):
            values[name] = [part.strip() for part in values[name].replace(";", "|").split("|") if part.strip()]
    for name, make in _RENAMED.items():
        if name in values:
            target, convert = make
            values[target] = convert(values.pop(name), zone)
    if "id" in values:
        values["id"] = str(values["id"])
    wanted = ENTITIES[section].__struct_fields__
    return {name: value for name, value in values.items() if name in wanted}


def _point(geometry: dict[str, Any] | None) -> dict[str, Any]:
    if not geometry or geometry.get("type") != "Point":
        return {}
    lon, lat, *_ = geometry["coordinates"]
    return {"lon": lon, "lat": lat}


def _line(geometry: dict[str, Any] | None) -> dict[str, Any]:
    if not geometry or geometry.get("type") != "LineString":
        return {}
    return {"line": [point[:2] for point in geometry["coordinates"]]}


def _sensible(entity: Any) -> None:
    """What types do not say."""
    if not entity.id:
        raise ValueError("has no id")
    if len(entity.id) > ID_LIMIT or not entity.id.isprintable():
        raise ValueError(f"its id has control characters or more than {ID_LIMIT}; look for a stray quote")
    if isinstance(entity, Place) and not 0 < entity.radius_m <= 5000:
        raise ValueError("radius_m must be more than 0 and at most 5000")
    if isinstance(entity, Assignment):
        joined = [entity.device, entity.vehicle, entity.person, entity.route, entity.shift]
        if sum(value is not None for value in joined) < 2:
            raise ValueError("joins fewer than two things; give at least two of device, vehicle, person, route, shift")
        if entity.until_us is not None and entity.until_us <= entity.from_us:
            raise ValueError("ends before it begins")


def time_us(value: Any, zone: tzinfo) -> int:
    """RFC 3339, a date or a city time, or a number of seconds or (from 1e11) milliseconds since the epoch."""
    try:
        number = float(value)
    except ValueError:  # not a number: a text that names a moment
        moment = datetime.fromisoformat(str(value))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return round(moment.timestamp() * 1_000_000)
    if not abs(number) < _FAR_MS:
        raise ValueError(f"{value} is no time: give RFC 3339, or seconds or milliseconds since 1970")
    return round(number * (1_000 if abs(number) >= 1e11 else 1_000_000))


def _minutes(value: Any, _zone: tzinfo) -> int:
    hours, colon, minutes = str(value).partition(":")
    return int(hours) * 60 + int(minutes) if colon else int(hours)


def _days(value: Any, _zone: tzinfo) -> list[int]:
    return [int(part) for part in str(value).replace(",", " ").replace("|", " ").split()]


_RENAMED: Final[dict[str, tuple[str, Callable[[Any, tzinfo], Any]]]] = {
    "from": ("from_us", time_us),
    "until": ("until_us", time_us),
    "start": ("start_min", _minutes),
    "end": ("end_min", _minutes),
    "days": ("days", _days),
}
