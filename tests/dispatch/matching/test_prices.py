"""The prices are what solving again, with the change, would say."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch.matching.prices import prices_of, residual, sent_of_table
from dispatch.matching.problem import NEVER, Loss, Need
from dispatch.matching.solve import alternatives, match
from tests.dispatch.matching.slowly import best, beyond, problem, problems, ways

SOLVERS = st.sampled_from((match, lambda asked: match(asked, dense_cells=-1, first_listed=1)))


@given(problems(), SOLVERS)
def test_the_price_of_one_more_is_what_it_costs_to_send_one_more(asked, solver):
    """At each need, everybody else placed anew; None when nobody can come."""
    answer, every = solver(asked), ways(asked)
    for g in range(len(asked.needs)):
        assert answer.one_more(g) == beyond(best(asked, every, extra=g), answer.loss)


@given(problems(), SOLVERS)
def test_a_volunteer_is_worth_what_the_rest_cannot_do_without_them(asked, solver):
    """The loss without them, less the loss with them."""
    answer, every = solver(asked), ways(asked)
    for j in range(asked.costs.volunteers):
        assert answer.worth(j) == beyond(best(asked, [way for way in every if way[j] == -1]), answer.loss)


@given(problems(), SOLVERS)
def test_an_alternative_costs_what_the_forced_choice_does(asked, solver):
    """Each volunteer, sent to each need; None when they cannot be."""
    answer, every = solver(asked), ways(asked)
    for g in range(len(asked.needs)):
        for j in range(asked.costs.volunteers):
            forced = best(asked, [way for way in every if way[j] == g])
            assert alternatives(answer, g, [j]) == [beyond(forced, answer.loss)]


@given(problems(), st.data())
def test_a_matching_that_is_not_the_best_is_not_proven(asked, data):
    """Somebody taken away who is worth something: the gap tells, and never less than what is lost."""
    answer = match(asked)
    worthy = [(g, j) for g, columns in enumerate(answer.chosen) for j in columns if any(answer.worth(j))]
    assume(worthy)
    gone = data.draw(st.sampled_from(worthy))
    left = [np.array([j for j in columns if (g, j) != gone], np.int64) for g, columns in enumerate(answer.chosen)]
    places = [answer.steps.of(need) for need in asked.needs]
    sent = sent_of_table(asked.costs.dense(), left)
    told = prices_of(sent, places, residual(sent, places))
    assert told.gap_s >= told.total_s - answer.prices.total_s > 0


def test_why_somebody_near_was_not_sent():
    """Column 0 is 3 minutes from A and 6 from B, where nobody else gets: sent to A, B would stay empty."""
    answer = match(problem([Need(1, 2), Need(1, 2)], [[180, 300], [360, NEVER]]))
    assert answer.chosen == ((1,), (0,))
    assert alternatives(answer, 0, [0]) == [Loss(0, 1, 0, 180 - 300 - 360)]


def test_what_one_more_would_cost_with_the_rest_moved():
    """B has nobody left of its own: it would take A's, and A the free one."""
    answer = match(problem([Need(1, 1), Need(1, 1)], [[10, 90, 20], [15, 10, NEVER]]))
    assert (answer.chosen, answer.one_more(1)) == (((0,), (1,)), Loss(0, 0, 0, 15 - 10 + 20))
