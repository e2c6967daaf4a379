"""Matching over all open incidents at once, and what is said of it: who for what, and what everything else would cost.

A row of the problem is one need of one incident, a column is one person. Whoever promised to come is no column: their
place is filled. Whoever was asked and did not answer yet stays where they are unless it is better elsewhere. An
incident that asks has spare places too, as many as it takes until enough come (`dispatch.sizing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.events import Alternative, Candidate, Gauge, IncidentChanged, Need, OfferChanged, PlanMade, Price
from core.units import us_to_seconds
from dispatch import eta, offers, sizing
from dispatch.desk import Desk
from dispatch.matching import solve
from dispatch.matching.problem import MAX_PLACES, MAX_TIME_S, NEVER, Loss, Problem, Table
from dispatch.matching.problem import Need as Places
from dispatch.people import Ranger, crowd
from dispatch.reach import closures
from dispatch.state import LOOK, open_incidents

METHOD: Final = f"{solve.METHOD}; {eta.METHOD}"
ASKING: Final = frozenset({"dispatching", "responding", "on_scene"})
PLACE_S: Final = 36_000  # an empty place, by severity, beside one more person asked: so dear that enough are asked
DECLINE: Final = 0.4  # of those who do not accept, so many say so
MOST_ASKED: Final = 40  # at once for one need
SHOWN: Final = 3  # alternatives of a plan


@dataclass(frozen=True, slots=True)
class Row:
    """One need of one incident, with what is promised and asked already."""

    incident: IncidentChanged
    need: Need
    open: int
    pending: tuple[OfferChanged, ...]
    asks: bool


@dataclass(frozen=True, slots=True)
class Round:
    """One matching: rows, people, and their times."""

    rows: Sequence[Row]
    people: Sequence[Ranger]
    eta_s: NDArray[np.float32]  # by row and person
    distance_m: NDArray[np.float64]
    matching: solve.Matching

    def chosen(self, incident: str) -> list[tuple[int, int]]:
        """Row and column of everybody chosen for an incident, nearest first within each need."""
        return [
            (i, j) for i, row in enumerate(self.rows) if row.incident.id == incident for j in self.matching.chosen[i]
        ]

    def devices(self, incident: str) -> tuple[str, ...]:
        return tuple(self.people[j].device for _, j in self.chosen(incident))


def match(desk: Desk) -> tuple[Round, Round]:
    """The best for the incidents that ask; then, of those who are left, for the others, whose plans are proposals."""
    people = crowd(desk.state, desk.params)
    incidents = open_incidents(desk.state)
    asking = _match(desk, [i for i in incidents if asks(desk, i)], people)
    taken = {people[j].device for columns in asking.matching.chosen for j in columns}
    left = [ranger for ranger in people if ranger.device not in taken]
    return asking, _match(desk, [i for i in incidents if not asks(desk, i)], left)


def _match(desk: Desk, incidents: Sequence[IncidentChanged], people: Sequence[Ranger]) -> Round:
    rows = [_row(desk, incident, need) for incident in incidents for need in desk.needs(incident)]
    eta_s, distance_m = _times(desk, rows, people)
    costs = np.array([_costs(desk, row, people, eta_s[i]) for i, row in enumerate(rows)], np.int64)
    table = Table(costs.reshape(len(rows), len(people)), ceil(desk.params.cutoff_s))
    spare = MAX_PLACES - sum(row.open for row in rows)
    places = []
    for i, row in enumerate(rows):
        places.append(_places(desk, row, int((eta_s[i] <= desk.params.cutoff_s).sum()), spare))
        spare -= len(places[-1].spare_s)
    return Round(rows, people, eta_s, distance_m, solve.match(Problem(places, table)))


def asks(desk: Desk, incident: IncidentChanged) -> bool:
    """Whether the matcher may ask people for this incident now."""
    if desk.state.paused or incident.paused:
        return False
    return incident.status in ASKING or any(need.role == LOOK and need.count for need in desk.needs(incident))


def _row(desk: Desk, incident: IncidentChanged, need: Need) -> Row:
    live = tuple(desk.live(incident.id, need.role))
    promised = sum(offer.state in offers.PROMISED for offer in live)
    pending = tuple(offer for offer in live if offer.state in offers.PENDING)
    return Row(incident, need, max(0, need.count - promised), pending, asks(desk, incident))


def _times(
    desk: Desk, rows: Sequence[Row], people: Sequence[Ranger]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    reach = eta.Reach(None, closures(desk.state.incidents.values()))
    lons, lats = np.array([r.lon for r in people], np.float64), np.array([r.lat for r in people], np.float64)
    group = reach.crowd(lons, lats, [r.vehicle for r in people])
    eta_s, distance_m = np.empty((len(rows), len(people)), np.float32), np.empty((len(rows), len(people)))
    for i, row in enumerate(rows):
        at = row.incident
        if i and rows[i - 1].incident.id == at.id:
            eta_s[i], distance_m[i] = eta_s[i - 1], distance_m[i - 1]
        else:
            eta_s[i] = reach.eta_of(at.lon, at.lat, group, why=False).eta_s
            distance_m[i] = eta.distances_m(at.lon, at.lat, lons, lats)
    return eta_s, distance_m


def _costs(desk: Desk, row: Row, people: Sequence[Ranger], eta_s: NDArray[np.float32]) -> list[int]:
    kept = desk.state.plans.get(row.incident.id, ())
    held = {offer.person: offer for offer in desk.live()}
    mine = {offer.person for offer in row.pending}
    barred = desk.over(row.incident.id).union(row.incident.excluded)
    costs = []
    for ranger, arrive_s in zip(people, eta_s.tolist(), strict=True):
        offer = held.get(ranger.name) if ranger.person else None
        if arrive_s > desk.params.cutoff_s or not _fits(row.need, ranger, barred) or not _free(desk, row, offer):
            costs.append(NEVER)
        else:
            sticky_s = desk.params.sticky_s if ranger.device in kept or ranger.name in mine else 0.0
            costs.append(max(0, round(arrive_s - sticky_s)))
    return costs


def _fits(need: Need, ranger: Ranger, barred: AbstractSet[str]) -> bool:
    able = need.vehicle in (None, ranger.vehicle) and ranger.skills.issuperset(need.skills)
    return able and (ranger.person is None or ranger.name not in barred)


def _free(desk: Desk, row: Row, offer: OfferChanged | None) -> bool:
    """Whether somebody with this live offer may be placed here: where they were asked, or elsewhere if not too soon."""
    if offer is None:
        return True
    if offer.state not in offers.PENDING:
        return False
    here = (offer.incident, offer.role) == (row.incident.id, row.need.role)
    return here or not (offer.manual or desk.state.trails[offer.id].woken or desk.quiet(offer.person))


def _places(desk: Desk, row: Row, people: int, spare: int) -> Places:
    if not (row.asks and row.open):
        return Places(row.open, row.incident.severity)
    p = acceptance(desk)
    worth = [still(desk, offer, p) for offer in row.pending]
    more = sizing.top_up(row.open, [p] * min(people, MOST_ASKED), sizing.ENOUGH[row.incident.severity], worth)
    total = min(len(row.pending) + more, MOST_ASKED, row.open + max(0, spare))
    worths_s = sizing.spare_s(row.open, [p] * max(total, row.open), PLACE_S * row.incident.severity)
    return Places(row.open, row.incident.severity, tuple(min(worth_s, MAX_TIME_S) for worth_s in worths_s))


def acceptance(desk: Desk) -> float:
    """The common rate, learned from everybody's answers."""
    return sizing.pooled(sizing.Answers(min(desk.state.accepted, desk.state.asked), desk.state.asked))


