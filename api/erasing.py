"""A volunteer is forgotten: first that nothing new comes, then what the engine holds, then what is archived.

Sums of groups and of the city stay. The log forgets by itself, within about an hour.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

import msgspec

from api import changing
from api.changing import Change
from api.commands import DISPATCH, Commands
from api.deps import Deps
from core import duty
from core.entities import Assignment, Person
from core.entries import Config
from core.errors import ConflictError
from core.heard import HEARD
from core.partition import partition_of
from dispatch.offers import LIVE
from store import joins, offers, read
from store.erasure import Carried, carried_by, forget, joins_of_person

logger: Final = logging.getLogger("ronda.api")


async def erase(deps: Deps, commands: Commands, actor: str, person: str) -> None:
    """End their duty and consent; then out of the engine, the archive, and the register with who carried what.

    The register comes last: a failure before leaves a person whom nobody follows or asks, and who can ask again.
    """
    asked = (await offers.offers_of_person(deps.pool, person, limit=10_000)).rows
    if any(offer.state in LIVE for offer in asked):
        raise ConflictError("an incident asks them, or they are on their way or there; stand them down first")
    await _end_consent(deps, actor, person)
    carried = await carried_by(deps.pool, person, deps.clock.now_us())
    alone = await _carried_last(deps, person, carried)
    await _forget_in_engine(commands, actor, person, carried, alone)
    await deps.log.forget([HEARD + device for device in alone])
    await forget(deps.pool, person, carried, deps.clock.now_us())
    await _unregister(deps, actor, person)
    await forget(deps.pool, person, carried, deps.clock.now_us())  # what the last words about them were, too
    logger.info("a volunteer was forgotten", extra={"action": "volunteer.erased", "subject": actor})


async def _end_consent(deps: Deps, actor: str, person: str) -> None:
    """From now on ingest keeps nothing of theirs."""
    async with deps.register.alone():
        row = msgspec.convert(await read.registry_row(deps.pool, "people", person), Person)
        ended = msgspec.to_builtins(duty.consent(row, deps.clock.now_us(), given=False))
        await deps.register([Config(section="people", rows=(ended,), actor=actor)])


async def _unregister(deps: Deps, actor: str, person: str) -> None:
    held = await joins_of_person(deps.pool, person)
    await changing.delete(deps, Change("people", actor, close=True), person)
    if rows := tuple({"id": body["id"]} for body in held):
        async with deps.register.alone():
            now_us = deps.clock.now_us()
            await deps.register([Config(section="assignments", op="delete", rows=rows, actor=actor, at_us=now_us)])


async def _carried_last(deps: Deps, person: str, carried: Sequence[Carried]) -> list[str]:
    """The devices that nobody carried after them."""
    last: dict[str, Assignment] = {}
    found = await joins.joins_of(deps.pool, {one.device for one in carried})
    for join in sorted((msgspec.convert(body, Assignment) for body in found), key=lambda join: (join.from_us, join.id)):
        if join.device and join.person:
            last[join.device] = join
    return sorted(device for device, join in last.items() if join.person == person)


async def _forget_in_engine(
    commands: Commands, actor: str, person: str, carried: Sequence[Carried], alone: Sequence[str]
) -> None:
    """The detectors first: dispatch hears of places from them."""
    until_us: dict[str, int] = {}
    for one in carried:
        until_us[one.device] = max(one.until_us, until_us.get(one.device, 0))
    for device, until in until_us.items():
        stream = commands.geo[partition_of(device, len(commands.geo))]
        await commands.send("device.forget", actor, {"device": device, "until_us": until}, (stream,))
    await commands.send("person.forget", actor, {"person": person, "devices": [*alone]}, DISPATCH)
