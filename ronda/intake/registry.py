"""Rows of the registries, places and assignments as entities; a row that cannot be understood says why."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, time, tzinfo
from typing import Any, Final

import msgspec

from core.assigning import JOINED, fault
from core.calendar import day_number
from core.entities import REGISTRIES, SECTIONS
from ronda.intake.areas import areas
from ronda.intake.polygons import positions
from ronda.intake.table import IDS, RawRow
from ronda.intake.taken import Taken
from ronda.intake.zones import streets, zones

ENTITIES: Final = {name: SECTIONS[name] for name in (*REGISTRIES, "places", "areas", "zones", "streets")}
_LISTS: Final = ("skills", "points")
_NUMBERS: Final = ("lon", "lat", "radius_m", "queue_m", "max_s")
_FAR_MS: Final = 1e14  # the year 5138 in milliseconds: a larger number is microseconds, or nonsense
_ROUNDED: Final = re.compile(r"\d[.,]\d+[eE]\+\d+")  # what a spreadsheet makes of a long number
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T]+(\d{1,2})[:.](\d{2}))?")
# What values are called in other people's files.
_WORDS: Final[dict[str, dict[str, str]]] = {
    "cls": {"truk": "truck", "hp": "phone", "ponsel": "phone", "telepon": "phone"},
    "workshop": {"ya": "true", "y": "true", "tidak": "false", "x": "true"},
    "holidays": {"ya": "true", "y": "true", "tidak": "false", "x": "true"},
}
_KINDS: Final[dict[str, dict[str, str]]] = {
    "people": {
        "sopir": "driver",
        "pengemudi": "driver",
        "relawan": "volunteer",
        "staf": "staff",
        "petugas": "staff",
    },
    "places": {
        "depo": "depot",
        "pool": "depot",
        "titik layanan": "service_point",
        "tpa": "landfill",
        "bengkel": "workshop",
        "spbu": "fuel",
        "istirahat": "break",
        "lain": "other",
    },
    "calendar": {"libur": "holiday", "hari libur": "holiday", "kerja": "workday", "masuk": "workday"},
}


def take(section: str, raw: list[RawRow], zone: tzinfo, version: str = "") -> Taken:
    """The rows of one section; times without an offset are the city's. `version` is of a boundary set."""
    if section in ("areas", "zones"):
        return (areas if section == "areas" else zones)(raw, version)
    if section == "streets":
        return streets(raw)
    rows: dict[str, Any] = {}
    given: dict[str, frozenset[str]] = {}
    refused: list[str] = []
    for row in raw:
        try:
            values = _values(section, row, zone)
            entity = _entity(section, values)
        except (ValueError, TypeError, OverflowError) as error:
            refused.append(f"{row.where}: {error}")
            continue
        if entity.id in rows:
            refused.append(f"{row.where}: {entity.id} stands in the file already")
            continue
        rows[entity.id], given[entity.id] = entity, frozenset(values)
    return Taken(list(rows.values()), [], refused, given)


def _entity(section: str, values: dict[str, Any]) -> Any:
    entity = msgspec.convert(values, ENTITIES[section], strict=False)
    if wrong := fault(entity):
        raise ValueError(wrong)
    return entity


def _values(section: str, row: RawRow, zone: tzinfo) -> dict[str, Any]:
    """The row's values under the entity's names and in its types."""
    values = {**row.values, **_point(row.geometry), **_line(row.geometry)}
    if "id" not in values and (instead := IDS.get(section)) in values:
        values["id"] = values[instead]
    for name, value in values.items():
        if isinstance(value, str):
            values[name] = _value(section, name, value)
    for name, make in _RENAMED.items():
        if name in values:
            target, convert = make
            values[target] = convert(values.pop(name), zone)
    if section == "assignments" and "id" not in values:  # what it joins, and since when, is its name
        joined = [str(values[name]) for name in JOINED if name in values]
        values["id"] = ":".join([*joined, _since(values.get("from_us"), zone)])
    if section == "tasks" and "id" not in values and "name" in values:
        values["id"] = f"{values['name']}:{_since(values.get('from_us'), zone)}"
    if section == "calendar" and "id" in values:
        values["id"] = _day(values["id"], zone)
        day_number(values["id"])
    if "id" in values:
        values["id"] = str(values["id"])
    wanted = ENTITIES[section].__struct_fields__
    return {name: value for name, value in values.items() if name in wanted}


def _value(section: str, name: str, text: str) -> Any:
    """One text of a table as it is meant."""
    if name in _NUMBERS:
        return text.replace(",", ".")
    if name in _LISTS:
        return [part.strip() for part in text.replace(";", "|").split("|") if part.strip()]
    if text.startswith("(error "):
        raise ValueError(f"{name} holds the spreadsheet's {text[1:-1]}; mend its formula")
    if name in ("id", "phone", *JOINED) and _ROUNDED.fullmatch(text):
        raise ValueError(f"{name} is {text}: a spreadsheet has rounded a long number; format the column as text")
    words = _KINDS.get(section, {}) if name == "kind" else _WORDS.get(name, {})
    return words.get(text.lower(), text)


def _since(from_us: int | None, zone: tzinfo) -> str:
    """A date, or a time where it is not midnight: the same whichever way the file wrote it."""
    if from_us is None:
        return ""
    moment = datetime.fromtimestamp(from_us / 1e6, zone).replace(tzinfo=None)
    return moment.date().isoformat() if moment.time() == time() else moment.isoformat(timespec="minutes")


def _point(geometry: dict[str, Any] | None) -> dict[str, Any]:
    if not geometry or geometry.get("type") != "Point":
        return {}
    ((lon, lat),) = positions([geometry.get("coordinates")])
    return {"lon": lon, "lat": lat}


def _line(geometry: dict[str, Any] | None) -> dict[str, Any]:
    if not geometry or geometry.get("type") != "LineString":
        return {}
    return {"line": positions(geometry.get("coordinates"))}


def time_us(value: Any, zone: tzinfo) -> int:
    """RFC 3339, a date or a city time (the day may come first), or seconds or milliseconds (from 1e11) since 1970."""
    try:
        number = float(value)
    except ValueError:  # not a number: a text that names a moment
        moment = datetime.fromisoformat(_day_last(str(value)))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return round(moment.timestamp() * 1_000_000)
    if not abs(number) < _FAR_MS:
        raise ValueError(f"{value} is no time: give RFC 3339, or seconds or milliseconds since 1970")
    return round(number * (1_000 if abs(number) >= 1e11 else 1_000_000))


def _day_last(text: str) -> str:
    """`31/12/2026 6:00` as ISO writes it; anything else as it is."""
    found = _DAY_FIRST.fullmatch(text.strip())
    if found is None:
        return text
    day, month, year, hour, minute = found.groups()
    return f"{year}-{int(month):02d}-{int(day):02d}" + (f"T{int(hour):02d}:{minute}" if hour else "")


def _day(value: Any, _zone: tzinfo) -> str:
    return _day_last(str(value))[:10]


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
    "sim_expires": ("sim_expires", _day),
}
