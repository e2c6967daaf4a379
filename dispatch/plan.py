"""Matching over all open incidents at once.

A row of the problem is one need of one incident, a column is one person. Whoever promised to come is no column: their
place is filled. Whoever was asked and did not answer yet stays where they are unless it is better elsewhere. An
incident that asks has spare places too, as many as it takes until enough come (`dispatch.sizing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.events import IncidentChanged, Need, OfferChanged
from core.units import us_to_seconds
from dispatch import eta, offers, sizing
from dispatch.desk import Desk
from dispatch.matching import solve
from dispatch.matching.problem import MAX_PLACES, MAX_TIME_S, NEVER, Problem, Table
from dispatch.matching.problem import Need as Places
from dispatch.people import Ranger, crowd
from dispatch.reach import closures
from dispatch.state import LOOK, open_incidents

ASKING: Final = frozenset({"dispatching", "responding", "on_scene"})
PLACE_S: Final = 36_000  # an empty place, by severity, beside one more person asked: so dear that enough are asked
DECLINE: Final = 0.4  # of those who do not accept, so many say so
MOST_ASKED: Final = 40  # at once for one need


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
    rows = [row_of(desk, incident, need) for incident in incidents for need in desk.needs(incident)]
    eta_s, distance_m = _times(desk, rows, people)
    eligible = Eligible(desk, people)
    costs = np.array([eligible.costs(row, eta_s[i]) for i, row in enumerate(rows)], np.int64)
    table = Table(costs.reshape(len(rows), len(people)), ceil(desk.params.cutoff_s))
    places = _places_of(desk, rows, (eta_s <= desk.params.cutoff_s).sum(axis=1).tolist(), len(people))
    return Round(rows, people, eta_s, distance_m, solve.match(Problem(places, table)))


def _places_of(desk: Desk, rows: Sequence[Row], reachable: Sequence[int], people: int) -> list[Places]:
    """Places of each row; spare ones go to the severest first, as far as the matcher's bound and the people reach."""
    spare = min(MAX_PLACES, 2 * people) - sum(row.open for row in rows)
    places: dict[int, Places] = {}
    for i in sorted(range(len(rows)), key=lambda i: -rows[i].incident.severity):
        places[i] = _places(desk, rows[i], reachable[i], spare)
        spare -= len(places[i].spare_s)
    return [places[i] for i in range(len(rows))]


def asks(desk: Desk, incident: IncidentChanged) -> bool:
    """Whether the matcher may ask people for this incident now."""
    if desk.state.paused or incident.paused:
        return False
    return incident.status in ASKING or any(need.role == LOOK and need.count for need in desk.needs(incident))


def row_of(desk: Desk, incident: IncidentChanged, need: Need) -> Row:
    """A need with what is promised and asked of it now."""
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


class Eligible:
    """Who of the people may be placed at a row, as masks; made once for all rows."""

    def __init__(self, desk: Desk, people: Sequence[Ranger]) -> None:
        self.desk = desk
        self.column = {ranger.device: j for j, ranger in enumerate(people)}
        self.person = {ranger.name: j for j, ranger in enumerate(people) if ranger.person}
        self.vehicle = np.array([ranger.vehicle for ranger in people], np.str_)
        kinds = {skills: number for number, skills in enumerate(dict.fromkeys(r.skills for r in people))}
        self.skills, self.skill_set = list(kinds), np.array([kinds[r.skills] for r in people], np.int64)
        self.free = np.ones(len(people), np.bool_)
        self.free[self._columns(o.person for o in desk.live() if self._fixed(o))] = False

    def costs(self, row: Row, eta_s: NDArray[np.float32]) -> NDArray[np.int64]:
        """Whole seconds at this row, less for those who are there in the plan already; NEVER for who may not."""
        sticky_s, mine = np.zeros(len(eta_s)), self._columns(offer.person for offer in row.pending)
        kept = [self.column[d] for d in self.desk.state.plans.get(row.incident.id, ()) if d in self.column]
        sticky_s[[*kept, *mine]] = self.desk.params.sticky_s
        may = self.free.copy()
        may[mine] = True
        may &= self._able(row.need) & (eta_s <= self.desk.params.cutoff_s)
        may[self._columns(self.desk.over(row.incident.id).union(row.incident.excluded))] = False
        seconds = np.where(may, np.maximum(eta_s.astype(np.float64) - sticky_s, 0.0), 0.0)
        return np.where(may, np.rint(seconds).astype(np.int64), NEVER)

    def _able(self, need: Need) -> NDArray[np.bool_]:
        able = np.array([skills.issuperset(need.skills) for skills in self.skills], np.bool_)[self.skill_set]
        return able if need.vehicle is None else able & (self.vehicle == need.vehicle)

    def _columns(self, names: Iterable[str]) -> list[int]:
        return [self.person[name] for name in names if name in self.person]

    def _fixed(self, offer: OfferChanged) -> bool:
        """Whether somebody with this offer stays with it: they promised, or were told of a change a moment ago."""
        if offer.state not in offers.PENDING:
            return True
        return offer.manual or self.desk.state.trails[offer.id].woken or self.desk.quiet(offer.person)


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
