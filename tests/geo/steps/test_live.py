"""The latest position of a device as the live map reads it."""

from __future__ import annotations

from typing import Any

import pytest

from core.entries import Config
from core.events import SpellChanged
from core.live import Live
from geo.steps.live import drain_live
from tests.geo.tracks import DAY_US, NEARBY, brief, driving, fixes, run, standing, tick


def live(*entries: Any) -> Live:
    """The live row of the one device."""
    (row,) = drain_live(run(list(entries))[0])
    return row


def since_s(row: Live) -> float:
    return (row.since_us - DAY_US) / 1e6


def test_a_moving_truck() -> None:
    """What the last fix said, and since when it drives: here, since it was first heard."""
    row = live(fixes(driving(0, 100), speed_mps=[8.0] * 11, course_deg=[90.0] * 11, battery_pct=[55.0] * 11))
    assert (row.device, row.cls, row.motion, since_s(row)) == ("t1", "truck", "moving", 0)
    assert (row.time_us, row.received_us) == (DAY_US + 100_000_000, DAY_US + 101_000_000)
    assert (row.lon, row.lat) == pytest.approx((123.6 + 800 / 109_660, -10.17), abs=1e-12)
    assert (row.speed_mps, row.course_deg, row.battery_pct) == (8.0, 90.0, 55.0)
    assert (row.dwell, row.left, row.alert, row.area) == (None, None, False, None)


def test_what_is_not_known_is_none() -> None:
    """NaN stays inside."""
    row = live(fixes(driving(0, 100)))
    assert (row.speed_mps, row.course_deg, row.accuracy_m, row.battery_pct) == (None, None, None, None)


def test_moving_since_the_last_dwell() -> None:
    """A truck that left is moving since its last fix there."""
    row = live(fixes(standing(0, 300) + driving(310, 400, x0=80.0)))
    assert (row.motion, since_s(row)) == ("moving", 300)


def test_stopped_before_it_is_a_dwell() -> None:
    """A resting fix shows a stop at once, since the first fix there; the dwell comes a minute later."""
    row = live(fixes([*driving(0, 100), (110, 900, 0), (120, 900, 0)], speed_mps=[8.0] * 11 + [0.0] * 2))
    assert (row.motion, since_s(row), row.dwell) == ("stopped", 110, None)


def test_the_open_dwell_as_it_stands() -> None:
    """The dwell was told once; the live row has it with all the fixes since."""
    row = live(fixes(standing(0, 1000)))
    assert (row.motion, since_s(row)) == ("stopped", 0)
    assert row.dwell is not None
    assert (brief(row.dwell), row.dwell.revision) == (("open", 0, 1000, 101, 1000, 0), 1)


def test_the_open_trip_as_it_stands() -> None:
    """Told once when it had begun; the live row has its metres of now, and none once a stop ended it."""
    drive = fixes(standing(0, 600) + driving(610, 1000, x0=80.0))
    state, events = run([drive])
    (told,) = [event.row for event in events if isinstance(event, SpellChanged) and event.row.kind == "trip"]
    (now,) = drain_live(state)[0].spells
    assert (now.id, now.kind, now.state, now.revision) == (told.id, "trip", "open", told.revision)
    assert (now.last_us, now.distance_m) == (DAY_US + 1000 * 10**6, pytest.approx(3200.0, rel=0.01))
    assert told.distance_m is not None
    assert told.distance_m < 400
    run([fixes(standing(1010, 1900, at=(3200.0, 0.0)))], state)
    assert drain_live(state)[0].spells == ()


def test_an_alert_shows() -> None:
    """The live row says that its dwell is an alert."""
    row = live(NEARBY, fixes(standing(0, 300)), tick(1800))
    assert (row.alert, row.dwell is not None and row.dwell.alert) == (True, True)


def test_two_open_rows() -> None:
    """The dwell is where the truck is now; the one that it left and no fix has ended is beside it."""
    row = live(NEARBY, fixes(standing(0, 300)), fixes([(310, 80, 0)], speed_mps=[0.0]), tick(2110))
    assert row.dwell is not None
    assert row.left is not None
    assert [brief(d) for d in (row.left, row.dwell)] == [("open", 0, 300, 31, 300, 0), ("open", 310, 310, 1, 0, 0)]
    assert (row.left.alert, row.dwell.alert, row.alert, since_s(row)) == (False, True, True, 310)
    assert row.open_row(row.left.id) is row.left


def test_a_late_fix_is_not_the_position() -> None:
    """The map shows the newest fix by the device's own time."""
    row = live(fixes([(0, 0, 0), (20, 160, 0)], battery_pct=[9, 8]), fixes([(10, 80, 0)], battery_pct=[7]))
    assert ((row.time_us - DAY_US) / 1e6, row.battery_pct, row.lon) == (20, 8.0, pytest.approx(123.6 + 160 / 109_660))


def test_only_what_moved() -> None:
    """Each position is given once; a tick that changes nothing moves nothing."""
    state, _ = run([fixes(driving(0, 100), "t1"), fixes(driving(0, 100), "t2")])
    assert [row.device for row in drain_live(state)] == ["t1", "t2"]
    run([tick(101)], state)
    assert drain_live(state) == []
    run([fixes(driving(110, 120, x0=880.0), "t2")], state)
    assert [row.device for row in drain_live(state)] == ["t2"]


def test_an_alert_by_the_clock_moves_the_row() -> None:
    """A timer changes what the map shows, without any fix."""
    state, _ = run([NEARBY, fixes(standing(0, 300))])
    drain_live(state)
    run([tick(1800)], state)
    assert [row.alert for row in drain_live(state)] == [True]


def test_class_and_area() -> None:
    """The row bears the device's class, its profile's silence and the area of the position."""
    ring = [[123, -11], [124, -11], [124, -10], [123, -10], [123, -11]]
    areas = Config(section="areas", rows=({"id": "a1", "name": "A", "polygons": [[ring]]},))
    phone = Config(section="devices", rows=({"id": "t1", "cls": "phone"},))
    row = live(areas, phone, fixes(driving(0, 100)))
    assert (row.cls, row.silent_after_s, row.area) == ("phone", 900.0, "a1")
    assert live(fixes(driving(0, 100))).silent_after_s == 180.0
