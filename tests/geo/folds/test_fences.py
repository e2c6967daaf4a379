"""Which fences a point is in: exactly, at borders too, whatever the shape and wherever on earth."""

from __future__ import annotations

from math import hypot, nan
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo.folds.fences
import geo.folds.plane
from core.entities import Place, PlaceId
from geo.city.world import World
from geo.folds.fences import exact_side, inside, side
from geo.folds.jit import interpreted
from geo.folds.plane import metres_per_degree
from tests.geo.shapes import EIGHTH, area, box, points, polygons, polygons_of, zone

M = 1 / 111_319.5  # a metre in degrees of longitude on the equator


def codes(world: World, lon: float, lat: float, room: int = 8) -> dict[str, str]:
    """Keys of the fences of a point, and whether it is inside or in the halo."""
    found = np.empty(room, np.int64)
    n = inside(world.arrays, lon, lat, found)
    return {world.keys[code >> 1]: "inside" if code & 1 else "halo" for code in found[:n].tolist()}


@given(st.lists(polygons(), min_size=1, max_size=4), points)
def test_it_equals_shapely(shapes: list[Any], at: list[tuple[float, float]]) -> None:
    """Random polygons with holes and parts, points inside, outside, on edges and on vertices: a border is inside."""
    world = World(areas=[area(str(i), *polygons_of(shape)) for i, shape in enumerate(shapes)])
    lon, lat = np.array(at).T
    pairs = np.stack(world.fences_of(lon, lat)).T.tolist()
    expected = [[p, a] for p, point in enumerate(shapely.points(at)) for a, s in enumerate(shapes) if s.covers(point)]
    assert pairs == expected


@given(polygons(), points, st.floats(0, 60))
def test_the_halo_is_as_wide_as_it_says(shape: Any, at: list[tuple[float, float]], margin_m: float) -> None:
    """Outside, but within the margin, by distance in the plane around the point."""
    world = World(zones=[zone("z", polygons=polygons_of(shape), margin_m=margin_m)])
    for lon, lat in at:
        scale = metres_per_degree(lat)
        flat = shapely.transform(shape, lambda xy, scale=scale: xy * scale)
        metres = flat.distance(shapely.Point(lon * scale[0], lat * scale[1])) if not shape.is_empty else nan
        if shape.covers(shapely.Point(lon, lat)) or not abs(metres - margin_m) > 1e-6:
            continue
        assert codes(world, lon, lat) == ({"zone:z": "halo"} if metres < margin_m else {})


@given(points, st.lists(st.tuples(st.floats(0, 0.01), st.floats(0, 0.01)), min_size=1, max_size=5), st.floats(1, 300))
def test_a_corridor_is_as_wide_as_it_says(
    at: list[tuple[float, float]], line: list[tuple[float, float]], radius_m: float
) -> None:
    """Within the radius of the line it is inside, within the margin more in the halo."""
    world = World(zones=[zone("z", line=tuple(line), radius_m=radius_m, margin_m=20.0)])
    for lon, lat in at:
        scale = np.array(metres_per_degree(lat))
        flat = (
            shapely.LineString(line * 2 * scale if len(line) == 1 else np.array(line) * scale)
            if len(line) > 1
            else (shapely.Point(np.array(line[0]) * scale))
        )
        metres = flat.distance(shapely.Point(lon * scale[0], lat * scale[1]))
        if min(abs(metres - radius_m), abs(metres - radius_m - 20)) < 1e-6:
            continue
        expected = "inside" if metres < radius_m else "halo" if metres < radius_m + 20 else None
        assert codes(world, lon, lat).get("zone:z") == expected


@given(st.lists(polygons(), min_size=1, max_size=3), points)
def test_compiled_equals_interpreted(shapes: list[Any], at: list[tuple[float, float]]) -> None:
    """The same codes, halos too, from the same source run as plain Python."""
    plain = interpreted(geo.folds.plane, geo.folds.fences)["inside"]
    zones = [zone(str(i), polygons=polygons_of(shape)) for i, shape in enumerate(shapes)]
    world = World(zones=[*zones, zone("c", line=((0.001, 0.001),), radius_m=50.0)])
    compiled, slow = np.zeros(8, np.int64), np.zeros(8, np.int64)
    for lon, lat in at:
        assert inside(world.arrays, lon, lat, compiled) == plain(world.arrays, lon, lat, slow)
        assert compiled.tolist() == slow.tolist()


