"""The rule "two clusters" on single tracks: what is a dwell, from when to when, and what is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.entries import Config
from core.events import Dwell
from core.fixes import Fixes, Flag
from tests.geo.tracks import brief, driving, fixes, newest, placed, run, standing, told


def rows_of(*batches: Fixes) -> list[tuple[Any, ...]]:
    """The rows of a track, in brief."""
    return [brief(row) for row in newest(run(list(batches))[1])]


def only(*batches: Fixes) -> Dwell:
    """The one row of a track."""
    (row,) = newest(run(list(batches))[1])
    return row


def test_a_stand_of_ten_minutes() -> None:
    """Driving, ten minutes at one point, driving: one row from the first fix there to the last."""
    track = driving(0, 100) + standing(110, 710, at=(880.0, 0.0)) + driving(720, 800, x0=960.0)
    row = only(fixes(track))
    assert brief(row) == ("closed", 110, 710, 61, 600, 0)
    assert (row.end_us, row.radius_m, row.cls, row.device) == (row.last_us, 0.0, "truck", "t1")
    assert (row.lon, row.lat) == pytest.approx((123.6 + 880 / 109_660, -10.17), abs=1e-9)


def test_what_is_told_of_a_stand() -> None:
    """It opens when a minute of it has been seen, back-dated to its first fix, and closes at its last."""
    events = run([fixes(standing(0, 600) + driving(610, 700, x0=80.0))])[1]
    assert told(events) == [("open", "open", 0, 60, 7, 60, 0), ("close", "closed", 0, 600, 61, 600, 0)]


def test_radius_is_the_farthest_fix() -> None:
    """A fix 12 m off the centre, later than the others, sets the radius."""
    row = only(fixes([*standing(0, 600), (610, 0.0, 12.0)]))
    assert row.radius_m == 0.0  # as told when it opened
    closed = only(fixes([*standing(0, 600), (610, 0.0, 12.0), *driving(620, 700, x0=200.0)]))
    assert closed.radius_m == pytest.approx(12.0, abs=0.01)


@pytest.mark.parametrize(("until_s", "rows"), [(57, 0), (58, 1)])
def test_a_minute_is_a_dwell(until_s: int, rows: int) -> None:
    """Sixty seconds between first and last fix inside, less a tenth of the last interval: clocks jitter."""
    assert len(rows_of(fixes([(0, 0, 0), (30, 0, 0), (until_s, 0, 0)]))) == rows


@pytest.mark.parametrize("fix_count", [1, 2])
def test_a_multipath_jump_costs_nothing(fix_count: int) -> None:
    """One or two fixes 180 m off, ten seconds apart, neither end the dwell nor count in it."""
    jump = [(310 + 10 * i, 180.0, 0.0) for i in range(fix_count)]
    track = [*standing(0, 300), *jump, *standing(330, 600), *driving(610, 700, x0=80.0)]
    assert rows_of(fixes(track)) == [("closed", 0, 600, 59, 600, 0)]


def test_a_jump_does_not_move_the_centre() -> None:
    """The centre of the dwell is where the truck stood."""
    row = only(fixes([*standing(0, 300), (310, 180.0, 0.0), *standing(320, 400), *driving(410, 500, x0=80.0)]))
    assert (row.lon, row.radius_m) == (123.6, 0.0)


def test_a_drive_past_is_no_dwell() -> None:
    """Ten minutes at 8 m/s leave no row."""
    assert rows_of(fixes(driving(0, 600))) == []


def test_a_crawl_is_no_dwell() -> None:
    """At 1 m/s the truck is out of the circle before the minute is over."""
    assert rows_of(fixes(driving(0, 600, mps=1.0))) == []


def test_two_stops_are_two_dwells() -> None:
    """The second stop begins with its own first fix, although the first one closes later than that."""
    track = [*standing(0, 120), *standing(130, 250, at=(200.0, 0.0)), *driving(260, 350, x0=280.0)]
    assert rows_of(fixes(track)) == [("closed", 0, 120, 13, 120, 0), ("closed", 130, 250, 13, 120, 0)]


@pytest.mark.parametrize(("last_s", "state"), [(334, "open"), (335, "closed")])
def test_exit_takes_seconds(last_s: int, state: str) -> None:
    """Two fixes outside, moving on, end a dwell when 25 s lie between them, not one second less."""
    assert rows_of(fixes([*standing(0, 300), (310, 100.0, 0.0), (last_s, 140.0, 0.0)]))[0][0] == state


@pytest.mark.parametrize(("last_s", "state"), [(359, "open"), (360, "closed")])
def test_exit_to_one_place_takes_twice_as_long(last_s: int, state: str) -> None:
    """Four fixes outside that lie together may be a run of jumps: they end a dwell after 50 s, not one second less."""
    away = [(t, 100.0 + t % 3, 0.0) for t in (310, 320, 330, last_s)]
    assert rows_of(fixes([*standing(0, 300), *away]))[0][0] == state


@pytest.mark.parametrize(("fix_count", "every_s", "state"), [(3, 30, "open"), (4, 30, "closed"), (3, 60, "closed")])
def test_exit_to_one_place_takes_four_fixes(fix_count: int, every_s: int, state: str) -> None:
    """Three fixes thrown to one place may be a run of jumps; a fourth ends the dwell, or 100 s away."""
    away = [(330 + every_s * i, 180.0, 0.0) for i in range(fix_count)]
    assert rows_of(fixes([*standing(0, 300), *away]))[0][0] == state


def test_a_stop_on_the_way_out_is_a_dwell() -> None:
    """A minute at one place after a dwell, known by three fixes only, is told when the truck moves on from it."""
    track = [*standing(0, 300), (330, 180.0, 0.0), (360, 180.0, 0.0), (390, 180.0, 0.0), (420, 400.0, 0.0)]
    assert rows_of(fixes([*track, (450, 600.0, 0.0)])) == [
        ("closed", 0, 300, 31, 300, 0),
        ("closed", 330, 390, 3, 60, 0),
    ]


def test_exit_takes_two_fixes() -> None:
    """A single fix outside, however long after, ends nothing."""
    assert rows_of(fixes([*standing(0, 300), (470, 400.0, 0.0)]))[0][0] == "open"


def test_a_sleeping_tracker_that_wakes_near() -> None:
    """Two fixes, 100 minutes of silence, awake 50 m away while driving off: a stay, its silence counted apart."""
    parked = [(0, -400.0, 0.0), (50, 0.0, 0.0), (60, 0.0, 0.0)]
    row = only(fixes(parked + driving(6060, 6110, x0=50.0)))
    assert brief(row) == ("closed", 50, 6060, 3, 10, 6000)
    assert row.radius_m == pytest.approx(49.96, abs=0.01)


def test_a_sleeping_tracker_that_wakes_far() -> None:
    """Awake 5 km away, nothing is claimed about the 100 minutes between."""
    assert rows_of(fixes([(50, 0.0, 0.0), (60, 0.0, 0.0), *driving(6060, 6110, x0=5000.0)])) == []


@pytest.mark.parametrize(("east_m", "rows"), [(299.0, 1), (301.0, 0)])
def test_wake_distance(east_m: float, rows: int) -> None:
    """300 m are as far as a waking truck may have driven before its first fix."""
    assert len(rows_of(fixes([(0, 0, 0), (10, 0, 0), (6010, east_m, 0)]))) == rows


@pytest.mark.parametrize(("gap_s", "rows"), [(181, 0), (221, 1)])
def test_wake_speed(gap_s: int, rows: int) -> None:
    """100 m are too far for three minutes of standing (0.5 m/s), but not for four."""
    assert len(rows_of(fixes([(0, 0, 0), (10, 0, 0), (10 + gap_s, 100, 0)]))) == rows


def test_silence_within_a_dwell() -> None:
    """A gap of 1000 s at the same point belongs to the dwell, as silence; one of 180 s is the tracker's habit."""
    track = [*standing(0, 100), *standing(1100, 1200), (1380, 0.0, 0.0), *driving(1390, 1500, x0=80.0)]
    assert rows_of(fixes(track)) == [("closed", 0, 1380, 23, 380, 1000)]


