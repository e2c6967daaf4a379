"""What Python asks of the world: keys, versions, areas of many points."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.entities import Place, PlaceId, Street, StreetId
from geo.city.world import PAIRS, World
from tests.geo.shapes import area, box, zone

HERE = (box(0, 0, 0.01, 0.01),)


def place(id_: str, kind: Any = "depot") -> Place:
    return Place(id=PlaceId(id_), name=id_, kind=kind, lon=0.005, lat=0.005)


def test_areas_come_first_then_places_then_zones_each_by_id() -> None:
    """In this order fences are numbered and found, however they came."""
    world = World(
        [area("b", HERE), area("a", HERE)], [place("q"), place("p")], [zone("y", polygons=(HERE,)), zone("x")]
    )
    assert world.keys == ["area:a", "area:b", "place:p", "place:q", "zone:x", "zone:y"]
    assert world.fences_at(0.005, 0.005) == ["area:a", "area:b", "place:p", "place:q", "zone:y"]


def test_targets_are_service_points_then_streets() -> None:
    """Each by id; a street without a line is none."""
    lines = [Street(id=StreetId("t"), line=((0, 0), (0, 1))), Street(id=StreetId("s"))]
    assert World((), [place("q", "service_point"), place("d")], (), lines).targets == ["place:q", "street:t"]


def test_a_fence_has_the_version_of_its_set() -> None:
    """Places and what is not there have none."""
    given = area("a", HERE)
    world = World([type(given)(id=given.id, name="", polygons=given.polygons, version="2024-1")], [place("p")])
    assert [world.version_of(key) for key in ("area:a", "place:p", "zone:none")] == ["2024-1", "", ""]


def test_a_point_in_two_areas_belongs_to_the_first() -> None:
    """By id; fences that are no areas do not count."""
    world = World([area("b", HERE), area("a", HERE)], [place("p")])
    assert world.area_at(np.array([0.005, 0.5]), np.array([0.005, 0.5])) == ["a", None]


def test_more_pairs_than_one_go_has_room_for() -> None:
    """All of them are found, in order."""
    n = PAIRS // 2 + 10
    point, fence = World([area("a", HERE), area("b", HERE)]).fences_of(np.full(n, 0.005), np.full(n, 0.005))
    assert (point.tolist(), fence.tolist()) == ([i // 2 for i in range(2 * n)], [0, 1] * n)


def test_an_empty_world() -> None:
    """It has the same arrays as any other, so that one compiled kernel serves both, and finds nothing."""
    empty, full = World(), World([area("a", HERE)], [place("p", "service_point")])
    kinds = [[a.dtype for a in _flat(world.arrays)] for world in (empty, full)]
    assert kinds[0] == kinds[1]
    assert (empty.fences_at(0, 0), empty.area_at(np.zeros(1), np.zeros(1))) == ([], [None])


def test_a_wide_corridor_of_many_vertices() -> None:
    """Cells are made wider where too many edges are near each: it is built in a moment, and as exact as any."""
    line = tuple((0.0004 * (i % 25), 0.0004 * (i // 25)) for i in range(500))
    world = World(zones=[zone("z", line=line, radius_m=5000.0)])
    assert len(world.arrays.refs) < 2_000_000
    assert [world.fences_at(x, 0.0) for x in (0.0544, 0.0546)] == [["zone:z"], []]  # 5 km from the last vertex


def test_a_zone_of_many_vertices_and_many_small_zones() -> None:
    """A hundred thousand vertices, and ten thousand circles of a centimetre: memory follows their borders."""
    turn = np.linspace(0.0, 2.0 * np.pi, 100_000)
    reach = 0.05 + 0.01 * np.sin(turn * 100.0)
    star = (tuple(zip((reach * np.cos(turn)).tolist(), (reach * np.sin(turn)).tolist(), strict=True)),)
    dots = [zone(f"{i:05}", line=((1.0 + i % 100 * 1e-3, i // 100 * 1e-3),), radius_m=0.01) for i in range(10_000)]
    world = World(zones=[zone("star", polygons=(star,)), *dots])
    assert (len(world.arrays.refs) < 2_000_000, len(world.arrays.entries) < 1_000_000) == (True, True)
    assert [world.fences_at(*at) for at in ((0.0, 0.0), (1.001, 0.0), (1.0015, 0.0))] == [
        ["zone:star"], ["zone:00001"], [],
    ]  # fmt: skip


def _flat(arrays: Any) -> list[Any]:
    return [a for field in arrays for a in (_flat(field) if isinstance(field, tuple) else [field])]
