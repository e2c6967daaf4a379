"""A call for help: who is told, once a press, and that only a person ends it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.entries import Command
from core.events import AlertChanged, CommandDone, FixFlagged
from core.fixes import Fixes, Flag
from geo.partition import GeoState
from geo.rows.sos import PRESSES
from geo.step import step
from geo.steps.live import drain_live
from tests.geo.tracks import DAY_US, calls_for_help, driving, fixes, run, tick, told

SOS = int(Flag.SOS)


def press(second: float, east_m: float = 0.0, *, flags: int = SOS, device: str = "t1") -> Fixes:
    """One fix with the button down."""
    return fixes([(second, east_m, 0.0)], device, flags=[flags])


def sos(events: list[Any]) -> list[AlertChanged]:
    return [e for e in events if isinstance(e, AlertChanged) and e.kind == "sos"]


def brief(events: list[Any]) -> list[tuple[str, int, float]]:
    """State, revision and second of each call for help."""
    return [(e.state, e.revision, (e.at_us - DAY_US) / 1e6) for e in sos(events)]


def taken(alert: AlertChanged, id_: str = "c1") -> Command:
    """A person takes it."""
    body = {"alert": alert.id, "device": alert.device, "kind": "sos", "revision": alert.revision, "lon": 1.0, "lat": 2}
    return Command(id=id_, kind="alert.ack", actor="ana", at_us=DAY_US + 9_000_000_000, body=body)


def pressed_and_taken() -> tuple[GeoState, AlertChanged]:
    """A press at second 100 that somebody took."""
    state, events = run([press(100)])
    step(state, taken(events[0]))
    return state, events[0]


def test_a_press_written_out() -> None:
    """One event, before everything that the same fix says; where and when the button was pressed."""
    _, (alert,) = run([press(100, 1096.6)])
    assert (alert.kind, alert.device, alert.state, alert.revision) == ("sos", "t1", "raised", 1)
    assert (alert.id, alert.dwell, alert.by) == ("sa51263f4303cca211efa", None, None)
    assert (alert.lon, alert.lat, alert.at_us) == (pytest.approx(123.61), -10.17, DAY_US + 100_000_000)


def test_a_button_held_is_one_press() -> None:
    """Fixes up to ten minutes apart tell nothing new."""
    assert brief(run([press(100), press(110), press(710), press(1310)])[1]) == [("raised", 1, 100)]


def test_a_second_press_tells_the_standing_alert_again() -> None:
    """More than ten minutes later, while nobody took the first: the same alert, from the new place."""
    events = sos(run([press(100), press(700.001, 500.0)])[1])
    assert [(e.state, e.revision) for e in events] == [("raised", 1), ("raised", 2)]
    assert events[0].id == events[1].id
    assert events[1].lon > events[0].lon


def test_a_taken_press_does_not_ring_again() -> None:
    """The button stays down, fixes of it come late or twice: somebody is on the way already."""
    state, _ = pressed_and_taken()
    assert sos(run([press(100), press(120), press(90), press(230)], state)[1]) == []


def test_a_press_two_minutes_after_a_taken_one_rings_again() -> None:
    """Whoever took the first call has to hear the second one."""
    state, _ = pressed_and_taken()
    run([press(100)], state)
    (again,) = sos(run([press(221)], state)[1])
    assert (again.state, again.revision) == ("raised", 1)


def test_a_press_after_a_taken_one_rings() -> None:
    """With an id of its own."""
    state, first = pressed_and_taken()
    (second,) = sos(run([press(701)], state)[1])
    assert (second.state, second.revision, second.id != first.id) == ("raised", 1, True)


def test_an_older_press_that_comes_after_a_taken_one_rings() -> None:
    """It was never heard: that it is late makes it no less a call."""
    state, _ = pressed_and_taken()
    assert brief(run([press(-501)], state)[1]) == [("raised", 1, -501)]


def test_a_fix_between_a_taken_and_a_waiting_press() -> None:
    """Now they are one press; it still waits for somebody, from where its untaken part began."""
    state, _ = pressed_and_taken()
    events = run([press(1200, 50.0), press(650, 20.0)], state)[1]
    assert brief(events) == [("raised", 1, 1200), ("raised", 2, 650)]
    assert brief(run([press(640)], state)[1]) == [("raised", 3, 640)]


@pytest.mark.parametrize("flag", [Flag.HEARTBEAT, Flag.MOCK, Flag.STALE, Flag.RETAINED, Flag.JUMP, Flag.DUPLICATE])
def test_no_other_flag_silences_it(flag: Flag) -> None:
    """Whatever else is wrong with the fix, somebody pressed the button."""
    assert brief(run([press(100, flags=SOS | int(flag))])[1]) == [("raised", 1, 100)]


def test_a_press_beyond_the_horizon() -> None:
    """Hours late, it is not used for dwells, but it calls."""
    events = run([fixes(driving(20_000, 20_010)), press(100)])[1]
    assert [type(e) for e in events] == [AlertChanged, FixFlagged]


def test_time_does_not_clear_it() -> None:
    """Neither ticks nor a day of ordinary fixes end the call."""
    state, events = run([press(100), fixes(driving(110, 9000)), tick(90_000)])
    assert brief(events) == [("raised", 1, 100)]
    assert state.calls["t1"].stands is True


def test_taking_it() -> None:
    """The alert's next revision says who; the command is answered after it."""
    state, (alert,) = run([press(100)])
    answered, done = step(state, taken(alert))
    assert (answered.id, answered.kind, answered.state, answered.revision) == (alert.id, "sos", "acknowledged", 2)
    assert (answered.by, answered.lon, answered.lat) == ("ana", 1.0, 2.0)
    assert done == CommandDone(at_us=DAY_US + 9_000_000_000, id="c1", ok=True)


