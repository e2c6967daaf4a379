"""What time alone changes: lives that end, promises that become firm, no progress, duty that is over."""

from __future__ import annotations

from core.events import OfferChanged
from core.units import seconds_to_us
from dispatch import cap, offers
from dispatch.desk import Desk
from dispatch.people import on_call
from dispatch.reach import lasts
from dispatch.state import State, open_incidents


def ring(desk: Desk) -> None:
    """Everything that is due by now."""
    away_us = {person: until_us for person, until_us in desk.state.away_us.items() if until_us > desk.now_us}
    if away_us != desk.state.away_us:
        desk.put(away_us=away_us, dirty=True)
    _reopen(desk)
    for offer in desk.live():
        if offer.state in offers.PENDING:
            _pending(desk, offer)
        elif offer.state in offers.COMING:
            _coming(desk, offer)
    cap.expire(desk)
    desk.send_owed()


def _reopen(desk: Desk) -> None:
    """Closures that are over by now are forgotten."""
    closures, now_us = desk.state.closures, desk.now_us
    if any(not lasts(closure, now_us) for closure in closures.values()):
        desk.put(closures={name: c for name, c in closures.items() if lasts(c, now_us)}, dirty=True)


def _pending(desk: Desk, offer: OfferChanged) -> None:
    person = desk.state.people.get(offer.person)
    if offer.expires_us <= desk.now_us:
        desk.step(offer, "expire", "clock")
    elif not (desk.state.trails[offer.id].woken or (person is not None and on_call(desk.state, person))):
        desk.step(offer, "withdraw", "matcher", silent=True, why="off duty")


def _coming(desk: Desk, offer: OfferChanged) -> None:
    trail = desk.state.trails[offer.id]
    watched = trail.start_s is not None and not trail.near
    if watched and desk.now_us - trail.best_us >= seconds_to_us(desk.params.stall_s):
        desk.step(offer, "stall", "clock")
    elif offer.state == "accepted" and desk.now_us - offer.at_us >= seconds_to_us(desk.params.settle_s):
        desk.step(offer, "commit", "clock")


def pending(state: State) -> bool:
    """Whether time alone may change something: somebody is asked or comes, a notice waits, an incident is open."""
    return bool(state.trails or state.owed or open_incidents(state))
