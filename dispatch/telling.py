"""What is said of a matching: who for what, by which figures, and what everything else would cost."""

from __future__ import annotations

from math import inf
from typing import Final

import numpy as np

from core.events import Alternative, Candidate, Gauge, IncidentChanged, PlanMade, Price
from core.units import us_to_seconds
from dispatch import eta, offers, sizing
from dispatch.desk import Desk
from dispatch.matching import solve
from dispatch.matching.problem import Loss
from dispatch.plan import Round, acceptance, row_of, still

METHOD: Final = f"{solve.METHOD}; {eta.METHOD}"
SHOWN: Final = 3  # alternatives of a plan
OTHERS: Final = 100  # people who were not chosen, the nearest


def plan(desk: Desk, found: Round, incident: IncidentChanged) -> PlanMade:
    """The decision with the people it was made from; the others nearest first, without those who cannot come."""
    chosen = found.chosen(incident.id)
    first = next(i for i, row in enumerate(found.rows) if row.incident.id == incident.id)
    taken = {j for _, j in chosen}
    nearest = np.argsort(found.eta_s[first], kind="stable")[: OTHERS + len(chosen)].tolist()
    others = [j for j in nearest if j not in taken and found.eta_s[first, j] < inf]
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
        row, live = row_of(desk, incident, need), list(desk.live(incident.id, need.role))
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