def test_taking_it_twice_counts_on() -> None:
    """Three people press the same button of the console: each has a revision."""
    state, (alert,) = run([press(100)])
    assert [step(state, taken(alert, f"c{i}"))[0].revision for i in range(3)] == [2, 3, 4]


def test_taking_an_older_alert_leaves_the_newest() -> None:
    """Only the one that was shown is taken."""
    state, first = pressed_and_taken()
    run([press(5000)], state)
    step(state, taken(first))
    assert state.calls["t1"].stands is True


def test_the_live_row_tells_it() -> None:
    """From the press until it is taken."""
    state, events = run([fixes(driving(0, 50)), press(60, 400.0)])
    (row,) = drain_live(state)
    assert (row.sos, row.alert, row.dwell) == (sos(events)[0].id, True, None)
    step(state, taken(sos(events)[0]))
    (row,) = drain_live(state)
    assert (row.sos, row.alert) == (None, False)


def test_devices_call_on_their_own() -> None:
    """Two devices in one batch are two alerts, in the order of their fixes."""
    both = Fixes.concat([press(200, device="b"), press(100, device="a")])
    assert [e.device for e in sos(run([both])[1])] == ["b", "a"]


def test_presses_are_bounded() -> None:
    """A year of presses leaves the newest sixteen behind, in one alert."""
    state, events = run([fixes([(1000 * i, 0, 0) for i in range(500)], flags=[SOS] * 500)])
    assert len(state.calls["t1"].presses) == PRESSES == 16
    assert {e.id for e in sos(events)} == {state.calls["t1"].alert}


def test_only_the_device_that_called_is_saved() -> None:
    """A call is a row of the state, and comes back from it."""
    state, _ = run([press(100), fixes(driving(0, 50), "t2")])
    rows = state.drain_state()
    assert sorted(rows) == ["\0sos:t1", "t1", "t2"]
    again = GeoState({key: body for key, body in rows.items() if body is not None})
    assert again.calls == state.calls


def test_ordinary_fixes_save_no_call() -> None:
    """Nothing is written for a device that never called."""
    assert list(run([fixes(driving(0, 50))])[0].drain_state()) == ["t1"]


def test_a_made_up_place_does_not_move_the_unit() -> None:
    """A mock fix is counted and otherwise passed over, whatever its order."""
    true = fixes(driving(0, 100), accuracy_m=[5.0] * 11)
    made_up = fixes([(t, 9000.0, 9000.0) for t in (50, 105)], flags=[int(Flag.MOCK)] * 2, accuracy_m=[1.0] * 2)
    state, events = run([true, made_up])
    (row,), (expected,) = drain_live(state), drain_live(run([true])[0])
    assert (row, told(events), state.counts.tolist()) == (expected, [], [11, 0, 0, 0, 0, 0, 2])


@given(st.permutations(range(6)), st.lists(st.sampled_from([1, 300, 599, 600, 601, 2000]), min_size=6, max_size=6))
def test_any_order_of_presses_tells_the_same_call(order: list[int], gaps_s: list[int]) -> None:
    """The alert that stands is where and when the newest press began, in whatever order its fixes came."""
    seconds = [sum(gaps_s[:i]) for i in range(6)]
    rows = [press(second, 10.0 * i) for i, second in enumerate(seconds)]
    expected = calls_for_help(run(rows)[1])
    assert len(expected) == 1
    assert calls_for_help(run([rows[i] for i in order])[1]) == expected


@given(st.permutations(range(6)))
def test_what_was_taken_stays_taken(order: list[int]) -> None:
    """All fixes of a taken press again, in any order: silence."""
    rows = [press(100.0 * i) for i in range(6)]
    state, events = run(rows)
    step(state, taken(sos(events)[-1]))
    assert sos(run([rows[i] for i in order], state)[1]) == []
