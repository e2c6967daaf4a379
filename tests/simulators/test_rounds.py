"""The trucks' true day."""

from collections import Counter

import numpy as np
import pytest

from simulators.motion import traffic
from simulators.rounds import hidden_truck, routes


def trucks(day):
    return [actor for actor in day.actors if actor.dialect == "native"]


def stops(actor, reason):
    return [stop for stop in actor.motion.stops if stop.reason == reason]


def test_each_service_point_is_on_exactly_one_route(kupang):
    """35 routes share all points out evenly."""
    shared = routes(kupang, 35)
    count = Counter(point.id for route in shared for point in route)
    assert set(count.values()) == {1}
    assert len(count) == sum(p.kind == "service_point" for p in kupang.places)
    assert {len(route) for route in shared} <= {5, 6, 7}


@pytest.mark.parametrize("trucks", [0, 1, 300])
def test_any_number_of_trucks_gets_routes(kupang, trucks):
    """None, one, or more than there are points."""
    shared = routes(kupang, trucks)
    assert len(shared) == trucks
    assert all(shared)


def test_every_truck_starts_and_ends_at_the_depot(day):
    """And has been to the landfill in between."""
    for actor in trucks(day):
        reasons = [stop.reason for stop in actor.motion.stops]
        assert reasons[0] == reasons[-1] == "depot"
        assert np.allclose(actor.motion.xy[0], actor.motion.xy[-1])
        assert "unload" in reasons


def test_the_landfill_serves_two_trucks_at_a_time(day):
    """Unloading never overlaps three deep, but for the metres driven up to the bay."""
    edges = [
        (at, change)
        for actor in trucks(day)
        for stop in stops(actor, "unload")
        for at, change in ((stop.start_s + 90, 1), (stop.end_s - 90, -1))
    ]
    depth = np.cumsum([change for _, change in sorted(edges)])
    assert depth.max() == 2


def test_some_trucks_queue_at_the_landfill(day):
    """Arrivals bunch, so there is a queue."""
    assert sum(len(stops(actor, "queue")) for actor in trucks(day)) > 50


def test_one_truck_hides_an_hour(day, kupang):
    """Only the hidden truck stands at the stall, for an hour and a little."""
    hidden = [(actor.device, stop) for actor in trucks(day) for stop in stops(actor, "hidden")]
    assert [device for device, _ in hidden] == [day.hidden]
    stop = hidden[0][1]
    assert 3600 < stop.end_s - stop.start_s < 4200
    at = day.plane.forward(*kupang.stall)
    assert np.hypot(stop.x - at[0], stop.y - at[1]) < 0.01


def test_lunch_comes_after_four_hours_of_work(day):
    """Every truck rests under half an hour, once, at a known place."""
    for actor in trucks(day):
        (lunch,) = stops(actor, "break")
        assert lunch.start_s > 4 * 3600
        assert lunch.end_s - lunch.start_s < 1800
        assert lunch.place.startswith("warung-")


def test_time_never_stands_still_or_runs_back(day):
    """Motions are functions of time."""
    for actor in day.actors:
        assert np.diff(actor.motion.t_s).min() > 0


def test_no_truck_drives_faster_than_trucks_do(day):
    """45 km/h is the most on a free main road."""
    for actor in trucks(day):
        speed = np.hypot(*np.diff(actor.motion.xy, axis=0).T) / np.diff(actor.motion.t_s)
        assert speed.max() < 12.5


def test_a_truck_that_stands_does_not_move(day):
    """Between the start and the end of a true stop the position is one."""
    for actor in trucks(day)[:5]:
        for stop in actor.motion.stops:
            inside = actor.motion.at(np.array([stop.start_s, (stop.start_s + stop.end_s) / 2, stop.end_s]))
            assert np.ptp(inside, axis=0).max() < 1e-6


@pytest.mark.parametrize(("hour", "factor"), [(7.2, 0.5), (3.0, 1.0)])
def test_traffic_is_slow_at_rush_hour_and_free_at_night(hour, factor):
    """Main roads halve their speed at the worst."""
    assert traffic(hour, main=True) == pytest.approx(factor, abs=0.01)


def test_the_hidden_truck_is_never_the_first_of_several():
    """A fleet of one has only that one."""
    assert {hidden_truck(seed, 3) for seed in range(20)} == {1, 2}
    assert hidden_truck(1, 1) == 0
