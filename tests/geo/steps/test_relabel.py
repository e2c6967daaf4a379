"""Rows judged again: by a new configuration, and by the clock alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.entries import Config
from core.events import AlertChanged, DwellChanged
from geo.partition import GeoState
from geo.steps.live import open_rows
from geo.steps.relabel import judge
from tests.geo.tracks import DAY_US, NEARBY, driving, fixes, journeys, newest, run, standing, table, tick, ticked

HERE = {"id": "p", "name": "p", "lon": 123.6, "lat": -10.17}


def place(kind: str, **columns: Any) -> Config:
    """A place where the truck of the tracks stands."""
    return Config(section="places", rows=(HERE | {"kind": kind} | columns,))


GONE = Config(section="places", op="delete", rows=({"id": "p"},))
SHORT = place("fuel", max_s=600.0)


def told(events: list[Any]) -> list[tuple[Any, ...]]:
    """Cause, state, why and second of each change of a row; state and second of each alert."""
    return [
        (e.cause, e.row.state, e.row.why, second(e)) if isinstance(e, DwellChanged) else (e.state, second(e))
        for e in events
        if isinstance(e, DwellChanged | AlertChanged)
    ]


def second(event: Any) -> float:
    return float(event.at_us - DAY_US) / 1e6


def again(state: GeoState) -> GeoState:
    """The state as a restart finds it."""
    return GeoState({key: body for key, body in saved(state).items() if body is not None})


def saved(state: GeoState) -> dict[str, bytes | None]:
    state.touch(set(range(len(state.devices.ids))))
    state.dirty_keys |= {f"\0config:{section}" for section in state.config.sections} | {"\0partition"}
    return state.drain_state()


def test_an_open_row_is_judged_by_the_place_that_came() -> None:
    """A place that explains the stop takes its alert back; when it goes the alert comes again."""
    stood = [NEARBY, fixes(standing(0, 2000))]
    events = run([*stood, place("fuel"), GONE])[1]
    assert [t[:-1] for t in told(events)[3:]] == [
        ("relabel", "open", "place"), ("cleared",), ("limit", "open", "none"), ("raised",)
    ]  # fmt: skip


def test_a_closed_row_within_the_horizon_is_judged_too() -> None:
    """What a late fix may still revise follows the configuration, with its alert; once."""
    drove = [NEARBY, fixes(standing(0, 2000) + driving(2010, 2200, x0=80.0))]
    state, events = run(drove)
    assert [(r.state, r.why, r.alert) for r in newest(events)] == [("closed", "none", True)]
    more = run([place("break")], state)[1]
    assert [t[:-1] for t in told(more)] == [("relabel", "closed", "place"), ("cleared",)]
    assert run([place("break")], state)[1] == []


def test_a_label_of_a_person() -> None:
    """Allowed by a supervisor, with the driver's reason: the row says both, and the alert is cleared."""
    state, events = run([NEARBY, fixes(standing(0, 2000))])
    label = {"id": newest(events)[0].id, "purpose": "allowed", "reason": "flat tyre"}
    more = run([Config(section="labels", rows=(label,))], state)[1]
    (row,) = newest(more)
    assert (row.purpose, row.why, row.reason, row.alert, row.revision) == ("allowed", "label", "flat tyre", False, 3)
    assert [e.state for e in more if isinstance(e, AlertChanged)] == ["cleared"]


def test_a_place_explains_no_longer() -> None:
    """The next tick after the longest stay says so, without any fix."""
    events = run([NEARBY, SHORT, fixes(standing(0, 100)), tick(600), tick(601), tick(700)])[1]
    assert told(events) == [("open", "open", "place", 60.0), ("relabel", "open", "too_long", 601.0)]


def test_an_alert_when_a_break_grows_too_long() -> None:
    """Reached within what the place allows the limit raises nothing; the moment after, it does."""
    events = run([NEARBY, place("break", max_s=2000.0), fixes(standing(0, 100)), tick(1900), tick(2001)])[1]
    assert told(events)[-2:] == [("limit", "open", "too_long", 2001.0), ("raised", 2001.0)]


def test_our_outage_is_not_their_break() -> None:
    """Seconds in which nobody listened are taken off."""
    stood = [NEARBY, SHORT, fixes(standing(0, 100))]
    assert [t[2] for t in told(run([*stood, tick(700, deaf_s=150.0)])[1])] == ["place"]
    assert [t[2] for t in told(run([*stood, tick(800, deaf_s=150.0)])[1])] == ["place", "too_long"]


def test_who_was_moving_is_not_judged_by_the_clock() -> None:
    """A truck that fell silent while rolling does not overstay: nothing proves that it stands there."""
    rolled = fixes([*standing(0, 100), (110, 5.0, 0.0)], speed_mps=[0.0] * 11 + [9.0])
    assert [t[2] for t in told(run([NEARBY, SHORT, rolled, tick(700)])[1])] == ["place"]


