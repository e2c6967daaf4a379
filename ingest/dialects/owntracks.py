"""OwnTracks JSON: `owntracks/{user}/{device}` and its sub-topics.

Only `_type: location` is a position. Speed comes in km/h, -1 stands for unknown, numbers may come as text, and a
ping (`t: "p"`) may carry an old position under a new time: it is flagged as a heartbeat. A last will's `tst` is when
the phone connected, not when it went away, so it tells us nothing.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from core.fixes import Flag
from core.units import MPS_PER_KMH
from ingest.dialects.dialect import Dialect
from ingest.raw import IGNORED, MISSING, Decoded, RawFix, number, refuse

KNOWN_AND_IGNORED: Final = frozenset({
    "beacon", "card", "cmd", "configuration", "dump", "lwt", "request", "status", "steps", "transition", "waypoint",
    "waypoints",
})  # fmt: skip
_json: Final = msgspec.json.Decoder()
_FLAGS: Final = {0: False, 1: True, "0": False, "1": True}  # True and False are 1 and 0 as keys
_M_PER_KM: Final = 1000.0


def decode(payload: bytes) -> Decoded:
    """Fixes of a payload: one object, or an array of them (an Android phone's outbox may send one)."""
    if not payload:  # a cleared retained message
        return IGNORED
    try:
        value = _json.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        return refuse("not_json", str(error))
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
        return refuse("unknown_type", "encrypted payloads are not read; clear the encryption key in the app, use TLS")
    return refuse("unknown_type", f"_type {kind!r:.60}")


def _location(value: dict[str, Any]) -> Decoded:
    absent = [name for name in ("tst", "lat", "lon") if value.get(name) is None]
    if absent:
        return refuse("missing_field", ", ".join(absent))
    tst = value["tst"]
    if isinstance(tst, bool) or not isinstance(tst, int | float | str):
        return refuse("bad_time", "tst is a number of seconds since the epoch")
    lat, lon = number(value["lat"]), number(value["lon"])
    if lat != lat or lon != lon:  # noqa: PLR0124  # NaN is the only value that differs from itself
        return refuse("bad_coordinate", "lat and lon are numbers of degrees")
    fix = RawFix(
        tst,
        lat,
        lon,
        speed=_known(value.get("vel")) * MPS_PER_KMH,
        course=_known(value.get("cog")),
        accuracy=number(value.get("acc")),
        altitude=number(value.get("alt")),
        battery=_known(value.get("batt")),
        odometer=number(value.get("odometer")) * _M_PER_KM,
        ignition=_flag(value.get("ign")),
        moving=_flag(value.get("motion")),
    )
    return Decoded([fix], [], (int(Flag.HEARTBEAT) if value.get("t") == "p" else 0,))


def _known(value: Any) -> float:
    """A number that an app writes as -1 when it does not know it."""
    read = number(value)
    return read if read >= 0 else MISSING


def _flag(value: Any) -> bool | None:
    return _FLAGS.get(value) if isinstance(value, int | str) else None


DIALECT: Final = Dialect(
    name="owntracks",
    number=2,
    topic=re.compile(r"/?owntracks/([^/]+)/([^/]+)(?:/.*)?", re.DOTALL),
    device=lambda found: f"{found[1]}-{found[2]}",
    decode=decode,
    cls="phone",
    subscribe=("owntracks/+/+", "owntracks/+/+/event"),
)
