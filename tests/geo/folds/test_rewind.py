"""Late fixes: used within the horizon, flagged beyond it, bounded by the ring; and what a replay may not undo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.entities import Profile
from core.events import AlertChanged, FixFlagged
from core.fixes import Fixes
from geo.folds.layout import COUNT, SIZE
from geo.folds.rewind import DONE, RING_MAX, feed
from geo.partition import COUNTS, GeoState
from geo.steps.live import open_rows
from tests.geo.tracks import DAY_US, NEARBY, brief, driving, fixes, newest, run, standing, table, tick, told

COLUMNS = (
    *("device", "time_us", "content", "received_us", "lon", "lat", "speed_mps", "course_deg", "accuracy_m"),
    *("battery_pct", "ignition", "moving", "flags"),
)


def counts(state: GeoState) -> dict[str, int]:
    """The counters that are not zero."""
    return {name: n for name, n in zip(COUNTS, state.counts.tolist(), strict=True) if n}


def ten_a_second(count: int) -> Fixes:
    """A tracker that stands and reports ten times a second."""
    stand = fixes([(0, 0.0, 0.0)] * count)
    us = DAY_US + np.arange(count) * 100_000
    return Fixes.of(stand.ids, device=stand.device, time_us=us, received_us=us, lon=stand.lon, lat=stand.lat)


def test_a_late_fix_extends_a_closed_row() -> None:
    """A fix inside that comes after the closing moves the end."""
    events = run([fixes(standing(0, 120) + driving(200, 300, x0=400.0)), fixes([(130, 0.0, 0.0)])])[1]
    assert [brief(r) for r in newest(events)] == [("closed", 0, 130, 14, 130, 0)]
    assert events[-1].at_us == DAY_US + 130_000_000


def test_a_late_fix_that_changes_nothing_says_nothing() -> None:
    """A late fix on the road between stops is counted and no event."""
    track = driving(0, 100)
    state, events = run([fixes(track[:5] + track[6:]), fixes(track[5:6])])
    assert told(events) == []
    assert counts(state) == {"used": 10, "late": 1}


def test_the_dwell_fold_goes_alone() -> None:
    """Without a track the kernel tells the same of a stop, whether it may stop for visits or not."""
    batch, said = fixes(standing(0, 140)), []
    for at_once in (False, True):
        state = GeoState()
        d, slots = state.devices, np.array([state.devices.slot("t1", Profile())])
        columns = [
            getattr(batch, name).view(np.int64) if name == "content" else getattr(batch, name) for name in COLUMNS
        ]
        ended, row, events = feed(
            0, slots, *columns, d.ring, d.homes, d.floats, d.ints, d.last, d.profiles, None, 0, 0, state.lengths,
            state.event_ints, state.event_floats, state.counts, at_once,
        )  # fmt: skip
        said.append((ended, row, events > 0))
    assert said == [(DONE, 15, True)] * 2


def test_a_fix_twice_is_a_duplicate() -> None:
    """The same fix again, newest, within the ring or the checkpoint's own, is counted and ignored."""
    track = fixes(standing(0, 300))
    state, events = run([track, track])
    assert len(events) == 1
    assert counts(state) == {"used": 31, "duplicate": 31}


def test_the_horizon_is_inclusive() -> None:
    """A fix of exactly 900 s ago is used; one of a second more is not."""
    start = fixes([*driving(0, 100), (1000, 9000.0, 0.0)])
    assert counts(run([start, fixes([(100, 801.0, 0.0)])])[0]) == {"used": 12, "late": 1}
    assert counts(run([start, fixes([(99, 801.0, 0.0)])])[0]) == {"used": 12, "beyond_horizon": 1}


def test_beyond_the_horizon_a_fix_is_flagged() -> None:
    """It is reported with both times, and changes nothing."""
    track = fixes(standing(0, 120) + driving(2000, 2100, x0=400.0))
    before, _ = run([track])
    late = replace(fixes([(130, 0.0, 0.0)]), received_us=np.array([DAY_US + 2_200_000_000]))
    after, events = run([late], run([track])[0])
    assert events == [
        FixFlagged(at_us=DAY_US + 2_200_000_000, device="t1", time_us=DAY_US + 130_000_000, reason="beyond_horizon")
    ]
    assert table(after, []) == table(before, [])
    assert np.array_equal(after.devices.f[0], before.devices.f[0], equal_nan=True)


def test_the_newest_fix_is_never_late() -> None:
    """A device that uploads yesterday in order is served like any other: lateness is behind its own newest fix."""
    track = fixes(standing(0, 600) + driving(610, 700, x0=400.0))
    heard_later = replace(track, received_us=track.received_us + 86_400_000_000)
    assert [brief(r) for r in newest(run([heard_later])[1])] == [("closed", 0, 600, 61, 600, 0)]


