"""Traccar's position forwarding, `forward.type` json or mqtt: one object `{"position": {...}, "device": {...}}`.

It is the way in for the trackers whose protocols Traccar speaks. The device is the one whose `uniqueId` the payload
gives. When a tracker says something without a position, Traccar repeats the last one: a heartbeat, not a fix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from core.fixes import Flag
from core.units import US_PER_S
from ingest.columns import read_times
from ingest.dialects.dialect import Dialect, Field, calls_for_help, lacking, look_up, parse, read, truth
from ingest.raw import IGNORED, Decoded, RawFix, number, refuse

FIELDS: Final = {
    "JSON": (
        Field("position.fixTime", "time_us", "RFC 3339 with an offset"),
        Field("position.latitude", "lat", "degrees"),
        Field("position.longitude", "lon", "degrees"),
        Field("position.speed", "speed_mps", "knots"),
        Field("position.course", "course_deg", "degrees"),
        Field("position.accuracy", "accuracy_m", "m", "0"),
        Field("position.altitude", "altitude_m", "m"),
        Field("position.attributes.batteryLevel", "battery_pct", "percent"),
        Field("position.attributes.odometer", "odometer_m", "m"),
        Field("position.attributes.ignition", "ignition", "true or false"),
        Field("position.attributes.motion", "moving", "true or false"),
        Field("position.attributes.alarm", "flags SOS", "a list with sos in it"),
        Field("position.attributes.mock", "flags MOCK", "true"),
        Field("position.valid", "flags HEARTBEAT", "false"),
    ),
}
_SENT_AFTER_S: Final = 10.0  # a report leaves this much later than its fix; anything more is suspicious
_REQUIRED: Final = tuple(field.wire for field in FIELDS["JSON"][:3])


def decode(payload: bytes) -> Decoded:
    """The fix of a forwarded position."""
    try:
        value = parse(payload)
    except ValueError as error:
        return refuse("not_json", str(error))
    device = look_up(value, "device.uniqueId")
    if not isinstance(device, str) or not device.strip():
        return refuse("missing_field", 'device.uniqueId; forward.type must be "json" or "mqtt", which send the device')
    return msgspec.structs.replace(_forwarded(value), device=device.strip())


def _forwarded(value: Mapping[str, Any]) -> Decoded:
    position = value.get("position")
    if not isinstance(position, dict):
        return IGNORED if isinstance(value.get("event"), dict) else refuse("missing_field", "position")
    return read_position(position)


def read_position(position: Mapping[str, Any]) -> Decoded:
    """The fix of a position as Traccar knows it: forwarded, or from one of its exports."""
    value = {"position": position}
    sos = calls_for_help(look_up(position, "attributes.alarm"))
    repeated = _repeated(position)
    if repeated and not sos:
        return IGNORED
    absent = lacking(value, _REQUIRED)
    if absent:
        return refuse("missing_field", absent)
    # a call for help is as new as the message, wherever the tracker was last
    time = (position.get("deviceTime") if repeated else None) or position["fixTime"]
    if isinstance(time, bool) or not isinstance(time, int | float | str):
        return refuse("bad_time", "fixTime is RFC 3339 text")
    lat, lon = number(position["latitude"]), number(position["longitude"])
    fix = RawFix(time, lat, lon, sos=sos or None, **read(value, FIELDS["JSON"]))
    return Decoded([fix], [], (_flags(position, repeated=repeated),))


def _repeated(position: Mapping[str, Any]) -> bool:
    """Whether this is the last fix once more, under a newer `deviceTime`.

    Traccar 4 and 5 say so by `outdated`. Version 6 does not send it: there an older `fixTime` on the very same spot
    does, for Traccar measures `distance` from the position before. A tracker that empties its store also has fixes
    older than the message, but it has moved.
    """
    outdated = position.get("outdated")
    if isinstance(outdated, bool):
        return outdated
    fix, device = position.get("fixTime"), position.get("deviceTime")
    if not isinstance(fix, str) or not isinstance(device, str) or fix == device:
        return False
    fix_us, device_us = read_times([fix, device]).tolist()
    late = min(fix_us, device_us) >= 0 and device_us - fix_us > int(_SENT_AFTER_S * US_PER_S)
    distance = look_up(position, "attributes.distance")
    return late and (distance is None or number(distance) == 0)


def _flags(position: Mapping[str, Any], *, repeated: bool) -> int:
    heartbeat = repeated or truth(position.get("valid")) is False
    mock = truth(look_up(position, "attributes.mock")) is True
    return (Flag.HEARTBEAT if heartbeat else 0) | (Flag.MOCK if mock else 0)


DIALECT: Final = Dialect(
    name="traccar",
    number=3,
    topic=re.compile(r"traccar/positions"),
    device=lambda _: "",
    decode=decode,
    cls="truck",
    names_device=True,
    subscribe=("traccar/positions",),
)
