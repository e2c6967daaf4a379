"""What an invitation sets up when it is answered: a device, its place in the registry, and the end of the former phone.

The order is such that a failure leaves nothing half done that matters: the invitation is claimed, the registry written
through the log, then in one transaction the secret is made. What fails before that releases the invitation again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from api.deps import Deps
from api.personal import link_of
from api.phoneapps import Phone
from core import duty
from core.assigning import in_force
from core.entities import Assignment, Device, DeviceId, Person
from core.entries import Config
from core.errors import RondaError
from store import credentials, invites, read
from store.joins import joins_of

logger: Final = logging.getLogger("ronda.api")


class GoneError(RondaError):
    """The invitation cannot be answered: used, too old, void, or its person is no longer registered."""


class Plan(NamedTuple):
    """What changes in the registry, and every phone that the person ever had."""

    configs: list[Config]
    former: list[str]


class Answered(NamedTuple):
    """A phone that is ready to be told; whether its positions are kept already."""

    phone: Phone
    person: Person
    consent_missing: bool
    page: str = ""  # a volunteer's own


async def person_of(deps: Deps, person_id: str) -> dict[str, Any] | None:
    """A person's row."""
    return await read.registry_row(deps.pool, "people", person_id)


async def answer(deps: Deps, secret: str, *, consent: bool) -> Answered:
    """Use an invitation up; raises `GoneError`, or what kept it from being used (it is good then as before)."""
    invite = await invites.claim_invite(deps.pool, secret, deps.clock.now_us())
    if invite is None or invite.device is None:
        raise GoneError("this invitation was used, or is too old")
    try:
        async with deps.register.alone():
            return await _set_up(deps, invite.person, invite.device, consent=consent)
    except GoneError:
        raise
    except BaseException:
        await invites.release_invite(deps.pool, secret)
        raise


async def _set_up(deps: Deps, person_id: str, device: str, *, consent: bool) -> Answered:
    row, now_us = await person_of(deps, person_id), deps.clock.now_us()
    if row is None:
        raise GoneError("this person is no longer registered")
    person = msgspec.convert(row, Person)
    known = await invites.phones_of(deps.pool, person_id)
    joins = await joins_of(deps.pool, [join["device"] for join, _ in known])
    plan = planned(person, row, known, device, now_us, consent=consent)
    former = sorted(set(plan.former) - of_others(joins, person_id, now_us))
    await deps.register(plan.configs)
    token = credentials.new_token(device, device)
    await credentials.replace_tokens(deps.pool, token, former, label=f"invite {person_id}"[:200], now_us=now_us)
    extra = {"action": "invite.answered", "person": person_id, "device": device, "former": len(former)}
    logger.info("an invitation was answered", extra=extra)
    user, _, name = device.rpartition("-")
    phone = Phone(deps.public_url.rstrip("/"), user, name, token.secret, often=person.kind != "volunteer")
    agreed = consent or person.consent_us is not None
    volunteer = person.kind == "volunteer"
    page = link_of(deps, person)[0] if volunteer and deps.link_secret else ""
    return Answered(phone, person, consent_missing=volunteer and not agreed, page=page)


def planned(
    person: Person,
    row: dict[str, Any],
    known: Sequence[tuple[dict[str, Any], dict[str, Any]]],
    device: str,
    now_us: int,
    *,
    consent: bool,
) -> Plan:
    """The new phone in the place of the person's phones; `known` are their assignments to devices, with these.

    Only phones go: a tracker that is joined with its driver stays in its truck.
    """
    old = [msgspec.convert(join, Assignment) for join, other in known if other.get("cls") == "phone"]
    current = [join for join in old if join.until_us is None or join.until_us > now_us]
    current = [join for join in current if join.device != device]  # of an answer that was interrupted
    joins = [_ended(join, now_us) for join in current if join.from_us < now_us]
    joins += _successors(current, person, device, now_us)
    phone = Device(id=DeviceId(device), cls="phone", name=f"HP {person.name or person.id}")
    configs = [_config("devices", [phone], person), _config("assignments", joins, person)]
    if consent and person.kind == "volunteer":
        agreed = row | msgspec.to_builtins(duty.consent(person, now_us, given=True))
        configs.append(Config(section="people", rows=(agreed,), actor=_actor(person)))
    return Plan(configs, sorted({str(join.device) for join in old} - {device}))


def of_others(joins: Sequence[dict[str, Any]], person_id: str, now_us: int) -> set[str]:
    """Devices that are with somebody or in something else by now, and not with this person: not theirs to end."""
    rows = [msgspec.convert(join, Assignment) for join in joins]
    now = [row for row in rows if in_force(row, now_us)]
    return {str(row.device) for row in now} - {str(row.device) for row in now if row.person == person_id}


def _ended(join: Assignment, now_us: int) -> Assignment:
    return msgspec.structs.replace(join, until_us=now_us)


def _successors(current: Sequence[Assignment], person: Person, device: str, now_us: int) -> list[Assignment]:
    """What the former phones were joined with, the new one is joined with; each combination once."""
    plain = Assignment(id="", from_us=now_us, person=person.id)
    seen: dict[Any, Assignment] = {}
    for join in current or [plain]:
        key = (join.vehicle, join.route, join.shift, max(join.from_us, now_us), join.until_us)
        own_id = f"{device}:{person.id}" + (f":{len(seen) + 1}" if seen else "")
        new = msgspec.structs.replace(join, device=DeviceId(device), from_us=max(join.from_us, now_us))
        seen.setdefault(key, new if join.from_us > now_us else msgspec.structs.replace(new, id=own_id))
    return list(seen.values())


def _config(section: Any, rows: Sequence[msgspec.Struct], person: Person) -> Config:
    return Config(section=section, rows=tuple(msgspec.to_builtins(row) for row in rows), actor=_actor(person))


def _actor(person: Person) -> str:
    return f"invite:{person.id}"
