"""What a problem may be, and the prices of empty places."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.matching.problem import EXACT, MAX_PLACES, MAX_SPARES, MAX_TIME_S, NEVER, Loss, Need, Problem, Table
from tests.dispatch.matching.slowly import problem

NEEDS = [Need(2, 3), Need(4, 2, (50, 20)), Need(3, 1)]
NUMBERS = st.tuples(st.integers(-2, 2), st.integers(-4, 4), st.integers(-3, 3), st.integers(-670, 670))


def test_each_price_is_more_than_twice_all_below_it():
    """Six people at most 60 s away and one more, worths of 70 s; then the places of each severity and one more."""
    first = 2 * (60 * 7 + 70) + 1
    second = 2 * (490 + 4 * first) + 1
    third = 2 * (490 + 4 * first + 5 * second) + 1
    assert problem(NEEDS, [[1] * 6] * 3).steps().prices_s == (first, second, third)


@given(NUMBERS)
def test_a_sum_is_read_back(numbers):
    """Unfilled places and seconds, differences too."""
    steps = problem(NEEDS, [[1] * 10] * 3).steps()
    first, second, third = steps.prices_s
    total = numbers[0] * third + numbers[1] * second + numbers[2] * first + numbers[3]
    assert steps.loss(total) == Loss(*numbers)


@given(st.tuples(st.integers(0, MAX_PLACES), st.integers(0, MAX_PLACES)).map(sorted))
def test_the_bound_on_places_is_exact_for_any_mixture(cuts):
    """Whichever severities they have, with as many spares as there may be, every sum is a whole number in float64."""
    counts = cuts[0], cuts[1] - cuts[0], MAX_PLACES - cuts[1]
    spare = (MAX_TIME_S,) * MAX_SPARES
    needs = [Need(count, severity, spare if severity == 1 else ()) for severity, count in enumerate(counts, 1)]
    steps = Problem(needs, Table(np.zeros((3, MAX_PLACES + MAX_SPARES), np.int64), MAX_TIME_S)).steps()
    assert sum(sum(steps.of(need)) for need in needs) < EXACT


def test_too_much_at_once_is_refused():
    """The answer says what to lower."""
    needs = [Need(5000, severity) for severity in (1, 2, 3)]
    with pytest.raises(ValueError, match="15000 places with times up to 7200 s cannot be matched exactly"):
        Problem(needs, Table(np.zeros((3, 20_000), np.int64), MAX_TIME_S)).steps()


@pytest.mark.parametrize("wrong", [(-1, 2), (1, 0), (1, 4), (1, 2, (5, 6)), (1, 2, (-1,))])
def test_a_wrong_need_is_refused(wrong):
    """Negative counts, unknown severities, worths that rise."""
    with pytest.raises(ValueError):
        Need(*wrong)


@pytest.mark.parametrize("seconds", [-1, 61])
def test_a_cost_out_of_bounds_is_refused(seconds):
    """It would break the order of what counts."""
    with pytest.raises(ValueError, match=r"within 0\.\.60"):
        Table(np.array([[seconds]]), 60)


def test_a_table_lists_the_cheapest_and_says_what_the_next_costs():
    """Equals by column; NEVER when all who can come are listed."""
    near, rest = Table(np.array([[30, 10, NEVER, 10]]), 60), []
    for k in (2, 3):
        (listed,) = near.nearest([0], k)
        rest.append((listed.columns.tolist(), listed.seconds.tolist(), listed.floor_s))
    assert rest == [([1, 3], [10, 10], 30), ([1, 3, 0], [10, 10, 30], NEVER)]
