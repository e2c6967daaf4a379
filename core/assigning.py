"""What is wrong with a row of the registry, and which dated joins cannot both be true. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, NamedTuple

import msgspec

from core.calendar import day_number
from core.entities import REGISTRIES, Assignment, Closure, Day, Device, Place, Route, Rule, Shift, Street, Task, Zone
from core.entries import Section
from core.naming import DEVICE_LIMIT, addressable, storable, valid_device
from core.ruling import rule_fault
from core.shaping import place_fault, street_fault, task_fault, zone_fault
from core.units import TIMES_US

ID_LIMIT: Final = 200  # characters; Postgres indexes ids
Joined = Literal["device", "vehicle", "person", "route", "shift"]
SECTION_OF: Final[dict[Joined, Section]] = {
    "device": "devices", "vehicle": "vehicles", "person": "people", "route": "routes", "shift": "shifts",
}  # fmt: skip
JOINED: Final = tuple(SECTION_OF)
_DAY: Final = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")


class Clash(NamedTuple):
    """Another join that puts the device into something else at the same time."""

    other: Assignment
    what: Literal["vehicle", "person"]


def fault(entity: Any) -> str | None:
    """What types do not say: None, or what is wrong with the row."""
    if wrong := _id_fault(entity):
        return wrong
    if not storable(msgspec.to_builtins(entity)):
        return "holds the character NUL, half a character, or a number that is none"
    judge = _FAULTS.get(type(entity))
    return judge(entity) if judge else None


def _id_fault(entity: Any) -> str | None:
    if not entity.id:
        return "has no id"
    if len(entity.id) > ID_LIMIT or not entity.id.isprintable():
        return f"its id has control characters or more than {ID_LIMIT}; look for a stray quote"
    if isinstance(entity, Device) and not valid_device(entity.id):
        return f"no device can speak under its id: at most {DEVICE_LIMIT} characters, without / and outer spaces"
    if type(entity) in (*REGISTRIES.values(), Zone, Closure) and not addressable(entity.id):
        return "its id cannot stand in an address: it must be without / and not . or .."
    return None


def _device_fault(device: Device) -> str | None:
    if device.sim_expires and not _DAY.fullmatch(device.sim_expires):
        return "sim_expires must be a day such as 2026-12-31"
    return None


def _day_fault(day: Day) -> str | None:
    try:
        day_number(day.id)
    except ValueError as error:
        return str(error)
    return None


def _route_fault(route: Route) -> str | None:
    if route.due_min and len(route.due_min) != len(route.points):
        return "due_min has a time for each of its points, or none at all"
    if any(not 0 <= due_min <= 2880 for due_min in route.due_min):
        return "due_min are minutes after midnight (past midnight: 1440 and more), at most 2880"
    return None if all(1 <= day <= 7 for day in route.days) else "days are 1 (Monday) to 7 (Sunday)"


def _shift_fault(shift: Shift) -> str | None:
    if not (0 <= shift.start_min < 1440 and 0 < shift.end_min <= 2880 and shift.start_min < shift.end_min):
        return "start and end are minutes after midnight, the end after the start (past midnight: 1440 and more)"
    if not shift.days or any(not 1 <= day <= 7 for day in shift.days):
        return "days are 1 (Monday) to 7 (Sunday)"
    return None


def _join_fault(join: Assignment) -> str | None:
    if sum(getattr(join, name) is not None for name in JOINED) < 2:
        return "joins fewer than two things; give at least two of device, vehicle, person, route, shift"
    if any(not TIMES_US[0] <= at_us < TIMES_US[1] for at_us in (join.from_us, join.until_us or 0)):
        return "its times must lie between 1970 and 2106"
    if join.until_us is not None and join.until_us <= join.from_us:
        return "ends before it begins"
    return None


_FAULTS: Final[dict[type, Callable[[Any], str | None]]] = {
    Device: _device_fault,
    Place: place_fault,
    Zone: zone_fault,
    Street: street_fault,
    Task: task_fault,
    Day: _day_fault,
    Route: _route_fault,
    Shift: _shift_fault,
    Assignment: _join_fault,
    Rule: rule_fault,
}


def overlap(a: Assignment, b: Assignment) -> bool:
    """Whether both are in force at some moment."""
    return (b.until_us is None or a.from_us < b.until_us) and (a.until_us is None or b.from_us < a.until_us)


def in_force(join: Assignment, at_us: int) -> bool:
    """Whether it is true at a moment."""
    return join.from_us <= at_us and (join.until_us is None or at_us < join.until_us)


def clashes(join: Assignment, others: Iterable[Assignment]) -> list[Clash]:
    """Others that say at the same time that its device is in another vehicle, or with another person."""
    found = []
    for other in others:
        if other.id == join.id or join.device is None or other.device != join.device or not overlap(join, other):
            continue
        if join.vehicle and other.vehicle and join.vehicle != other.vehicle:
            found.append(Clash(other, "vehicle"))
        elif join.person and other.person and join.person != other.person:
            found.append(Clash(other, "person"))
    return found


def make_room(join: Assignment, other: Assignment) -> list[Assignment]:
    """What is left of another join when this one is true: it ends where this begins, and goes on where this ends.

    Empty when this covers it wholly: whether it never was is for a person to say.
    """
    left = []
    if other.from_us < join.from_us:
        left.append(msgspec.structs.replace(other, until_us=join.from_us))
    if join.until_us is not None and (other.until_us is None or join.until_us < other.until_us):
        rest_id = f"{other.id[: ID_LIMIT - 24]}~{join.until_us // 1_000_000}" if left else other.id
        left.append(msgspec.structs.replace(other, id=rest_id, from_us=join.until_us))
    return left
