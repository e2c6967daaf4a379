"""When roads, closures or hazards change: the way of everybody who was asked or planned is measured anew, at once.

Else nobody's time would change before their next position, and who now goes around the water would be held to have made
no progress, because they are farther away than they were at best.
"""

from __future__ import annotations

from math import inf, isinf
from typing import Final

import msgspec

from core.events import OfferChanged
from dispatch import offers
from dispatch.desk import Desk
from dispatch.people import carriers, last_seen
from dispatch.reach import closures
from dispatch.scene import To, measured
from dispatch.state import State, open_incidents

NOTICED_S: Final = 20.0  # a way that became so much longer or shorter is another one


def follow(desk: Desk, before: State) -> set[str] | None:
    """Take in how the ways changed since `before`; returns whose plans have to be said anew, None without a change."""
    if not _turned(before, desk.state) or not open_incidents(desk.state):
        return None
    asked, planned = _asked(desk), _planned(desk)
    whither = [To(offer.incident, offer.person, desk.state.seen[device]) for offer, device in asked] + planned
    was, now = (measured(desk, reach, whither)[0] for reach in (desk.ways.reach(before), desk.reach()))
    other = [abs(a - b) >= NOTICED_S or isinf(a) != isinf(b) for a, b in zip(was, now, strict=True)]
    for (offer, _), eta_s, changed in zip(asked, now, other, strict=False):
        if changed:
            _remeasured(desk, offer, eta_s)
    return {to.incident for to, changed in zip(whither, other, strict=True) if changed} | _short(desk)


def _turned(before: State, after: State) -> bool:
    """Whether anything that hinders is another than before."""
    if before.roads is not after.roads or before.closures != after.closures:
        return True
    return closures(before.incidents.values()) != closures(after.incidents.values())


def _asked(desk: Desk) -> list[tuple[OfferChanged, str]]:
    """Live offers of people whose position is followed and who are not there yet, and the device to follow."""
    where = last_seen(desk, {offer.person for offer in desk.live()})
    return [
        (offer, where[offer.person].device)
        for offer in desk.live()
        if offer.person in where and offer.state not in offers.THERE and not desk.state.trails[offer.id].woken
    ]


def _planned(desk: Desk) -> list[To]:
    who, seen = carriers(desk.state), desk.state.seen
    going = {incident.id for incident in open_incidents(desk.state)}
    return [
        To(incident, who.get(device, ""), seen[device])
        for incident, devices in desk.state.plans.items()
        for device in devices
        if incident in going and device in seen
    ]


def _remeasured(desk: Desk, offer: OfferChanged, eta_s: float) -> None:
    """Their time is another one now, and their progress is counted from here."""
    trail = desk.state.trails[offer.id]
    known = None if eta_s == inf else eta_s
    start_s = trail.start_s if known is None else known  # who cannot get there any more makes no progress
    desk.trail(offer, start_s=start_s, eta_s=known, best_s=known, best_us=max(desk.now_us, trail.best_us))
    said_s = None if known is None else round(known, 1)
    desk.store(msgspec.structs.replace(offer, at_us=desk.now_us, eta_s=said_s, revision=offer.revision + 1))


def _short(desk: Desk) -> set[str]:
    """Incidents that lacked people: why may be another reason now."""
    return {
        incident.id
        for incident in open_incidents(desk.state)
        if len(desk.state.plans.get(incident.id, ())) < sum(need.count for need in desk.needs(incident))
    }
