"""Fields against the obvious slow way, and what a one-way street does."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dispatch.eta import START_S, Reach
from dispatch.roads.field import NEAR_M, Fields, field
from dispatch.roads.network import Network
from dispatch.roads.speeds import CLASSES, NUMBER
from tests.dispatch.roads.maps import at, network, way

SIDE = 200.0
BIKE = NUMBER["motorbike"]


@st.composite
def maps(draw):
    """Streets between points of a grid, in any direction, some one-way, some parallel."""
    spot = st.tuples(st.integers(0, 3), st.integers(0, 3))
    streets = draw(st.lists(st.tuples(spot, spot, st.sampled_from(["yes", "no", "-1"])), min_size=2, max_size=14))
    kinds = st.sampled_from(["residential", "primary", "steps"])
    ways = [
        way(*((SIDE * x, SIDE * y) for x, y in (a, b)), oneway=oneway, highway=draw(kinds))
        for a, b, oneway in streets
        if a != b
    ]
    ways.append(way((0, 0), (SIDE, 0), highway="residential"))
    return network(*ways)


def slow_field(net: Network, cls: int, segment: int, share: float, limit_s: float) -> list[float]:
    """Bellman and Ford: seconds from every node to a place on a segment."""
    roads, best, along_s = net.roads, [np.inf] * net.roads.nodes, net.pass_s[cls]
    edges = [(roads.a[s], roads.b[s], along_s[s]) for s in range(roads.segments) if roads.forth[s] >> cls & 1]
    edges += [(roads.b[s], roads.a[s], along_s[s]) for s in range(roads.segments) if roads.back[s] >> cls & 1]
    length_m = roads.length_cm[segment] / 100
    if roads.forth[segment] >> cls & 1 or share * length_m <= NEAR_M:
        best[roads.a[segment]] = share * along_s[segment]
    if roads.back[segment] >> cls & 1 or (1 - share) * length_m <= NEAR_M:
        best[roads.b[segment]] = min(best[roads.b[segment]], (1 - share) * along_s[segment])
    for _ in range(roads.nodes):
        for tail, head, seconds in edges:
            best[tail] = min(best[tail], best[head] + seconds)
    return [seconds if seconds <= limit_s else np.inf for seconds in best]


@given(maps(), st.sampled_from(CLASSES), st.sampled_from([60.0, 7200.0]), st.floats(0, 600), st.floats(0, 600))
def test_a_field_is_what_a_slow_search_finds(net, cls, limit_s, x, y):
    """Every node's seconds to an incident anywhere, up to the limit."""
    number = NUMBER[cls]
    reach = Reach(net, limit_s=limit_s)
    found = field(net, reach.closed, number, reach.closed.xy(*np.transpose([at(x, y)])), limit_s)
    snap = found.place.snap
    assume(snap.segment[0] >= 0)
    slow = np.array(slow_field(net, number, snap.segment[0], snap.share[0], limit_s))
    sure = np.isinf(slow) | (slow < limit_s - 0.1)
    np.testing.assert_allclose(found.node_s[sure], slow[sure], atol=0.01)


def test_a_one_way_street_is_driven_its_way():
    """Who stands at its end goes round; who walks does not care."""
    net = network(
        way((0, 0), (1000, 0), oneway="yes"), way((0, 0), (0, 500), (1000, 500), (1000, 0)), way((0, 0), (-500, 0))
    )
    reach = Reach(net)
    crowd = reach.crowd(*np.transpose([at(0, 0), at(1000, 0), at(1000, 0)]), ["motorbike", "motorbike", "foot"])
    to_east = reach.eta_of(*at(1000, 0), crowd).eta_s - START_S
    to_west = reach.eta_of(*at(0, 0), crowd).eta_s - START_S
    assert to_east == pytest.approx([144, 0, 0], abs=0.3)  # 1 km at 25 km/h
    assert to_west == pytest.approx([0, 288, 720], abs=0.3)  # 2 km round; 1 km on foot


def test_people_on_the_incidents_own_segment_go_straight_along_it():
    """They need not go by a crossing, and against a one-way street they must."""
    ring = way((0, 0), (0, 500), (1000, 500), (1000, 0))
    net = network(way((0, 0), (1000, 0), oneway="yes"), ring, way((0, 0), (-300, 0)))
    reach = Reach(net)
    crowd = reach.crowd(*np.transpose([at(300, 0), at(700, 0)]), ["motorbike"] * 2)
    times = reach.eta_of(*at(600, 0), crowd).eta_s - START_S
    assert times == pytest.approx([43.2, (300 + 2000 + 600) * 0.144], abs=0.3)


def test_a_few_metres_into_a_one_way_street_are_no_way_round():
    """A position is some metres wrong: who stands 15 m into it may as well stand at the crossing."""
    ring = way((0, 0), (0, 500), (1000, 500), (1000, 0))
    reach = Reach(network(way((0, 0), (1000, 0), oneway="yes"), ring, way((0, 0), (-300, 0))))
    crowd = reach.crowd(*np.transpose([at(15, 0), at(25, 0)]), ["motorbike"] * 2)
    times = reach.eta_of(*at(-100, 0), crowd).eta_s - START_S
    assert times == pytest.approx([115 * 0.144, (975 + 2000 + 100) * 0.144], abs=0.3)


def test_the_way_to_the_road_is_added():
    """A motorbike 100 m from the road rides those at 10 km/h."""
    reach = Reach(network(way((0, 0), (1000, 0))))
    crowd = reach.crowd(*np.transpose([at(0, 100)]), ["motorbike"])
    assert reach.eta_of(*at(1000, 50), crowd).eta_s - START_S == pytest.approx([36 + 144 + 18], abs=0.3)


def test_beyond_the_limit_nobody_comes():
    """2 km at 25 km/h are 288 s: too far for a limit of 200 s."""
    reach = Reach(network(way((0, 0), (2000, 0))), limit_s=200)
    crowd = reach.crowd(*np.transpose([at(0, 0), at(1000, 0)]), ["car", "car"])
    assert np.isinf(reach.eta_of(*at(2000, 0), crowd).eta_s).tolist() == [True, False]


def test_the_cache_keeps_its_bound_and_changes_nothing():
    """With room for one field the answers are those of one with room for all."""
    net = network(way((0, 0), (1000, 0)), way((500, 0), (500, 700)))
    small, large = Fields(most_bytes=1), Fields()
    for x in (0, 100, 0, 900, 0):
        few, many = (Reach(net, fields=fields) for fields in (small, large))
        crowd = few.crowd(*np.transpose([at(500, 600)]), ["car"])
        assert few.eta_of(*at(x, 0), crowd).eta_s == many.eta_of(*at(x, 0), crowd).eta_s
    assert (small.computed, large.computed) == (5, 3)
