"""Large instances against OR-Tools' min-cost flow, which knows nothing of our prices, lists and tables."""

import numpy as np
import pytest
from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

from dispatch.matching.problem import NEVER, Need
from dispatch.matching.solve import match
from tests.dispatch.matching.slowly import problem, scarce


def flow_s(asked, steps):
    """The least sum of times and prices of empty places: volunteers, needs and an end, a unit of flow each person."""
    seconds = asked.costs.dense()
    needs, people = seconds.shape
    g, j = np.nonzero(seconds != NEVER)
    places = [(i, price) for i, need in enumerate(asked.needs) for price in steps.of(need)]
    owner, price = np.array(places, np.int64).T
    begin, end = people + needs, people + needs + 1
    tails = np.concatenate([np.full(people, begin), j, people + owner])
    heads = np.concatenate([np.arange(people), people + g, np.full(len(places), end)])
    costs = np.concatenate([np.zeros(people, np.int64), seconds[g, j], -price])
    flow = SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(tails, heads, np.ones(len(tails), np.int64), costs)
    flow.add_arc_with_capacity_and_unit_cost(begin, end, people, 0)
    flow.set_node_supply(begin, people)
    flow.set_node_supply(end, -people)
    assert flow.solve() == flow.OPTIMAL
    return flow.optimal_cost() + int(price.sum())


@pytest.mark.parametrize("cells", [10**9, -1], ids=["dense", "lists"])
@pytest.mark.parametrize("size", [(65, 10), (65, 30), (500, 50), (500, 200), (2000, 100)])
@pytest.mark.parametrize("seed", range(3))
def test_the_value_is_that_of_min_cost_flow(seed, size, cells):
    """To the last second, scarce and plentiful."""
    answer = match(scarce(seed, *size), dense_cells=cells, first_listed=16)
    assert answer.prices.total_s == flow_s(answer.problem, answer.steps)


@pytest.mark.parametrize("hundred", range(10))
def test_a_thousand_scarce_instances_have_the_value_of_min_cost_flow(hundred):
    """Over tables and lists in turn."""
    for seed in range(100 * hundred, 100 * hundred + 100):
        asked = scarce(seed, *((20, 10), (45, 12), (65, 20), (120, 30))[seed % 4])
        answer = match(asked, dense_cells=(10**9, -1)[seed // 4 % 2], first_listed=4)
        assert answer.prices.total_s == flow_s(asked, answer.steps)


@pytest.mark.parametrize("seed", range(5))
def test_spare_places_are_filled_as_min_cost_flow_does(seed):
    """Places beyond the count, worth less one after the other."""
    asked = scarce(seed, 300, 30)
    needs = [Need(need.count, need.severity, (600, 400, 200, 100)) for need in asked.needs]
    answer = match(problem(needs, asked.costs.dense()), dense_cells=-1, first_listed=8)
    assert answer.prices.total_s == flow_s(answer.problem, answer.steps)
