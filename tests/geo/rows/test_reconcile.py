"""Rows told before against rows computed now: ids, revisions, retractions, and what stands."""

from __future__ import annotations

from typing import Any

from core.events import Dwell, Spell
from geo.rows.reconcile import Changes, Naming, Reach, Row, reconcile
from tests.strategies import dwell_of, spell_of

ALL = Reach(0, 1 << 50)


def dwell(id_: str, start: int, last: int, **columns: Any) -> Dwell:
    """A closed dwell, unless told otherwise."""
    return dwell_of(id_, **({"start_us": start, "last_us": last, "end_us": last, "revision": 1} | columns))


def spell(id_: str, start: int, last: int, **columns: Any) -> Spell:
    """A closed visit of one zone, unless told otherwise."""
    usual = {"kind": "visit", "subject": "zone:z", "start_us": start, "last_us": last, "end_us": last, "revision": 1}
    return spell_of(id_, **(usual | columns))


def told(old: list[Row], new: list[Row], reach: Reach = ALL) -> Changes:
    return reconcile(old, new, reach, Naming("c1"))


def brief(changes: Changes) -> list[tuple[Any, ...]]:
    """Cause, id, revision, start and end of each row that is told."""
    rows = [(event.cause, event.row) for event in changes.events]
    return [(cause, row.id, row.revision, row.start_us, row.last_us) for cause, row in rows]


def test_what_is_equal_is_not_told() -> None:
    """Labels are those of the day: fixes alone decide whether a dwell is another."""
    changes = told([dwell("a", 10, 20, purpose="break")], [dwell("x", 10, 20), spell("y", 5, 6)])
    assert [event.row.id for event in changes.events] == [changes.placed["y"].id]
    assert changes.placed["x"].id == "a"
    assert changes.counts == {"same": 1, "new": 1}


def test_the_earlier_id_lives_on_and_the_later_says_into_which() -> None:
    """Two rows that became one; and one that became two."""
    merged = told([dwell("a", 10, 20), dwell("b", 30, 40)], [dwell("x", 10, 40)])
    assert brief(merged) == [("revise", "a", 2, 10, 40), ("merge", "b", 2, 30, 40)]
    assert merged.events[1].row.merged_into == "a"
    split = told([dwell("a", 10, 40)], [dwell("x", 10, 20), dwell("y", 30, 40)])
    assert [cause for cause, *_ in brief(split)] == ["revise", "close"]
    assert split.placed["y"].id not in ("a", "x", "y")


def test_what_never_was_is_retracted() -> None:
    """And loses its alert."""
    changes = told([dwell("a", 10, 20, alert=True)], [])
    (event,) = changes.events
    assert (event.cause, event.row.state, event.row.merged_into, event.row.alert) == (
        "retract",
        "retracted",
        None,
        False,
    )


def test_kinds_and_subjects_have_nothing_to_do_with_each_other() -> None:
    """At one time a device may be in several zones, drive and stand."""
    old = [spell("a", 10, 20), spell("b", 10, 20, subject="zone:y"), spell("c", 10, 20, kind="trip", subject="")]
    new = [spell("x", 10, 21), spell("y", 10, 20, subject="zone:y"), spell("z", 10, 20, kind="trip", subject="")]
    assert brief(told(old, new)) == [("revise", "a", 2, 10, 21)]


def test_spells_that_only_touch_are_two() -> None:
    """A silence may follow a silence; a dwell that touches another is the same stop."""
    assert told([spell("a", 10, 20)], [spell("x", 20, 30)]).counts == {"new": 1, "retracted": 1}
    assert told([dwell("a", 10, 20)], [dwell("x", 20, 30)]).counts == {"revised": 1}


def test_an_open_row_reaches_to_now_and_grows_silently() -> None:
    """Where it was told to have its last fix does not matter."""
    old: list[Row] = [dwell("a", 10, 11, end_us=None, state="open")]
    assert told(old, [dwell("x", 10, 99, end_us=None, state="open")]).counts == {"same": 1}
    assert brief(told(old, [dwell("x", 10, 99)])) == [("close", "a", 2, 10, 99)]
    assert told(old, [dwell("x", 5, 8), dwell("y", 50, 60)]).placed["y"].id == "a"


def test_rows_out_of_reach_stand() -> None:
    """What ended before the new fixes, what began in forgotten time, what was not seen to its end, what is held."""
    old: list[Row] = [dwell("a", 10, 20), dwell("b", 30, 40), dwell("c", 60, 70), dwell("d", 100, 110)]
    new: list[Row] = [dwell("w", 10, 21), dwell("x", 29, 41), dwell("y", 60, 71), dwell("z", 100, 115)]
    assert [row for _, row, *_ in brief(told(old, new, Reach(25, 200)))] == ["b", "c", "d"]
    assert told(old, new, Reach(0, 200, whole_us=31)).counts == {"forgotten": 2, "revised": 2}
    assert [row for _, row, *_ in brief(told(old, new, Reach(0, 50, 112)))] == ["a", "b", "c"]
    held = told(old, new, Reach(0, 200, 300, held=frozenset({"c"})))
    assert (held.counts, held.next_us) == ({"revised": 3, "left": 1}, 60)


def test_a_row_that_goes_on_at_the_end_is_left() -> None:
    """Unless the end is now."""
    new: list[Row] = [dwell("x", 10, 20, end_us=None, state="open")]
    assert told([], new, Reach(0, 50, 50)).next_us == 10
    assert told([], new, Reach(0, 50)).counts == {"new": 1}


def test_ids_of_new_rows_differ_from_rebuild_to_rebuild() -> None:
    """And follow from it, so that a replay gives the same."""
    ids = [reconcile([], [dwell("x", 10, 20)], ALL, Naming(seed)).placed["x"].id for seed in ("c1", "c1", "c2")]
    assert ids[0] == ids[1] != ids[2]
