"""How many are asked."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.sizing import Answers, Latency, at_least, how_many, personal, pooled, spare_s, still_accepts, top_up

CHANCES = (0.17, 0.25, 0.35, 0.47, 0.6, 0.8)
TABLE = {1: (17, 11, 7, 5, 4, 2), 2: (26, 18, 12, 9, 6, 4), 3: (35, 23, 16, 12, 8, 6), 5: (52, 34, 24, 17, 13, 9)}
FEW = st.lists(st.floats(0, 1), max_size=7)


def counted(needed, chances):
    """P(at least `needed`) over every outcome."""
    total = 0.0
    for came in itertools.product((0, 1), repeat=len(chances)):
        if sum(came) >= needed:
            total += math.prod(p if yes else 1 - p for p, yes in zip(chances, came, strict=True))
    return total


@given(st.integers(0, 8), FEW)
def test_the_probability_is_that_of_every_outcome_counted(needed, chances):
    """Different people, up to seven."""
    assert at_least(needed, chances) == pytest.approx(counted(needed, chances), abs=1e-12)


@pytest.mark.parametrize("needed", TABLE)
def test_how_many_to_ask_for_19_of_20(needed):
    """By acceptance: 24 for five people at .35."""
    assert tuple(how_many(needed, [p] * 60, 0.95) for p in CHANCES) == TABLE[needed]


@given(st.integers(1, 4), FEW, FEW, st.floats(0.01, 0.99))
def test_the_fewest_are_asked(needed, chances, asked, enough):
    """One less would not do; None when all would not."""
    many = how_many(needed, chances, enough, asked)
    if many is None:
        assert at_least(needed, [*asked, *chances]) < enough
    else:
        assert at_least(needed, [*asked, *chances[:many]]) >= enough
        assert many == 0 or at_least(needed, [*asked, *chances[: many - 1]]) < enough


def test_nobody_is_asked_when_enough_have_accepted():
    """Nothing is needed any more."""
    assert how_many(0, [0.5], 0.95) == 0


def test_everybody_is_asked_when_all_are_too_few():
    """Three of three at .5 come one time in eight."""
    assert (how_many(3, [0.5] * 3, 0.8), top_up(3, [0.5] * 3, 0.8)) == (None, 3)


def test_an_offer_without_an_answer_fades():
    """.35 when it is made; half of the answers are in after 20 s; next to nothing after two minutes."""
    worth = [still_accepts(0.35, 0.26, age_s, Latency()) for age_s in (0, 20, 120)]
    assert worth == pytest.approx([0.35, 0.35 * 0.5 / (1 - 0.61 * 0.5), 0.00467], abs=1e-5)


def test_silence_tells_nothing_of_those_who_always_answer_in_the_end():
    """Accept or decline, nobody stays silent for good: what is pending is worth what it was."""
    assert still_accepts(0.4, 0.6, 30, Latency()) == pytest.approx(0.4)


def test_more_are_asked_as_silence_lasts():
    """Seven asked for one person at .35: none more at first, seven anew in the end."""
    more = []
    for age_s in (0, 15, 30, 60, 600):
        pending = [still_accepts(0.35, 0.26, age_s, Latency())] * 7
        more.append(top_up(1, [0.35] * 20, 0.95, pending))
    assert more == [0, 2, 4, 7, 7]


def test_half_of_the_answers_come_by_the_median():
    """And a sixth within a sigma below it."""
    latency = Latency(median_s=20, sigma=0.7)
    assert [latency.answered(age_s) for age_s in (0, 20 / math.exp(0.7), 20)] == pytest.approx(
        [0, 0.1587, 0.5], abs=1e-4
    )


def test_a_new_city_starts_from_the_prior_and_learns():
    """.35 of ten offers; 90 more with 45 accepted."""
    assert [pooled(Answers(0, 0)), pooled(Answers(45, 90))] == pytest.approx([0.35, 0.485])


def test_one_volunteer_departs_from_the_rate_of_all_slowly():
    """Two yeses say little; forty of forty say much."""
    rates = [personal(Answers(n, n), 0.35) for n in (0, 2, 40)]
    assert rates == pytest.approx([0.35, 9 / 22, 47 / 60])


def test_old_answers_fade():
    """Half of them by the half-life."""
    assert Answers(4, 10).faded(3600, 3600) == Answers(2, 5)


@pytest.mark.parametrize("wrong", [(2, 1), (-1, 1), (0, math.inf), (math.nan, 1)])
def test_impossible_counts_are_refused(wrong):
    """More accepted than asked, negative, without end."""
    with pytest.raises(ValueError, match="correct the counts"):
        Answers(*wrong)


@given(st.integers(1, 4), FEW, st.integers(0, 10_000))
def test_worths_of_spare_places_fall(needed, chances, place_s):
    """As the matcher asks for; none for the needed places."""
    worths = spare_s(needed, chances, place_s)
    assert len(worths) == max(0, len(chances) - needed)
    assert list(worths) == sorted(worths, reverse=True)
    assert all(0 <= worth <= place_s for worth in worths)


def test_what_a_spare_place_is_worth():
    """One person at .5, an empty place held to cost an hour: the second fills it a quarter of the time."""
    assert spare_s(1, [0.5] * 4, 3600) == (900, 450, 225)
