"""Commands about offers: what the volunteer, a channel or a coordinator on the telephone says of one of them.

`offer.answer` {offer, answer, minutes} and `offer.answer_for`; `offer.delivered`, `offer.seen`; `offer.arrived`,
`offer.left` and `offer.arrived_for`, `offer.left_for`; `offer.looked` {offer, true, text}; `offer.lock`,
`offer.stand_down`; `dispatch.pause`, `dispatch.resume` of the whole city.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final, Literal

import msgspec

from core.calendar import Calendar, CityZone
from core.entries import Command
from core.errors import ConflictError
from core.events import Mover, OfferChanged
from dispatch import offers
from dispatch.asking import drop, settle
from dispatch.desk import Desk
from dispatch.eta import START_S
from dispatch.people import carriers

Act = Callable[[Desk, Command], None]


class _Of(msgspec.Struct, frozen=True, kw_only=True):
    offer: str


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    offer: str
    answer: Literal["accept", "accept_in", "decline", "decline_today"]
    minutes: Annotated[int, msgspec.Meta(ge=0, le=240)] = 0


class _Looked(msgspec.Struct, frozen=True, kw_only=True):
    offer: str
    real: bool
    text: Annotated[str, msgspec.Meta(max_length=2000)] = ""


def perform(desk: Desk, command: Command) -> None:
    """Carry out a command about an offer."""
    ACTS[command.kind](desk, command)


def _mine(desk: Desk, command: Command, by: Mover) -> OfferChanged:
    """The offer; a volunteer speaks for their own only, as themselves or by the device they carry."""
    offer = desk.offer(msgspec.convert(command.body, _Of).offer)
    if by == "volunteer" and command.actor != offer.person and carriers(desk.state).get(command.actor) != offer.person:
        raise ConflictError("that is another volunteer's offer")
    return offer


def _today_us(desk: Desk, person: str) -> int:
    """The end of "not today": the city's midnight after the shift; where nobody told its clock, half a day."""
    latest_us = desk.after(desk.params.today_s)
    if not desk.state.offsets:
        return latest_us
    spans = desk.state.people[person].duty if person in desk.state.people else ()
    ends_us = next((until_us for from_us, until_us in spans if from_us <= desk.now_us < until_us), desk.now_us)
    calendar = Calendar(CityZone(desk.state.offsets))
    return calendar.instant_us(calendar.day(min(ends_us, latest_us)) + 1)


def _answer(by: Mover) -> Act:
    def act(desk: Desk, command: Command) -> None:
        offer, body = _mine(desk, command, by), msgspec.convert(command.body, _Answer)
        if body.answer in ("decline", "decline_today"):
            desk.step(offer, "decline", by, command.actor)
            if body.answer == "decline_today":
                desk.put(away_us={**desk.state.away_us, offer.person: _today_us(desk, offer.person)})
            return
        minutes = body.minutes if body.answer == "accept_in" else None
        taken = desk.step(offer, "accept", by, command.actor, minutes=minutes)
        desk.trail(taken, best_us=desk.after(60.0 * (minutes or 0) + START_S))  # nobody is nearer before they set out
        settle(desk, offer.incident, taken)

    return act


def _move(move: offers.Move, by: Mover) -> Act:
    def act(desk: Desk, command: Command) -> None:
        moved = desk.step(_mine(desk, command, by), move, by, command.actor)
        settle(desk, moved.incident)

    return act


def _looked(desk: Desk, command: Command) -> None:
    """Who went to look says whether it is true: a report that one of them confirms is verified."""
    offer, body = _mine(desk, command, "volunteer"), msgspec.convert(command.body, _Looked)
    if offer.state in offers.PENDING:
        offer = desk.step(offer, "accept", "volunteer", command.actor)
    if offer.state not in offers.THERE:
        offer = desk.step(offer, "arrive", "volunteer", command.actor)
    desk.step(offer, "leave", "volunteer", command.actor)
    incident = desk.incident(offer.incident)
    text = "\n".join(part for part in (incident.text, body.text) if part)[:2000]
    if body.real and incident.status == "reported":
        desk.move(incident, "verify", text=text, verified_by=(*incident.verified_by, offer.person))
    elif text != incident.text:
        desk.change(incident, text=text)
    settle(desk, incident.id)


def _lock(desk: Desk, command: Command) -> None:
    """The place is theirs: the matcher does not take it away."""
    offer = _mine(desk, command, "coordinator")
    if offer.id not in desk.state.trails:
        raise ConflictError(f"the offer is {offer.state}; nothing is left to lock")
    desk.store(
        msgspec.structs.replace(
            offer, at_us=desk.now_us, manual=True, by="coordinator", actor=command.actor, revision=offer.revision + 1
        )
    )


def _stand_down(desk: Desk, command: Command) -> None:
    offer = _mine(desk, command, "coordinator")
    if offer.id not in desk.state.trails:
        raise ConflictError(f"the offer is {offer.state} already")
    drop(desk, offer, command.actor)


def _paused(paused: bool) -> Act:
    return lambda desk, _command: desk.put(paused=paused, dirty=True)


ACTS: Final[Mapping[str, Act]] = {
    "offer.answer": _answer("volunteer"),
    "offer.answer_for": _answer("coordinator"),
    "offer.delivered": _move("deliver", "channel"),
    "offer.seen": _move("see", "volunteer"),
    "offer.arrived": _move("arrive", "volunteer"),
    "offer.arrived_for": _move("arrive", "coordinator"),
    "offer.left": _move("leave", "volunteer"),
    "offer.left_for": _move("leave", "coordinator"),
    "offer.looked": _looked,
    "offer.lock": _lock,
    "offer.stand_down": _stand_down,
    "dispatch.pause": _paused(paused=True),
    "dispatch.resume": _paused(paused=False),
}
