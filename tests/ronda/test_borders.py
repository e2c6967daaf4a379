"""How members of a boundary set fit together."""

from __future__ import annotations

import pytest
import shapely

from ronda.intake.borders import misfits

D = 0.01  # degrees: 1.1 km on the equator


def box(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    return shapely.box(x0 * D, y0 * D, x1 * D, y1 * D)


def test_members_that_fit() -> None:
    """Common borders are neither overlaps nor gaps."""
    assert misfits({"a": box(0, 0, 1, 1), "b": box(1, 0, 2, 1)}) == []


def test_an_overlap_says_how_large_it_is_and_whose() -> None:
    """The area whose id comes first has it, whatever the order of the file; one in another overlaps wholly."""
    assert misfits({"b": box(0, 0, 1, 1), "a": box(0.9, 0, 2, 1)}) == [
        "a and b overlap by 123,091 m²; a point there belongs to a"
    ]
    assert misfits({"a": box(0, 0, 1, 1), "b": box(0, 0, 0.1, 0.1)}) == [
        "a and b overlap by 12,309 m²; a point there belongs to a"
    ]


def test_a_gap_says_how_large_it_is_and_where() -> None:
    """Ground that members enclose and none claims."""
    frame = {"a": box(0, 0, 3, 1), "b": box(0, 1, 1, 3), "c": box(2, 1, 3, 3), "d": box(1, 2, 2, 3)}
    (said,) = misfits(frame)
    assert said == "gap of 1,230,907 m² at 0.01500, 0.01500 between a, b, c, d; a point there belongs to none"


def test_a_lake() -> None:
    """A hole of one member is a gap inside it."""
    assert misfits({"a": box(0, 0, 3, 3) - box(1, 1, 2, 2)}) == [
        "gap of 1,230,907 m² at 0.01500, 0.01500 inside a; a point there belongs to none"
    ]


def test_the_largest_come_first_and_slivers_are_counted() -> None:
    """A centimetre of digitizing is no boundary dispute."""
    shapes = {"a": box(0, 0, 1, 1), "b": box(0.9999999, 0, 2, 1), "c": box(0, 0.9, 1, 2), "d": box(0, 1.5, 1, 3)}
    said = misfits(shapes)
    assert [text.partition(" overlap")[0] for text in said[:2]] == ["c and d", "a and c"]
    assert said[2:] == ["overlaps of less than 1 m² (2) and gaps (0) are left as they are"]


@pytest.mark.parametrize("second", [(180.5, 0, 181.5, 1), (-179.5, 0, -178.5, 1)])
def test_across_the_antimeridian(second: tuple[float, float, float, float]) -> None:
    """Neighbours are compared whichever way their longitudes are counted."""
    (said,) = misfits({"a": shapely.box(179, 0, 181, 1), "b": shapely.box(*second)})
    assert said.startswith("a and b overlap by ")
