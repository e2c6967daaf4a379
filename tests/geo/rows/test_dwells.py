"""The life of a row: one id, growing revisions, split, merge, retraction, alerts."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.events import AlertChanged, Dwell, DwellChanged
from geo.partition import GeoState
from geo.rows.dwells import row_id
from geo.step import step
from geo.steps.live import open_rows
from tests.geo.tracks import (
    NEARBY,
    brief,
    driving,
    fixes,
    journeys,
    newest,
    run,
    shuffled,
    standing,
    tick,
    ticked,
    told,
)

STAND_THEN_STAND = [*standing(0, 300), *standing(500, 700), *driving(710, 800, x0=900.0)]
ELSEWHERE = [(float(t), 400.0, 0.0) for t in range(350, 460, 10)]


def test_id_of_a_row() -> None:
    """An id is made of the device, the start as first told, and a number: the same in every replay."""
    assert row_id("t1", 1_765_000_000_000_000, 1) == "d3d58ccfca7795ab8597f"
    assert run([fixes(standing(0, 60))])[1][0].row.id == "d3d58ccfca7795ab8597f"


def test_ids_differ() -> None:
    """Another device, start or number is another id."""
    ids = {row_id(d, t, n) for d in ("t1", "t11") for t in (1, 11) for n in (1, 11)}
    assert len(ids) == 8


def test_an_id_stays_and_its_revision_grows() -> None:
    """Opened, at its limit, closed: three revisions of one row."""
    events = run([NEARBY, fixes(standing(0, 1800) + driving(1810, 1900, x0=80.0))])[1]
    rows = [e.row for e in events if isinstance(e, DwellChanged)]
    assert len({r.id for r in rows}) == 1
    assert [(r.revision, r.state, r.alert) for r in rows] == [
        (1, "open", False),
        (2, "open", True),
        (3, "closed", True),
    ]


def test_an_open_row_grows_silently() -> None:
    """An hour of standing is two revisions, not three hundred and sixty."""
    assert len(run([fixes(standing(0, 3600))])[1]) == 1


def test_split_keeps_the_id_with_the_earlier_part() -> None:
    """Late fixes from elsewhere cut a dwell in two: the earlier part is the old row, the later one is new."""
    state, events = run([fixes(STAND_THEN_STAND)])
    first = newest(events)[0]
    assert brief(first) == ("closed", 0, 700, 52, 500, 200)
    more = run([fixes(ELSEWHERE)], state)[1]
    rows = newest(more)
    assert [brief(r)[:4] for r in rows] == [("closed", 0, 300, 31), ("closed", 350, 450, 11), ("closed", 500, 700, 21)]
    assert (rows[0].id, rows[0].revision) == (first.id, 4)
    assert first.id not in {r.id for r in rows[1:]}


def test_split_in_the_events() -> None:
    """The first late fix only breaks the silence; the earlier part is revised before the rows of the split come."""
    state, _ = run([fixes(STAND_THEN_STAND)])
    assert [(e[0], e[1], e[2]) for e in told(run([fixes(ELSEWHERE)], state)[1])][:3] == [
        ("revise", "closed", 0), ("revise", "closed", 0), ("close", "closed", 500)
    ]  # fmt: skip


def test_merge_retracts_the_later_id() -> None:
    """A late fix that shows there was no departure joins two rows; the later one says where it went."""
    apart = [*standing(0, 120), (130, 180, 0), (160, 230, 0), *standing(170, 300)]
    state, events = run([fixes(apart)])
    earlier, later = newest(events)
    assert (earlier.state, later.state) == ("closed", "open")
    merged, gone = newest(run([fixes([(145, 0.0, 0.0)])], state)[1])
    assert (merged.id, brief(merged), merged.revision) == (earlier.id, ("open", 0, 300, 28, 300, 0), 3)
    assert (gone.id, gone.state, gone.merged_into, gone.revision) == (later.id, "retracted", earlier.id, 2)


def test_a_retracted_row_is_over() -> None:
    """It has an end and no alert."""
    apart = [*standing(0, 120), (130, 180, 0), (160, 230, 0), *standing(170, 300)]
    gone = newest(run([fixes(apart), fixes([(145, 0.0, 0.0)])])[1])[1]
    assert (gone.end_us, gone.alert) == (gone.last_us, False)


def test_extension_keeps_the_id() -> None:
    """A closed row that a late fix prolongs has one revision more."""
    state, events = run([fixes(standing(0, 120) + driving(200, 300, x0=400.0))])
    closed = newest(events)[0]
    (extended,) = newest(run([fixes([(130, 0.0, 0.0)])], state)[1])
    assert (extended.id, extended.revision) == (closed.id, closed.revision + 1) == (closed.id, 3)


def test_a_dwell_that_was_none_is_retracted() -> None:
    """Late fixes that show a drive around the block take the row back; it merged into nothing."""
    alibi = [(t, 500.0, 0.0) for t in range(5, 60, 5)]
    state, events = run([fixes([(0, 0, 0), (60, 0, 0), *driving(100, 200, x0=800.0)])])
    assert [brief(r) for r in newest(events)] == [("closed", 0, 60, 2, 60, 0)]
    first_id = newest(events)[0].id
    rows = {r.id: r for r in newest(run([fixes(alibi)], state)[1])}
    assert (rows[first_id].state, rows[first_id].merged_into) == ("retracted", None)


def test_a_row_older_than_the_horizon_is_forgotten() -> None:
    """Only rows that a late fix may still change are kept in memory."""
    state, _ = run([fixes(standing(0, 120) + driving(130, 1130) + standing(1140, 1300, at=(9000.0, 0.0)))])
    assert [brief(t.row)[1] for t in state.devices.rows[0]] == [1140]


def test_a_wrong_timer_row_is_retracted() -> None:
    """Parked, so the clock raised an alert; then it wakes 5 km away: row and alert are taken back."""
    parked = [NEARBY, fixes([(0, 0, 0), (10, 0, 0)], speed_mps=[0.0, 0.0]), tick(1800)]
    events = run([*parked, fixes(driving(1900, 1930, x0=5000.0))])[1]
    assert told(events) == [
        ("timer", "open", 0, 10, 2, 10, 0), ("alert", "raised"), ("retract", "retracted", 0, 10, 2, 10, 0),
        ("alert", "cleared"),
    ]  # fmt: skip


def test_a_right_timer_row_is_closed() -> None:
    """Parked, alerted by the clock, awake 50 m away: the same row, longer; one alert, never cleared."""
    parked = [NEARBY, fixes([(0, 0, 0), (10, 0, 0)], speed_mps=[0.0, 0.0]), tick(1800)]
    events = run([*parked, fixes(driving(6010, 6060, x0=50.0))])[1]
    (row,) = newest(events)
    assert (brief(row), row.alert) == (("closed", 0, 6010, 3, 10, 6000), True)
    assert [e.state for e in events if isinstance(e, AlertChanged)] == ["raised"]


def test_a_wrong_timer_row_gives_its_id_to_nobody() -> None:
    """Asleep at A, then asleep at B, alerted at both; awake at B: A is retracted, B goes on under its own id."""
    at_a = [NEARBY, fixes([(0, 0, 0), (10, 0, 0)], speed_mps=[0.0, 0.0]), tick(1800)]
    at_b = [fixes([(2000, 1000, 0), (2010, 1000, 0)], speed_mps=[0.0, 0.0]), tick(3800)]
    state, events = run([*at_a, *at_b])
    a, b = newest(events)
    rows = {r.id: r for r in newest(run([fixes([(3810, 1000.0, 0.0)])], state)[1])}
    assert rows[a.id].state == "retracted"
    assert b.id not in rows or rows[b.id].state == "open"


def test_two_wrong_timer_rows_leave_none() -> None:
    """One resting fix at A, hours later one at B, alerted at both, then driving at C: both are taken back."""
    asleep = [
        NEARBY, fixes([(0, 0, 0)], speed_mps=[0.0]), tick(1800), fixes([(1900, 5000, 0)], speed_mps=[0.0]), tick(3700)
    ]  # fmt: skip
    state, events = run([*asleep, fixes([(3800, 10_000.0, 0.0)])])
    assert [r.state for r in newest(events)] == ["retracted", "retracted"]
    assert [e.state for e in events if isinstance(e, AlertChanged)] == ["raised", "raised", "cleared", "cleared"]
    assert open_rows(state) == []


def test_alert_revisions() -> None:
    """An alert's revisions count from one: raised, cleared."""
    parked = [NEARBY, fixes([(0, 0, 0), (10, 0, 0)], speed_mps=[0.0, 0.0]), tick(1800)]
    events = run([*parked, fixes(driving(1900, 1930, x0=5000.0))])[1]
    alerts = [e for e in events if isinstance(e, AlertChanged)]
    assert [(a.state, a.revision, a.id, a.dwell) for a in alerts] == [
        ("raised", 1, "ad3d58ccfca7795ab8597f", "d3d58ccfca7795ab8597f"),
        ("cleared", 2, "ad3d58ccfca7795ab8597f", "d3d58ccfca7795ab8597f"),
    ]