def still(desk: Desk, offer: OfferChanged, p: float) -> float:
    """What an offer without an answer so far is worth."""
    age_s = us_to_seconds(desk.now_us - offer.made_us)
    return sizing.still_accepts(p, DECLINE * (1 - p), age_s, sizing.Latency())


# what is said


def plan(desk: Desk, found: Round, incident: IncidentChanged) -> PlanMade:
    """The decision with everybody it was made from; the others nearest first."""
    chosen = found.chosen(incident.id)
    first = next(i for i, row in enumerate(found.rows) if row.incident.id == incident.id)
    taken = {j for _, j in chosen}
    others = sorted((j for j in range(len(found.people)) if j not in taken), key=lambda j: (found.eta_s[first, j], j))
    one_more = found.matching.one_more(first)
    return PlanMade(
        at_us=desk.now_us,
        incident=incident.id,
        chosen=tuple(_candidate(desk, found, i, j) for i, j in chosen),
        others=tuple(_candidate(desk, found, first, j) for j in others),
        method=METHOD,
        proven=found.matching.certificate.proven,
        one_more=_price(one_more),
        worth=tuple(_sure(found.matching.worth(j)) for _, j in chosen),
        alternatives=tuple(
            Alternative(device=found.people[j].device, cost=_price(solve.alternative(found.matching, first, j)))
            for j in others[:SHOWN]
        ),
        gauge=gauge(desk, incident),
    )


def gauge(desk: Desk, incident: IncidentChanged) -> Gauge:
    """How it stands with the places of an incident."""
    p, full, etas = acceptance(desk), 1.0, list[float | None]()
    wanted = promised = there = asked = 0
    for need in desk.needs(incident):
        row, live = _row(desk, incident, need), list(desk.live(incident.id, need.role))
        coming = [offer for offer in live if offer.state in offers.PROMISED]
        wanted, promised, asked = wanted + need.count, promised + len(coming), asked + len(row.pending)
        there += sum(offer.state in offers.THERE for offer in coming)
        full *= sizing.at_least(row.open, [still(desk, offer, p) for offer in row.pending])
        etas += [desk.state.trails[o.id].eta_s for o in coming if o.state not in offers.THERE]
    known = [eta_s for eta_s in etas if eta_s is not None]
    fill_s = max(known, default=0.0) if promised >= wanted and len(known) == len(etas) else None
    return Gauge(wanted=wanted, promised=promised, on_scene=there, asked=asked, full=round(full, 3), fill_s=fill_s)


def _candidate(desk: Desk, found: Round, i: int, j: int) -> Candidate:
    ranger = found.people[j]
    return Candidate(
        device=ranger.device,
        lon=ranger.lon,
        lat=ranger.lat,
        position_age_s=max(0.0, us_to_seconds(desk.now_us - ranger.time_us)),
        distance_m=round(float(found.distance_m[i, j]), 1),
        eta_s=round(float(found.eta_s[i, j]), 1),
    )


def _price(loss: Loss | None) -> Price | None:
    return None if loss is None else _sure(loss)


def _sure(loss: Loss) -> Price:
    return Price(
        unfilled_3=loss.unfilled_3, unfilled_2=loss.unfilled_2, unfilled_1=loss.unfilled_1, seconds=loss.seconds
    )
