"""Prices of a matching: what one more volunteer would cost at each need, what each volunteer is worth, and the proof.

A matching is a flow, and what could be done otherwise are the arcs left to it (its residual graph), here between needs
and one node more, "outside", which holds the free volunteers and the empty places:
- from need a to need b: somebody of a moves to b, for the difference of the two costs;
- from a need to outside: somebody is let go (minus the cost), or an empty place takes one too many (minus its price);
- from outside to a need: a free volunteer comes (the cost), or a filled place is given up (its price).
The shortest path from outside to a need is the price of one more volunteer there. These prices are a solution of the
dual problem; when its value equals the matching's, no matching is better (strong duality). Shortest paths between other
nodes tell exactly what any forced change costs in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.matching.dense import Chosen
from dispatch.matching.problem import NEVER, Near

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sent:
    """Everybody who was chosen, in the order of needs. Infinite stands for a pair that is impossible or not listed."""

    column: NDArray[np.int64]
    need: NDArray[np.int64]
    own_s: Array  # what each costs where sent
    at_s: Array  # what each would cost at each need, needs by people
    free_s: Array  # the cheapest volunteer who is free, by need


def sent_of_table(seconds: NDArray[np.int64], chosen: Chosen) -> Sent:
    """Read from the table of all costs."""
    column, need = _people(chosen)
    free = np.ones(seconds.shape[1], bool)
    free[column] = False
    at_s = _finite(seconds[:, column])
    free_s = seconds.min(axis=1, initial=NEVER, where=free[None, :])
    return Sent(column, need, at_s[need, np.arange(len(column))], at_s, _finite(free_s))


def sent_of_lists(lists: Sequence[Near], chosen: Chosen) -> Sent:
    """Read from what the lists hold."""
    column, need = _people(chosen)
    row = np.repeat(np.arange(len(lists)), [len(near.columns) for near in lists])
    listed = np.concatenate([np.empty(0, np.int64), *(near.columns for near in lists)])
    seconds = np.concatenate([np.empty(0), *(near.seconds for near in lists)])
    taken = np.isin(listed, column)
    order = np.argsort(column)
    person = order[np.searchsorted(column, listed[taken], sorter=order)]
    at_s, free_s = np.full((len(lists), len(column)), np.inf), np.full(len(lists), np.inf)
    at_s[row[taken], person] = seconds[taken]
    np.minimum.at(free_s, row[~taken], seconds[~taken])
    return Sent(column, need, at_s[need, np.arange(len(column))], at_s, free_s)


def _people(chosen: Chosen) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    need = np.repeat(np.arange(len(chosen)), [len(columns) for columns in chosen])
    return np.concatenate([np.empty(0, np.int64), *chosen]), need


def _finite(seconds: NDArray[np.int64]) -> Array:
    return np.where(seconds == NEVER, np.inf, seconds.astype(np.float64))


@dataclass(frozen=True, slots=True)
class Residual:
    """Arcs between needs and outside, which is the last node."""

    arcs: Array

    def distances(self, source: int) -> Array | None:
        """Cost of the cheapest change that ends at each node; None when a circle of changes would gain something."""
        reached = np.full(len(self.arcs), np.inf)
        reached[source] = 0.0
        fresh = np.array([source])
        for _ in range(len(self.arcs)):
            nearer = np.minimum(reached, (reached[fresh, None] + self.arcs[fresh]).min(axis=0))
            fresh = np.flatnonzero(nearer < reached)
            if not len(fresh):
                return reached
            reached = nearer
        return None


def residual(sent: Sent, prices: Sequence[Sequence[int]]) -> Residual:
    """What could be done otherwise, given what each place costs while empty."""
    needs = len(prices)
    arcs = np.full((needs + 1, needs + 1), np.inf)
    filled = np.bincount(sent.need, minlength=needs)
    present = np.flatnonzero(filled)
    if len(present):
        first = (np.cumsum(filled) - filled)[present]
        arcs[present, :needs] = np.minimum.reduceat(sent.at_s - sent.own_s, first, axis=1).T
        arcs[present, needs] = -np.maximum.reduceat(sent.own_s, first)
    for g, (price, n) in enumerate(zip(prices, filled.tolist(), strict=True)):
        arcs[needs, g] = min(sent.free_s[g], price[n - 1] if n else np.inf)
        arcs[g, needs] = min(arcs[g, needs], -price[n] if n < len(price) else np.inf)
    return Residual(arcs)


@dataclass(frozen=True, slots=True)
class Prices:
    """`one_more_s`: of one more volunteer, by need. `worth_s`: what the loss of each of those sent would cost.

    `total_s` is the value of the matching, `gap_s` how far a better one could be below it, as these arcs tell.
    """

    one_more_s: Array
    worth_s: Array
    total_s: float
    gap_s: float


def prices_of(sent: Sent, places: Sequence[Sequence[int]], graph: Residual) -> Prices:
    """Prices and proof. All sums are of whole numbers below 2**53, so the gap of the best matching is 0, not small."""
    filled = np.bincount(sent.need, minlength=len(places)).tolist()
    total = float(sent.own_s.sum()) + sum(sum(price[n:]) for price, n in zip(places, filled, strict=True))
    reached = graph.distances(len(places))
    if reached is None:
        return Prices(np.full(len(places), np.nan), np.full(len(sent.own_s), np.nan), total, np.inf)
    one_more = reached[:-1]
    worth = np.maximum(one_more[sent.need] - sent.own_s, 0.0)
    dual = sum(min(u, p) for u, price in zip(one_more.tolist(), places, strict=True) for p in price)
    return Prices(one_more, worth, total, total - (dual - float(worth.sum())))
