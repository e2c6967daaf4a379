"""The matching is the best there is, whatever way it is found."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from dispatch.matching.problem import NEVER, Loss, Need, Problem, Table
from dispatch.matching.solve import match
from tests.dispatch.matching.slowly import best, loss, problem, problems, scarce, ways


def by_lists(asked, first_listed=1):
    return match(asked, dense_cells=-1, first_listed=first_listed)


def given_as(asked, chosen):
    """The same matching as the need of each volunteer."""
    way = [-1] * asked.costs.volunteers
    for g, columns in enumerate(chosen):
        for column in columns:
            assert way[column] == -1
            way[column] = g
    return tuple(way)


@given(problems(), st.sampled_from((match, by_lists)))
def test_nothing_is_better(asked, solver):
    """Fewest unfilled places of severity 3, 2, 1, then least time and lost worth; nobody twice, no impossible pair."""
    answer = solver(asked)
    way = given_as(asked, answer.chosen)
    assert way in ways(asked)
    assert answer.loss == loss(asked, way) == best(asked, ways(asked))
    assert answer.certificate.proven


@given(problems(), st.data())
def test_the_order_of_volunteers_does_not_change_the_value(asked, data):
    """A permutation may swap equals, never the result."""
    order = data.draw(st.permutations(range(asked.costs.volunteers)))
    turned = problem(asked.needs, asked.costs.dense()[:, list(order)])
    assert match(turned).loss == match(asked).loss


@given(problems(), st.data())
def test_one_more_volunteer_never_makes_it_worse(asked, data):
    """The loss with somebody added is at most the loss without."""
    more = data.draw(st.lists(st.integers(0, 60), min_size=len(asked.needs), max_size=len(asked.needs)))
    added = problem(asked.needs, np.column_stack([asked.costs.dense(), np.array(more, np.int64)]))
    assert match(added).loss <= match(asked).loss


@given(problems().filter(lambda asked: asked.needs), st.data())
def test_a_raised_severity_never_takes_people_away(asked, data):
    """The needed places filled at a need are at least as many when it is more severe."""
    g = data.draw(st.integers(0, len(asked.needs) - 1))
    need = asked.needs[g]
    raised = list(asked.needs)
    raised[g] = replace(need, severity=data.draw(st.integers(need.severity, 3)))
    before, after = match(asked), match(replace(asked, needs=raised))
    assert min(len(after.chosen[g]), need.count) >= min(len(before.chosen[g]), need.count)


@pytest.mark.parametrize("hundred", range(10))
def test_lists_and_table_agree_on_scarce_instances(hundred):
    """Whenever lists are held to be wide enough, the table gives the same loss and the same prices: 1,000 instances."""
    for seed in range(100 * hundred, 100 * hundred + 100):
        asked = scarce(seed, *((20, 10), (45, 12), (65, 20), (120, 30))[seed % 4])
        full, listed = match(asked), by_lists(asked, first_listed=4)
        assert (full.certificate.gap_s, listed.certificate.gap_s, listed.certificate.method) == (0, 0, "lists")
        assert listed.loss == full.loss
        assert listed.prices.one_more_s.tolist() == full.prices.one_more_s.tolist()


@pytest.mark.parametrize("seed", range(50))
def test_severe_places_are_filled_as_far_as_can_be(seed):
    """As many as if there were no other needs at all."""
    asked = scarce(seed, 30, 20, reach=0.15)
    severe = [g for g, need in enumerate(asked.needs) if need.severity == 3]
    places = np.repeat(severe, [asked.needs[g].count for g in severe])
    possible = csr_array(asked.costs.dense()[places] != NEVER)
    filled = np.count_nonzero(maximum_bipartite_matching(possible, perm_type="column") >= 0)
    assert match(asked).loss.unfilled_3 == len(places) - filled


def test_the_nearest_greedy_choice_is_given_up_for_the_whole():
    """Sending the first incident its nearest would cost the second 900 s; together 110 s."""
    assert match(problem([Need(1, 2), Need(1, 2)], [[10, 20], [90, 900]])).chosen == ((1,), (0,))


def test_a_severe_need_is_filled_before_any_lesser_one():
    """One volunteer, next door to a small fire and far from a severe one: goes to the severe one."""
    answer = match(problem([Need(3, 1), Need(1, 3)], [[1], [1800]]))
    assert (answer.chosen, answer.loss) == (((), (0,)), Loss(0, 0, 3, 1800))


def test_those_chosen_stand_nearest_first():
    """Equals by column."""
    assert match(problem([Need(3, 1)], [[30, 20, 20]])).chosen == ((1, 2, 0),)


def test_a_spare_place_is_filled_by_somebody_who_costs_less_than_it_is_worth():
    """Two are needed; the third is worth 50 s, the fourth 15 s."""
    assert match(problem([Need(2, 1, (50, 15))], [[10, 20, 30, 40]])).chosen == ((0, 1, 2),)


def test_a_spare_place_never_empties_a_needed_one():
    """However much it is worth, and however small the other need."""
    assert match(problem([Need(1, 3, (1000,)), Need(1, 1)], [[10, 20], [60, 60]])).chosen == ((0,), (1,))


def test_lists_that_are_too_short_are_widened():
    """Three needs want the same three people nearest to all; the proof asks for more of the others."""
    near = [[1, 2, 3, 40, 50, 60, NEVER]] * 3
    answer = by_lists(problem([Need(2, 2)] * 3, near), first_listed=2)
    assert (answer.loss, answer.certificate.proven) == (Loss(0, 0, 0, 156), True)
    assert answer.certificate.rounds == 2
    assert answer.certificate.listed == (6, 6, 6)


def test_a_list_of_all_places_and_one_is_always_enough():
    """Ten needs of one person, the same hundred for each: the eleventh is free, and tells the price of one more."""
    answer = by_lists(problem([Need(1, 1)] * 10, [list(range(100))] * 10), first_listed=11)
    assert (answer.certificate.rounds, answer.certificate.listed) == (1, (11,) * 10)
    assert answer.one_more(0) == Loss(0, 0, 0, 10)


def test_no_needs_or_nobody_there():
    """Both are answered."""
    assert match(problem([], [])).chosen == ()
    nobody = Problem([Need(2, 3)], Table(np.empty((1, 0), np.int64), 60))
    assert [(m.chosen, m.loss) for m in (match(nobody), by_lists(nobody))] == [(((),), Loss(2, 0, 0, 0))] * 2
