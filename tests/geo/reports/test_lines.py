"""Lines of tracks: few points, near the track, anywhere on earth."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.reports import lines
from geo.reports.lines import simplified

METRE = 1 / 110_500.0


def test_a_straight_drive_is_two_points() -> None:
    """However many fixes, and with some noise of the receiver."""
    lat = np.linspace(-10.2, -10.1, 500)
    noise = np.where(np.arange(500) % 2, 4 * METRE, -4 * METRE) * (np.arange(500) % 499 > 0)
    found = simplified(123.6 + noise, lat)
    assert [(round(lon, 6), round(y, 6)) for lon, y in found] == [(123.6, -10.2), (123.6, -10.1)]


def test_a_corner_stays() -> None:
    """Three points of an L."""
    lon, lat = np.array([123.6, 123.6, 123.605, 123.61]), np.array([-10.2, -10.1, -10.1, -10.1])
    assert [round(x, 6) for x, _ in simplified(lon, lat)] == [123.6, 123.6, 123.61]


@pytest.mark.parametrize("n", [0, 1])
def test_less_than_two_points_are_no_line(n: int) -> None:
    """Nothing to draw."""
    assert simplified(np.full(n, 123.6), np.full(n, -10.2)) == []


def test_a_line_across_the_antimeridian_is_short() -> None:
    """It does not go around the earth."""
    found = simplified(np.array([179.999, -179.999]), np.array([52.0, 52.0]))
    assert [round(lon, 6) for lon, _ in found] == [179.999, -179.999]


def test_a_line_with_too_many_points_is_simplified_further(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a browser gets is bounded."""
    monkeypatch.setattr(lines, "POINTS_MAX", 10)
    zigzag = np.where(np.arange(200) % 2, 30 * METRE, 0.0)
    assert len(simplified(123.6 + zigzag, -10.2 + np.arange(200) * METRE)) <= 10


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=30))
def test_no_fix_is_farther_from_the_line_than_the_tolerance(places: list[tuple[int, int]]) -> None:
    """In the plane of metres, to a centimetre."""
    east, north = np.array(places, float).T
    found = simplified(0.0 + east * METRE, 0.0 + north * METRE)
    line = shapely.LineString(np.array(found) / METRE)
    assert max(line.distance(shapely.Point(x, y)) for x, y in zip(east, north, strict=True)) <= 10.1
