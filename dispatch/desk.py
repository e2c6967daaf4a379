"""The desk: one entry's work. A state that is replaced as things change, and what was said about it so far.

Every change of an incident or an offer goes through here, so that what is remembered and what is said agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from core.entries import Command
from core.errors import ConflictError
from core.events import Event, IncidentChanged, Mover, Need, NoticeAsked, NoticeKind, OfferChanged
from core.units import seconds_to_us
from dispatch import learning, offers
from dispatch.eta import Reach
from dispatch.incidents import ENDED, Move, moved
from dispatch.matching.problem import MAX_PLACES
from dispatch.reach import Ways, checked
from dispatch.state import LOOK, Params, State, Trail, Undo

NO_ROOM: Final = ("; close one first", "; ask for fewer")  # ends of refusals that hold only for now


class Desk:
    def __init__(self, state: State, params: Params, said: Iterable[Event] = (), ways: Ways | None = None) -> None:
        self.params, self.ways = params, ways or Ways()
        self.state = msgspec.structs.replace(  # these three are written to here, the state that was given never
            state, incidents=dict(state.incidents), offers=dict(state.offers), trails=dict(state.trails)
        )
        self.said = list(said)
        self.remark = ""  # what is said to whoever gave a command that was carried out
        self._at: dict[str, dict[str, None]] = {}
        self._held: dict[str, str] = {}
        self._over: dict[str, set[str]] = {}
        for offer in state.offers.values():
            self._index(offer)

    @property
    def now_us(self) -> int:
        return self.state.now_us

    def put(self, **fields: Any) -> None:
        """Replace parts of the state."""
        self.state = msgspec.structs.replace(self.state, **fields)

    def reach(self) -> Reach:
        """The roads and closures of now."""
        return self.ways.reach(self.state)

    def after(self, seconds: float) -> int:
        """The instant so many seconds from now."""
        return self.now_us + seconds_to_us(seconds)

    # incidents

    def incident(self, incident_id: str) -> IncidentChanged:
        found = self.state.incidents.get(incident_id)
        if found is None:
            raise ConflictError("no such incident, or it ended long ago; read the list again")
        return found

    def change(self, incident: IncidentChanged, **fields: Any) -> IncidentChanged:
        """The next version of an incident, remembered and said."""
        changed = msgspec.structs.replace(incident, at_us=self.now_us, revision=incident.revision + 1, **fields)
        self.keep(changed)
        return changed

    def move(self, incident: IncidentChanged, move: Move, **fields: Any) -> IncidentChanged:
        """A move of the life cycle; raises `ConflictError` when the table does not have it."""
        status = moved(incident.status, move)  # type: ignore[arg-type]  # core keeps the status an open string
        closed_us = self.now_us if status in ENDED else None
        return self.change(incident, status=status, closed_us=closed_us, **fields)

    def keep(self, incident: IncidentChanged) -> None:
        """Remember this version; ended ones beyond the bound are forgotten, those that ended first, but never this."""
        incidents = self.state.incidents
        before, incidents[incident.id] = incidents.get(incident.id), incident
        ended = [i for i, kept in incidents.items() if kept.status in ENDED]
        if incident.status not in ENDED:
            self._bounded(incidents, len(incidents) - len(ended))
        if _hinders_anew(before, incident):
            checked(incidents.values(), self.state.closures.values())
        if (beyond := len(ended) - self.params.max_ended) > 0:
            oldest = sorted(ended, key=lambda i: (i == incident.id, incidents[i].closed_us or 0))
            for forgotten in oldest[:beyond]:
                del incidents[forgotten]
        self.put(dirty=True)
        self.said.append(incident)

    def _bounded(self, incidents: dict[str, IncidentChanged], many: int) -> None:
        if many > self.params.max_open:
            raise ConflictError(f"{self.params.max_open} incidents are open already{NO_ROOM[0]}")
        wanted = (need.count for i in incidents.values() if i.status not in ENDED for need in self.params.needs_of(i))
        if sum(wanted) > MAX_PLACES:
            raise ConflictError(f"open incidents would want more than {MAX_PLACES} people{NO_ROOM[1]}")

    def remember_undo(self, command: Command, before: IncidentChanged | None, after: IncidentChanged) -> None:
        """A person may take back their last command."""
        undo = Undo(at_us=self.now_us, incident=after.id, revision=after.revision, before=before)
        oldest_us = self.now_us - seconds_to_us(self.params.undo_s)
        kept = {actor: u for actor, u in self.state.undo.items() if u.at_us >= oldest_us and actor != command.actor}
        self.put(undo={**kept, command.actor: undo})

    # offers

    def offer(self, offer_id: str) -> OfferChanged:
        found = self.state.offers.get(offer_id)
        if found is None:
            raise ConflictError("no such offer, or it ended long ago")
        return found

    def live(self, incident: str | None = None, role: str | None = None) -> Iterator[OfferChanged]:
        """Live offers, of an incident and a role. What is done with one may end those after it."""
        for offer_id in tuple(self.state.trails if incident is None else self._at.get(incident, ())):
            if offer_id in self.state.trails:
                offer = self.state.offers[offer_id]
                if incident in (None, offer.incident) and role in (None, offer.role):
                    yield offer

    def live_of(self, person: str) -> OfferChanged | None:
        """The one live offer of a person."""
        return self.state.offers.get(self._held.get(person, ""))

    def over(self, incident: str) -> frozenset[str]:
        """People whom nobody asks again for this incident: they said no, or nothing, or did their part."""
        return frozenset(self._over.get(incident, ()))

    def _index(self, offer: OfferChanged) -> None:
        """Where to find a live offer, and who is not asked again after one that ended."""
        if offer.id in self.state.trails:
            self._at.setdefault(offer.incident, {})[offer.id] = None
            self._held[offer.person] = offer.id
        elif offer.state in offers.OVER:
            self._over.setdefault(offer.incident, set()).add(offer.person)

    def ask(self, notice: NoticeKind | None, trail: Trail, **fields: Any) -> OfferChanged:
        """Make an offer, and have it said."""
        number = self.state.numbered + 1
        offer = OfferChanged(
            at_us=self.now_us,
            id=f"{fields['incident']}.{number}",
            made_us=self.now_us,
            expires_us=self.after(self.params.offer_life_s),
            eta_s=trail.eta_s,
            **fields,
        )
        self.put(numbered=number)
        self.state.trails[offer.id] = trail
        self.store(offer)
        if notice is not None:
            self.said.append(self._notice(notice, offer))
        return offer

    def step(
        self, offer: OfferChanged, move: offers.Move, by: Mover, actor: str = "", *, silent: bool = False, **fields: Any
    ) -> OfferChanged:
        """A move of the offer's table, remembered, said, and told to the volunteer where they must know."""
        after = msgspec.structs.replace(offers.moved(offer, move, by, self.now_us, actor), **fields)
        if after.state in offers.COMING and (eta_s := self.state.trails[offer.id].eta_s) is not None:
            after = msgspec.structs.replace(after, eta_s=round(eta_s, 1))  # what is known of their way by now
        self.store(after)
        self.put(**learning.learned(self.state, offer, after))
        if (kind := offers.TOLD.get(move)) is not None and not silent:
            self.tell(kind, after)
        return after

    def hand_over(self, offer: OfferChanged, device: str, actor: str) -> None:
        """From now on this offer is told to another device of its person; one without an answer is asked there anew."""
        now = msgspec.structs.replace(
            offer, at_us=self.now_us, device=device, by="coordinator", actor=actor, revision=offer.revision + 1
        )
        self.store(now)
        if offer.state in offers.PENDING:
            woken = self.state.trails[offer.id].woken
            self.said.append(self._notice("wake" if woken else "verify" if offer.role == LOOK else "offer", now))

    def store(self, offer: OfferChanged) -> None:
        """Remember a version; ended ones beyond the bound are forgotten, the oldest first."""
        kept, trails = self.state.offers, self.state.trails
        kept[offer.id] = offer
        if offer.state in offers.ENDED:
            del trails[offer.id], self._held[offer.person]
        self._index(offer)
        if len(kept) - len(trails) > self.params.max_offers * 1.1:
            self._forget_offers()
        self.put(dirty=True)
        self.said.append(offer)

    def _forget_offers(self) -> None:
        """Ended offers beyond the bound: those of ended incidents first, then the oldest."""
        kept, going = self.state.offers, {i.id for i in self.state.incidents.values() if i.status not in ENDED}
        ended = sorted((i for i in kept if i not in self.state.trails), key=lambda i: kept[i].incident in going)
        for offer_id in ended[: len(ended) - self.params.max_offers]:
            del kept[offer_id]

    def trail(self, offer: OfferChanged, **fields: Any) -> None:
        """What is newly known about a live offer."""
        self.state.trails[offer.id] = msgspec.structs.replace(self.state.trails[offer.id], **fields)

    # notices

    def tell(self, kind: NoticeKind, offer: OfferChanged) -> None:
        """Tell a change, at most one a minute to each: the newest one waits, and stands for those before it."""
        self.put(owed={**self.state.owed, offer.person: self._notice(kind, offer)})
        self.send_owed()

    def send_owed(self) -> None:
        """Say what has waited long enough, and drop what is past its life."""
        oldest_us = self.now_us - seconds_to_us(self.params.quiet_s)
        told_us = {person: at_us for person, at_us in self.state.told_us.items() if at_us > oldest_us}
        again = len(told_us) < len(self.state.told_us)  # somebody was left alone for long enough to be asked
        due = {person: notice for person, notice in self.state.owed.items() if person not in told_us}
        owed = {person: notice for person, notice in self.state.owed.items() if person not in due}
        for person, notice in due.items():
            if self.now_us < notice.expires_us:
                self.said.append(msgspec.structs.replace(notice, at_us=self.now_us))
                told_us[person] = self.now_us
        self.put(owed=owed, told_us=told_us, dirty=self.state.dirty or again)

    def quiet(self, person: str) -> bool:
        """Whether a person was told of a change so lately that they are left alone."""
        return person in self.state.told_us or person in self.state.owed

    def _notice(self, kind: NoticeKind, offer: OfferChanged) -> NoticeAsked:
        pending = offer.state in offers.PENDING
        return NoticeAsked(
            at_us=self.now_us,
            id=f"{offer.id}:{offer.revision}:{kind}",
            kind=kind,
            person=offer.person,
            device=offer.device,
            offer=offer.id,
            incident=offer.incident,
            expires_us=offer.expires_us if pending else self.after(3600),
        )

    def needs(self, incident: IncidentChanged) -> tuple[Need, ...]:
        """What an incident wants now: nobody once it has ended; those who look, and they alone, until it is true."""
        needs = self.params.needs_of(incident)
        if incident.status in ENDED:
            return tuple(msgspec.structs.replace(need, count=0) for need in needs)
        looking = incident.status == "reported" and any(need.role == LOOK for need in needs)
        return tuple(n if (n.role == LOOK) is looking else msgspec.structs.replace(n, count=0) for n in needs)


def _hinders_anew(before: IncidentChanged | None, after: IncidentChanged) -> bool:
    """Whether a hazard is in force that was not: what was taken in once is looked at no more, whoever arrives there."""
    if after.hazard is None or after.status in ENDED:
        return False
    return before is None or before.status in ENDED or before.hazard != after.hazard
