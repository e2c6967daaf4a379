"""Metres around a fix, against the ellipsoid's own formulas and the mathematics library."""

from __future__ import annotations

from math import cos, pi, radians, sin, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.folds.plane import cosine, degree_lengths, distance_m, metres_per_degree, wrap

A_M, FLATTENING = 6_378_137.0, 1 / 298.257223563  # WGS84
E2 = FLATTENING * (2 - FLATTENING)


@pytest.mark.parametrize("lat", [0.0, 10.17, -10.17, 23.4, 45.0, -52.5, 66.5, 80.0, 89.0, 89.9])
def test_metres_per_degree(lat: float) -> None:
    """A degree is as long as the radii of curvature of WGS84 say, within a millionth."""
    w = sqrt(1 - E2 * sin(radians(lat)) ** 2)
    east, north = metres_per_degree(lat)
    assert east == pytest.approx(pi / 180 * A_M / w * cos(radians(lat)), rel=1e-6)
    assert north == pytest.approx(pi / 180 * A_M * (1 - E2) / w**3, rel=1e-6)


def test_metres_per_degree_in_kupang() -> None:
    """At 10.17 degrees south a degree is 109.582 km of longitude and 110.609 km of latitude."""
    assert metres_per_degree(-10.17) == pytest.approx((109_581.90, 110_608.90), abs=0.05)


def test_at_the_pole_a_degree_of_longitude_is_nothing() -> None:
    """No division, no sign change, no NaN at the end of the world."""
    assert metres_per_degree(90.0)[0] == pytest.approx(0.0, abs=1e-6)


@given(st.floats(-90, 90))
def test_cosine(degrees: float) -> None:
    """The series agrees with the library to the last digits."""
    assert abs(cosine(degrees) - cos(radians(degrees))) <= 1e-14


@pytest.mark.parametrize(
    ("difference", "wrapped"),
    [(0.0, 0.0), (179.5, 179.5), (180.0, -180.0), (-180.0, -180.0), (-180.5, 179.5), (359.9998, -0.0002)],
)
def test_wrap(difference: float, wrapped: float) -> None:
    """A difference of longitudes goes the short way round; half a turn is west."""
    assert wrap(difference) == pytest.approx(wrapped, abs=1e-9)


def test_distance_across_the_antimeridian() -> None:
    """Two ten-thousandths of a degree on the equator are 22 m, also across the date line."""
    east, north = metres_per_degree(0.0)
    assert distance_m(179.9999, 0.0, -179.9999, 0.0, east, north) == pytest.approx(22.264, abs=0.001)


@given(st.floats(-179, 179), st.floats(-80, 80), st.floats(-0.01, 0.01), st.floats(-0.01, 0.01))
def test_distance_is_symmetric(lon: float, lat: float, dx: float, dy: float) -> None:
    """There and back is the same way."""
    east, north = metres_per_degree(lat)
    there = distance_m(lon, lat, lon + dx, lat + dy, east, north)
    assert there == distance_m(lon + dx, lat + dy, lon, lat, east, north)


@given(st.lists(st.floats(-90, 90), min_size=1, max_size=70))
def test_many_lengths_at_once(lat: list[float]) -> None:
    """Vectors of the processor say what one latitude at a time says, bit for bit."""
    east, north = np.zeros((2, len(lat)))
    degree_lengths(np.array(lat), 0, len(lat), east, north)
    assert list(zip(east.tolist(), north.tolist(), strict=True)) == [metres_per_degree(y) for y in lat]
