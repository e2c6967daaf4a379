"""The kernel that places people: compiled, interpreted and scipy's solver agree."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from dispatch.matching import dense, kernel
from geo.folds.jit import interpreted
from tests.dispatch.matching.slowly import scarce


@pytest.fixture(params=range(8))
def asked(request):
    """Scarce problems: everybody counts, and places of a need are alike."""
    return scarce(request.param, *((20, 8), (65, 20), (120, 30), (300, 12))[request.param % 4])


def places(asked):
    steps = asked.steps()
    return [steps.of(need) for need in asked.needs]


def test_compiled_and_interpreted_choose_the_same(asked, monkeypatch):
    """Not only equally good: the same people at the same needs."""
    seconds, prices = asked.costs.dense(), places(asked)
    compiled = [columns.tolist() for columns in dense.solve(seconds, prices)]
    monkeypatch.setattr(dense, "place", interpreted(kernel)["place"])
    assert [columns.tolist() for columns in dense.solve(seconds, prices)] == compiled


def test_the_value_is_that_of_a_plain_assignment(asked):
    """A row for each place, a column for each person and one "nobody" for each place."""
    seconds, prices = asked.costs.dense(), places(asked)
    owner, price = dense.places_of(prices)
    cells = np.minimum(seconds[owner].astype(float), price[:, None])
    cells = np.hstack([cells, np.repeat(price[:, None], len(price), axis=1)])
    chosen = dense.solve(seconds, prices)
    ours = sum(int(seconds[g, c].sum()) + sum(prices[g][len(c) :]) for g, c in enumerate(chosen))
    assert ours == cells[linear_sum_assignment(cells)].sum()


def test_a_need_without_places_gets_nobody():
    """However near it is; chains do not run through it."""
    seconds = np.array([[1, 1], [50, 60]], np.int64)
    assert [columns.tolist() for columns in dense.solve(seconds, [(), (1000,)])] == [[], [0]]