@pytest.mark.parametrize(
    ("wake_m", "expected"),
    [
        (20.0, [("closed", 0, 3660, 3, 60, 3600)]),
        (980.0, [("closed", 0, 60, 2, 60, 0), ("closed", 60, 3660, 2, 0, 3600)]),
    ],
)
def test_two_positions_at_one_instant(wake_m: float, expected: list[Any]) -> None:
    """Of two fixes at one instant either may be the true one: a wake near either of them is a stay there."""
    twins = fixes([(0, 0, 0), (60, 0, 0), (60, 1000, 0), (3660, wake_m, 0)], content=[1, 2, 3, 4])
    assert rows_of(twins, fixes(driving(3670, 3760, x0=2000.0))) == expected


def test_a_wake_between_two_positions_is_near_neither() -> None:
    """500 m from both, nothing is claimed for the hour."""
    track = fixes([(0, 0, 0), (10, 0, 0), (10, 1000, 0), (3610, 500, 0)], content=[1, 2, 3, 4])
    assert told(run([track])[1]) == []


@pytest.mark.parametrize(
    ("accuracy_m", "east_m", "inside"),
    [(np.nan, 45.0, False), (10.0, 45.0, False), (25.0, 45.0, True), (25.0, 51.0, False), (500.0, 74.0, True),
     (500.0, 76.0, False)],
)  # fmt: skip
def test_accuracy_widens_the_circle(accuracy_m: float, east_m: float, inside: bool) -> None:
    """35 m, plus what a fix admits beyond 10 m, up to 40 m more."""
    track = fixes([*standing(0, 100), (110, east_m, 0.0)], accuracy_m=[np.nan] * 11 + [accuracy_m])
    state, _ = run([track])
    assert bool(state.devices.k[0, 6] == 0) is inside  # no fix outside


