"""What a dialect is: a topic, a device, a decoder, and the table of its fields.

A module of this package describes itself by a constant `DIALECT` and by `FIELDS`, a table for each form it has. The
tables are not only shown in docs/dialects.md: `read` follows them, so a unit stands in one place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec

from core.entities import DeviceClass
from core.units import MPS_PER_KMH, MPS_PER_KNOT
from ingest.raw import MISSING, Decoded, Problem, number

Missing = Literal["", "-1", "0"]  # what says "unknown" besides leaving the field out: nothing, a negative number, 0


class Field(NamedTuple):
    """One field of the wire: its name (dots lead inward, `|` parts equals), the column, its unit, its missing value."""

    wire: str
    column: str
    unit: str
    missing: Missing = ""


class Dialect(NamedTuple):
    """How to read one kind of payload. `cls` is what a device that registers itself is taken for.

    `names_device`: the topic is shared and the payload says whose fix it is (`Decoded.device`). `unseal` opens an
    encrypted payload with the device's key, where the dialect has such. `decode_many` reads a batch at once (None: it
    could not, go one by one). `subscribe`: what to ask a broker for. `silent`: topics below the device's own that are
    known and never hold a position.
    """

    name: str
    number: int  # for ever: the archive stores it
    topic: re.Pattern[str]
    device: Callable[[re.Match[str]], str]
    decode: Callable[[bytes], Decoded]
    cls: DeviceClass
    names_device: bool = False
    unseal: Callable[[bytes, bytes | None], bytes | Problem] | None = None
    decode_many: Callable[[Sequence[bytes]], list[Decoded] | None] | None = None
    subscribe: tuple[str, ...] = ()
    silent: re.Pattern[str] | None = None


SCALES: Final[dict[str, float]] = {  # numeric units of the wire → ours
    "m/s": 1.0,
    "km/h": MPS_PER_KMH,
    "knots": MPS_PER_KNOT,
    "m": 1.0,
    "km": 1000.0,
    "10 m": 10.0,
    "degrees": 1.0,
    "10 degrees": 10.0,
    "percent": 1.0,
    "0 to 1": 100.0,
}
_NUMBERS: Final = {  # column → attribute of RawFix
    "speed_mps": "speed",
    "course_deg": "course",
    "accuracy_m": "accuracy",
    "altitude_m": "altitude",
    "battery_pct": "battery",
    "odometer_m": "odometer",
}
_TRUTHS: Final = {"ignition": "ignition", "moving": "moving"}
_SPOKEN: Final = {"0": False, "1": True, "false": False, "true": True}
_json: Final = msgspec.json.Decoder()


def parse(payload: bytes) -> Any:
    """JSON as Python values. Raises ValueError with the reason, whatever the bytes."""
    try:
        return _json.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def look_up(source: Any, wire: str) -> Any:
    """The first of the names that is there: `a.b|c` looks for `b` in the object `a`, then for `c`."""
    if "." not in wire and "|" not in wire:
        return source.get(wire) if isinstance(source, dict) else None
    for name in wire.split("|"):
        value = source
        for step in name.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None:
            return value
    return None


def read(source: Mapping[str, Any], fields: Iterable[Field]) -> dict[str, Any]:
    """Arguments of `RawFix` for the optional numbers and truth values of a table, in our units."""
    found: dict[str, Any] = {}
    for field in fields:
        if attribute := _NUMBERS.get(field.column):
            found[attribute] = _known(number(look_up(source, field.wire)), field.missing) * SCALES[field.unit]
        elif attribute := _TRUTHS.get(field.column):
            found[attribute] = truth(look_up(source, field.wire))
    return found


def truth(value: Any) -> bool | None:
    """True or false as JSON says it, as 0 and 1, or as text; None for anything else."""
    if isinstance(value, str):
        return _SPOKEN.get(value.strip().lower())
    return bool(value) if isinstance(value, int) and value in {0, 1} else None


def calls_for_help(alarm: Any) -> bool:
    """Whether a list of alarms, as text with commas, has sos in it."""
    return isinstance(alarm, str) and "sos" in (name.strip().lower() for name in alarm.split(","))


def lacking(source: Mapping[str, Any], wires: Iterable[str]) -> str:
    """The names that must be there and are not, for the detail of `missing_field`."""
    return ", ".join(wire for wire in wires if look_up(source, wire) is None)


def _known(value: float, missing: Missing) -> float:
    unknown = (missing == "-1" and value < 0) or (missing == "0" and value <= 0)
    return MISSING if unknown else value
