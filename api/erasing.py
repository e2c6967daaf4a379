"""A volunteer is forgotten: first that nothing new comes, then what is there; sums of groups and of the city stay."""

from __future__ import annotations

import logging
from typing import Final

import msgspec

from api import changing
from api.changing import Change
from api.deps import Deps
from core.entities import Assignment
from core.entries import Config
from core.errors import ConflictError
from dispatch.offers import LIVE
from store import offers
from store.erasure import carried_by, forget, joins_of_person

logger: Final = logging.getLogger("ronda.api")


async def erase(deps: Deps, actor: str, person: str) -> None:
    """Take the person out of the register, with who carried what, then out of the archive.

    A failure between leaves a person who is no longer asked, and what can be asked for again.
    """
    asked = (await offers.offers_of_person(deps.pool, person, limit=10_000)).rows
    if any(offer.state in LIVE for offer in asked):
        raise ConflictError("an incident asks them, or they are on their way or there; stand them down first")
    now_us = deps.clock.now_us()
    carried = await carried_by(deps.pool, person, now_us)
    joins = [msgspec.convert(body, Assignment) for body in await joins_of_person(deps.pool, person)]
    await changing.delete(deps, Change("people", actor, close=True), person)
    async with deps.register.alone():
        rows = tuple({"id": join.id} for join in joins)
        if rows:
            await deps.register([Config(section="assignments", op="delete", rows=rows, actor=actor, at_us=now_us)])
        await forget(deps.pool, person, carried, now_us)
    logger.info("a volunteer was forgotten", extra={"action": "volunteer.erased", "subject": actor})
