"""Costs over positions are the table of all pairs, in parts."""

import numpy as np
import pytest

from dispatch.matching.nearby import Nearby, Pace, points_m
from dispatch.matching.problem import NEVER, Need, Problem
from dispatch.matching.solve import match

CUTOFF_S = 900


def crowd(seed, people=300, needs=40, *, west=179.9, also=()):
    """Motorbikes and slower cars on both sides of the antimeridian; a third of the needs want cars."""
    rng = np.random.default_rng(seed)
    at, here = (points_m(west + rng.random(n) * 0.2, -10 + rng.random(n) * 0.1) for n in (needs, people))
    car = (rng.random(people) < 0.3).astype(np.int64)
    may = np.column_stack([np.arange(needs) % 3 != 0, np.ones(needs, bool)])
    charged = rng.integers(0, 60, people)

    def seconds_of(need, column):
        metres = np.linalg.norm(at[need] - here[column], axis=1)
        return np.rint(60 + metres * np.where(car[column], 0.12, 0.1)).astype(np.int64) + charged[column]

    costs = Nearby(at, here, car, may, [Pace(59, 0.1), Pace(59, 0.12)], seconds_of, CUTOFF_S, also)
    severities = rng.integers(1, 4, needs)
    return Problem([Need(4, int(severity)) for severity in severities], costs)


@pytest.mark.parametrize("k", [1, 20, 300])
def test_lists_hold_the_pairs_of_the_table_and_bound_the_others(k):
    """Cheapest first, only those who may and can; whoever is not listed costs at least the bound."""
    costs = crowd(1).costs
    table = costs.dense()
    for row, near in zip(table, costs.nearest(range(40), k), strict=True):
        assert near.seconds.tolist() == row[near.columns].tolist() == sorted(near.seconds.tolist())
        assert NEVER not in near.seconds
        assert np.delete(row, near.columns).min(initial=NEVER) >= near.floor_s


@pytest.mark.parametrize("seed", range(10))
def test_lists_over_positions_give_the_best_matching(seed):
    """160 places of 300 people, some of them out of reach: the same loss as over the table."""
    asked = crowd(seed)
    listed, full = match(asked, dense_cells=-1, first_listed=4), match(asked)
    assert (listed.loss, listed.certificate.proven) == (full.loss, True)
    assert listed.prices.one_more_s.tolist() == full.prices.one_more_s.tolist()


def test_who_is_always_listed():
    """Somebody named at a need is on its list however far, once, and only if they may go there."""
    costs = crowd(2, also=[range(300)] * 40).costs
    allowed = np.count_nonzero(costs.dense() != NEVER, axis=1)
    assert [len(near.columns) for near in costs.nearest(range(40), 300)] == allowed.tolist()


def test_the_antimeridian_is_no_border():
    """200 m across it are 200 m."""
    west, east = points_m(np.array([179.9995, -179.9986]), np.array([0.0, 0.0]))
    assert np.linalg.norm(west - east) == pytest.approx(211.3, abs=0.1)
