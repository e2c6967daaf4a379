"""The entries of a partition: fixes, ticks and their timers, commands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.entries import Command, Sightings, Tick
from core.events import AlertChanged, CommandDone
from core.fixes import Fixes, Flag
from geo.folds.rewind import hint
from geo.partition import GeoState
from geo.step import step
from geo.steps.live import open_rows
from tests.geo.tracks import DAY_US, NEARBY, brief, driving, fixes, newest, placed, run, standing, tick, told

LIMIT_US = DAY_US + 1_800_000_000
PARKED = fixes([(0, 0.0, 0.0), (10, 0.0, 0.0)], speed_mps=[0.0, 0.0])
RAISED = [("timer", "open", 0, 10, 2, 10, 0), ("alert", "raised")]


def ack(body: dict[str, Any], id_: str = "c1") -> Command:
    """A person takes note of an alert."""
    return Command(id=id_, kind="alert.ack", actor="ana", at_us=DAY_US + 5_000_000_000, body=body)


def alerted() -> tuple[GeoState, AlertChanged]:
    """A partition with one truck that stands too long, and its alert."""
    state, events = run([NEARBY, PARKED, tick(1800)])
    return state, events[-1]


def test_the_limit_passes_by_the_clock() -> None:
    """The alert comes with the tick at the limit, not with one a microsecond before."""
    state, events = run([NEARBY, PARKED, Tick(now_us=LIMIT_US - 1)])
    assert events == []
    events = step(state, Tick(now_us=LIMIT_US))
    assert told(events) == RAISED
    assert [e.at_us for e in events] == [LIMIT_US, LIMIT_US]


def test_a_timer_fires_once() -> None:
    """Later ticks have nothing to add."""
    assert told(run([NEARBY, PARKED, tick(1800), tick(1801), tick(9000)])[1]) == RAISED


def test_the_limit_passes_by_fixes() -> None:
    """A truck that goes on reporting is alerted by the fix at the limit, without any tick."""
    events = run([NEARBY, fixes(standing(0, 1790))])[1]
    assert told(events)[1:] == []
    events = run([NEARBY, fixes(standing(0, 1800))])[1]
    assert told(events)[1:] == [("limit", "open", 0, 1800, 181, 1800, 0), ("alert", "raised")]
    assert events[-1].at_us == LIMIT_US


def test_an_alert_written_out() -> None:
    """What is told of an alert."""
    _, alert = alerted()
    assert (alert.id, alert.dwell) == ("ad3d58ccfca7795ab8597f", "d3d58ccfca7795ab8597f")
    assert (alert.kind, alert.device, alert.state, alert.revision) == ("dwell_limit", "t1", "raised", 1)
    assert (alert.lon, alert.lat, alert.by, alert.note, alert.at_us) == (123.6, -10.17, None, "", LIMIT_US)


@pytest.mark.parametrize(("heard_after_s", "alerts"), [(900, 1), (901, 0)])
def test_old_data_raises_no_timer(heard_after_s: int, alerts: int) -> None:
    """A backlog from before the lateness horizon says nothing about now."""
    heard = replace(PARKED, received_us=PARKED.time_us + heard_after_s * 1_000_000)
    events = run([NEARBY, heard, tick(10_000)])[1]
    assert sum(isinstance(e, AlertChanged) for e in events) == alerts


def test_our_outage_postpones_the_alert() -> None:
    """Ten minutes in which nobody listened are not the truck's silence."""
    deaf_us = 600_000_000
    state, events = run([NEARBY, PARKED, Tick(now_us=LIMIT_US + deaf_us - 1, deaf_us=deaf_us)])
    assert events == []
    assert told(step(state, Tick(now_us=LIMIT_US + deaf_us, deaf_us=deaf_us))) == RAISED


def test_an_outage_before_the_last_fix_postpones_nothing() -> None:
    """What the fixes span is known, whether or not we listened meanwhile."""
    later = fixes([(700, 0.0, 0.0)], speed_mps=[0.0])
    events = run([NEARBY, PARKED, tick(650, deaf_s=600), later, tick(1800, deaf_s=600)])[1]
    assert [e[0] for e in told(events)] == ["open", "limit", "alert"]


@pytest.mark.parametrize("speed_mps", [8.0, np.nan])
def test_a_tracker_that_died_while_driving(speed_mps: float) -> None:
    """Its silence is no stop: no timer, no row, however long."""
    track = fixes(driving(0, 100), speed_mps=[speed_mps] * 11)
    assert told(run([NEARBY, track, tick(1900), tick(90_000)])[1]) == []