def noisy(seconds: int, rms_m: float) -> list[tuple[float, float, float]]:
    """A stand whose fixes lie by turns on four sides, all so far from the true point."""
    sides = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))
    return [(t, rms_m * sides[t // 10 % 4][0], rms_m * sides[t // 10 % 4][1]) for t in range(0, seconds + 1, 10)]


@pytest.mark.parametrize(
    ("rms_m", "east_m", "inside"),
    [(4.0, 20.0, True), (4.0, 30.0, False), (12.0, 30.0, True), (12.0, 40.0, False), (22.0, 45.0, True)],
)
def test_the_radius_follows_the_noise(rms_m: float, east_m: float, inside: bool) -> None:
    """After an hour: 35 m for a tracker that wanders by 12 m, 24.5 m for a precise one, more for a poor one."""
    state, _ = run([fixes([*noisy(3600, rms_m), (3610, east_m, 0.0)])])
    assert bool(state.devices.k[0, 6] == 0) is inside  # no fix outside


def test_a_held_position_shows_no_noise() -> None:
    """A tracker that repeats one position while parked keeps the radius of its profile."""
    state, _ = run([fixes([*standing(0, 3600), (3610, 34.0, 0.0)])])
    assert bool(state.devices.k[0, 6] == 0)


def test_noise_belongs_to_the_device() -> None:
    """What was learnt at one stop holds at the next."""
    shifted = [(t + 3700, x + 500.0, y) for t, x, y in noisy(70, 4.0)]
    state, _ = run([fixes([*noisy(3600, 4.0), *shifted, (3780, 530.0, 0.0)])])
    assert bool(state.devices.k[0, 6] == 1)


def test_radii_without_noise() -> None:
    """A profile with noise_m 0 keeps its radii."""
    fixed = Config(section="profiles", rows=({"cls": "truck", "noise_m": 0.0},))
    state, _ = run([fixed, fixes([*noisy(3600, 4.0), (3610, 34.0, 0.0)])])
    assert bool(state.devices.k[0, 6] == 0)


def test_heartbeats_do_not_extend() -> None:
    """An old position under a new time proves nothing: the dwell ends where the last true fix was."""
    beats = fixes(standing(110, 600), flags=[int(Flag.HEARTBEAT)] * 50)
    state, events = run([fixes(standing(0, 100)), beats, fixes(driving(610, 700, x0=400.0))])
    assert [brief(r) for r in newest(events)] == [("closed", 0, 100, 11, 100, 0)]
    assert state.counts.tolist() == [21, 0, 0, 0, 50, 0, 0]


def test_heartbeats_do_not_end() -> None:
    """Nor does a heartbeat from elsewhere close a dwell."""
    beats = fixes(standing(110, 200, at=(500.0, 0.0)), flags=[int(Flag.HEARTBEAT)] * 10)
    track = [fixes(standing(0, 100)), beats, fixes(standing(210, 300)), fixes(driving(310, 400, x0=100.0))]
    assert rows_of(*track) == [("closed", 0, 300, 21, 300, 0)]


def test_across_the_antimeridian() -> None:
    """A truck that reports now east, now west of the date line stands at one place."""
    sides = [179.9999 if i % 2 else -179.9999 for i in range(31)]
    row = only(
        placed(
            [(10 * i, lon, -10.17) for i, lon in enumerate(sides)] + [(t, 179.99, -10.17) for t in (310, 320, 330, 360)]
        )
    )
    assert brief(row) == ("closed", 0, 300, 31, 300, 0)
    assert abs(row.lon) > 179.9999
    assert row.radius_m == pytest.approx(21.9, abs=0.2)


def test_near_the_pole() -> None:
    """At 89.9 degrees a tenth of a degree of longitude is 19 m, and standing is standing."""
    track = [(10 * i, 0.1 * (i % 2), 89.9) for i in range(31)] + [(t, 1.0, 89.9) for t in (310, 320, 330, 360)]
    row = only(placed(track))
    assert brief(row) == ("closed", 0, 300, 31, 300, 0)
    assert row.radius_m == pytest.approx(19.5, abs=0.1)


def test_profile_of_a_phone_is_wider() -> None:
    """45 m of wander are two places for a truck and one for a phone."""
    track = fixes([(10 * i, 45.0 * (i // 10 % 2), 0.0) for i in range(60)], "p1")
    phone = Config(section="devices", rows=({"id": "p1", "cls": "phone"},))
    assert len(newest(run([track])[1])) == 6
    (row,) = newest(run([phone, track])[1])
    assert (row.cls, row.state) == ("phone", "open")