def test_a_full_ring_is_counted_and_goes_on() -> None:
    """Beyond 1024 fixes within the horizon the oldest are pushed out of reach; the dwell loses none of them."""
    state, _ = run([ten_a_second(2100), fixes([(t, 500.0, 0.0) for t in (220, 250)])])
    assert counts(state) == {"used": 2102, "ring_full": 1025}
    assert state.devices.homes[0, [SIZE, COUNT]].tolist() == [RING_MAX, 1077]


def test_rows_over_a_full_ring() -> None:
    """The row of such a stand is whole: first fix, last fix, all fixes."""
    _, events = run([ten_a_second(2100), fixes([(t, 500.0, 0.0) for t in (220, 230, 240, 270)])])
    assert [brief(r) for r in newest(events)] == [("closed", 0, pytest.approx(209.9), 2100, pytest.approx(209.9), 0)]


def test_a_late_fix_before_a_shrunk_ring_is_flagged() -> None:
    """What the full ring pushed out can no longer be put in order, and is said so."""
    state, events = run([ten_a_second(2100), fixes([(1.05, 0.0, 0.0)])])
    assert [type(e).__name__ for e in events] == ["DwellChanged", "FixFlagged"]
    assert counts(state) == {"used": 2100, "beyond_horizon": 1, "ring_full": 1025}


def test_a_late_fix_into_a_full_ring_is_used() -> None:
    """It takes its place; the oldest third of the ring goes instead."""
    state, _ = run([ten_a_second(1536), fixes([(100.05, 0.0, 0.0), (100.06, 0.0, 0.0)])])
    assert counts(state) == {"used": 1536, "late": 2, "ring_full": 513}
    assert [r.fixes for r in open_rows(state)] == [1538]


def test_a_fix_a_second_keeps_the_whole_horizon() -> None:
    """1,024 fixes within 15 minutes are no reason to shrink it."""
    standing_long = fixes(standing(0, 3600, every_s=1))
    state, _ = run([standing_long.take(np.delete(np.arange(3601), 2700)), standing_long.take(np.array([2700]))])
    assert counts(state) == {"used": 3600, "late": 1}


@pytest.mark.parametrize("size", [15, 16, 17, 33, 65])
def test_a_growing_ring_keeps_its_fixes(size: int) -> None:
    """At every size at which the region doubles, a late first fix still counts."""
    track = fixes(standing(0, 10 * size))
    state, _ = run([track.take(np.arange(1, size + 1)), track.take(np.array([0]))])
    assert [brief(r) for r in open_rows(state)] == [("open", 0, 10 * size, size + 1, 10 * size, 0)]


def test_ticks_move_no_checkpoint() -> None:
    """The horizon is of fix time: an hour of ticks makes no fix late."""
    state, _ = run([fixes(standing(0, 120)), tick(3600), fixes([(55, 0.0, 0.0)])])
    assert counts(state) == {"used": 13, "late": 1}


def test_a_late_fix_does_not_take_back_an_alert() -> None:
    """Late knowledge that the truck was there earlier cannot clear the alert that it stood there for too long.

    A single jump is the newest fix, so the dwell has not ended; the late fix lies inside it.
    """
    stood = [NEARBY, fixes(standing(0, 300)), tick(1800), fixes([(1900, 310.0, 0.0)])]
    _, events = run([*stood, fixes([(1500, 3.0, 0.0)])])
    assert [e.state for e in events if isinstance(e, AlertChanged)] == ["raised"]


def test_order_with_a_tick_between() -> None:
    """Whether the late fix comes before or after the tick that raised the alert, the table is the same."""
    stand, late, jump = fixes(standing(0, 300)), fixes([(1500, 3.0, 0.0)]), fixes([(1900, 310.0, 0.0)])
    in_order = [NEARBY, stand, late, tick(1800), jump]
    late_last = [NEARBY, stand, tick(1800), jump, late]
    assert table(*run(late_last)) == table(*run(in_order))


@given(st.permutations(range(12)))
def test_any_order_of_a_short_stop(order: list[int]) -> None:
    """Twelve fixes of a stop give the same row in every order."""
    track = fixes([*standing(0, 80), (90, 80.0, 0.0), (100, 160.0, 0.0), (120, 320.0, 0.0)])
    expected: list[Any] = [("closed", 0, 80, 9, 80, 0)]
    assert [brief(r) for r in newest(run([track.take(np.array(order))])[1]) if r.state != "retracted"] == expected
