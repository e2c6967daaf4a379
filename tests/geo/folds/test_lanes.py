"""Which service points and streets a leg comes near, and how near."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geo.folds.fences
import geo.folds.lanes
import geo.folds.plane
from core.entities import Place, PlaceId, Street, StreetId
from geo.city.world import World
from geo.folds.jit import interpreted
from geo.folds.lanes import beside
from geo.folds.plane import metres_per_degree

M = 1 / 111_319.5  # a metre in degrees of longitude on the equator
degrees = st.floats(-0.01, 0.01).map(lambda value: round(value, 9))
spots = st.tuples(degrees, degrees)
lines = st.lists(spots, min_size=2, max_size=4, unique=True)


def point(id_: str, lon: float = 0.0, lat: float = 0.0, **fields: Any) -> Place:
    return Place(**({"id": PlaceId(id_), "name": id_, "kind": "service_point", "lon": lon, "lat": lat} | fields))


def street(id_: str, *line: tuple[float, float]) -> Street:
    return Street(id=StreetId(id_), line=line)


def near(world: World, *leg: float, room: int = 16) -> dict[str, float]:
    """Targets of a leg with their distance."""
    found, metres = np.empty(room, np.int64), np.empty(room)
    n = beside(world.arrays, *leg, found, metres)
    return {world.targets[found[i]]: float(metres[i]) for i in range(n)}


@given(st.lists(spots, max_size=6), st.lists(lines, max_size=6), spots, spots)
def test_it_equals_a_look_at_every_target(points: Any, streets: Any, start: Any, end: Any) -> None:
    """Every target within reach of the leg is found, each once with its least distance, and no other."""
    places = [point(str(i), *at, radius_m=60.0) for i, at in enumerate(points)]
    world = World((), places, (), [street(str(i), *line) for i, line in enumerate(streets)])
    scale = np.array(metres_per_degree(end[1]))
    leg = shapely.LineString(np.array([start, end]) * scale)
    shapes = {f"place:{i}": (shapely.Point(np.array(at) * scale), 60.0) for i, at in enumerate(points)}
    shapes |= {f"street:{i}": (shapely.LineString(np.array(line) * scale), 30.0) for i, line in enumerate(streets)}
    found = near(world, *start, *end)
    for key, (shape, reach_m) in shapes.items():
        metres = leg.distance(shape)
        if abs(metres - reach_m) > 1e-6:
            assert (key in found) == (metres < reach_m)
        if key in found:
            assert found[key] == pytest.approx(metres, abs=1e-6)


@given(st.lists(spots, max_size=4), st.lists(lines, max_size=4), spots, spots)
def test_compiled_equals_interpreted(points: Any, streets: Any, start: Any, end: Any) -> None:
    """The same targets in the same order, with the same distances to the last bit."""
    plain = interpreted(geo.folds.plane, geo.folds.fences, geo.folds.lanes)["beside"]
    places = [point(str(i), *at) for i, at in enumerate(points)]
    arrays = World((), places, (), [street(str(i), *line) for i, line in enumerate(streets)]).arrays
    answers = []
    for kernel in (beside, plain):
        found, metres = np.zeros(16, np.int64), np.zeros(16)
        answers.append((kernel(arrays, *start, *end, found, metres), found.tolist(), metres.tolist()))
    assert answers[0] == answers[1]


def test_the_reach_of_a_point_is_30_m_or_its_radius() -> None:
    """A point is passed within its radius, and within 30 m where that is less: it is served from the street."""
    world = World(places=[point("small", radius_m=5.0), point("wide", radius_m=80.0)])
    passes = [near(world, -100 * M, y * M, 100 * M, y * M) for y in (29.9, 30.5, 80.9)]
    assert [sorted(found) for found in passes] == [["place:small", "place:wide"], ["place:wide"], []]


def test_only_service_points_are_served() -> None:
    """A depot is no target."""
    assert World(places=[point("p"), point("d", kind="depot")]).targets == ["place:p"]


def test_a_leg_that_crosses_a_street() -> None:
    """It comes as near as can be."""
    assert near(World(streets=[street("s", (0, -0.01), (0, 0.01))]), -0.001, 0, 0.001, 0) == {"street:s": 0.0}


def test_a_leg_from_far_outside() -> None:
    """Where both ends lie outside all that is known, what lies between is found."""
    assert list(near(World(places=[point("p")]), -0.02, 0, 0.02, 0)) == ["place:p"]


def test_a_leg_across_the_antimeridian() -> None:
    """From 179.999 to -179.999 it is 222 m, whichever side the target's own longitude is on."""
    world = World(places=[point("w", 180.0), point("e", -179.9999)])
    assert sorted(near(world, 179.999, 0, -179.999, 0)) == ["place:e", "place:w"]


def test_a_leg_of_hundreds_of_kilometres() -> None:
    """It is evidence of nothing; nor is one to a place that is none."""
    world = World(places=[point("p")])
    assert near(world, -2.0, 0, 2.0, 0) == near(world, -0.001, 0, float("nan"), 0) == {}


def test_no_more_than_there_is_room_for() -> None:
    """Of five targets two are told where there is room for two."""
    world = World(places=[point(str(i)) for i in range(5)])
    assert sorted(near(world, 0, 0, 0.0001, 0, room=2)) == ["place:0", "place:1"]


def test_places_along_a_street() -> None:
    """Sixteen of them, in the middle of equal lengths; a point's are the point."""
    world = World(places=[point("p", 0.5, 0.25)], streets=[street("s", (0, 0), (0.016, 0))])
    along = np.stack([world.arrays.along_lon, world.arrays.along_lat])
    assert along[:, 0].T.tolist() == [[0.5, 0.25]] * 16
    assert along[:, 1].T.ravel() == pytest.approx([x for i in range(16) for x in (0.0005 + i * 0.001, 0.0)])
