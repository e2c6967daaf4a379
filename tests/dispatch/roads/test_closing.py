"""Water and barriers: for whom, where, and who is told."""

import numpy as np
import pytest

from core.entities import Closure
from core.errors import ConfigError
from dispatch.eta import START_S, Reach
from dispatch.roads.closing import Closed, speed_share
from dispatch.roads.field import Fields
from dispatch.roads.speeds import CLASSES
from tests.dispatch.roads.maps import at, box, network, way

ALL_CLASSES = list(CLASSES)


def shares(**closure):
    """What is left of the speed of each class."""
    it = Closure(id="c", shape=box(0, 0, 1, 1), **closure)
    return [speed_share(it, cls) for cls in CLASSES]


@pytest.mark.parametrize(
    ("depth_cm", "left"),
    [
        (9, [1, 1, 1, 1, 1]),
        (20, [0.3, 0.3, 0.3, 1, 1]),
        (50, [0.3, 0, 0.3, 1, 1]),
        (100, [0, 0, 0, 0.3, 0.3]),
        (160, [0, 0, 0, 0, 0.3]),
    ],
)
def test_water_stops_classes_one_after_the_other(depth_cm, left):
    """Foot, motorbike, car, truck, boat."""
    assert shares(depth_cm=depth_cm) == left


def test_an_access_class_says_what_fits_through():
    """0 nobody with wheels, 1 motorbikes, 2 cars, 4 all; without depth or access nobody."""
    assert [sum(shares(access=n)) for n in range(5)] == [1, 2, 3, 3, 5]
    assert shares() == [0, 0, 0, 0, 0]


ISLE = (way((0, 0), (2000, 0)), way((0, 0), (0, 1000), (2000, 1000), (2000, 0)))
FLOOD = Closure(id="banjir", shape=box(900, -50, 1100, 50), depth_cm=50)


def times(closures, where=(2000, 0), people=((0, 0), (0, 0)), classes=("motorbike", "truck"), fields=None):
    reach = Reach(network(*ISLE), closures, fields)
    found = reach.eta_of(*at(*where), reach.crowd(*np.transpose([at(*p) for p in people]), classes))
    return (found.eta_s - START_S).tolist(), found.cut_off


def test_a_closure_counts_at_once_and_only_for_its_classes():
    """Half a metre of water: motorbikes go round, trucks pass; with the same cache before and after."""
    fields = Fields()
    assert times([], fields=fields)[0] == pytest.approx([288, 360], abs=0.5)
    assert times([FLOOD], fields=fields)[0] == pytest.approx([576, 360], abs=0.5)
    assert times([], fields=fields)[0] == pytest.approx([288, 360], abs=0.5)


def test_slow_water_costs_time_for_its_share_of_the_road_only():
    """200 m of 2 km at 0.3 of the speed."""
    shallow = Closure(id="genangan", shape=box(900, -50, 1100, 50), depth_cm=20)
    assert times([shallow])[0][0] == pytest.approx(288 + 28.8 * (1 / 0.3 - 1), abs=0.5)


def test_who_stands_beside_the_water_gets_away_from_it():
    """On a stopped segment: west of the water by the west, east of it by the east, in it not at all."""
    people = ((800, 0), (1200, 0), (1000, 0))
    got, cut_off = times([FLOOD], people=people, classes=("motorbike",) * 3)
    assert got == pytest.approx([115.2 + 576, 115.2, np.inf], abs=0.5)
    assert cut_off == {"banjir": 1}


def test_a_flooded_incident_says_who_cannot_come_and_why():
    """Nobody on a motorbike comes; trucks do."""
    got, cut_off = times([FLOOD], where=(1000, 0))
    assert got == pytest.approx([np.inf, 180], abs=0.5)
    assert cut_off == {"banjir": 1}


def test_the_first_closure_in_the_way_is_named():
    """Two barriers on the only road: each is told of the one that they would meet first."""
    net = network(way((0, 0), (3000, 0)))
    barriers = [Closure(id=f"tutup-{x}", shape=box(x, -50, x + 50, 50)) for x in (1000, 2000)]
    reach = Reach(net, barriers)
    crowd = reach.crowd(*np.transpose([at(x, 0) for x in (0, 500, 1500, 2900)]), ["car"] * 4)
    found = reach.eta_of(*at(3000, 0), crowd)
    assert np.isinf(found.eta_s).tolist() == [True, True, True, False]
    assert sum(found.cut_off.values()) == 3


def test_the_closure_beyond_a_crossing_is_named():
    """With crossings between the barriers the obstacle is found along the way that is no longer there."""
    net = network(
        *(way((x, 0), (x + 500, 0)) for x in range(0, 3000, 500)), *(way((x, 0), (x, 300)) for x in (500, 1500, 2500))
    )
    barriers = [Closure(id=f"tutup-{x}", shape=box(x, -50, x + 50, 50)) for x in (1000, 2000)]
    reach = Reach(net, barriers)
    crowd = reach.crowd(*np.transpose([at(x, y) for x, y in ((0, 0), (500, 200), (1500, 200), (2900, 0))]), ["car"] * 4)
    assert reach.eta_of(*at(3000, 0), crowd).cut_off == {"tutup-1000": 2, "tutup-2000": 1}


def test_slow_water_that_makes_it_too_far_is_told_under_no_name():
    """No closure stops them; the limit does."""
    shallow = Closure(id="genangan", shape=box(100, -50, 1900, 50), depth_cm=20)
    reach = Reach(network(way((0, 0), (2000, 0))), [shallow], limit_s=400)
    crowd = reach.crowd(*np.transpose([at(0, 0)]), ["car"])
    assert reach.eta_of(*at(2000, 0), crowd).cut_off == {"": 1}


def test_without_roads_a_closure_keeps_out_who_would_cross_its_border_at_either_end():
    """The straight line asks only where it begins and ends."""
    reach = Reach(None, [FLOOD])
    crowd = reach.crowd(*np.transpose([at(1000, 0), at(0, 0)]), ["motorbike"] * 2)
    outside, inside = (reach.eta_of(*at(x, 0), crowd) for x in (3000, 1000))
    assert np.isinf(outside.eta_s).tolist() == [True, False]
    assert np.isinf(inside.eta_s).all()
    assert (outside.cut_off, inside.cut_off) == ({"banjir": 1}, {"banjir": 2})


def test_only_touched_edges_change():
    """All other weights are the very same numbers."""
    net = network(*ISLE)
    dry, wet = Closed(net).of(1), Closed(net, [FLOOD]).of(1)
    assert (dry.edge_s != wet.edge_s).sum() == 2


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, "x"], [1, 1], [0, 0]]]},
        {"type": "GeometryCollection", "geometries": []},
        {"type": "Point", "coordinates": [123.6, 95]},
        {"type": "Point", "coordinates": [3.6, 0]},
        {"type": "Point", "coordinates": [float("nan"), 0]},
    ],
)
def test_a_shape_that_is_none_is_refused(shape):
    """With the closure's name."""
    with pytest.raises(ConfigError, match="closure c"):
        Closed(network(*ISLE), [Closure(id="c", shape=shape)])


@pytest.mark.parametrize("kind", ["LineString", "Point"])
def test_a_barrier_may_be_a_line_or_a_point(kind):
    """It stops what is within ten metres of it."""
    line = [at(1000, -5), at(1000, 5)]
    shape = {"type": kind, "coordinates": line if kind == "LineString" else line[0]}
    assert times([Closure(id="pohon", shape=shape)])[0][0] == pytest.approx(576, abs=0.5)
