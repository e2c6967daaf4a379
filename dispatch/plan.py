"""Matching over all open incidents at once.

A row of the problem is one need of one incident, a column is one person. Whoever promised to come is no column: their
place is filled. Whoever was asked and did not answer yet stays where they are unless it is better elsewhere. An
incident that asks has spare places too, as many as it takes until enough come (`dispatch.sizing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.events import IncidentChanged, Need, OfferChanged
from dispatch import offers, sizing
from dispatch.costs import MOST_ASKED, Charged, Everybody
from dispatch.desk import Desk
from dispatch.learning import acceptance, still
from dispatch.matching import solve
from dispatch.matching.problem import MAX_SPARES, MAX_TIME_S, Problem
from dispatch.matching.problem import Need as Places
from dispatch.people import Ranger
from dispatch.state import LOOK, open_incidents

ASKING: Final = frozenset({"dispatching", "responding", "on_scene"})
PLACE_S: Final = 36_000  # an empty place, by severity, beside one more person asked: so dear that enough are asked


@dataclass(frozen=True, slots=True)
class Row:
    """One need of one incident, with what is promised and asked already."""

    incident: IncidentChanged
    need: Need
    open: int
    pending: tuple[OfferChanged, ...]
    asks: bool


@dataclass(frozen=True)
class Round:
    """One matching: rows, people, and what each costs."""

    rows: Sequence[Row]
    everybody: Everybody
    matching: solve.Matching

    @property
    def people(self) -> Sequence[Ranger]:
        return self.everybody.people

    def eta_s(self, row: int, columns: Sequence[int]) -> list[float]:
        """Seconds to arrive of these people."""
        found: list[float] = self.everybody.some(self.rows[row].incident, np.asarray(columns, np.int64)).tolist()
        return found

    def chosen(self, incident: str) -> list[tuple[int, int]]:
        """Row and column of everybody chosen for an incident, nearest first within each need."""
        return [(i, j) for i in self.rows_of(incident) for j in self.matching.chosen[i]]

    def rows_of(self, incident: str) -> list[int]:
        return self._rows_of.get(incident, [])

    @cached_property
    def _rows_of(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for i, row in enumerate(self.rows):
            found.setdefault(row.incident.id, []).append(i)
        return found

    def devices(self, incident: str) -> tuple[str, ...]:
        return tuple(self.everybody.people.device(j) for _, j in self.chosen(incident))


def match(desk: Desk) -> tuple[Round, Round]:
    """The best for the incidents that ask; then, of those who are left, for the others, whose plans are proposals.

    Who was told of a change a moment ago is asked nothing yet: a place that waited for them would ask nobody else.
    """
    everybody = Everybody(desk)
    quiet, taken = np.zeros((2, len(everybody.people)), np.bool_)
    quiet[everybody.columns({*desk.state.told_us, *desk.state.owed})] = True
    incidents = open_incidents(desk.state)
    asking = _match(desk, [i for i in incidents if asks(desk, i)], everybody, quiet)
    taken[[j for columns in asking.matching.chosen for j in columns]] = True
    return asking, _match(desk, [i for i in incidents if not asks(desk, i)], everybody, taken)


def _match(desk: Desk, incidents: Sequence[IncidentChanged], everybody: Everybody, taken: NDArray[np.bool_]) -> Round:
    rows = [row_of(desk, incident, need) for incident in incidents for need in desk.needs(incident)]
    costs = Charged(everybody, rows, taken)
    places = _places_of(desk, rows, [costs.able(i) for i in range(len(rows))], len(everybody.people))
    return Round(rows, everybody, solve.match(Problem(places, costs)))


def _places_of(desk: Desk, rows: Sequence[Row], able: Sequence[int], people: int) -> list[Places]:
    """Places of each row; spare ones go to the severest first, as far as the matcher's bound and the people reach."""
    spare = min(MAX_SPARES, 2 * people)
    places: dict[int, Places] = {}
    for i in sorted(range(len(rows)), key=lambda i: -rows[i].incident.severity):
        places[i] = _places(desk, rows[i], able[i], spare)
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


def _places(desk: Desk, row: Row, people: int, spare: int) -> Places:
    if not (row.asks and row.open):
        return Places(row.open, row.incident.severity)
    p = acceptance(desk.state)
    by_age = {offer.made_us: still(desk.state, offer, p) for offer in {o.made_us: o for o in row.pending}.values()}
    worth = [by_age[offer.made_us] for offer in row.pending]
    more = sizing.top_up(row.open, [p] * min(people, MOST_ASKED), sizing.ENOUGH[row.incident.severity], worth)
    total = min(len(row.pending) + more, MOST_ASKED, row.open + max(0, spare))
    worths_s = sizing.spare_s(row.open, [p] * max(total, row.open), PLACE_S * row.incident.severity)
    return Places(row.open, row.incident.severity, tuple(min(worth_s, MAX_TIME_S) for worth_s in worths_s))
