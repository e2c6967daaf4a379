"""A volunteer is forgotten: what dispatch remembers of them goes, and their name in what it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from core.entries import Command
from core.errors import ConflictError
from core.events import IncidentChanged
from core.naming import ERASED
from dispatch.desk import Desk
from dispatch.state import Undo


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
    state, alone = desk.state, {body.person}
    state.incidents.update({id_: _unnamed(incident, body.person) for id_, incident in state.incidents.items()})
    desk.put(
        seen=_without(state.seen, {*body.devices}),
        away_us=_without(state.away_us, alone),
        told_us=_without(state.told_us, alone),
        owed=_without(state.owed, alone),
        undo={actor: _undo(undo, body.person) for actor, undo in state.undo.items() if actor != body.person},
        plans={id_: tuple(d for d in plan if d not in body.devices) for id_, plan in state.plans.items()},
        dirty=True,
    )


def _unname_offers(desk: Desk, body: Forget) -> None:
    """They may have spoken as themselves, or by a device that they carried."""
    for id_, offer in desk.state.offers.items():
        theirs, spoke = offer.person == body.person, offer.actor in (body.person, *body.devices)
        if theirs or spoke:
            named = {"person": ERASED, "device": ERASED} if theirs else {}
            actor = ERASED if spoke else offer.actor
            desk.state.offers[id_] = msgspec.structs.replace(offer, actor=actor, **named)


def _unnamed(incident: IncidentChanged, person: str) -> IncidentChanged:
    """The same incident where nobody of that name had a part in it."""
    photographed = any(photo.by == person for photo in incident.photos)
    if not photographed and person not in (*incident.verified_by, *incident.excluded):
        return incident
    return msgspec.structs.replace(
        incident,
        verified_by=tuple(ERASED if name == person else name for name in incident.verified_by),
        excluded=tuple(name for name in incident.excluded if name != person),
        photos=tuple(msgspec.structs.replace(p, by=ERASED) if p.by == person else p for p in incident.photos),
    )


def _undo(undo: Undo, person: str) -> Undo:
    """What somebody may take back brings no name back."""
    return undo if undo.before is None else msgspec.structs.replace(undo, before=_unnamed(undo.before, person))


def _without(rows: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: row for name, row in rows.items() if name not in names}
