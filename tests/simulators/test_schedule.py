"""Rounds that somebody planned, driven."""

import io

import numpy as np
import pytest

from simulators.schedule import Planned, drive, read

HEAD = "area,route,stop_id,turn,name,sched,lon,lat,days,recycle_days\n"
ROUND = """\
utara,1,b,2,Pasar,16:05,123.610,-10.17,,
utara,1,a,1,Gereja,16:00,123.600,-10.17,,
utara,1,c,3,Sekolah,16:06,123.611,-10.17,,
"""


def planned(*stops):
    """Stops from (seconds, metres east) pairs."""
    return [Planned(str(i), "r", due_s, 123.6 + east / 109_660.0, -10.17) for i, (due_s, east) in enumerate(stops)]


def test_stops_come_in_their_order():
    """The turn decides, not the line; times are seconds of the day."""
    (stops,), refused = read(io.StringIO(HEAD + ROUND))
    assert [(s.id, s.due_s) for s in stops] == [("a", 57_600.0), ("b", 57_900.0), ("c", 57_960.0)]
    assert refused == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("utara,1,x,4,Salah,16:09,10.17,-10.17,,", "x: far from its round"),
        ("utara,1,x,4,Salah,16:09,123.6,,,", "x: no time or no place"),
        ("utara,1,x,4,Salah,nanti,123.6,-10.17,,", "x: no time or no place"),
        ("selatan,9,x,1,Sendiri,16:09,123.6,-10.17,,", "x: alone in its round"),
    ],
)
def test_a_broken_row_is_refused_with_its_reason(row, reason):
    """The round goes on without it."""
    rounds, refused = read(io.StringIO(HEAD + ROUND + row + "\n"))
    assert ([len(stops) for stops in rounds], refused) == ([3], [reason])


def test_a_round_over_midnight_goes_on():
    """Half past midnight comes after eleven in the evening."""
    night = "utara,1,a,1,A,23:00,123.600,-10.17,,\nutara,1,b,2,B,00:30,123.601,-10.17,,\n"
    assert [s.due_s for s in read(io.StringIO(HEAD + night))[0][0]] == [82_800.0, 88_200.0]


def test_a_truck_stays_until_it_must_leave():
    """700 m at 7 m/s take 100 s, so of 300 s between two plans 200 s are for collecting."""
    first, second = drive(planned((0.0, 0.0), (300.0, 700.0))).collections
    assert (first.start_s, first.end_s) == (0.0, pytest.approx(200.0, abs=0.5))
    assert second.start_s == pytest.approx(300.0, abs=0.5)


def test_a_plan_that_is_too_tight_is_driven_late():
    """Nobody is a kilometre away in a minute: it stays 20 s and comes late."""
    truth = drive(planned((0.0, 0.0), (60.0, 1000.0), (120.0, 1000.0))).collections
    assert truth[1].start_s == pytest.approx(20.0 + 1000.0 / 7.0, abs=0.5)


def test_what_is_heard_is_near_the_truth():
    """A fix in 10 s; their distance from the truth has the root mean square asked for."""
    driven = drive(planned(*((120.0 * i, 400.0 * i) for i in range(200))))
    t_s, lon, lat = driven.heard(np.random.default_rng(1))
    away = np.hypot(*(driven.plane.forward(lon, lat) - driven.at(t_s)).T)
    assert np.diff(t_s) == pytest.approx(10.0)
    assert np.sqrt(np.mean(away**2)) == pytest.approx(5.0, abs=0.2)
