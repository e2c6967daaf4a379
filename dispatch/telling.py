"""What is said of a matching: who for what, by which figures, and what everything else would cost."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Final

from core.events import Alternative, Beside, Candidate, Gauge, IncidentChanged, PlanMade, Price, Proof, Words
from core.units import us_to_seconds
from dispatch import eta, offers, sizing, words
from dispatch.desk import Desk
from dispatch.learning import acceptance, still
from dispatch.matching import solve
from dispatch.matching.problem import Loss
from dispatch.people import Ranger
from dispatch.plan import Round, row_of
from dispatch.shortage import shortages

SHOWN: Final = 3  # alternatives of a need
OTHERS: Final = 30  # people who were not chosen, the nearest


def plan(desk: Desk, found: Round, incident: IncidentChanged, beside: Beside | None = None) -> PlanMade:
    """The decision with the people it was made from; the others nearest first, without those who cannot come."""
    chosen, rows = found.chosen(incident.id), found.rows_of(incident.id)
    columns = [j for _, j in chosen]
    nearest = found.everybody.nearest(incident, OTHERS + len(chosen)).tolist()
    others = [j for j, eta_s in zip(nearest, found.eta_s(rows[0], nearest), strict=True) if eta_s < inf]
    others = [j for j in others if j not in set(columns)]
    seen = _candidates(desk, found, rows[0], columns + others)
    matching = found.matching
    return PlanMade(
        at_us=desk.now_us,
        incident=incident.id,
        chosen=seen[: len(chosen)],
        others=seen[len(chosen) :],
        method=f"{solve.METHOD}; {_way(found, incident)}",
        proven=matching.certificate.proven,
        one_more=_price(matching.one_more(rows[0])),
        worth=tuple(_sure(matching.worth(j)) for j in columns),
        alternatives=tuple(said for i in rows for said in _alternatives(found, i, others)),
        gauge=gauge(desk, incident),
        certificate=_proof(matching.certificate, rows[0]),
        words=(
            _because(found, rows, len(chosen), len(others)),
            words.one_more(_price(matching.one_more(rows[0]))),
            *shortages(desk, found, incident),
        ),
        beside=beside,
    )


def _because(found: Round, rows: Sequence[int], chosen: int, others: int) -> Words:
    wanted = sum(found.rows[i].open for i in rows)
    return words.because(chosen, wanted, others, proven=found.matching.certificate.proven)


def _proof(certificate: solve.Certificate, row: int) -> Proof:
    return Proof(
        method=certificate.method,
        listed=certificate.listed[row],
        rounds=certificate.rounds,
        gap_s=certificate.gap_s,
    )


def _way(found: Round, incident: IncidentChanged) -> str:
    """How times to an incident are found, at best."""
    return eta.ROAD if found.everybody.by_road(incident) else eta.METHOD


def _alternatives(found: Round, i: int, others: Sequence[int]) -> list[Alternative]:
    """Who comes to mind for a need of those who were not chosen, the nearest, and what each would cost."""
    columns = others[:SHOWN] if found.matching.problem.needs[i].places else []
    costs = solve.alternatives(found.matching, i, columns)
    return [
        _alternative(found.people[j], found.rows[i].need.role, _price(cost))
        for j, cost in zip(columns, costs, strict=True)
    ]


def _alternative(ranger: Ranger, role: str, cost: Price | None) -> Alternative:
    name = (ranger.person.name if ranger.person else "") or ranger.device
    return Alternative(device=ranger.device, cost=cost, role=role, words=words.instead(name, cost))


def _candidates(desk: Desk, found: Round, i: int, columns: Sequence[int]) -> tuple[Candidate, ...]:
    at, everybody = found.rows[i].incident, found.everybody
    away_m = eta.distances_m(at.lon, at.lat, everybody.lons[columns], everybody.lats[columns])
    figures = zip(columns, away_m.round(1).tolist(), found.eta_s(i, columns), strict=True)
    return tuple(_candidate(desk, found.people[j], distance_m, eta_s) for j, distance_m, eta_s in figures)


def gauge(desk: Desk, incident: IncidentChanged) -> Gauge:
    """How it stands with the places of an incident."""
    p, full, etas = acceptance(desk.state), 1.0, list[float | None]()
    wanted = promised = there = asked = 0
    for need in desk.needs(incident):
        row, live = row_of(desk, incident, need), list(desk.live(incident.id, need.role))
        coming = [offer for offer in live if offer.state in offers.PROMISED]
        wanted, promised, asked = wanted + need.count, promised + len(coming), asked + len(row.pending)
        there += sum(offer.state in offers.THERE for offer in coming)
        full *= sizing.at_least(row.open, [still(desk.state, offer, p) for offer in row.pending])
        etas += [desk.state.trails[o.id].eta_s for o in coming if o.state not in offers.THERE]
    known = [eta_s for eta_s in etas if eta_s is not None]
    fill_s = max(known, default=0.0) if promised >= wanted and len(known) == len(etas) else None
    return Gauge(wanted=wanted, promised=promised, on_scene=there, asked=asked, full=round(full, 3), fill_s=fill_s)


def _candidate(desk: Desk, ranger: Ranger, distance_m: float, eta_s: float) -> Candidate:
    return Candidate(
        device=ranger.device,
        lon=ranger.lon,
        lat=ranger.lat,
        position_age_s=max(0.0, us_to_seconds(desk.now_us - ranger.time_us)),
        distance_m=distance_m,
        eta_s=round(eta_s, 1),
    )


def _price(loss: Loss | None) -> Price | None:
    return None if loss is None else _sure(loss)


def _sure(loss: Loss) -> Price:
    return Price(
        unfilled_3=loss.unfilled_3, unfilled_2=loss.unfilled_2, unfilled_1=loss.unfilled_1, seconds=loss.seconds
    )
