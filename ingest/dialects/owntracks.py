"""OwnTracks: `owntracks/{user}/{device}` and its sub-topics, JSON or the comma-separated form of Greenwich trackers.

Only `_type: location` is a position. Speed comes in km/h, -1 stands for unknown, numbers may come as text, and a
ping (`t: "p"`) may carry an old position under a new time: it is flagged as a heartbeat. A last will's `tst` is when
the phone connected, not when it went away, so it tells us nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from core.fixes import Flag
from ingest.dialects.dialect import Dialect, Field, lacking, parse, read
from ingest.dialects.sealed import unseal
from ingest.raw import IGNORED, Decoded, RawFix, number, refuse

FIELDS: Final = {
    "JSON": (
        Field("tst", "time_us", "s"),
        Field("lat", "lat", "degrees"),
        Field("lon", "lon", "degrees"),
        Field("vel", "speed_mps", "km/h", "-1"),
        Field("cog", "course_deg", "degrees", "-1"),
        Field("acc", "accuracy_m", "m", "-1"),
        Field("alt", "altitude_m", "m"),
        Field("batt", "battery_pct", "percent", "-1"),
        Field("odometer", "odometer_m", "km", "-1"),
        Field("ign", "ignition", "0 or 1"),
        Field("motion", "moving", "0 or 1"),
        Field("t", "flags HEARTBEAT", "p, l or L"),
    ),
    "CSV": (
        Field("2", "time_us", "s, hexadecimal"),
        Field("3", "flags HEARTBEAT", "l or L"),
        Field("4", "lat", "1e-6 degrees"),
        Field("5", "lon", "1e-6 degrees"),
        Field("6", "course_deg", "10 degrees", "-1"),
        Field("7", "speed_mps", "km/h", "-1"),
        Field("8", "altitude_m", "10 m"),
    ),
}
KNOWN_AND_IGNORED: Final = frozenset({
    "beacon", "card", "cmd", "configuration", "dump", "lwt", "request", "status", "steps", "transition", "waypoint",
    "waypoints",
})  # fmt: skip
_REQUIRED: Final = ("tst", "lat", "lon")
_OLD: Final = frozenset({"p", "l", "L"})  # a ping; no satellites; going to sleep: where it was last
_CSV: Final = re.compile(  # id, time, trigger, latitude, longitude, course, speed, altitude, distance, trip
    rb"[^,{}\[\]\"]{1,32},([0-9A-Fa-f]{8}),([A-Za-z]?),(-?\d{1,9}),(-?\d{1,9}),(-?\d{1,3}),(-?\d{1,4}),(-?\d{1,5})"
    rb",-?\d{1,10},-?\d{1,10}\s*"
)


def decode(payload: bytes) -> Decoded:
    """Fixes of a payload: one object, an array of them (a phone's outbox may send one), or a line of CSV."""
    if not payload:  # a cleared retained message
        return IGNORED
    try:
        value = parse(payload)
    except ValueError as error:
        line = _CSV.fullmatch(payload)
        return _line(line) if line else refuse("not_json", str(error))
    if not isinstance(value, list):
        return _decode_one(value)
    parts = [_decode_one(element) for element in value]
    problems = [
        problem._replace(payload=msgspec.json.encode(element))
        for part, element in zip(parts, value, strict=True)
        for problem in part.problems
    ]
    fixes = [fix for part in parts for fix in part.fixes]
    return Decoded(fixes, problems, tuple(flag for part in parts for flag in part.flags))


def _decode_one(value: Any) -> Decoded:
    if not isinstance(value, dict):
        return refuse("unknown_type", f"an OwnTracks message is a JSON object, this is {type(value).__name__}")
    kind = value.get("_type")
    if kind == "location":
        return _location(value)
    if isinstance(kind, str) and kind in KNOWN_AND_IGNORED:
        return IGNORED
    if kind is None:
        return refuse("missing_field", "_type")
    if kind == "encrypted":
        return refuse("unknown_type", "encrypted, and no key of this device opens it")
    return refuse("unknown_type", f"_type {kind:.60}" if isinstance(kind, str) else "_type is text")


def _location(value: Mapping[str, Any]) -> Decoded:
    absent = lacking(value, _REQUIRED)
    if absent:
        return refuse("missing_field", absent)
    tst = value["tst"]
    if isinstance(tst, bool) or not isinstance(tst, int | float | str):
        return refuse("bad_time", "tst is a number of seconds since the epoch")
    lat, lon = number(value["lat"]), number(value["lon"])
    if lat != lat or lon != lon:  # noqa: PLR0124  # NaN is the only value that differs from itself
        return refuse("bad_coordinate", "lat and lon are numbers of degrees")
    return _one(RawFix(tst, lat, lon, **read(value, FIELDS["JSON"])), value.get("t"))


def _line(found: re.Match[bytes]) -> Decoded:
    """A line of CSV, which scales its numbers to save bytes."""
    values = {str(place): part.decode("ascii") for place, part in enumerate(found.groups(), start=2)}
    lat, lon = int(values["4"]) / 1e6, int(values["5"]) / 1e6
    return _one(RawFix(int(values["2"], 16), lat, lon, **read(values, FIELDS["CSV"])), values["3"])


def _one(fix: RawFix, trigger: Any) -> Decoded:
    old = isinstance(trigger, str) and trigger in _OLD
    return Decoded([fix], [], (int(Flag.HEARTBEAT) if old else 0,))


DIALECT: Final = Dialect(
    name="owntracks",
    number=2,
    topic=re.compile(r"/?owntracks/([^/]+)(?:/([^/]+)(?:/.*)?)?", re.DOTALL),
    device=lambda found: f"{found[1]}-{found[2]}" if found[2] else found[1],  # one name: HTTP, by the credential alone
    decode=decode,
    cls="phone",
    unseal=unseal,
    subscribe=("owntracks/+/+", "owntracks/+/+/event"),
    silent=re.compile(r"/?owntracks/[^/]+/[^/]+/(?:voltage|gpio|hw|sw|adc|start)(?:/.*)?", re.DOTALL),
)