def test_fixes_correct_the_clock() -> None:
    """It had left in time, as later fixes show: the closed row is what the fixes say."""
    state, _ = run([NEARBY, SHORT, fixes(standing(0, 100)), tick(700)])
    more = run([fixes([(110, 900.0, 0.0), (150, 1200.0, 0.0)])], state)[1]
    assert [(r.state, r.why, r.last_us - r.start_us) for r in newest(more)] == [("closed", "place", 100_000_000)]


def test_fixes_that_go_on_confirm_the_clock() -> None:
    """The next fix inside changes nothing: the row was told, and stays told, as overstaying."""
    state, _ = run([NEARBY, SHORT, fixes(standing(0, 590)), tick(601)])
    assert run([fixes(standing(610, 700)), tick(702)], state)[1] == []
    assert [r.why for r in open_rows(state)] == ["too_long"]


def test_the_clock_after_a_restart() -> None:
    """What is due is known again from the rows alone, and what the clock proved is not forgotten."""
    state, _ = run([NEARBY, SHORT, fixes(standing(0, 100))])
    state, events = run([tick(601)], again(state))
    assert told(events) == [("relabel", "open", "too_long", 601.0)]
    assert run([tick(602)], again(state))[1] == []
    assert [r.why for r in open_rows(again(state))] == ["too_long"]


def test_a_shift_that_begins() -> None:
    """A truck that stood all night is asked for its reasons when the limit lies within its shift."""
    hour = DAY_US // 3_600_000_000 % 24  # the tracks begin within this hour of the city's clock
    rows = {
        "city": [{"id": "city", "offsets": [[0, 0]]}],
        "assignments": [{"id": "j", "from_us": 0, "device": "t1", "vehicle": "v1", "shift": "s"}],
        "shifts": [{"id": "s", "start_min": 60 * (hour + 2), "end_min": 60 * (hour + 8)}],
    }
    configs = [Config(section=section, rows=tuple(given)) for section, given in rows.items()]  # type: ignore[arg-type]
    shift_s = 2 * 3600 - DAY_US // 1_000_000 % 3600
    clock = [tick(shift_s + late_s) for late_s in (-60, 60, 1799, 1800)]
    events = run([NEARBY, *configs, fixes(standing(0, 600)), *clock])[1]
    assert [t for t in told(events) if t[0] != "timer"] == [
        ("open", "open", "off_shift", 60.0), ("limit", "open", "none", shift_s + 1800.0), ("raised", shift_s + 1800.0)
    ]  # fmt: skip


def test_a_row_of_the_archive() -> None:
    """A closed row is judged from what it says itself, by its fixes alone; its revision is left to the caller."""
    state, events = run([NEARBY, fixes(standing(0, 2000) + driving(2010, 2200, x0=80.0))])
    (row,) = newest(events)
    run([place("fuel")], state)
    judged = judge(state.config, row)
    assert (judged.purpose, judged.why, judged.alert, judged.revision) == ("allowed", "place", False, row.revision)


@pytest.mark.parametrize("max_s", [60.0, 300.0])
@given(data=st.data())
def test_closed_rows_follow_from_fixes_alone(max_s: float, data: st.DataObject) -> None:
    """With or without ticks, in saved and restored states: the same closed rows, purposes and alerts."""
    batch = data.draw(journeys(devices=1))
    rules = [NEARBY, place("fuel", max_s=max_s, radius_m=5000.0)]
    entries = data.draw(ticked(batch))
    cut = data.draw(st.integers(0, len(entries)))
    quiet, quiet_events = run([*rules, batch])
    state, events = run([*rules, *entries[:cut]])
    state, more = run(entries[cut:], again(state))
    whole, whole_events = run([*rules, *entries])
    assert more == whole_events[len(events) :]
    assert table(state, [*events, *more]) == table(whole, whole_events)
    assert [r for r in table(whole, whole_events) if r[10] == "closed"] == [
        r for r in table(quiet, quiet_events) if r[10] == "closed"
    ]


CREEP = [*standing(0, 120), *((t, 0.4 * (t - 120), 0.0) for t in range(130, 421, 10))]


def test_a_stop_that_creeps_out_of_a_place_is_told_so() -> None:
    """While it lasts, by the fix that carries its centre ten metres farther than it was told."""
    events = run([NEARBY, place("depot", radius_m=40.0), fixes(CREEP)])[1]
    assert told(events) == [("open", "open", "place", 60), ("relabel", "open", "none", 280)]


def test_the_same_when_a_fix_comes_late() -> None:
    """Which fix came last does not decide what a stop is for."""
    late = fixes([*CREEP[:-2], CREEP[-1], CREEP[-2]])
    events = run([NEARBY, place("depot", radius_m=40.0), late])[1]
    assert told(events) == [("open", "open", "place", 60), ("relabel", "open", "none", 280)]
