"""What became of an incident, put together afterwards from all that was said of it: when, who, and what it was worth.

Pure, over the events in their order; what they do not tell stays None. Nobody is counted who was only asked to look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, Protocol

from core.events import Beside, Event, IncidentChanged, OfferChanged, OfferState, PlanMade, Price
from dispatch import offers
from dispatch.incidents import ENDED
from dispatch.state import LOOK

Outcome = Literal["accepted", "declined", "unanswered", "withdrawn", "waiting"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("accepted", "declined", "unanswered", "withdrawn", "waiting")
SILENT: Final[Mapping[OfferState, Outcome]] = {
    "declined": "declined",
    "expired": "unanswered",
    "withdrawn": "withdrawn",
}
BY_HAND: Final = frozenset(
    {"incident.assign", "incident.exclude", "incident.include", "incident.pause", "incident.resume", "incident.wake",
     "offer.lock", "offer.stand_down"}
)  # fmt: skip


class Said(Protocol):
    """An event; the command that it followed from, and whose."""

    @property
    def event(self) -> Event: ...
    @property
    def act(self) -> str | None: ...
    @property
    def actor(self) -> str | None: ...


@dataclass(slots=True)
class Turn:
    """What became of one who was asked; instants are None while they have not been."""

    offer: str
    person: str
    device: str
    role: str
    asked_us: int
    eta_s: float | None  # as it was when they were asked
    state: OfferState
    promised: bool = False
    manual: bool = False
    carried: bool = False  # to the incident that this one was merged into, and not back again
    answered_us: int | None = None
    departed_us: int | None = None
    arrived_us: int | None = None
    worked_us: int | None = None
    ended_us: int | None = None

    @property
    def outcome(self) -> Outcome:
        """What they said; what was withdrawn before an answer says nothing of them."""
        return "accepted" if self.promised else SILENT.get(self.state, "waiting")


class Heads(NamedTuple):
    """How many were on their way, and there, from an instant on."""

    at_us: int
    coming: int
    there: int


class ByHand(NamedTuple):
    """What a coordinator decided instead of the matcher, and what that cost by the plan before (None: not told)."""

    at_us: int
    act: str
    actor: str
    person: str | None
    cost: Price | None


@dataclass(slots=True)
class Review:
    """An incident afterwards. `beside` is of the first plan after volunteers were to be asked."""

    incident: IncidentChanged
    verified_us: int | None = None
    dispatched_us: int | None = None
    filled_us: int | None = None
    all_us: int | None = None
    wanted: dict[str, int] = field(default_factory=dict)  # by role
    turns: dict[str, Turn] = field(default_factory=dict)  # by offer, as they were made
    heads: list[Heads] = field(default_factory=list)
    by_hand: list[ByHand] = field(default_factory=list)
    beside: Beside | None = None

    @property
    def asked_us(self) -> int | None:
        """When the first was asked."""
        return min((turn.asked_us for turn in self.turns.values()), default=None)

    @property
    def first_us(self) -> int | None:
        """When the first was there."""
        return min((t.arrived_us for t in self.turns.values() if t.arrived_us is not None), default=None)

    def outcomes(self) -> dict[Outcome, int]:
        """How many were asked, by what came of it."""
        counted = Counter(turn.outcome for turn in self.turns.values())
        return {outcome: counted[outcome] for outcome in OUTCOMES}


def review(story: Iterable[Said]) -> Review | None:
    """Everything that was said of one incident, oldest first; None where no version of it is among it."""
    reader = _Reader()
    for said in story:
        reader.read(said)
    return reader.found


class _Reader:
    def __init__(self) -> None:
        self.found: Review | None = None
        self._plan: PlanMade | None = None
        self._compared = False  # the first plan after the word to ask was met
        self._told: tuple[int, str] | None = None  # the command by hand that is in the list already

    def read(self, said: Said) -> None:
        event, found = said.event, self.found
        if isinstance(event, IncidentChanged):
            self._hand_of_incident(said, event, found.incident if found else None)
            _count(self._incident(event), event.at_us)
        elif found is not None and isinstance(event, OfferChanged) and event.role != LOOK:
            if self._offer(found, event):
                _count(found, event.at_us)
            self._hand_of_offer(said, event)
        elif found is not None and isinstance(event, PlanMade):
            self._planned(found, event)

    def _incident(self, event: IncidentChanged) -> Review:
        found = self.found = self.found or Review(event)
        if found.incident.status in ENDED and event.status not in ENDED:
            for turn in found.turns.values():
                turn.carried = turn.state in offers.LIVE
        found.incident = event
        if event.verified_by and found.verified_us is None:
            found.verified_us = event.at_us
        if event.status == "dispatching" and found.dispatched_us is None:
            found.dispatched_us = event.at_us
        if needs := {need.role: need.count for need in event.needs if need.role != LOOK}:
            found.wanted = needs
        return found

    def _planned(self, found: Review, event: PlanMade) -> None:
        if found.dispatched_us is not None and not self._compared:
            found.beside, self._compared = event.beside, True
        if not any(need.role != LOOK for need in found.incident.needs) and event.gauge and event.gauge.wanted:
            found.wanted = {"": event.gauge.wanted}
        self._plan = event

    def _offer(self, found: Review, event: OfferChanged) -> bool:
        """Follow an offer; whether it changed who is coming or there."""
        turn = found.turns.get(event.id)
        if turn is None:
            turn = found.turns[event.id] = Turn(
                event.id, event.person, event.device, event.role, event.made_us or event.at_us, event.eta_s, "offered"
            )
        was = turn.state
        turn.state, turn.manual, turn.carried = event.state, event.manual, False
        if event.state in offers.PROMISED or event.state == "no_progress":
            turn.promised = True
        if turn.answered_us is None and (turn.promised or (was in offers.PENDING and event.state == "declined")):
            turn.answered_us = event.at_us
        _clock(turn, event)
        return _place(was) != _place(event.state)

    def _hand_of_incident(self, said: Said, event: IncidentChanged, before: IncidentChanged | None) -> None:
        if said.act in BY_HAND and said.act not in ("incident.assign", "offer.lock", "offer.stand_down"):
            new = set(event.excluded) ^ set(before.excluded if before else ())
            person = next(iter(new), None)
            self._by_hand(said, event.at_us, person, self._worth(person) if said.act == "incident.exclude" else None)

    def _hand_of_offer(self, said: Said, event: OfferChanged) -> None:
        if said.act == "incident.assign" and event.why == "assigned":
            self._by_hand(said, event.at_us, event.person, self._instead(event.device))
        elif said.act in ("offer.lock", "offer.stand_down"):
            self._by_hand(said, event.at_us, event.person, None)

    def _by_hand(self, said: Said, at_us: int, person: str | None, cost: Price | None) -> None:
        if self.found is not None and said.act and self._told != (at_us, said.act):
            self._told = (at_us, said.act)
            self.found.by_hand.append(ByHand(at_us, said.act, said.actor or "", person, cost))

    def _instead(self, device: str) -> Price | None:
        """What the newest plan said that sending somebody would cost; who was chosen costs nothing."""
        plan = self._plan
        if plan is None:
            return None
        if any(one.device == device for one in plan.chosen):
            return Price()
        return next((one.cost for one in plan.alternatives if one.device == device), None)

    def _worth(self, person: str | None) -> Price | None:
        """What it would cost if somebody who was chosen were not there."""
        devices = {turn.device for turn in self.found.turns.values() if turn.person == person} if self.found else ()
        plan = self._plan
        if plan is None or not devices:
            return None
        return next((w for c, w in zip(plan.chosen, plan.worth, strict=False) if c.device in devices), None)


def _place(state: OfferState) -> tuple[bool, bool]:
    return state in offers.PROMISED, state in offers.THERE


def _clock(turn: Turn, event: OfferChanged) -> None:
    """Instants that this version tells, each when it was first so."""
    if event.state == "en_route":
        turn.departed_us = turn.departed_us or event.at_us
    if event.state in offers.THERE:
        turn.arrived_us = turn.arrived_us or event.at_us
    if event.state == "working":
        turn.worked_us = turn.worked_us or event.at_us
    turn.ended_us = event.at_us if event.state in offers.ENDED else None


def _count(found: Review, at_us: int) -> None:
    """The heads after an event, and whether all places were promised, or all are there, for the first time."""
    live = found.turns.values() if found.incident.status not in ENDED else ()
    promised = Counter(turn.role for turn in live if turn.state in offers.PROMISED and not turn.carried)
    there = Counter(turn.role for turn in live if turn.state in offers.THERE and not turn.carried)
    _stand(found.heads, Heads(at_us, promised.total() - there.total(), there.total()))
    if found.wanted and found.incident.status not in ENDED:
        if found.filled_us is None and _covers(promised, found.wanted):
            found.filled_us = at_us
        if found.all_us is None and _covers(there, found.wanted):
            found.all_us = at_us


def _stand(heads: list[Heads], now: Heads) -> None:
    """One step for an instant, and only where something changed."""
    if heads and heads[-1].at_us == now.at_us:
        heads.pop()
    if (heads[-1][1:] if heads else (0, 0)) != now[1:]:
        heads.append(now)


def _covers(people: Mapping[str, int], wanted: Mapping[str, int]) -> bool:
    return sum(wanted.values()) > 0 and all(people.get(role, 0) >= count for role, count in wanted.items())
