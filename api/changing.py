"""Changes of the registry, judged and made while nobody else changes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple, get_args

import msgspec
from psycopg_pool import AsyncConnectionPool

from api.closing import check_closure
from api.deps import Deps
from api.given import etag
from api.problems import NotFoundError, ParameterError
from api.times import rfc3339
from core.assigning import JOINED, SECTION_OF, Joined, clashes, in_force, make_room
from core.entities import Assignment, Closure, Device, DeviceClass, Person, Rule
from core.entries import Config, Section
from core.errors import ConflictError
from core.ruling import RULES_MAX
from store import credentials, invites, joins, read

_SUBJECTS: Final[tuple[tuple[str, Section], ...]] = (("place", "places"), ("area", "areas"), ("zone", "zones"))
_ONE_OF: Final = {section: what for what, section in SECTION_OF.items()}


class Change(NamedTuple):
    """Who changes what: the section, the actor, and the version that they have seen (None: whichever it is)."""

    section: Section
    actor: str
    seen: str | None = None
    close: bool = False  # end assignments that contradict it, instead of a refusal


async def put(deps: Deps, change: Change, entity: Any, *, only_new: bool = False) -> tuple[dict[str, Any], bool]:
    """Write a row whole; returns it as it then is, and whether it is new."""
    section = change.section
    async with deps.register.alone():
        current = await read.registry_row(deps.pool, section, entity.id)
        if only_new and current is not None:
            raise ConflictError(f"{section} has {entity.id} already; change it by PUT")
        _check_seen(change, entity.id, current)
        if isinstance(entity, Person) and current is not None:
            entity = _with_consent(entity, current)
        if current is not None and _is(current, entity):
            return current, False
        row = msgspec.to_builtins(entity)
        rows = [row, *await _judged(deps, change, entity)]
        await deps.register([_upsert(change, rows)], [entity.id] if section == "devices" else [])
    return row, current is None


async def adopt(deps: Deps, actor: str, device: Device, joined: Assignment | None) -> dict[str, Any]:
    """Register a stranger, and at once what it is in: both or neither; returns its row."""
    async with deps.register.alone():
        if await read.registry_row(deps.pool, "devices", device.id) is not None:
            raise ConflictError(f"devices has {device.id} already; change it by PUT")
        row: dict[str, Any] = msgspec.to_builtins(device)
        configs = [_upsert(Change("devices", actor), [row])]
        if joined is not None:
            change = Change("assignments", actor)
            await _check_there(deps, "vehicle", joined.vehicle)
            rows = [msgspec.to_builtins(joined), *await _room_for(deps, change, joined)]
            configs.append(_upsert(change, rows))
        await deps.register(configs, [device.id])
    return row


async def delete(deps: Deps, change: Change, row_id: str) -> None:
    """Take a row away; what names it now or later must be ended first, what named it is history."""
    async with deps.register.alone():
        current = await read.registry_row(deps.pool, change.section, row_id)
        if current is None:
            raise NotFoundError(f"{change.section} has no {row_id[:200]!r}")
        _check_seen(change, row_id, current)
        await _check_unnamed(deps, change.section, row_id)
        configs = await _ended(deps, change, row_id) if change.section in _ONE_OF else []
        gone = Config(section=change.section, op="delete", rows=({"id": row_id},), actor=change.actor)
        await _silence(deps, change.section, row_id)
        await deps.register([*configs, gone])


async def _silence(deps: Deps, section: Section, row_id: str) -> None:
    """End the credentials that end with a row: of the device itself, of the phones that a person carries now.

    Before the row goes: what fails between leaves a device without a secret, never a secret without a device.
    """
    now_us, devices = deps.clock.now_us(), [row_id] if section == "devices" else []
    if section == "people":
        joined = await invites.phones_of(deps.pool, row_id)
        phones = [msgspec.convert(join, Assignment) for join, other in joined if other.get("cls") == "phone"]
        devices = sorted({str(join.device) for join in phones if in_force(join, now_us)})
    for device in devices if section == "devices" else []:
        await credentials.set_payload_key(deps.pool, device, None, now_us)
    await credentials.revoke_devices(deps.pool, devices, now_us)


def _is(current: dict[str, Any], entity: Any) -> bool:
    """Whether the registry has the row just so; the same again is no change."""
    try:
        return bool(msgspec.convert(current, type(entity)) == entity)
    except msgspec.ValidationError:  # of an older or newer make
        return False


def _check_seen(change: Change, row_id: str, current: dict[str, Any] | None) -> None:
    if change.seen in (None, "*") and not (change.seen and current is None):
        return
    if current is None or change.seen != etag(current):
        raise ConflictError(f"{row_id} is not as you have seen it any more; read it again and decide again")


def _upsert(change: Change, rows: Sequence[dict[str, Any]]) -> Config:
    return Config(section=change.section, rows=tuple(rows), actor=change.actor)


def _with_consent(person: Person, current: dict[str, Any]) -> Person:
    """Consent and duty are changed by a way of their own."""
    there = msgspec.convert(current, Person)
    return msgspec.structs.replace(person, consent_us=there.consent_us, duty=there.duty, links=there.links)


async def _judged(deps: Deps, change: Change, entity: Any) -> list[dict[str, Any]]:
    """Refuse what cannot be true; more rows of the section that change with it."""
    if isinstance(entity, Device):
        await _check_profile(deps, entity)
    if isinstance(entity, Rule):
        await _check_rule(deps, entity)
    if isinstance(entity, Closure):
        await check_closure(deps, entity)
    if not isinstance(entity, Assignment):
        return []
    for what in JOINED:
        await _check_there(deps, what, getattr(entity, what))
    return await _room_for(deps, change, entity)


async def _room_for(deps: Deps, change: Change, entity: Assignment) -> list[dict[str, Any]]:
    """What an assignment leaves of those that it contradicts; a refusal unless they shall end for it."""
    rows = await joins.joins_of(deps.pool, [entity.device]) if entity.device else []
    found = clashes(entity, [msgspec.convert(row, Assignment) for row in rows])
    if found and not change.close:
        raise ConflictError(_clash_text(deps, entity, found[0].other, found[0].what))
    return [msgspec.to_builtins(left) for clash in found for left in _room(entity, clash.other)]


async def _check_profile(deps: Deps, device: Device) -> None:
    if device.profile in ("", *get_args(DeviceClass)):
        return
    if await read.registry_row(deps.pool, "profiles", device.profile) is None:
        raise ParameterError("profile", f"there is no profile {device.profile!r}; leave it out for the class's own")


async def _check_rule(deps: Deps, rule: Rule) -> None:
    """A rule about a place that is not there would never raise; and of too many every row pays for all."""
    if missing := await missing_subject(deps.pool, rule):
        raise ParameterError("subjects", missing)
    rules = await read.registry(deps.pool, "rules", limit=RULES_MAX + 1)
    if len([row for row in rules.rows if row["id"] != rule.id]) >= RULES_MAX:
        raise ConflictError(f"there are {RULES_MAX} rules already; delete one that is not needed")


async def missing_subject(pool: AsyncConnectionPool, rule: Rule) -> str | None:
    """None, or which subject of the rule is not there."""
    for what, section in _SUBJECTS:
        ids = [name.partition(":")[2] for name in rule.subjects if name.startswith(f"{what}:")]
        there = await joins.rows_of(pool, section, ids) if ids else {}
        if missing := [row_id for row_id in ids if row_id not in there]:
            return f"name the {what} {missing[0][:200]!r}, which is not there"
    return None


async def _check_unnamed(deps: Deps, section: Section, row_id: str) -> None:
    """A place or zone that a route or a rule names stays: a round would miss a point, a rule would never raise."""
    if section not in ("places", "zones"):
        return
    async for route in read.registry_rows(deps.pool, "routes"):
        if section == "places" and row_id in (route.get("points") or ()):
            raise ConflictError(f"route {route['id']} has {row_id} among its points; take it out there first")
    async for rule in read.registry_rows(deps.pool, "rules"):
        if f"{section.removesuffix('s')}:{row_id}" in (rule.get("subjects") or ()):
            raise ConflictError(f"rule {rule['id']} is about {row_id}; change the rule first")


async def _check_there(deps: Deps, what: Joined, row_id: str | None) -> None:
    if row_id is not None and not await joins.rows_of(deps.pool, SECTION_OF[what], [row_id]):
        raise ParameterError(what, f"there is no {what} {row_id[:200]!r}; register it first")


def _room(entity: Assignment, other: Assignment) -> list[Assignment]:
    left = make_room(entity, other)
    if not left:
        raise ConflictError(f"assignment {other.id} lies wholly within the new one; change or delete it first")
    return left


def _clash_text(deps: Deps, entity: Assignment, other: Assignment, what: Literal["vehicle", "person"]) -> str:
    until = "" if other.until_us is None else f" until {rfc3339(other.until_us, deps.zone)}"
    since = rfc3339(other.from_us, deps.zone)
    return (
        f"assignment {other.id} has {entity.device} with {what} {getattr(other, what)} from {since}{until}; "
        "end it first, or repeat with ?close=true to end it where the new one begins"
    )


async def _ended(deps: Deps, change: Change, row_id: str) -> list[Config]:
    """Ends of the assignments that name a row: at once, and those to come never begin."""
    now_us = deps.clock.now_us()
    what = _ONE_OF[change.section]
    rows = await joins.joins_naming(deps.pool, what, row_id, at_us=now_us)
    if not rows:
        return []
    if not change.close:
        names = ", ".join(str(row["id"]) for row in rows)
        raise ConflictError(f"{row_id} is assigned ({names}); end that first, or repeat with ?close=true to end it now")
    ended = tuple(row | {"until_us": now_us} for row in rows if row["from_us"] < now_us)
    never = tuple({"id": row["id"]} for row in rows if row["from_us"] >= now_us)
    upsert = Config(section="assignments", rows=ended, actor=change.actor)
    return [upsert, Config(section="assignments", op="delete", rows=never, actor=change.actor)]