def test_a_tracker_that_died_in_a_dwell_while_moving() -> None:
    """A dwell whose last fix shows it moving off is not grown by silence."""
    moving = fixes([(310, 20.0, 0.0)], speed_mps=[9.0])
    events = run([NEARBY, fixes(standing(0, 300)), moving, tick(9000)])[1]
    assert [e[0] for e in told(events)] == ["open"]


def test_rest_right_after_driving() -> None:
    """Two resting fixes ten seconds apart, then silence: the alert counts from the first of them."""
    track = fixes([*driving(0, 100), (110, 900, 0), (120, 900, 0)], speed_mps=[8.0] * 11 + [0.0] * 2)
    state, events = run([NEARBY, track, Tick(now_us=LIMIT_US + 110_000_000 - 1)])
    assert told(events) == []
    events = step(state, Tick(now_us=LIMIT_US + 110_000_000))
    assert told(events) == [("timer", "open", 110, 120, 2, 10, 0), ("alert", "raised")]


@pytest.mark.parametrize(("ignition", "alerts"), [(0, 1), (1, 0), (-1, 0)])
def test_rest_by_ignition(ignition: int, alerts: int) -> None:
    """Without speeds two fixes ten seconds apart prove no rest; an ignition that is off does."""
    track = fixes([*driving(0, 100), (110, 900, 0), (120, 900, 0)], ignition=[1] * 11 + [ignition] * 2)
    events = run([NEARBY, track, tick(1910)])[1]
    assert sum(isinstance(e, AlertChanged) for e in events) == alerts


def test_silent_just_outside_an_open_dwell() -> None:
    """One resting fix 80 m off, then silence: the dwell is still open, and a second row opens where it is."""
    state, events = run([NEARBY, fixes(standing(0, 300)), fixes([(310, 80, 0)], speed_mps=[0.0]), tick(2110)])
    assert told(events)[1:] == [("timer", "open", 310, 310, 1, 0, 0), ("alert", "raised")]
    assert [brief(r) for r in open_rows(state)] == [("open", 0, 300, 31, 300, 0), ("open", 310, 310, 1, 0, 0)]


def test_two_open_rows_resolve() -> None:
    """Awake at the second place, the first row closes at its last fix and the second goes on."""
    state, _ = run([NEARBY, fixes(standing(0, 300)), fixes([(310, 80, 0)], speed_mps=[0.0]), tick(2110)])
    events = run([fixes([(2200, 80.0, 0.0)])], state)[1]
    assert told(events) == [("close", "closed", 0, 300, 31, 300, 0), ("revise", "open", 310, 2200, 2, 0, 1890)]
    assert [r.alert for r in open_rows(state)] == [True]


def test_two_open_rows_the_other_way() -> None:
    """Awake at the first place, the row outside was wrong: retracted, its alert cleared."""
    state, _ = run([NEARBY, fixes(standing(0, 300)), fixes([(310, 80, 0)], speed_mps=[0.0]), tick(2110)])
    events = run([fixes([(2200, 0.0, 0.0)])], state)[1]
    rows = {r.start_us: r for r in newest(events)}
    assert rows[DAY_US + 310_000_000].state == "retracted"
    assert ("alert", "cleared") in told(events)
    assert [brief(r)[:3] for r in open_rows(state)] == [("open", 0, 2200)]


def test_the_clock_does_not_go_back() -> None:
    """An older tick leaves the clock where it was."""
    state, _ = run([tick(100), tick(50)])
    assert state.watch.now_us == DAY_US + 100_000_000


def test_a_retracted_heartbeat_raises_nothing() -> None:
    """A device of which only heartbeats were heard has no position."""
    state, events = run([NEARBY, fixes(standing(0, 100), flags=[int(Flag.HEARTBEAT)] * 11), tick(9000)])
    assert events == []
    assert state.counts.tolist() == [0, 0, 0, 0, 11, 0, 0]


def test_many_timers_at_once() -> None:
    """A tick at which more devices are due than the event buffer holds fires them all."""
    devices = [f"t{i:05}" for i in range(9000)]
    columns = {"lon": [123.6] * 9000, "lat": [-10.17] * 9000, "speed_mps": [0.0] * 9000}
    us = np.full(9000, DAY_US)
    batch = Fixes.of(devices, device=np.arange(9000), time_us=us, received_us=us, **columns)
    events = run([NEARBY, batch, tick(1800)])[1]
    assert sum(isinstance(e, AlertChanged) for e in events) == 9000


