"""Exact matching against the obvious slow way."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.match import MAX_PLACES, MAX_TIME_S, NEVER, Need, match


def need(count, severity, *times):
    return Need(count, severity, np.array(times, np.int64))


def value(needs, chosen):
    """What is compared, worst first: unfilled places of severity 3, 2, 1, then seconds."""
    empty = dict.fromkeys((3, 2, 1), 0)
    for n, picked in zip(needs, chosen, strict=True):
        empty[n.severity] += n.count - len(picked)
    seconds = sum(int(n.time_s[j]) for n, picked in zip(needs, chosen, strict=True) for j in picked)
    return (*empty.values(), seconds)


def brute_force(needs, volunteers):
    """The best value over every way to give each volunteer one need or none."""
    best = None
    for giving in itertools.product(range(-1, len(needs)), repeat=volunteers):
        chosen = [[j for j in range(volunteers) if giving[j] == i] for i in range(len(needs))]
        if any(len(picked) > n.count for n, picked in zip(needs, chosen, strict=True)):
            continue
        if any(n.time_s[j] == NEVER for n, picked in zip(needs, chosen, strict=True) for j in picked):
            continue
        best = min(best or value(needs, chosen), value(needs, chosen))
    return best


@st.composite
def crowds(draw):
    """Up to three needs and six volunteers; some cannot serve some needs, ties are common."""
    volunteers = draw(st.integers(0, 6))
    time_s = st.one_of(st.integers(0, 12), st.integers(0, MAX_TIME_S), st.just(NEVER))
    return volunteers, [
        need(draw(st.integers(1, 4)), draw(st.sampled_from((1, 2, 3))), *draw(st.tuples(*[time_s] * volunteers)))
        for _ in range(draw(st.integers(1, 3)))
    ]


@given(crowds())
def test_the_match_is_as_good_as_any(crowd):
    """Nothing beats it, in this order: severity 3, 2, 1 unfilled, then time."""
    volunteers, needs = crowd
    assert value(needs, match(needs)) == brute_force(needs, volunteers)


@given(crowds())
def test_nobody_is_sent_twice_or_beyond_reach(crowd):
    """Each volunteer fills at most one place, and only where they can."""
    _, needs = crowd
    chosen = match(needs)
    everyone = [j for picked in chosen for j in picked]
    assert len(everyone) == len(set(everyone))
    assert all(n.time_s[j] != NEVER for n, picked in zip(needs, chosen, strict=True) for j in picked)


@given(crowds(), st.data())
def test_the_order_of_volunteers_does_not_change_the_value(crowd, data):
    """A permutation may swap equals, never the result."""
    volunteers, needs = crowd
    order = data.draw(st.permutations(range(volunteers)))
    turned = [Need(n.count, n.severity, n.time_s[list(order)]) for n in needs]
    assert value(turned, match(turned)) == value(needs, match(needs))


@given(crowds(), st.data())
def test_one_more_volunteer_never_makes_it_worse(crowd, data):
    """The value with somebody added is at most the value without."""
    _, needs = crowd
    more = [Need(n.count, n.severity, np.append(n.time_s, data.draw(st.integers(0, 100)))) for n in needs]
    assert value(more, match(more)) <= value(needs, match(needs))


def test_the_nearest_greedy_choice_is_given_up_for_the_whole():
    """Sending the first incident its nearest would cost the second 900 s; together 110 s."""
    assert match([need(1, 2, 10, 20), need(1, 2, 90, 900)]) == [[1], [0]]


def test_a_severe_need_is_filled_before_any_lesser_one():
    """One volunteer, next door to a small fire and far from a severe one: goes to the severe one."""
    assert match([need(3, 1, 1), need(1, 3, MAX_TIME_S)]) == [[], [0]]


def test_five_hundred_volunteers_and_a_hundred_incidents_are_matched_at_once():
    """300 places of 500 volunteers: all are filled, within the bound on places."""
    rng = np.random.default_rng(7)
    needs = [Need(3, 1 + i % 3, rng.integers(136, 1800, 500)) for i in range(100)]
    assert [len(picked) for picked in match(needs)] == [3] * 100


def test_too_many_places_are_refused():
    """Beyond the bound the severity steps would not be exact any more."""
    with pytest.raises(ValueError, match="1001 places"):
        match([need(MAX_PLACES + 1, 1, 5)])
