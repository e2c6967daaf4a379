"""Moments at which the clock changes what a stop is for."""

from __future__ import annotations

from geo.meaning.flips import SLACK, Flips
from geo.meaning.purpose import FOREVER


def test_what_is_due_comes_again_until_it_is_watched_anew() -> None:
    """Slots in their order, as soon as their moment has come, at every call."""
    flips = Flips()
    for slot, due_us in ((2, 10), (1, 10), (3, 20), (4, FOREVER)):
        flips.watch(slot, due_us)
    assert [flips.ripe(now_us) for now_us in (9, 10, 15, 20)] == [[], [1, 2], [1, 2], [1, 2, 3]]
    flips.watch(1, 30)
    flips.watch(2, FOREVER)
    assert [flips.ripe(now_us) for now_us in (20, 30)] == [[3], [1, 3]]


def test_the_newest_moment_counts() -> None:
    """A slot that is watched anew is due then, not when it was before; earlier or later."""
    flips = Flips()
    for due_us in (10, 30, 20):
        flips.watch(1, due_us)
    assert [flips.ripe(now_us) for now_us in (10, 19, 20)] == [[], [], [1]]


def test_a_moment_that_is_watched_twice() -> None:
    """The same moment again is due once."""
    flips = Flips()
    flips.watch(1, 10)
    flips.watch(1, 10)
    assert flips.ripe(10) == [1]
    flips.watch(1, FOREVER)
    assert flips.ripe(10) == []


def test_it_stays_as_small_as_what_is_due() -> None:
    """However often a slot is watched anew, what is kept is bounded by the slots."""
    flips = Flips()
    for n in range(10_000):
        flips.watch(n % 7, 10 + n)
    assert (len(flips.due_us), len(flips._heap) <= 2 * 7 + SLACK) == (7, True)
