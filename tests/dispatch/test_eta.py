"""Distances and the straight-line estimate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.eta import distances_m, estimate_s

KUPANG = (123.6, -10.17)


def test_a_thousandth_of_a_degree_north_is_111_metres():
    """One thousandth of a degree of latitude on the mean sphere."""
    metres = distances_m(*KUPANG, np.array([123.6]), np.array([-10.169]))
    assert metres[0] == pytest.approx(111.195, abs=0.01)


def test_distance_crosses_the_antimeridian():
    """179.999 E and 179.999 W on the equator are 222 m apart, not half the world."""
    assert distances_m(179.999, 0.0, np.array([-179.999]), np.array([0.0]))[0] == pytest.approx(222.39, abs=0.01)


@pytest.mark.parametrize(("metres", "seconds"), [(0.0, 136.0), (1000.0, 249.04), (10_000.0, 1266.4)])
def test_the_estimate_is_a_start_and_a_pace(metres, seconds):
    """136 s to set out, then 78.5 s for each kilometre of a road 1.44 times the straight line."""
    assert estimate_s(np.array([metres]))[0] == pytest.approx(seconds)


@given(st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90))
def test_distance_is_symmetric_and_bounded(lon, lat, other_lon, other_lat):
    """From here to there is as far as back, and never beyond half of the Earth's girth."""
    there = distances_m(lon, lat, np.array([other_lon]), np.array([other_lat]))[0]
    back = distances_m(other_lon, other_lat, np.array([lon]), np.array([lat]))[0]
    assert there == pytest.approx(back, abs=1e-3)
    assert 0 <= there <= 20_016_000
