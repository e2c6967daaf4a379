"""Polygons of other people's making: each repair is said, what cannot be repaired is refused."""

from __future__ import annotations

from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from ronda.intake.polygons import repaired, rings_of, square_metres

FAR = [[x + 5, y] for x, y in [[0.2, 0.2], [0.200001, 0.2], [0.200001, 0.200001], [0.2, 0.2]]]
BESIDE = [[0.5, 0], [1.5, 0], [1.5, 1], [0.5, 1], [0.5, 0]]
TWO = [[0, 0], [1, 1], [0, 0]]
SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]
HOLE = [[0.4, 0.4], [0.4, 0.6], [0.6, 0.6], [0.6, 0.4], [0.4, 0.4]]
AWAY = [[3, 0], [3, 0.5], [3.5, 0.5], [3.5, 0], [3, 0]]
TINY = [[0.2, 0.2], [0.200001, 0.2], [0.200001, 0.200001], [0.2, 0.2]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def multi(*polygons: Any) -> dict[str, Any]:
    return {"type": "MultiPolygon", "coordinates": list(polygons)}


@pytest.mark.parametrize(
    ("geometry", "remarks", "area"),
    [
        pytest.param(polygon(SQUARE), [], 1.0, id="clean"),
        pytest.param(polygon(SQUARE[:-1]), ["ring was not closed"], 1.0, id="not closed"),
        pytest.param(polygon([*SQUARE[:1] * 2, *SQUARE]), ["point repeated (2 times)"], 1.0, id="repeated"),
        pytest.param(polygon(HOLE, SQUARE), ["hole stood before its shell"], 0.96, id="swapped rings"),
        pytest.param(polygon(SQUARE, TWO), ["ring of fewer than three points left out"], 1.0, id="two"),
        pytest.param(polygon(SQUARE, TINY), ["hole of less than 1 m² filled"], 1.0, id="tiny hole"),
        pytest.param(multi([SQUARE], [FAR]), ["part of less than 1 m² left out"], 1.0, id="sliver"),
        pytest.param(multi([SQUARE], [BESIDE]), ["its own parts overlapped"], 1.5, id="overlap"),
        pytest.param(polygon([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]), ["self-intersection"], 0.5, id="bow tie"),
        pytest.param(multi([SQUARE], [HOLE]), ["its own parts overlapped"], 1.0, id="part in a part"),
        pytest.param(polygon(SQUARE, AWAY), ["hole lies outside shell"], 1.25, id="hole outside"),
        pytest.param(polygon(SQUARE, SQUARE), ["self-intersection"], 1.0, id="shell twice"),
        pytest.param(multi([SQUARE], [SQUARE]), ["its own parts overlapped"], 1.0, id="part twice"),
    ],
)  # fmt: skip
def test_repairs_are_said(geometry: dict[str, Any], remarks: list[str], area: float) -> None:
    """What came out is valid and covers what was meant."""
    found = repaired(geometry)
    assert (found.remarks, found.shape.is_valid) == (remarks, True)
    assert found.shape.area == pytest.approx(area)


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        (None, "is not a polygon"),
        ({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, "is not a polygon"),
        ({"type": "Polygon", "coordinates": []}, "it is empty"),
        (polygon([]), "nothing is left of it"),
        (polygon([[0, 0], [1, 1], [2, 2], [0, 0]]), "nothing is left of it"),
        (polygon(TINY), "part of less than 1 m² left out"),
        ({"type": "Polygon", "coordinates": [[]]}, "ring of fewer than three points left out"),
        (polygon([[0, 0]] * 5), "ring of fewer than three points left out"),
        (polygon([[10**400, 0], [1, 1], [2, 2]]), "too large"),
        (polygon([["a", 0], [1, 1], [2, 2]]), "cannot be read"),
        (polygon([[float("nan"), 0], [1, 1], [2, 2]]), "is no number"),
        (polygon([[500_000, 9e6], [500_100, 9e6], [500_100, 9.1e6]]), "convert it to WGS84"),
        (polygon([[-10, 123], [-10, 124], [-11, 124]]), "latitude first"),
        ({"type": "Polygon", "coordinates": 7}, "cannot be read"),
        ({"type": "MultiPolygon", "coordinates": [7]}, "cannot be read"),
    ],
)
def test_what_cannot_be_repaired_is_refused(geometry: Any, reason: str) -> None:
    """With the reason."""
    with pytest.raises(ValueError, match=reason):
        repaired(geometry)


def test_a_clean_polygon_keeps_its_vertices() -> None:
    """Bit for bit; its shell runs against the clock, its holes with it."""
    found = repaired(polygon(SQUARE[::-1], HOLE))
    assert found.clockwise
    assert sorted(rings_of(found.shape)[0][0]) == sorted(tuple(map(float, p)) for p in SQUARE)
    assert shapely.is_ccw(found.shape.geoms[0].exterior)


def test_a_polygon_across_the_antimeridian_is_small() -> None:
    """From 179 to -179 it is two degrees wide, and comes out with the longitudes it had."""
    found = repaired(polygon([[179, 0], [-179, 0], [-179, 1], [179, 1], [179, 0]]))
    assert found.shape.area == pytest.approx(2.0)
    assert {x for x, _ in rings_of(found.shape)[0][0]} == {179.0, -179.0}


def test_square_metres() -> None:
    """A hundredth of a degree on the equator is 1,113.2 m by 1,105.7 m."""
    assert square_metres(shapely.box(0, 0, 0.01, 0.01)) == pytest.approx(1_230_900, rel=1e-3)


rings = st.lists(st.lists(st.sampled_from([0, 1, 2, 3, 0.5, 1.5]), min_size=2, max_size=2), max_size=9)


@given(st.lists(st.lists(rings, max_size=3), max_size=3))
def test_any_rings_are_repaired_or_refused(polygons: list[Any]) -> None:
    """Whatever the rings: a valid shape with an area, or one sentence."""
    try:
        found = repaired(multi(*polygons))
    except ValueError:
        return
    assert found.shape.is_valid
    assert found.shape.area > 0
