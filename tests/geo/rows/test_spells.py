"""Spells keep their ids through late fixes: revisions, splits, merges, retractions; and through a restart."""

from __future__ import annotations

from typing import Any

import msgspec

from core.events import SpellChanged
from geo.partition import GeoState
from geo.steps.telltrack import open_spells
from tests.geo.rounds import TOWN, newest_spells, seconds, spell, spells
from tests.geo.tracks import driving, dump, fixes, run, standing


def changes(events: list[Any], kind: str) -> list[tuple[Any, ...]]:
    """Cause, state and revision of what was told of a kind."""
    found = [e for e in events if isinstance(e, SpellChanged) and e.row.kind == kind]
    return [(e.cause, e.row.state, e.row.revision) for e in found]


def test_a_spell_is_told_when_it_begins_and_when_it_ends() -> None:
    """Its growth in between is not worth a word."""
    _, events = run([fixes(standing(0, 600) + driving(610, 1400, x0=80.0) + standing(1410, 2000, at=(6400.0, 0.0)))])
    assert changes(events, "trip") == [("open", "open", 1), ("close", "closed", 2)]


def test_a_late_fix_parts_a_gap() -> None:
    """The earlier part keeps the id; the later one is new."""
    rows = driving(0, 100) + driving(700, 1000, x0=5600.0)
    state, events = run([fixes(rows)])
    (gap,) = spells(events, "gap")
    late = run([fixes([(400, 3200.0, 0.0)])], state)[1]
    assert changes(late, "gap") == [("revise", "closed", 2), ("close", "closed", 1)]
    first, second = spells(late, "gap")
    assert (first.id, seconds(first.last_us), seconds(second.start_us)) == (gap.id, 400.0, 400.0)


def test_a_late_fix_disproves_a_gap() -> None:
    """Fixes that fill the silence retract it; the trip is revised with what was driven."""
    rows = driving(0, 100) + driving(400, 700, x0=3200.0)
    state, events = run([fixes(rows)])
    late = run([fixes(driving(110, 390, x0=880.0))], state)[1]
    assert spells(events + late, "gap") == []
    assert [row.state for row in newest_spells(late) if row.kind == "gap"] == ["retracted"]


def test_a_late_fix_joins_two_visits() -> None:
    """Seen outside and back, it was two visits; a late fix inside makes them one, the later id merged into it."""
    rows = [(10, 500.0, 0.0), (20, 510.0, 0.0), (30, 900.0, 0.0), (60, 900.0, 0.0), (70, 510.0, 0.0), (90, 500.0, 0.0)]
    state, events = run([*TOWN, fixes(rows)])
    first, second = (row for row in spells(events, "visit") if row.subject == "zone:yard")
    late = run([fixes([(45, 510.0, 0.0)])], state)[1]
    joined = {row.id: row for row in newest_spells(late)}
    assert joined[second.id].state == "retracted"
    assert joined[second.id].merged_into == first.id
    assert spell(joined[first.id])[2:5] == ("open", 10.0, 90.0)


def test_an_older_row_of_state_has_no_track_yet() -> None:
    """Saved before there were spells, a device goes on; its first trip begins with its next fix."""
    body = msgspec.msgpack.decode(dump(run([fixes(standing(0, 600))])[0])["t1"])
    older = {name: value for name, value in body.items() if name not in ("track", "spells", "spell_seq")}
    state = GeoState({"t1": msgspec.msgpack.encode(older)})
    run([fixes(driving(610, 900, x0=80.0))], state)
    (trip,) = open_spells(state)
    assert spell(trip)[:4] == ("trip", "", "open", 610.0)


def test_contacts_outlive_other_numbers_of_their_fences() -> None:
    """They are saved by name: a restart with the same city finds them again."""
    entries = [*TOWN, fixes(standing(0, 300, at=(500.0, 20.0)))]
    state, _ = run(entries)
    saved = {key: body for key, body in state.drain_state().items() if body is not None}
    assert open_spells(GeoState(saved)) == open_spells(state)
    assert {row.subject for row in open_spells(state)} == {"zone:yard", "place:bin2"}
