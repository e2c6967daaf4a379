"""Times of many to one incident: by columns, under closures, never below the floor."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.entities import Closure
from dispatch.eta import START_S, Reach, distances_m, eta_s
from dispatch.roads.field import Fields
from dispatch.roads.speeds import CLASSES, NUMBER
from tests.dispatch.roads.maps import at, box, network, way

TOWN = network(
    way((0, 0), (600, 0), (1200, 0), (1800, 0), highway="primary"),
    way((0, 600), (600, 600), (1200, 600), (1800, 600), oneway="yes"),
    way((1800, 900), (1200, 900), (0, 900), highway="secondary"),
    way((0, 0), (0, 600), (0, 900)),
    way((600, 0), (600, 600), highway="path"),
    way((1200, 0), (1200, 600), (1200, 900), maxspeed="20"),
    way((1800, 0), (1800, 600), (1800, 900), oneway="-1"),
)
places = st.tuples(st.floats(-200, 2600), st.floats(-200, 1700))


@st.composite
def crowds(draw):
    """Up to eight people of any class, an incident, and up to three closures."""
    people = draw(st.lists(st.tuples(places, st.sampled_from(CLASSES)), min_size=1, max_size=8))
    corners = draw(st.lists(st.tuples(places, st.floats(5, 800), st.sampled_from([5, 20, 50, 100, None])), max_size=3))
    closures = [
        Closure(id=f"c{n}", shape=box(x, y, x + size, y + size), depth_cm=depth)
        for n, ((x, y), size, depth) in enumerate(corners)
    ]
    lons, lats = np.transpose([at(*place) for place, _ in people])
    return at(*draw(places)), lons, lats, [cls for _, cls in people], closures


@given(crowds())
def test_closures_make_nobody_faster_and_everybody_who_is_stopped_is_counted(crowd):
    """Whoever could come without them and cannot with them stands in `cut_off`, once."""
    incident, lons, lats, classes, closures = crowd
    dry, wet = eta_s(*incident, lons, lats, classes, TOWN), eta_s(*incident, lons, lats, classes, TOWN, closures)
    assert (wet.eta_s >= dry.eta_s - 1e-3).all()
    assert sum(wet.cut_off.values()) == (np.isinf(wet.eta_s) & np.isfinite(dry.eta_s)).sum()
    assert set(wet.cut_off) <= {closure.id for closure in closures}


@given(crowds(), st.booleans())
def test_nobody_beats_the_floor(crowd, roads):
    """The bound of each class from the straight line holds with roads and without."""
    incident, lons, lats, classes, closures = crowd
    reach = Reach(TOWN if roads else None, closures)
    times = reach.eta_of(*incident, reach.crowd(lons, lats, classes)).eta_s
    least_s = np.array(reach.floors_s_per_m())[[NUMBER[cls] for cls in classes]] * distances_m(*incident, lons, lats)
    assert (times >= START_S + least_s - 1e-3).all()


@given(crowds(), st.data())
def test_some_columns_get_what_all_get(crowd, data):
    """Bit for bit, in the order asked for."""
    incident, lons, lats, classes, closures = crowd
    reach = Reach(TOWN, closures)
    everybody = reach.crowd(lons, lats, classes)
    columns = np.array(data.draw(st.lists(st.integers(0, len(lons) - 1), max_size=8, unique=True)), np.int64)
    whole, some = reach.eta_of(*incident, everybody), reach.eta_of(*incident, everybody, columns)
    assert some.eta_s.tolist() == whole.eta_s[columns].tolist()
    assert some.by_road.tolist() == whole.by_road[columns].tolist()


@given(st.lists(crowds(), min_size=2, max_size=5), st.integers(0, 3))
def test_kept_fields_change_nothing(turns, incidents):
    """Closures come and go over the same incidents: with one cache all the way and with none, bit for bit."""
    kept = Fields()
    spots = [turn[0] for turn in turns][: incidents + 1]
    for _, lons, lats, classes, closures in turns:
        with_cache, without = Reach(TOWN, closures, kept), Reach(TOWN, closures)
        for spot in spots:
            found, anew = (r.eta_of(*spot, r.crowd(lons, lats, classes)) for r in (with_cache, without))
            assert found.eta_s.tolist() == anew.eta_s.tolist()
            assert found.cut_off == anew.cut_off


def test_nobody_is_a_crowd_too():
    """No volunteers, no times, and none of them is cut off."""
    found = eta_s(*at(0, 0), [], [], [], TOWN, [Closure(id="c", shape=box(0, 0, 9, 9))])
    assert (len(found.eta_s), len(found.by_road), found.cut_off) == (0, 0, {})


def test_an_unknown_class_is_named():
    """And those that exist."""
    with pytest.raises(ValueError, match=r"'bajaj'; possible: foot, motorbike"):
        eta_s(*at(0, 0), [123.6], [0.0], ["bajaj"], TOWN)
