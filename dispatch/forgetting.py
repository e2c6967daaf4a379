"""A volunteer is forgotten: what dispatch remembers of them goes, and their name in what it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from core.entries import Command
from core.errors import ConflictError
from core.naming import ERASED
from dispatch.desk import Desk


class Forget(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `person.forget`: who, and the devices that they alone carried last."""

    person: Annotated[str, msgspec.Meta(min_length=1)]
    devices: tuple[str, ...] = ()


def forget(desk: Desk, command: Command) -> None:
    """Nothing is said of it: the archive takes their name out of what was said. Not while they are asked."""
    body = msgspec.convert(command.body, Forget)
    if desk.live_of(body.person) is not None:
        raise ConflictError("an incident asks them, or they are on their way or there; stand them down first")
    _unname_offers(desk, body)
    _unname_incidents(desk, body.person)
    state, alone = desk.state, {body.person}
    desk.put(
        seen=_without(state.seen, {*body.devices}),
        away_us=_without(state.away_us, alone),
        told_us=_without(state.told_us, alone),
        owed=_without(state.owed, alone),
        undo=_without(state.undo, alone),
        plans={id_: tuple(d for d in plan if d not in body.devices) for id_, plan in state.plans.items()},
        dirty=True,
    )


def _unname_offers(desk: Desk, body: Forget) -> None:
    for id_, offer in desk.state.offers.items():
        theirs = offer.person == body.person
        if theirs or offer.actor == body.person:
            named = {"person": ERASED, "device": ERASED} if theirs else {}
            actor = ERASED if offer.actor == body.person else offer.actor
            desk.state.offers[id_] = msgspec.structs.replace(offer, actor=actor, **named)


def _unname_incidents(desk: Desk, person: str) -> None:
    for id_, incident in desk.state.incidents.items():
        if person in incident.verified_by or person in incident.excluded:
            desk.state.incidents[id_] = msgspec.structs.replace(
                incident,
                verified_by=tuple(ERASED if name == person else name for name in incident.verified_by),
                excluded=tuple(name for name in incident.excluded if name != person),
            )


def _without(rows: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: row for name, row in rows.items() if name not in names}
