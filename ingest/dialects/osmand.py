"""OsmAnd's query and the JSON of Traccar Client: what phones with these apps send over HTTP.

The old form is a query (`id=1&timestamp=1767571200&lat=-10.17&lon=123.6`), speed in knots; the new one a JSON object,
speed in m/s and -1 for unknown. A payload that begins with `{` is the new one. A time of the old form without an
offset is UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from core.fixes import Flag
from ingest.dialects.dialect import Dialect, Field, calls_for_help, lacking, look_up, parse, read, truth
from ingest.raw import IGNORED, Decoded, Problem, RawFix, number, refuse

FIELDS: Final = {
    "query": (
        Field("timestamp", "time_us", "s, ms from 2147483647 on, ISO 8601, or yyyy-MM-dd HH:mm:ss in UTC"),
        Field("lat", "lat", "degrees"),
        Field("lon", "lon", "degrees"),
        Field("location", "lat, lon", "lat,lon in degrees"),
        Field("speed", "speed_mps", "knots", "-1"),
        Field("bearing|heading", "course_deg", "degrees", "-1"),
        Field("accuracy", "accuracy_m", "m", "0"),
        Field("altitude", "altitude_m", "m"),
        Field("batt", "battery_pct", "percent", "-1"),
        Field("odometer", "odometer_m", "m"),
        Field("ignition", "ignition", "true or false"),
        Field("motion", "moving", "true or false"),
        Field("alarm", "flags SOS", "a list with sos in it"),
        Field("mock", "flags MOCK", "true"),
        Field("valid", "flags HEARTBEAT", "false"),
    ),
    "JSON": (
        Field("timestamp", "time_us", "RFC 3339 with an offset"),
        Field("coords.latitude", "lat", "degrees"),
        Field("coords.longitude", "lon", "degrees"),
        Field("coords.speed", "speed_mps", "m/s", "-1"),
        Field("coords.heading", "course_deg", "degrees", "-1"),
        Field("coords.accuracy", "accuracy_m", "m", "0"),
        Field("coords.altitude", "altitude_m", "m"),
        Field("battery.level", "battery_pct", "0 to 1", "-1"),
        Field("odometer", "odometer_m", "m"),
        Field("is_moving", "moving", "true or false"),
        Field("alarm|extras.alarm", "flags SOS", "a list with sos in it"),
        Field("mock", "flags MOCK", "true"),
    ),
}
_KEYS_LIMIT: Final = 200  # of a query
_MS_FROM: Final = 2_147_483_647
_NUMBER: Final = re.compile(r"-?\d+(\.\d*)?")
_NO_OFFSET: Final = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)")


def decode(payload: bytes) -> Decoded:
    """Fixes of a query or of a JSON object."""
    if payload.lstrip()[:1] == b"{":
        return _decode_json(payload)
    try:
        return _one(_query(_parse_query(payload)))
    except ValueError as error:
        return refuse("not_json", f"neither a query nor JSON: {error}")


def _parse_query(payload: bytes) -> dict[str, str]:
    """Keys and values of an urlencoded text; the first value of a key counts. Raises ValueError."""
    text = payload.decode("utf-8").strip().lstrip("/?")
    pairs = parse_qsl(text, keep_blank_values=False, errors="strict", max_num_fields=_KEYS_LIMIT)
    return {key: value.strip() for key, value in reversed(pairs)}


def _query(values: Mapping[str, str]) -> tuple[RawFix, int] | Problem | None:
    lat, lon = values.get("lat"), values.get("lon")
    if "location" in values:
        lat, _, lon = values["location"].partition(",")
    stated = {"timestamp": values.get("timestamp"), "lat": lat, "lon": lon}
    sos = calls_for_help(values.get("alarm"))
    if lat is None and lon is None and values and not sos:
        return None  # a report without a place: cells, networks, battery
    absent = lacking(stated, stated)
    if absent:
        return Problem("missing_field", absent)
    fix = RawFix(
        _read_time(values["timestamp"]), number(lat), number(lon), sos=sos or None, **read(values, FIELDS["query"])
    )
    return fix, _flags(values)


def _decode_json(payload: bytes) -> Decoded:
    try:
        value = parse(payload)
    except ValueError as error:
        return refuse("not_json", str(error))
    location = value.get("location") if isinstance(value, dict) else None
    if not isinstance(location, dict):
        return refuse("missing_field", "location")
    return _one(_location(location))


def _location(location: Mapping[str, Any]) -> tuple[RawFix, int] | Problem | None:
    sos = calls_for_help(look_up(location, "alarm|extras.alarm"))
    if location.get("coords") is None and not sos:
        return None  # the app is alive and does not know where it is
    absent = lacking(location, ("timestamp", "coords.latitude", "coords.longitude"))
    if absent:
        return Problem("missing_field", absent)
    time = location["timestamp"]
    if isinstance(time, bool) or not isinstance(time, int | float | str):
        return Problem("bad_time", "timestamp is RFC 3339 text")
    lat, lon = (number(look_up(location, name)) for name in ("coords.latitude", "coords.longitude"))
    return RawFix(time, lat, lon, sos=sos or None, **read(location, FIELDS["JSON"])), _flags(location)


def _one(outcome: tuple[RawFix, int] | Problem | None) -> Decoded:
    if outcome is None:
        return IGNORED
    if isinstance(outcome, Problem):
        return Decoded([], [outcome])
    return Decoded([outcome[0]], [], (outcome[1],))


def _read_time(text: str) -> float | str:
    """A time of the query: seconds, milliseconds or text, as a number of seconds or as text with an offset."""
    if _NUMBER.fullmatch(text):
        value = float(text)
        return value / 1000.0 if value >= _MS_FROM else value
    plain = _NO_OFFSET.fullmatch(text)
    return f"{plain[1]}T{plain[2]}+00:00" if plain else text


def _flags(values: Mapping[str, Any]) -> int:
    mock = Flag.MOCK if truth(values.get("mock")) is True else 0
    return mock | (Flag.HEARTBEAT if truth(values.get("valid")) is False else 0)


DIALECT: Final = Dialect(
    name="osmand",
    number=4,
    topic=re.compile(r"osmand/([^/]+)"),
    device=lambda found: found[1],
    decode=decode,
    cls="phone",
)