def arrivals(devices: int) -> st.SearchStrategy[list[Any]]:
    """What a partition may meet: fixes in disorder, ticks between."""
    return journeys(devices=devices).flatmap(shuffled).flatmap(ticked)


@given(arrivals(devices=2))
def test_revisions_of_a_row_are_a_chain(entries: list[Any]) -> None:
    """Revisions count 1, 2, 3 for each id, and a retracted id never comes back."""
    seen: dict[str, tuple[int, str]] = {}
    for event in run([NEARBY, *entries])[1]:
        if isinstance(event, DwellChanged):
            revision, state = seen.get(event.row.id, (0, ""))
            assert event.row.revision == revision + 1
            assert state != "retracted"
            seen[event.row.id] = (event.row.revision, event.row.state)


@given(arrivals(devices=1))
def test_live_rows_of_a_device_do_not_overlap(entries: list[Any]) -> None:
    """A truck is in one place at a time; a row ends before the next begins."""
    state, events = run([NEARBY, *entries])
    rows = {r.id: r for r in newest(events)} | {r.id: r for r in open_rows(state)}
    live = sorted((r for r in rows.values() if r.state != "retracted"), key=lambda r: r.start_us)
    assert all(a.last_us <= b.start_us for a, b in pairwise(live))


@given(arrivals(devices=2))
def test_alerts_go_with_rows(entries: list[Any]) -> None:
    """After every entry an alert is raised exactly where the newest revision of its row says so."""
    state, rows, alerts = GeoState(), dict[str, bool](), dict[str, bool]()
    for entry in [NEARBY, *entries]:
        for event in step(state, entry):
            if isinstance(event, DwellChanged):
                rows[event.row.id] = event.row.alert
            elif isinstance(event, AlertChanged) and event.kind == "dwell_limit":
                alerts[str(event.dwell)] = event.state == "raised"
        assert {i for i, on in alerts.items() if on} == {i for i, on in rows.items() if on}


@given(arrivals(devices=1))
def test_open_rows_are_those_told(entries: list[Any]) -> None:
    """After every entry the rows shown as open are the ids whose newest revision is open, alert for alert."""
    state, rows = GeoState(), dict[str, Dwell]()
    for entry in [NEARBY, *entries]:
        rows |= {e.row.id: e.row for e in step(state, entry) if isinstance(e, DwellChanged)}
        told_open = {i: r.alert for i, r in rows.items() if r.state == "open"}
        assert {r.id: r.alert for r in open_rows(state)} == told_open
