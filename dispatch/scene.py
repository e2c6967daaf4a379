"""What positions tell about those who were asked: on the way, arrived, at work, gone again."""

from __future__ import annotations

import numpy as np

from core.events import OfferChanged
from core.units import seconds_to_us
from dispatch import eta, offers
from dispatch.asking import settle
from dispatch.desk import Desk
from dispatch.people import carriers
from dispatch.reach import closures
from dispatch.state import Trail, Volunteer

NEARER_S = 20.0  # so much sooner than at first: on the way
FALLS_S = 5.0  # less than this is noise, no progress


def follow(desk: Desk) -> None:
    """Look at every live offer whose device was seen since."""
    who = carriers(desk.state)
    seen = {who[v.device]: v for v in sorted(desk.state.seen.values(), key=lambda v: v.time_us) if v.device in who}
    reach = eta.Reach(None, closures(desk.state.incidents.values()))
    for offer in desk.live():
        at, trail = seen.get(offer.person), desk.state.trails[offer.id]
        if at is not None and trail.fix_us < at.time_us and offer.made_us <= at.time_us and not trail.woken:
            _look(desk, reach, offer, trail, at)


def _look(desk: Desk, reach: eta.Reach, offer: OfferChanged, trail: Trail, at: Volunteer) -> None:
    incident, person = desk.incident(offer.incident), desk.state.people.get(offer.person)
    lons, lats = np.array([at.lon]), np.array([at.lat])
    group = reach.crowd(lons, lats, [person.vehicle if person else "motorbike"])
    eta_s = float(reach.eta_of(incident.lon, incident.lat, group, why=False).eta_s[0])
    away_m = float(eta.distances_m(incident.lon, incident.lat, lons, lats)[0])
    near = trail.near + 1 if away_m <= desk.params.arrive_m else 0
    far_us = (trail.far_us or at.time_us) if away_m > desk.params.left_m else None
    desk.trail(offer, eta_s=eta_s, fix_us=at.time_us, near=near, far_us=far_us)
    if trail.start_s is None:
        desk.trail(offer, start_s=eta_s, best_s=eta_s, best_us=max(trail.best_us, at.time_us))
    elif trail.best_s is None or eta_s < trail.best_s - FALLS_S:
        desk.trail(offer, best_s=eta_s, best_us=max(trail.best_us, at.time_us))
    _judge(desk, desk.offer(offer.id), trail, at)


def _judge(desk: Desk, offer: OfferChanged, before: Trail, at: Volunteer) -> None:
    trail, params = desk.state.trails[offer.id], desk.params
    works_us = seconds_to_us(params.work_s)
    if offer.state in offers.THERE:
        if trail.far_us is not None and at.time_us - trail.far_us >= seconds_to_us(params.left_s):
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