@pytest.mark.parametrize(
    ("ignition", "moving", "expected"), [(-1, -1, -1), (0, -1, 1), (1, -1, -1), (-1, 0, 1), (-1, 1, 0), (0, 1, 0)]
)
def test_hint(ignition: int, moving: int, expected: int) -> None:
    """Parked by either flag; a device that says it moves, moves."""
    assert hint(ignition, moving) == expected


def test_no_fixes_no_events() -> None:
    """An empty batch changes nothing."""
    state, events = run([Fixes.empty()])
    assert (events, state.drain_state()) == ([], {})


def test_what_an_input_stream_does_not_hold() -> None:
    """A value that no input stream holds is a programming error, named as such."""
    with pytest.raises(TypeError, match="Sightings"):
        step(GeoState(), Sightings(now_us=1))


def test_an_acknowledgement() -> None:
    """The alert's next revision says who took note and what they wrote; the command is answered after it."""
    state, alert = alerted()
    body = {"device": "t1", "alert": alert.id, "dwell": alert.dwell, "revision": 1, "lon": 123.6, "lat": -10.17}
    acknowledged, done = step(state, ack(body | {"note": "called"}))
    assert (acknowledged.id, acknowledged.state, acknowledged.revision) == (alert.id, "acknowledged", 2)
    assert (acknowledged.by, acknowledged.note, acknowledged.dwell) == ("ana", "called", alert.dwell)
    assert (acknowledged.lon, acknowledged.lat) == (123.6, -10.17)
    assert done == CommandDone(at_us=DAY_US + 5_000_000_000, id="c1", ok=True)


def test_only_the_owning_partition_answers() -> None:
    """A partition that does not know the device keeps silent: another one answers."""
    assert run([NEARBY, ack({"device": "t1", "alert": "a1", "revision": 1})])[1] == []


def test_clearing_after_an_acknowledgement_is_a_later_revision() -> None:
    """Raised 1, acknowledged 2, cleared 3: the newest always wins."""
    state, alert = alerted()
    step(state, ack({"device": "t1", "alert": alert.id, "revision": 1}))
    events = run([fixes(driving(1900, 1930, x0=5000.0))], state)[1]
    assert [(e.state, e.revision) for e in events if isinstance(e, AlertChanged)] == [("cleared", 3)]


def test_an_acknowledgement_survives_a_restart() -> None:
    """The revision that the acknowledgement took is saved with the device."""
    state, alert = alerted()
    state.drain_state()
    step(state, ack({"device": "t1", "alert": alert.id, "revision": 1}))
    assert list(state.drain_state()) == ["t1"]


def test_acknowledging_twice_counts_on() -> None:
    """Two people who saw the same revision both get one of their own."""
    state, alert = alerted()
    body = {"device": "t1", "alert": alert.id, "revision": 1}
    assert [step(state, ack(body, f"c{i}"))[0].revision for i in (1, 2)] == [2, 3]


def test_acknowledging_a_row_that_is_forgotten() -> None:
    """The alert of a row that left the horizon takes its revision from the command."""
    state, alert = alerted()
    run([fixes(driving(6010, 9000, x0=50.0))], state)
    assert step(state, ack({"device": "t1", "alert": alert.id, "revision": 4}))[0].revision == 5


@pytest.mark.parametrize("wrong", [{"revision": "many"}, {"revision": None}, {"lat": "south"}, {"alert": None}])
def test_a_command_that_makes_no_sense(wrong: dict[str, Any]) -> None:
    """Every command is answered, also one that cannot be read; it never stops the partition."""
    state, alert = alerted()
    events = step(state, ack({"device": "t1", "alert": alert.id, "revision": 1} | wrong))
    assert [(e.id, e.ok) for e in events] == [("c1", False)]


def test_an_unknown_command() -> None:
    """A command that geo does not know is refused by name."""
    command = Command(id="c1", kind="truck.fly", actor="ana", at_us=5)
    assert run([command])[1] == [CommandDone(at_us=5, id="c1", ok=False, reason="unknown command truck.fly")]


def test_a_long_note_is_cut() -> None:
    """Five hundred characters of a note are kept."""
    state, alert = alerted()
    event = step(state, ack({"device": "t1", "alert": alert.id, "revision": 1, "note": "x" * 900}))[0]
    assert event.note == "x" * 500


def test_more_events_than_the_buffer_holds() -> None:
    """A batch that closes four thousand dwells tells every one of them."""
    stops = [(t + 400 * i, 123.6 + 0.01 * (i % 2), -10.17) for i in range(4000) for t in (0, 70, 140)]
    rows = newest(run([placed(stops)])[1])
    assert len(rows) == 4000
    assert [brief(r)[3] for r in rows if r.state == "closed"] == [3] * 3999
