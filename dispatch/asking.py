"""From a matching to offers: who is asked, who gives way to somebody nearer, who is told that they are not needed."""

from __future__ import annotations

from math import inf
from typing import Final

from core.events import IncidentChanged, Need, NoticeKind, OfferChanged
from dispatch import offers
from dispatch.desk import Desk
from dispatch.incidents import ENDED, TABLE
from dispatch.plan import Round
from dispatch.state import LOOK, Trail

GONE_FAR: Final = 2 / 3  # of the first time to arrive: with less left nobody takes the place any more


def ask(desk: Desk, found: Round) -> None:
    """Ask everybody chosen for an incident that asks, one live offer each."""
    for i, row in enumerate(found.rows):
        asked = {offer.person for offer in row.pending}
        for j in found.matching.chosen[i] if row.asks else ():
            name = found.everybody.people.name(j)
            if not name or name in asked:
                continue
            ranger = found.people[j]
            if (elsewhere := desk.live_of(ranger.name)) is not None:
                desk.step(elsewhere, "withdraw", "matcher")
            arrive_s = round(found.eta_s(i, [j])[0], 1)
            offer_to(desk, row.incident, row.need.role, ranger.name, ranger.device, arrive_s, why="nearest")


def offer_to(
    desk: Desk, incident: IncidentChanged, role: str, person: str, device: str, arrive_s: float | None, *, why: str
) -> OfferChanged:
    """One offer with its notice."""
    trail = Trail(start_s=arrive_s, eta_s=arrive_s, best_s=arrive_s, best_us=desk.now_us)
    kind: NoticeKind = "verify" if role == LOOK else "offer"
    return desk.ask(
        kind, trail, incident=incident.id, role=role, person=person, device=device, state="offered", why=why
    )  # fmt: skip


def settle(desk: Desk, incident_id: str, newcomer: OfferChanged | None = None) -> None:
    """Nobody promised beyond the places: the farther stand down; once full, who cannot help is asked no longer."""
    incident = desk.incident(incident_id)
    needs = {need.role: need for need in desk.needs(incident)}
    for role in dict.fromkeys([*needs, *(offer.role for offer in desk.live(incident_id))]):
        _settle_role(desk, incident, needs.get(role, Need(role=role, count=0)), newcomer)
    if incident.status not in ENDED:
        _follow(desk, incident)


def _settle_role(desk: Desk, incident: IncidentChanged, need: Need, newcomer: OfferChanged | None) -> None:
    promised = [offer for offer in desk.live(incident.id, need.role) if offer.state in offers.PROMISED]
    for _ in range(len(promised) - need.count):
        loser = _loser(desk, promised, newcomer)
        if loser is None:
            break
        promised.remove(loser)
        desk.step(loser, "stand_down", "matcher")
    if len(promised) < need.count:
        return
    worst_s = max((_eta_s(desk, offer) for offer in promised if _movable(desk, offer)), default=0.0)
    for offer in desk.live(incident.id, need.role):
        if need.count and _eta_s(desk, offer) + desk.params.swap_s < worst_s:
            continue  # whoever is so much nearer may still win the place, also if they stand in a jam now
        if offer.state == "no_progress" and not offer.manual:
            desk.step(offer, "stand_down", "matcher")
        elif offer.state in offers.PENDING:
            desk.step(offer, "withdraw", "matcher")


def _loser(desk: Desk, promised: list[OfferChanged], newcomer: OfferChanged | None) -> OfferChanged | None:
    """Who gives up the place: the farthest, if the newcomer gains enough by it; else the newcomer."""
    coming = [offer for offer in promised if offer.state in offers.COMING and not offer.manual]
    new = next((offer for offer in coming if newcomer is not None and offer.id == newcomer.id), None)
    rest = [offer for offer in coming if offer is not new and (new is None or _movable(desk, offer))]
    worst = max(rest, key=lambda offer: (_eta_s(desk, offer), offer.made_us, offer.id), default=None)
    if new is None or worst is None:
        return new or worst
    return worst if _eta_s(desk, worst) - _eta_s(desk, new) > desk.params.swap_s else new


def _movable(desk: Desk, offer: OfferChanged) -> bool:
    """Whether somebody nearer may take their place: not given by hand, and not gone far yet."""
    trail = desk.state.trails[offer.id]
    if offer.manual or offer.state not in offers.COMING:
        return False
    return trail.start_s is None or trail.eta_s is None or trail.eta_s >= GONE_FAR * trail.start_s


def _eta_s(desk: Desk, offer: OfferChanged) -> float:
    eta_s = desk.state.trails[offer.id].eta_s
    return inf if eta_s is None else eta_s


def _follow(desk: Desk, incident: IncidentChanged) -> None:
    """The incident's status follows its people: somebody promised, somebody is there."""
    live = [offer.state for offer in desk.live(incident.id) if offer.role != LOOK]
    there = any(state in offers.THERE for state in live)
    move = "arrive" if there else "respond" if any(state in offers.COMING for state in live) else None
    if move is not None and move in TABLE[incident.status]:  # type: ignore[index]
        desk.move(incident, move)  # type: ignore[arg-type]


def release(desk: Desk, incident: IncidentChanged, actor: str) -> None:
    """An incident that ended keeps nobody."""
    for offer in desk.live(incident.id):
        drop(desk, offer, actor)


def drop(desk: Desk, offer: OfferChanged, actor: str) -> None:
    """A coordinator ends a live offer, whatever its state."""
    if offer.state in offers.PENDING:
        desk.step(offer, "withdraw", "coordinator", actor)
    elif offer.state in offers.THERE:
        desk.step(offer, "leave", "coordinator", actor)
    else:
        desk.step(offer, "stand_down", "coordinator", actor)
