"""Bodies of registry writes as entities: the names that answers use, taken back in."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import tzinfo
from hashlib import sha256
from typing import Any, Final

import msgspec

from api.features import fields_of
from api.problems import ParameterError
from api.times import parse_us
from core.assigning import fault
from core.boundaries import named_after_content
from core.entities import REGISTRIES, SECTIONS, Hours, Zone

_SHORT: Final = {
    "devices": "d",
    "vehicles": "v",
    "people": "p",
    "routes": "r",
    "shifts": "s",
    "assignments": "a",
    "rules": "u",
    "calendar": "day",
    "tasks": "t",
    "places": "pl",
    "zones": "z",
    "closures": "cl",
}
WRITTEN: Final = {name: SECTIONS[name] for name in (*REGISTRIES, "places", "zones", "closures")}
_OURS: Final = {  # shown, and changed by a way of their own
    "people": {"consent", "consent_us", "duty", "on_duty", "links"},
    "closures": {"in_force"},
}
_PLACE: Final = re.compile(r"^(?P<what>.*) - at `\$\.?(?P<name>[^`]*)`$")
_CLOCK: Final = re.compile(r"(\d{1,3}):([0-5]?\d)", re.ASCII)
_MISSING: Final = re.compile(r"^Object missing required field `(?P<name>\w+)`$")


def entity_of(section: str, row_id: str, body: dict[str, Any], zone: tzinfo) -> Any:
    """The entity that a body describes; `ParameterError` names what cannot be used."""
    kind, body = WRITTEN[section], fields_of(section, body)
    if str(body.get("id", row_id)) != row_id:
        raise ParameterError("id", f"is {body['id']!r} in the body and {row_id!r} in the address")
    row: dict[str, Any] = {}
    for name, value in body.items():
        if name in _OURS.get(section, ()):
            continue
        ours, convert = _NAMES.get(name, (name, None))
        if ours not in kind.__struct_fields__:
            raise ParameterError(name, f"is no field of {section}; there are {', '.join(shown_fields(section))}")
        row[ours] = value if convert is None or value is None else convert(value, name, zone)
    try:
        entity = msgspec.convert(row | {"id": row_id}, kind)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from error
    if wrong := fault(entity):
        raise ParameterError("body", wrong)
    return named_after_content(entity) if isinstance(entity, Zone) else entity


def _explained(text: str) -> ParameterError:
    """What the decoder says, under the names that answers use."""
    if missing := _MISSING.match(text):
        return ParameterError(_shown(missing["name"]), "is missing")
    found = _PLACE.match(text)
    return ParameterError(_shown(found["name"]) if found else "body", found["what"] if found else text)


def _shown(name: str) -> str:
    return "class" if name == "cls" else name.removesuffix("_us")


def shown_fields(section: str) -> list[str]:
    """The names of a section's fields in bodies and answers."""
    fields = [name for name in WRITTEN[section].__struct_fields__ if name not in _OURS.get(section, ())]
    return [_shown(name) for name in fields]


def new_row_id(section: str) -> str:
    """An id for a row that came without one."""
    return f"{_SHORT[section]}-{secrets.token_hex(6)}"


def etag(row: dict[str, Any]) -> str:
    """Names one version of a row."""
    return f'"{sha256(msgspec.json.encode(row, order="deterministic")).hexdigest()[:16]}"'


def _time(value: Any, name: str, zone: tzinfo) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ParameterError(name, "must be a time: RFC 3339, or seconds since 1970")
    return parse_us(str(value), name, zone)


def _minutes(value: Any, name: str, _zone: tzinfo) -> int:
    """`05:30` as minutes after midnight; 29:00 is five the next morning."""
    if isinstance(value, int):
        return value
    found = _CLOCK.fullmatch(str(value))
    if found is None:
        raise ParameterError(name, "must be a time of day such as 05:30")
    return int(found[1]) * 60 + int(found[2])


def _hours(value: Any, name: str, zone: tzinfo) -> Any:
    """Parts of the week: their times of day as a shift's."""
    if not isinstance(value, list):
        return value
    return [_part(part, name, zone) if isinstance(part, dict) else part for part in value]


def _part(part: dict[str, Any], name: str, zone: tzinfo) -> dict[str, Any]:
    ours = {"start": "start_min", "end": "end_min"}
    if unknown := [key for key in part if key not in (*ours, *Hours.__struct_fields__)]:
        raise ParameterError(name, f"have no {unknown[0]!r}; there are start, end, days, holidays")
    return {ours.get(k, k): _minutes(v, name, zone) if k in ours else v for k, v in part.items()}


_NAMES: Final[dict[str, tuple[str, Callable[[Any, str, tzinfo], Any] | None]]] = {
    "class": ("cls", None),
    "from": ("from_us", _time),
    "until": ("until_us", _time),
    "start": ("start_min", _minutes),
    "end": ("end_min", _minutes),
    "hours": ("hours", _hours),
    "quiet": ("quiet", _hours),
}
