"""What trackers make of the truth."""

import random

import numpy as np
import pytest

from simulators.motion import Driver
from simulators.trackers import report


@pytest.fixture(scope="module")
def motion(graph):
    """Half an hour at the depot, a drive across the city, an hour of standing, and back."""
    driver = Driver(graph, random.Random(1), graph.place_node["depo"], hour0=3.0)
    driver.stand(1800.0, "depot")
    driver.go(graph.place_node["tpa-alak"])
    driver.stand(3600.0, "unload")
    driver.go(graph.place_node["depo"])
    driver.stand(600.0, "depot")
    return driver.motion()


def made(motion, kind, seed=1, **options):
    return report(motion, kind, np.random.default_rng(seed), **{"interval_s": 10.0, "clean": True, **options})


def inside(made_, stop):
    return ((made_.t_s >= stop.start_s) & (made_.t_s < stop.end_s)).sum()


def standing(motion):
    return next(stop for stop in motion.stops if stop.reason == "unload")


def test_a_sleeping_tracker_says_two_fixes_and_is_silent(motion):
    """An hour's stop is two fixes after arrival; it wakes on departure."""
    fixes = made(motion, "sleeper")
    stop = standing(motion)
    assert inside(fixes, stop) == 2
    assert np.any((fixes.t_s >= stop.end_s) & (fixes.t_s < stop.end_s + 15))


def test_a_steady_tracker_slows_down_when_parked(motion):
    """Every 10 s when driving, every 30 s when parked."""
    assert inside(made(motion, "steady"), standing(motion)) == pytest.approx(120, abs=4)


def test_noise_is_metres_not_more_when_clean(motion):
    """Without faults no fix is 60 m off, and most are within 15 m."""
    for seed in range(5):
        fixes = made(motion, "steady", seed)
        off = np.hypot(*(fixes.xy - motion.at(fixes.t_s)).T)
        assert off.max() < 60
        assert 2 < np.median(off) < 15


def test_multipath_jumps_are_rare_and_large(motion):
    """About one fix in 120 is thrown off by 50 to 300 m."""
    off = []
    for seed in range(20):
        fixes = made(motion, "steady", seed, clean=False)
        off.append(np.hypot(*(fixes.xy - motion.at(fixes.t_s)).T))
    share = float((np.concatenate(off) > 50).mean())
    assert 0.002 < share < 0.02


def test_a_tracker_that_dies_says_nothing_until_it_is_back(motion):
    """It dies while driving; the truth says from when until when."""
    fixes = made(motion, "steady", dies=True)
    (dead,) = fixes.dead
    assert inside(fixes, dead) == 0
    before = motion.at(np.array([dead.start_s - 1.0, dead.start_s + 1.0]))
    assert np.hypot(*np.diff(before, axis=0)[0]) > 4.0


def test_a_clean_report_is_sent_once_in_order(motion):
    """No copies, no lateness: order of sending is order of time."""
    fixes = made(motion, "steady")
    assert fixes.sent_row.tolist() == list(range(len(fixes.t_s)))
    assert np.all(fixes.sent_s - fixes.t_s < 2)


def test_faults_make_copies_lateness_and_bulk(motion):
    """Some fixes are sent twice, some after newer ones, some many at one time."""
    copies = late = bulk = 0
    for seed in range(10):
        fixes = made(motion, "steady", seed, clean=False)
        copies += len(fixes.sent_row) - len(set(fixes.sent_row.tolist()))
        late += int((np.diff(fixes.sent_row) < 0).sum())
        bulk += int((np.diff(fixes.sent_s) == 0).sum())
        assert set(fixes.sent_row.tolist()) == set(range(len(fixes.t_s)))
    assert min(copies, late, bulk) > 10


def test_nothing_is_sent_before_it_was_measured(motion):
    """Clocks of simulated devices are right."""
    fixes = made(motion, "phone", clean=False)
    assert np.all(fixes.sent_s >= fixes.t_s[fixes.sent_row])


def test_a_phone_speaks_when_it_moved_and_pings_when_it_did_not(motion):
    """Two reports are 50 m apart, or the second is a ping half an hour later with the old position."""
    fixes = made(motion, "phone")
    apart = np.hypot(*np.diff(fixes.xy, axis=0).T)
    assert np.all((apart >= 50) | fixes.ping[1:])
    assert fixes.ping.sum() >= 1
    pings = np.flatnonzero(fixes.ping)
    assert np.all(fixes.t_s[pings] - fixes.t_s[pings - 1] >= 1800)


def test_a_standing_receiver_has_no_course(motion):
    """Course is missing where the truth does not move."""
    fixes = made(motion, "steady")
    stop = standing(motion)
    still = (fixes.t_s > stop.start_s + 1) & (fixes.t_s < stop.end_s - 1)
    assert np.all(np.isnan(fixes.course[still]))
    assert np.all(fixes.speed[still] < 1.0)
