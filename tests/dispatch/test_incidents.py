"""The life of an incident."""

import pytest

from core.errors import ConflictError
from dispatch.incidents import ENDED, MOVES, STATUSES, TABLE, moved


def test_a_reported_incident_goes_to_the_scene_and_closes():
    """The usual life, move by move."""
    status = "reported"
    for move in ("verify", "dispatch", "respond", "arrive", "close"):
        status = moved(status, move)
    assert status == "closed"


def test_a_move_outside_the_table_says_what_is_possible():
    """The refusal tells the reader what can be done instead."""
    with pytest.raises(ConflictError, match=r"closed cannot arrive; possible now: reopen"):
        moved("closed", "arrive")


def test_the_table_is_closed():
    """Every status has a row, and every move ends in a status that has one."""
    assert set(TABLE) == set(STATUSES)
    assert {after for row in TABLE.values() for after in row.values()} <= set(STATUSES)


@pytest.mark.parametrize("status", [s for s in STATUSES if s not in ENDED])
def test_an_open_incident_can_always_be_ended(status):
    """Nobody is ever stuck with an incident that cannot be closed or cancelled."""
    assert moved(status, "close") == "closed"
    assert moved(status, "cancel") == "cancelled"


@pytest.mark.parametrize("move", MOVES)
def test_every_move_is_used(move):
    """A move without a place in the table would be a promise that nobody keeps."""
    assert any(move in row for row in TABLE.values())
