"""The native dialect: `ronda/v1/{device}/fix` holds one JSON object or an array of them.

`time`, `lat` and `lon` are required. Numbers are expected as numbers; an optional value of a wrong type is
missing, it does not spoil the fix. In an array a bad element is refused alone. Unknown keys are passed over;
`id` too: a repeated fix is recognised by its device, time and content.
"""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from core.fixes import Fixes
from core.units import US_PER_S
from ingest.dialects.dialect import Dialect, Field
from ingest.raw import Decoded, Problem, RawFix, number, refuse

_REQUIRED: Final = ("time", "lat", "lon")
_NUMBERS: Final = ("speed", "course", "accuracy", "altitude", "battery", "odometer")
_BOOLEANS: Final = ("ignition", "moving", "sos")
_COLUMNS: Final = {
    "speed": "speed_mps",
    "course": "course_deg",
    "accuracy": "accuracy_m",
    "altitude": "altitude_m",
    "battery": "battery_pct",
    "odometer": "odometer_m",
}
FIELDS: Final = {
    "JSON": (
        Field("time", "time_us", "RFC 3339 with an offset, s, or ms from 1e11 on"),
        Field("lat", "lat", "degrees"),
        Field("lon", "lon", "degrees"),
        Field("speed", "speed_mps", "m/s"),
        Field("course", "course_deg", "degrees"),
        Field("accuracy", "accuracy_m", "m"),
        Field("altitude", "altitude_m", "m"),
        Field("battery", "battery_pct", "percent"),
        Field("odometer", "odometer_m", "m"),
        Field("ignition", "ignition", "true or false"),
        Field("moving", "moving", "true or false"),
        Field("sos", "flags SOS", "true"),
    ),
}
_SEPARATOR_BYTES: Final = 16
_json: Final = msgspec.json.Decoder(RawFix | list[RawFix])
_joined: Final = msgspec.json.Decoder(list[RawFix | list[RawFix] | str])
_loose: Final = msgspec.json.Decoder()


def decode(payload: bytes) -> Decoded:
    """Fixes of a payload; the quick way when every element is clean, element by element when one is not."""
    try:
        value = _json.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return _decode_loosely(payload)
    return Decoded(value if isinstance(value, list) else [value], [])


def decode_many(payloads: Sequence[bytes]) -> list[Decoded] | None:
    """Fixes of many payloads by one call of the decoder; None where one of them needs a look of its own.

    They are joined to one array with a separator between them that no device can know. Each separator must come back
    in its place: then what stands between two of them is one whole JSON value, and no payload can have closed the
    array, swallowed its neighbour or passed for two.
    """
    separator = secrets.token_hex(_SEPARATOR_BYTES)
    try:
        values = _joined.decode(b"[" + f',"{separator}",'.encode().join(payloads) + b"]")
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    own: list[Any] = values[::2]
    between = values[1::2]
    if len(own) != len(payloads) or between.count(separator) != len(between) or str in map(type, own):
        return None
    return [Decoded(value if isinstance(value, list) else [value], []) for value in own]


def _decode_loosely(payload: bytes) -> Decoded:
    try:
        value = _loose.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        return refuse("not_json", str(error))
    elements = value if isinstance(value, list) else [value]
    fixes: list[RawFix] = []
    problems: list[Problem] = []
    for element in elements:
        outcome = _read(element)
        if isinstance(outcome, RawFix):
            fixes.append(outcome)
        else:
            problems.append(outcome._replace(payload=msgspec.json.encode(element) if value is elements else None))
    return Decoded(fixes, problems)


def _read(element: Any) -> RawFix | Problem:
    if not isinstance(element, dict):
        return Problem("unknown_type", f"a fix is a JSON object, this is {type(element).__name__}")
    absent = [name for name in _REQUIRED if element.get(name) is None]
    if absent:
        return Problem("missing_field", ", ".join(absent))
    time, lat, lon = (element[name] for name in _REQUIRED)
    if isinstance(time, bool) or not isinstance(time, int | float | str):
        return Problem("bad_time", "time is RFC 3339 text or a number since the epoch")
    if not (_is_number(lat) and _is_number(lon)):
        return Problem("bad_coordinate", "lat and lon are numbers of degrees")
    options: dict[str, Any] = {name: number(element.get(name)) for name in _NUMBERS}
    options |= {name: v for name in _BOOLEANS if isinstance(v := element.get(name), bool)}
    return RawFix(time, number(lat), number(lon), **options)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def encode(fixes: Fixes) -> bytes:
    """A JSON array of the rows (of one device: the topic names it), leaving out what is missing."""
    columns: dict[str, list[Any]] = {wire: getattr(fixes, name).tolist() for wire, name in _COLUMNS.items()}
    columns |= {name: [None if v < 0 else bool(v) for v in getattr(fixes, name).tolist()] for name in _BOOLEANS[:2]}
    columns["sos"] = [True if flag & 1 else None for flag in fixes.flags.tolist()]
    rows = []
    places = zip(fixes.time_us.tolist(), fixes.lat.tolist(), fixes.lon.tolist(), strict=True)
    for i, (time_us, lat, lon) in enumerate(places):
        row: dict[str, Any] = {"time": _seconds(time_us), "lat": lat, "lon": lon}
        row |= {name: v for name, values in columns.items() if (v := values[i]) is not None and not _nan(v)}
        rows.append(row)
    return msgspec.json.encode(rows)


def _nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _seconds(time_us: int) -> float | int:
    whole, rest = divmod(time_us, US_PER_S)
    return time_us / US_PER_S if rest else whole


DIALECT: Final = Dialect(
    name="native",
    number=1,
    topic=re.compile(r"ronda/v1/([^/]+)/fix"),
    device=lambda found: found[1],
    decode=decode,
    cls="truck",
    decode_many=decode_many,
    subscribe=("ronda/v1/+/fix",),
)
