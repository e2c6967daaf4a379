"""`match`: the best matching, its prices, and the proof that none is better.

Small problems are solved over the table of all costs. Larger ones over lists of the cheapest volunteers of each need,
which are widened until nothing outside them could make a difference. A list is wide enough
- when it holds everybody who can serve the need; or
- when one more volunteer there costs no more than `floor_s`: whoever is not listed costs at least that, so no change
  that brings one of them in can gain (their reduced cost is not negative). The same argument, with the free volunteer
  whom the price stands for in their stead, makes every price and alternative exact.
It ends: a list with more people on it than the problem has places has somebody free, whose cost bounds the price. So
where lists rank by cost itself, one of all places and one is always wide enough; otherwise everybody is.

The answer depends on the problem as given, on nothing else. Which of several equally good matchings it is depends on
the order of the columns, its value does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from dispatch.matching import dense, sparse
from dispatch.matching.dense import gathered
from dispatch.matching.prices import Prices, Residual, Sent, prices_of, residual, sent_of_lists, sent_of_table
from dispatch.matching.problem import NEVER, Loss, Problem, Steps

METHOD: Final = "exact, severity first"
DENSE_CELLS: Final = 1_000_000  # needs x volunteers, up to which the table of all costs is made
FIRST_LISTED: Final = 64  # at each need; fewer save little, and mean more rounds in a crowd


@dataclass(frozen=True, slots=True)
class Certificate:
    """How the matching was found and why it is the best: `gap_s` is 0 and every list was wide enough.

    `listed`: how many volunteers were looked at, by need; `rounds`: how often lists were widened, and once.
    """

    method: Literal["dense", "lists"]
    listed: tuple[int, ...]
    rounds: int
    gap_s: float

    @property
    def proven(self) -> bool:
        return self.gap_s == 0.0


@dataclass(frozen=True, slots=True)
class Matching:
    """Columns chosen for each need, cheapest first, and what explains them."""

    problem: Problem
    chosen: tuple[tuple[int, ...], ...]
    certificate: Certificate
    steps: Steps
    prices: Prices
    sent: Sent
    graph: Residual

    @property
    def loss(self) -> Loss:
        """What this matching leaves undone."""
        return self.steps.loss(int(self.prices.total_s))

    def one_more(self, need: int) -> Loss | None:
        """What it would cost in all if one person more had to be sent to this need; None when nobody can be."""
        return self._loss(self.prices.one_more_s[need])

    def worth(self, column: int) -> Loss:
        """What it would cost in all if this volunteer were not there."""
        k = np.flatnonzero(self.sent.column == column)
        return self.steps.loss(int(self.prices.worth_s[k[0]]) if len(k) else 0)

    def _loss(self, seconds: float) -> Loss | None:
        return self.steps.loss(int(seconds)) if np.isfinite(seconds) else None


def match(problem: Problem, *, dense_cells: int = DENSE_CELLS, first_listed: int = FIRST_LISTED) -> Matching:
    """The best matching of a problem."""
    steps = problem.steps()
    places = [steps.of(need) for need in problem.needs]
    if len(places) * problem.costs.volunteers <= dense_cells:
        seconds = problem.costs.dense()
        chosen = dense.solve(seconds, places)
        listed = (problem.costs.volunteers,) * len(places)
        return _told(problem, steps, sent_of_table(seconds, chosen), Certificate("dense", listed, 1, np.inf))
    return _widened(problem, steps, places, first_listed)


def _widened(problem: Problem, steps: Steps, places: Sequence[Sequence[int]], first_listed: int) -> Matching:
    """Solve over lists, four times as long where they were too short, until all are wide enough."""
    lists = problem.costs.nearest(range(len(places)), first_listed)
    for rounds in count(1):
        chosen = sparse.solve(lists, places)
        listed = tuple(len(near.columns) for near in lists)
        told = _told(problem, steps, sent_of_lists(lists, chosen), Certificate("lists", listed, rounds, np.inf))
        one_more = told.prices.one_more_s.tolist()
        short = [g for g, near in enumerate(lists) if near.floor_s != NEVER and one_more[g] > near.floor_s]
        if not short:
            return told
        for g, near in zip(short, problem.costs.nearest(short, first_listed << 2 * rounds), strict=True):
            lists[g] = near
    raise AssertionError("unreachable")


def _told(problem: Problem, steps: Steps, sent: Sent, certificate: Certificate) -> Matching:
    """The matching with its prices, as far as the costs in `sent` tell them."""
    places = [steps.of(need) for need in problem.needs]
    graph = residual(sent, places)
    prices = prices_of(sent, places, graph)
    order = np.lexsort((sent.column, sent.own_s, sent.need))
    picked = gathered(sent.need[order], sent.column[order], len(places))
    chosen = tuple(tuple(columns.tolist()) for columns in picked)
    return Matching(problem, chosen, replace(certificate, gap_s=prices.gap_s), steps, prices, sent, graph)


def alternatives(matching: Matching, need: int, columns: Sequence[int]) -> list[Loss | None]:
    """What it would cost in all to send each of these volunteers to this need, everybody else placed anew as is best.

    Exact: the cheapest circle of changes through that one. None when it cannot be.
    """
    ways = matching.graph.distances(need) if columns else None
    return [_instead(matching, need, column, ways) for column in columns]


def _instead(matching: Matching, need: int, column: int, ways: NDArray[np.float64] | None) -> Loss | None:
    seconds = matching.problem.costs.seconds(need, column)
    if seconds == NEVER or ways is None:
        return None
    sent = matching.sent
    k = np.flatnonzero(sent.column == column)
    back = ways[sent.need[k[0]]] - sent.own_s[k[0]] if len(k) else ways[-1]
    return matching.steps.loss(int(seconds + back)) if np.isfinite(back) else None
