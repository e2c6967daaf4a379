"""The life of an offer."""

import pytest

from core.errors import ConflictError
from core.events import OfferChanged
from dispatch.offers import COMING, ENDED, LIVE, MOVES, PENDING, STATES, TABLE, THERE, moved


def offer(state="offered"):
    return OfferChanged(at_us=1, id="i.1", incident="i", person="p", device="d", state=state)


def test_a_volunteer_comes_works_and_goes_home():
    """The usual life, move by move, with who makes each."""
    now = offer()
    for move, by in (
        ("deliver", "channel"), ("see", "volunteer"), ("accept", "volunteer"), ("commit", "clock"), ("depart", "gps"),
        ("arrive", "gps"), ("work", "gps"), ("leave", "gps"),
    ):  # fmt: skip
        now = moved(now, move, by, 5, "ani")
    assert (now.state, now.by, now.actor, now.at_us, now.revision) == ("released", "gps", "ani", 5, 9)


def test_a_move_outside_the_table_says_what_is_possible():
    """The refusal tells the reader what can be done instead."""
    with pytest.raises(ConflictError, match=r"expired cannot accept by volunteer; possible now: nothing"):
        moved(offer("expired"), "accept", "volunteer", 5)


def test_nobody_moves_what_is_not_theirs():
    """A volunteer cannot withdraw, the matcher cannot accept."""
    with pytest.raises(ConflictError, match=r"cannot withdraw by volunteer; possible now: see, accept, decline"):
        moved(offer(), "withdraw", "volunteer", 5)


def test_the_table_is_closed():
    """Every state has a row, every move ends in one of them, every move is used and made by somebody."""
    assert set(TABLE) == set(STATES)
    assert {to for row in TABLE.values() for to, _ in row.values()} < set(STATES)
    assert {move for row in TABLE.values() for move in row} == set(MOVES)
    assert all(by for row in TABLE.values() for _, by in row.values())


def test_states_are_sorted_out():
    """Asked, coming, there, halted or ended: each state is one of them."""
    parts = [PENDING, COMING, THERE, {"no_progress"}, ENDED]
    assert sorted(state for part in parts for state in part) == sorted(STATES)
    assert set(STATES) - ENDED == LIVE
