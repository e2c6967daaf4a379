"""The state as rows."""

import msgspec

from core.entries import Tick
from dispatch.engine import step
from dispatch.rows import changed, restored
from dispatch.state import Params, State
from tests.dispatch.town import NOW, SECOND, Town, opened, person, register, sight


def test_a_log_without_rows_is_a_fresh_state():
    """Nothing is held yet."""
    assert restored({}) == (State(), None)


def test_a_commit_writes_what_changed():
    """A tick moves the clock alone; who moved, and what is known of the ways to an incident, are a row each."""
    town = Town(*register(person(1), person(2)), sight(0, {1: 500, 2: 900}), opened(), sight(1, {1: 490}))
    before = town.state
    after, _ = step(before, Tick(now_us=NOW + 2 * SECOND), Params())
    assert [*changed(before, after)] == ["state"]
    town.run(sight(3, {1: 400}))
    assert {*changed(before, town.state)} == {"state", "seen:38", "trails:i"}


def test_what_is_gone_is_deleted():
    """The rows of a person who left the register."""
    before = Town(*register(person(1))).state
    assert changed(before, msgspec.structs.replace(before, people={}))["people:p1"] is None


def test_a_person_that_cannot_be_read_any_more_is_left_out():
    """One row of the register never keeps dispatch from starting."""
    rows = changed(None, Town(*register(person(1), person(2))).state)
    state, _ = restored({key: body for key, body in rows.items() if body} | {"people:p1": msgspec.msgpack.encode({})})
    assert [*state.people] == ["p2"]


def test_offers_come_back_in_their_order():
    """By number and not by name: the tenth after the second."""
    town = Town(*register(*(person(n) for n in range(12))), sight(0, {n: 500 + n for n in range(12)}), opened(count=11))
    state, _ = restored({key: body for key, body in sorted(changed(None, town.state).items()) if body})
    assert [*state.offers] == [f"i.{n}" for n in range(1, 13)]
