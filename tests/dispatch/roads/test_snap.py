"""Positions onto roads."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dispatch.eta import Reach, estimate_s
from dispatch.roads.speeds import NUMBER
from tests.dispatch.roads.maps import at, network, way

CROSS = network(
    way((0, 0), (1000, 0)),
    way((500, -400), (500, 400)),
    way((0, 40), (900, 40), highway="footway"),
    way((0, 40), (0, 0), highway="footway"),
)


@given(st.floats(-100, 1100), st.floats(-499, 499))  # beyond 500 m no road is found
def test_the_road_found_is_the_nearest(x, y):
    """Against the distance to every line."""
    origin = CROSS.plane.xy(*np.transpose([at(0, 0)]))
    xy = origin + np.array([[x, y]])
    usable = CROSS.usable(NUMBER["car"])
    nearest = shapely.distance(CROSS.lines[usable], shapely.Point(xy[0])).min()
    assert CROSS.snap(NUMBER["car"], xy).off_m[0] == pytest.approx(nearest, abs=0.01)


def test_a_car_is_not_put_on_a_footpath():
    """On the path itself: who walks is on it, who drives is 40 m from the road."""
    origin = CROSS.plane.xy(*np.transpose([at(300, 40)]))
    assert [CROSS.snap(NUMBER[cls], origin).off_m[0] for cls in ("foot", "car")] == pytest.approx([0, 40], abs=0.1)


def test_who_is_far_from_any_road_goes_by_the_straight_line():
    """600 m away: an estimate, and it says so."""
    reach = Reach(CROSS)
    found = reach.eta_of(*at(500, 0), reach.crowd(*np.transpose([at(100, 0), at(500, 1000)]), ["car", "car"]))
    assert [found.method(0), found.method(1)] == ["road", "straight-line estimate"]
    assert found.eta_s[1] == pytest.approx(estimate_s(np.array([1000.0]))[0], abs=0.1)


def test_an_incident_far_from_any_road_is_reached_by_the_straight_line():
    """For everybody."""
    reach = Reach(CROSS)
    found = reach.eta_of(*at(500, 2000), reach.crowd(*np.transpose([at(500, 0)]), ["car"]))
    assert found.method(0) == "straight-line estimate"
    assert found.eta_s[0] == pytest.approx(estimate_s(np.array([2000.0]))[0], abs=0.5)


def test_the_antimeridian_is_no_border():
    """The same roads at 180 degrees, some of their points on the other side, give the same times."""
    there = network(way((-700, 0), (100, 0), (900, 0), lon=180.0), way((100, 0), (100, 300), lon=180.0))
    here = network(way((-700, 0), (100, 0), (900, 0)), way((100, 0), (100, 300)))
    people = [(-650, 20), (850, -20), (100, 250)]
    times = []
    for net, lon in ((there, 180.0), (here, 123.6)):
        reach = Reach(net)
        crowd = reach.crowd(*np.transpose([at(*p, lon) for p in people]), ["motorbike"] * 3)
        found = reach.eta_of(*at(800, 0, lon), crowd)
        assert found.by_road.all()
        times.append(found.eta_s)
    np.testing.assert_allclose(*times, atol=0.1)


def test_a_position_that_is_none_gets_no_road():
    """NaN is nowhere."""
    assert CROSS.snap(1, np.array([[np.nan, 0.0]])).segment.tolist() == [-1]
