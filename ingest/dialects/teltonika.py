"""Teltonika's JSON codec over MQTT, flat or in the shape of a shadow document (`state.reported`).

Keys that are numbers are the box's input and output ids. Numbers may come as text; `ts` counts milliseconds. A box
without a fix repeats the last one, or writes `latlng` "0.000000,0.000000" when it has had none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from core.fixes import Flag
from ingest.dialects.dialect import Dialect, Field, lacking, look_up, parse, read
from ingest.raw import Decoded, Problem, RawFix, number, refuse

FIELDS: Final = {
    "JSON": (
        Field("ts", "time_us", "ms"),
        Field("latlng", "lat, lon", "text lat,lon in degrees"),
        Field("sp", "speed_mps", "km/h"),
        Field("ang", "course_deg", "degrees"),
        Field("alt", "altitude_m", "m"),
        Field("113", "battery_pct", "percent"),
        Field("16", "odometer_m", "m"),
        Field("239", "ignition", "0 or 1"),
        Field("240", "moving", "0 or 1"),
        Field("69", "flags HEARTBEAT", "0, 2 or 3"),
        Field("sat", "flags HEARTBEAT", "0"),
    ),
}
_GNSS: Final = {0: "switched off", 2: "no fix", 3: "asleep"}  # 1 is a fix
_MS_PER_S: Final = 1000.0


def decode(payload: bytes) -> Decoded:
    """The fix of a record."""
    try:
        value = parse(payload)
    except ValueError as error:
        return refuse("not_json", str(error))
    record = look_up(value, "state.reported") or value
    if not isinstance(record, dict):
        return refuse("unknown_type", f"a record is a JSON object, this is {type(record).__name__}")
    absent = lacking(record, ("ts", "latlng"))
    if absent:
        return refuse("missing_field", absent)
    outcome = _record(record)
    if isinstance(outcome, Problem):
        return Decoded([], [outcome])
    blind = _status(record) in _GNSS or number(record.get("sat")) == 0
    return Decoded([outcome], [], (int(Flag.HEARTBEAT) if blind else 0,))


def _record(record: Mapping[str, Any]) -> RawFix | Problem:
    time = number(record["ts"])
    if time != time:  # noqa: PLR0124  # NaN is the only value that differs from itself
        return Problem("bad_time", "ts is a number of milliseconds since the epoch")
    latlng = record["latlng"]
    lat, lon = map(number, latlng.split(",", 1)) if isinstance(latlng, str) and "," in latlng else (0.0, 0.0)
    if lat == 0 and lon == 0:
        why = _GNSS.get(_status(record), "unknown")
        return Problem("bad_coordinate", f"latlng {latlng!r:.60} is no position: look at the antenna (GNSS {why})")
    return RawFix(time / _MS_PER_S, lat, lon, **read(record, FIELDS["JSON"]))


def _status(record: Mapping[str, Any]) -> int:
    status = number(record.get("69"))
    return int(status) if status in {0.0, 1.0, 2.0, 3.0} else -1


DIALECT: Final = Dialect(
    name="teltonika",
    number=5,
    topic=re.compile(r"[^/]+/[^/]+/teltonika/([^/]+)/data"),
    device=lambda found: found[1],
    decode=decode,
    cls="truck",
    subscribe=("+/+/teltonika/+/data",),
)
