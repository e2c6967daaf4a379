"""Phones whose clocks are wrong are neither stale nor fresh by it."""

import pytest

from core.entries import Sightings
from dispatch.desk import Desk
from dispatch.people import Crew
from dispatch.skew import heard
from tests.dispatch.town import HERE, NOW, SECOND, Town, moves, opened, person, register, tick


def lags(*pairs):
    """What is held of a clock after lags (when, how much), in seconds."""
    known = None
    for at_s, lag_s in pairs:
        known = heard(known, lag_s * SECOND, at_s * SECOND)
    return known.skew_us / SECOND if known else 0


@pytest.mark.parametrize(
    ("pairs", "skew_s"),
    [
        ([(0, 600)], 0),  # late, or behind: nobody knows yet
        ([(0, 600), (29, 600)], 0),
        ([(0, 600), (30, 600)], 600),
        ([(0, 600), (10, 640), (35, 605)], 600),  # sent in batches
        ([(0, 600), (30, 600), (40, 590)], 590),  # it cannot be behind by more
        ([(0, 600), (30, 600), (40, 1)], 0),  # somebody set it right
        ([(0, 600), (10, 400), (20, 200), (30, 3)], 0),  # a memory that is emptied
        ([(0, 1), (900, 600), (930, 600)], 600),  # it went wrong
        ([(0, -100)], -100),  # ahead, at once
        ([(0, -100), (700, 2), (740, 2)], 0),
        ([(0, 3), (40, 4)], 0),
    ],
)
def test_a_lag_that_stays_is_a_wrong_clock(pairs, skew_s):
    """Ahead at once, behind after half a minute, right again at once."""
    assert lags(*pairs) == skew_s


def late_sight(at_s, behind_s, places):
    """Phones whose clocks are so much behind, at these metres north of the incident."""
    rows = tuple(
        (f"d{n}", HERE[0], HERE[1] + m / 111_195, NOW + round((at_s - behind_s) * SECOND)) for n, m in places.items()
    )
    return Sightings(now_us=NOW + round(at_s * SECOND), rows=rows)


@pytest.mark.parametrize("behind_s", [-110, 0, 600, 2400])
def test_who_rides_with_a_wrong_clock_is_followed_all_the_way(behind_s):
    """Asked, on the way, there: with a clock ten or forty minutes behind, or two ahead, as with a right one."""
    town = Town(
        register(person(0)), *(late_sight(at_s, behind_s, {0: 2000 + at_s}) for at_s in (-40, -20, 0)), opened()
    )
    assert [ranger.time_us for ranger in Crew(Desk(town.state, town.params))] == [NOW]
    town.answer(0, 5)
    said = moves(town.run(*(late_sight(5 + 10 * k, behind_s, {0: max(10, 2000 - 80 * k)}) for k in range(28))))
    assert said == [("p0", "committed"), ("p0", "en_route"), ("p0", "arrived")]


def test_a_position_that_is_old_stays_old():
    """It came late from a phone whose clock is right: nobody is asked by where they were 40 minutes ago."""
    town = Town(register(person(0)), late_sight(0, 2400, {0: 300}), opened(), tick(3))
    assert town.states() == {}