def test_sides_that_rounding_would_turn() -> None:
    """A point a billionth of a billionth of a degree beside a line is not on it."""
    x = 0.1 + 2e-17  # the next float above 0.1
    assert (side(0.0, 0.0, 3.0, 3.0, 0.1, 0.1), side(0.0, 0.0, 0.3, 0.1, 0.15, 0.05)) == (0.0, 0.0)
    assert exact_side(-3.0, -3.0, 3.0, 3.0, float(np.nextafter(0.1, 1)), 0.1) < 0.0
    assert exact_side(-3.0, -3.0, 3.0, 3.0, 0.1, float(np.nextafter(0.1, 1))) > 0.0
    assert x > 0.1


def test_a_circle() -> None:
    """A place is inside up to its radius, and in the halo 20 m farther."""
    world = World(places=[Place(id=PlaceId("p"), name="p", kind="depot", lon=0.0, lat=0.0, radius_m=60.0)])
    at = [codes(world, east_m * M, 0.0) for east_m in (0, 59.99, 60.01, 79.99, 80.01)]
    assert at == [{"place:p": "inside"}, {"place:p": "inside"}, {"place:p": "halo"}, {"place:p": "halo"}, {}]


@pytest.mark.parametrize("x", [0.0, 100.0, 179.99, -180.0, 180.0])
def test_wherever_on_the_equator(x: float) -> None:
    """A box of a hundredth of a degree has the points of it, also where it lies across the antimeridian."""
    low, high = (x - 0.005 + 180) % 360 - 180, (x + 0.005 + 180) % 360 - 180
    world = World(areas=[area("a", (box(low, 0, high, 0.01),))])
    seen = [codes(world, (x + dx + 180) % 360 - 180, 0.005) for dx in (-0.0051, -0.0049, 0.0, 0.0049, 0.0051)]
    assert seen == [{"area:a": "halo"}, *[{"area:a": "inside"}] * 3, {"area:a": "halo"}]


def test_two_halves_at_the_antimeridian() -> None:
    """A shape cut at 180 degrees, as GeoJSON wants it, is whole on the line itself, by either name of it."""
    world = World(areas=[area("a", (box(179.99, 0, 180, 0.01),), (box(-180, 0, -179.99, 0.01),))])
    assert [list(codes(world, x, 0.005)) for x in (179.995, 180.0, -180.0, -179.995)] == [["area:a"]] * 4


def test_a_hole_across_the_antimeridian() -> None:
    """A hole counts on from its shell, wherever its own longitudes begin."""
    world = World(areas=[area("a", (box(179, 0, -179, 2), box(-179.6, 0.5, -179.4, 1.5)))])
    assert [list(codes(world, x, 1.0)) for x in (179.5, -179.5, -179.3)] == [["area:a"], [], ["area:a"]]


def test_around_the_whole_earth() -> None:
    """Shapes on every longitude leave no gap for the raster's edge: those across it are found on both sides."""
    belt = [area(f"{i:02}", (box(i * 20 - 180, 0, i * 20 - 160, 1),)) for i in range(18)]
    across = area("x", (box(179, -1, -179, 2),))
    world = World(areas=[*belt, across])
    assert [list(codes(world, x, 0.5)) for x in (-179.5, -170.0, 179.5)] == [
        ["area:00", "area:x"], ["area:00"], ["area:17", "area:x"],
    ]  # fmt: skip


@pytest.mark.parametrize("lat", [90.0, -90.0, 89.9999999])
def test_a_device_at_the_pole(lat: float) -> None:
    """It is in the circle around the pole, and nothing fails for it elsewhere."""
    polar = World(places=[Place(id=PlaceId("p"), name="p", kind="other", lon=0.0, lat=lat, radius_m=60.0)])
    assert codes(polar, 0.0, lat) == {"place:p": "inside"}
    assert codes(World(areas=[area("a", (box(0, 0, 1, 1),))]), 0.0, lat) == {}


