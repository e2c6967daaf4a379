"""The street graph."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

import cities
from simulators import streets
from tests.simulators.conftest import CITIES


@pytest.mark.parametrize("name", CITIES.values())
def test_every_corner_can_be_reached(name):
    """The graph is connected, in Kupang and across the antimeridian."""
    graph = streets.build(cities.load(name))
    assert connected_components(graph.seconds, directed=False)[0] == 1
    assert len(graph.xy) > 50


@pytest.mark.parametrize("name", CITIES.values())
def test_every_place_has_a_node_where_it_is(name):
    """A truck can stop exactly at a registered place."""
    city = cities.load(name)
    graph = streets.build(city)
    for place in city.places:
        at = graph.plane.forward(place.lon, place.lat)
        assert np.hypot(*(graph.xy[graph.place_node[place.id]] - at)) < 0.01


def test_the_same_seed_gives_the_same_streets_another_seed_others(kupang, graph):
    """Streets depend on city and seed only."""
    assert np.array_equal(streets.build(kupang, seed=1).xy, graph.xy)
    assert not np.array_equal(streets.build(kupang, seed=2).xy[:1500], graph.xy[:1500])


def test_a_path_follows_edges_and_is_no_longer_than_its_reverse(graph):
    """Consecutive nodes are joined; both directions take the same time."""
    joined = {frozenset(edge) for edge in graph.edges.tolist()}
    depot, landfill = graph.place_node["depo"], graph.place_node["tpa-alak"]
    out, back = graph.path(depot, landfill), graph.path(landfill, depot)
    assert all(frozenset(pair) in joined for pair in pairwise(out))
    seconds = [sum(graph.seconds[a, b] for a, b in pairwise(p)) for p in (out, back)]
    assert seconds[0] == pytest.approx(seconds[1])


def test_lines_draw_every_edge_once(graph):
    """What the map draws is the graph, in fewer lines than edges."""
    lines = graph.lines()
    assert sum(len(line) - 1 for line in lines) == len(graph.edges)
    assert len(lines) < len(graph.edges) / 3


@pytest.mark.parametrize("lon", [123.5, 179.999, -179.999])
def test_the_plane_inverts_also_across_the_antimeridian(lon):
    """forward and inverse are inverse; longitudes come back in [-180, 180)."""
    plane = streets.Plane.at((180.0 if abs(lon) > 170 else 123.6, -10.0))
    x, y = plane.forward(lon, -10.01)
    back_lon, back_lat = plane.inverse(x, y)
    assert (float(back_lon), float(back_lat)) == pytest.approx((lon, -10.01), abs=1e-9)
    assert abs(x) < 20_000


def test_the_plane_has_the_lengths_of_the_ellipsoid():
    """At 10 degrees south a degree is 109,641 m east and 110,608 m north (WGS84)."""
    plane = streets.Plane.at((123.6, -10.0))
    assert plane.m_lon == pytest.approx(109_641, abs=3)
    assert plane.m_lat == pytest.approx(110_608, abs=3)
