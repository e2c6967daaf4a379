"""What positions tell about those who were asked: on the way, arrived, at work, gone again."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf
from typing import NamedTuple

import numpy as np

from core.events import OfferChanged
from core.units import seconds_to_us
from dispatch import eta, offers
from dispatch.asking import settle
from dispatch.desk import Desk
from dispatch.eta import Reach
from dispatch.people import last_seen
from dispatch.state import Trail, Volunteer

NEARER_S = 20.0  # so much sooner than at first: on the way
FALLS_S = 5.0  # less than this is noise, no progress


class To(NamedTuple):
    """Somebody on the way to an incident."""

    incident: str
    person: str
    at: Volunteer


def follow(desk: Desk) -> None:
    """Look at every live offer whose device was seen since."""
    if not desk.state.trails:
        return
    seen = last_seen(desk, {offer.person for offer in desk.live()})
    news = [(offer, seen[offer.person]) for offer in desk.live() if offer.person in seen]
    news = [(offer, at) for offer, at in news if _is_new(desk, offer, at)]
    if news:
        whither = [To(offer.incident, offer.person, at) for offer, at in news]
        for (offer, at), eta_s, away_m in zip(news, *measured(desk, desk.reach(), whither), strict=True):
            if offer.id in desk.state.trails:  # somebody before them may have ended it
                before = desk.state.trails[offer.id]
                _measure(desk, offer, at, None if isinf(eta_s) else eta_s, away_m)
                _judge(desk, desk.offer(offer.id), before, at)


def _is_new(desk: Desk, offer: OfferChanged, at: Volunteer) -> bool:
    trail = desk.state.trails[offer.id]
    return trail.fix_us < at.seen_us and offer.made_us <= at.seen_us and not trail.woken


def measured(desk: Desk, reach: Reach, whither: Sequence[To]) -> tuple[list[float], list[float]]:
    """Seconds and metres of each to their incident; all are put on the roads at once."""
    lons, lats = np.array([to.at.lon for to in whither]), np.array([to.at.lat for to in whither])
    people = [desk.state.people.get(to.person) for to in whither]
    crowd = reach.crowd(lons, lats, [person.vehicle if person else "motorbike" for person in people])
    columns: dict[str, list[int]] = {}
    for j, to in enumerate(whither):
        columns.setdefault(to.incident, []).append(j)
    eta_s, away_m = np.empty(len(whither)), np.empty(len(whither))
    for incident_id, some in columns.items():
        at, these = desk.incident(incident_id), np.array(some, np.int64)
        eta_s[these] = reach.eta_of(at.lon, at.lat, crowd, these, why=False).eta_s
        away_m[these] = eta.distances_m(at.lon, at.lat, lons[these], lats[these])
    return eta_s.tolist(), away_m.tolist()


def _measure(desk: Desk, offer: OfferChanged, at: Volunteer, eta_s: float | None, away_m: float) -> None:
    trail = desk.state.trails[offer.id]
    near = trail.near + 1 if away_m <= desk.params.arrive_m else 0
    far_us = (trail.far_us or at.seen_us) if away_m > desk.params.left_m else None
    desk.trail(offer, eta_s=eta_s, fix_us=at.seen_us, near=near, far_us=far_us)
    if eta_s is not None and trail.start_s is None:
        desk.trail(offer, start_s=eta_s, best_s=eta_s, best_us=max(trail.best_us, at.seen_us))
    elif eta_s is not None and (trail.best_s is None or eta_s < trail.best_s - FALLS_S):
        desk.trail(offer, best_s=eta_s, best_us=max(trail.best_us, at.seen_us))


def _judge(desk: Desk, offer: OfferChanged, before: Trail, at: Volunteer) -> None:
    trail, params = desk.state.trails[offer.id], desk.params
    works_us = seconds_to_us(params.work_s)
    if offer.state in offers.THERE:
        if trail.far_us is not None and at.seen_us - trail.far_us >= seconds_to_us(params.left_s):
            desk.step(offer, "leave", "gps")
        elif offer.state == "arrived" and at.stood_us is not None and at.stood_us <= at.time_us - works_us:
            desk.step(offer, "work", "gps")
    elif offer.state not in offers.PENDING:
        if trail.near and (trail.near > 1 or at.stood_us is not None):
            desk.step(offer, "arrive", "gps")
            settle(desk, offer.incident)
        elif offer.state != "en_route" and _nears(offer, before, trail):
            settle(desk, offer.incident, desk.step(offer, "depart", "gps"))


def _nears(offer: OfferChanged, before: Trail, now: Trail) -> bool:
    """Much sooner there than at first; after a halt, than at best."""
    base_s = before.best_s if offer.state == "no_progress" else now.start_s
    return base_s is not None and now.eta_s is not None and now.eta_s <= base_s - NEARER_S
