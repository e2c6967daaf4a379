"""Trips, odometer, gaps and speeding, on journeys that can be read."""

from __future__ import annotations

from core.entries import Config
from geo.folds.tracklayout import G_ODO
from geo.steps.telltrack import open_spells
from tests.geo.rounds import seconds, spell, spells
from tests.geo.tracks import driving, fixes, run, standing

FAR = (6400.0, 0.0)
ROUND = standing(0, 600) + driving(610, 1400, x0=80.0) + standing(1410, 2000, at=FAR)


def test_a_trip_lies_between_two_long_stops() -> None:
    """From the last fix of the one to the first of the other, however late it is known."""
    _, events = run([fixes(ROUND)])
    (trip,) = spells(events, "trip")
    assert spell(trip) == ("trip", "", "closed", 600.0, 1400.0, 81)
    assert (trip.gap_m, trip.silent_s, trip.stopped_s) == (0.0, 0.0, 0.0)


def test_a_trip_measures_its_way() -> None:
    """6,400 m of the test plane, which is drawn with slightly longer degrees."""
    (trip,) = spells(run([fixes(ROUND)])[1], "trip")
    assert trip.distance_m is not None
    assert abs(trip.distance_m - 6395.4) < 1.0
    assert trip.max_mps == 7.99


def test_an_open_trip_grows_silently() -> None:
    """It is told once; as it stands now it reaches to the newest fix."""
    state, events = run([fixes(standing(0, 600) + driving(610, 1200, x0=80.0))])
    (told,), (now,) = spells(events, "trip"), open_spells(state)
    assert (told.id, told.revision) == (now.id, now.revision)
    assert (seconds(told.last_us), seconds(now.last_us)) == (640.0, 1200.0)


def test_a_short_stop_is_part_of_the_trip() -> None:
    """A dwell of two minutes on the way is time it stood."""
    rows = standing(0, 600) + driving(610, 800, x0=80.0) + standing(810, 930, at=(1680.0, 0.0))
    rows += driving(940, 1400, x0=1760.0) + standing(1410, 2000, at=(5520.0, 0.0))
    (trip,) = spells(run([fixes(rows)])[1], "trip")
    assert trip.stopped_s == 120.0


def test_shunting_is_no_trip() -> None:
    """Less than `trip_min_m` between two stops is not told."""
    rows = standing(0, 600) + driving(610, 630, mps=5.0, x0=50.0) + standing(640, 1300, at=(150.0, 0.0))
    assert spells(run([fixes(rows)])[1], "trip") == []


def test_a_parked_truck_drives_no_metre() -> None:
    """Noise, drift and jumps of an hour in one place leave the odometer as it was."""
    rows = [
        (t, 8.0 * ((t // 10) % 3 - 1) + t / 600.0, 200.0 * (t % 500 == 250) + 6.0 * ((t // 10) % 2))
        for t in range(0, 3600, 10)
    ]
    state, events = run([fixes(rows)])
    assert state.devices.track.g[0, 0, G_ODO] < 15.0  # before it was a dwell
    assert spells(events, "trip", "gap") == []


def test_a_jump_while_driving_adds_nothing() -> None:
    """Two fixes 250 m aside, there and back, are passed over."""
    rows = driving(0, 600)
    rows[30], rows[31] = (300, 2400.0, 250.0), (310, 2480.0, 250.0)
    state, _ = run([fixes(rows)])
    plain, _ = run([fixes(driving(0, 600))])
    assert abs(state.devices.track.g[0, 0, G_ODO] - plain.devices.track.g[0, 0, G_ODO]) < 5.0


def test_a_silence_is_a_gap_and_its_line_apart() -> None:
    """Ten minutes unheard, two kilometres on: not in the distance, not held to be driven."""
    rows = standing(0, 600) + driving(610, 700, x0=80.0) + driving(1300, 1500, x0=2800.0)
    state, events = run([fixes(rows)])
    (gap,), (trip,) = spells(events, "gap"), open_spells(state)
    assert spell(gap) == ("gap", "", "closed", 700.0, 1300.0, 2)
    assert (gap.silent_s, trip.silent_s) == (600.0, 600.0)
    assert gap.distance_m == trip.gap_m == 1998.6


def test_a_night_parked_is_no_gap() -> None:
    """A silence in one place was a stay."""
    rows = standing(0, 600) + standing(40_000, 40_600) + driving(40_610, 41_000, x0=80.0)
    _, events = run([fixes(rows)])
    assert spells(events, "gap") == []
    assert [seconds(trip.start_us) for trip in spells(events, "trip")] == [40_600.0]


def test_a_long_gap_parts_a_trip_in_two() -> None:
    """An hour and more unheard, elsewhere after it: one trip ends before, another begins after."""
    rows = standing(0, 600) + driving(610, 700, x0=80.0) + driving(4400, 4600, x0=9000.0)
    _, events = run([fixes(rows)])
    assert [spell(trip)[2:5] for trip in spells(events, "trip")] == [
        ("closed", 600.0, 700.0), ("open", 4400.0, 4440.0),
    ]  # fmt: skip


def test_speeding_has_hysteresis() -> None:
    """It lasts while no fix falls below nine tenths of the limit for long enough."""
    limit = Config(section="profiles", op="set", rows=({"cls": "truck", "limit_mps": 10.0},))
    mps = [9.0, 11.0, 12.0, 9.5, 11.0, 8.0, 8.0, 8.0]
    rows = [(10 * i, 100.0 * i, 0.0) for i in range(len(mps))]
    (speeding,) = spells(run([limit, fixes(rows, speed_mps=mps)])[1], "speeding")
    assert spell(speeding) == ("speeding", "", "closed", 10.0, 40.0, 4)
    assert (speeding.max_mps, speeding.limit_mps) == (12.0, 10.0)


def test_a_jump_is_no_speeding() -> None:
    """A fix 300 m aside makes two fast legs that lead nowhere."""
    limit = Config(section="profiles", op="set", rows=({"cls": "truck", "limit_mps": 10.0, "speeding_s": 10.0},))
    rows = driving(0, 300)
    rows[15] = (150, 1200.0, 300.0)
    assert spells(run([limit, fixes(rows)])[1], "speeding") == []