@pytest.mark.parametrize("at", [(nan, 0.5), (0.5, nan), (1e9, 0.5), (0.5, -1e9)])
def test_a_point_that_is_none(at: tuple[float, float]) -> None:
    """Nothing has it."""
    assert codes(World(areas=[area("a", (box(0, 0, 1, 1),))]), *at) == {}


@pytest.mark.parametrize("shape", [(), ((),), (((0.0, 0.0),),), (((0.0, 0.0), (1.0, 1.0)),), (((0.5, 0.5),) * 5,)])
def test_a_shape_of_nothing(shape: Any) -> None:
    """A polygon of no ring, of an empty ring, of one point or two: it has no inside, and fails nothing."""
    assert codes(World(zones=[zone("y"), zone("z", polygons=(shape,))]), 0.4, 0.6) == {}


def test_a_ring_that_crosses_itself() -> None:
    """Both lobes of a bow tie are inside, and what is passed round twice is not (even-odd)."""
    bow = ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0))
    twice = (*box(0, 2, 3, 5), *box(1, 3, 2, 4))
    world = World(zones=[zone("bow", polygons=((bow,),)), zone("twice", polygons=((twice,),))])
    assert [list(codes(world, *at)) for at in ((0.1, 0.5), (0.5, 0.1), (1.5, 3.5), (0.5, 2.5))] == [
        ["zone:bow"], [], [], ["zone:twice"],
    ]  # fmt: skip


def test_rings_that_are_no_holes() -> None:
    """A hole that lies outside its shell belongs to the shape; a shell that is its own hole leaves its border only."""
    beside = (box(0, 0, 1, 1), box(3, 0, 4, 1))
    twice = (box(0, 3, 1, 4), box(0, 3, 1, 4))
    world = World(zones=[zone("beside", polygons=(beside,)), zone("twice", polygons=(twice,))])
    seen = [codes(world, *at).get(key) for key, at in (("zone:beside", (3.5, 0.5)), ("zone:twice", (0.5, 3.5)))]
    assert (seen, codes(world, 0.0, 3.5)) == (["inside", None], {"zone:twice": "inside"})


def test_a_box_wider_than_half_the_earth() -> None:
    """Between vertices more than 180 degrees apart it goes the short way; with vertices on the way it is as drawn."""
    short, long = box(-100, 0, 100, 1), ((-100, 0), (0, 0), (100, 0), (100, 1), (0, 1), (-100, 1), (-100, 0))
    world = World(zones=[zone("short", polygons=((short,),)), zone("long", polygons=((long,),))])
    assert [list(codes(world, x, 0.5)) for x in (0.0, 180.0)] == [["zone:long"], ["zone:short"]]


def test_a_corridor_across_the_antimeridian() -> None:
    """It is as wide on either side."""
    world = World(zones=[zone("z", line=((179.99, 0.0), (-179.99, 0.0)), radius_m=100.0)])
    assert [list(codes(world, x, 50 * M)) for x in (179.98, 179.995, 180.0, -180.0, -179.995, -179.98)] == [
        [], ["zone:z"], ["zone:z"], ["zone:z"], ["zone:z"], [],
    ]  # fmt: skip


def test_no_more_than_there_is_room_for() -> None:
    """Of ten fences at a point the first four are told where there is room for four."""
    world = World(zones=[zone(str(i), polygons=((box(0, 0, 1, 1),),)) for i in range(10)])
    assert list(codes(world, 0.5, 0.5, room=4)) == ["zone:0", "zone:1", "zone:2", "zone:3"]


@pytest.mark.parametrize("width", [3 * EIGHTH, 0.2, 5.0, 170.0])
def test_a_fence_of_any_size(width: float) -> None:
    """From a yard to half the earth: its corners are as exact, and its cells no more than two million."""
    world = World(
        zones=[
            zone("small", polygons=((box(0, 0, EIGHTH, EIGHTH),),)),
            zone("z", polygons=((box(0, 0, width, min(width, 80)),),)),
        ]
    )
    assert len(world.arrays.entries) < 3_000_000
    at = [(width, 0.0), (np.nextafter(width, 200), 0.0), (EIGHTH, EIGHTH)]
    assert [codes(world, x, y).get("zone:z") for x, y in at] == ["inside", "halo", "inside"]
    assert hypot(*at[2]) > 0
