"""From ways to a graph."""

import pytest

from core.errors import ConfigError
from dispatch.roads.build import build
from dispatch.roads.tags import limit_of, way_of
from tests.dispatch.roads.maps import way


def test_ways_are_split_at_crossings_and_joined_elsewhere():
    """A street drawn in three pieces with one side street: three segments and four nodes."""
    roads, report = build(
        [way((0, 0), (400, 0)), way((400, 0), (700, 0)), way((700, 0), (1000, 0)), way((700, 0), (700, 300))]
    )
    assert (roads.segments, roads.nodes, report.joined) == (3, 4, 1)
    assert sorted(roads.length_cm.tolist()) == pytest.approx([30_000, 30_000, 70_000], abs=5)


def test_what_tells_two_pieces_apart_keeps_them_apart():
    """Another limit, another kind, another direction."""
    pieces = [way((0, 0), (400, 0)), way((400, 0), (700, 0), maxspeed="20"), way((700, 0), (900, 0), highway="service")]
    assert build(pieces)[0].segments == 3


def test_both_directions_as_two_lines_are_one_street():
    """As OSMnx writes them; two one-way lines make a street for both."""
    roads, report = build([way((0, 0), (400, 0), oneway="yes"), way((400, 0), (0, 0), oneway="yes")])
    assert (roads.segments, report.doubles) == (1, 1)
    assert roads.forth.tolist() == roads.back.tolist() == [31]


def test_islands_are_left_out_and_reported():
    """A road without a connection, and for cars a one-way street that leads nowhere."""
    roads, report = build([
        way((0, 0), (900, 0)), way((0, 0), (0, 500)), way((5000, 0), (5400, 0)), way((900, 0), (1200, 0), oneway="yes")
    ])  # fmt: skip
    assert (roads.segments, report.islands, round(report.dropped_km, 1)) == (2, 1, 0.4)
    assert {cls: round(km, 1) for cls, km in report.islands_km.items()} == {
        "foot": 0.4, "motorbike": 0.7, "car": 0.7, "truck": 0.7, "boat": 0.7
    }  # fmt: skip


def test_a_map_without_roads_is_refused():
    """It says what to look at."""
    with pytest.raises(ConfigError, match="of this city"):
        build([])


def test_a_ring_stays_a_ring():
    """A closed way without any crossing does not collapse."""
    roads, _ = build([way((0, 0), (100, 0), (100, 100), (0, 0)), way((0, 0), (-100, 0))])
    assert (roads.segments, roads.nodes) == (2, 2)


@pytest.mark.parametrize(
    ("tags", "forth", "back"),
    [
        ({}, 31, 31),
        ({"oneway": "yes"}, 31, 1),
        ({"oneway": True}, 31, 1),
        ({"oneway": "-1"}, 1, 31),
        ({"oneway": False}, 31, 31),
        ({"junction": "roundabout"}, 31, 1),
        ({"access": "private"}, 0, 0),
        ({"access": "no", "foot": "yes"}, 1, 1),
        ({"motor_vehicle": "no"}, 1, 1),
        ({"motor_vehicle": "no", "motorcycle": "yes"}, 3, 3),
        ({"foot": "no"}, 30, 30),
    ],
)
def test_tags_say_who_may_pass(tags, forth, back):
    """Bits: foot 1, motorbike 2, car 4, truck 8, boat 16."""
    found = way_of({"highway": "residential", **tags}, ((0, 0), (1, 1)))
    assert ((found.forth, found.back) if found else (0, 0)) == (forth, back)


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("50", 50),
        ("30 mph", 48),
        (None, 0),
        ("walk", 0),
        (["30", "60"], 30),
        ("['30', '60']", 30),
        (40, 40),
        ("999", 200),
    ],
)
def test_limits_are_read_in_all_their_forms(text, kmh):
    """km/h, mph, lists, nonsense."""
    assert limit_of(text) == kmh


def test_lists_of_kinds_give_the_first():
    """As OSMnx writes merged ways."""
    assert way_of({"highway": "['living_street', 'residential']"}, ((0, 0), (1, 1))).kind == "living_street"


def test_what_nobody_travels_on_is_no_way():
    """A planned road, a railway, a square."""
    assert [
        way_of(t, ((0, 0), (1, 1)))
        for t in ({"highway": "proposed"}, {"railway": "rail"}, {"highway": "service", "area": "yes"})
    ] == [None] * 3
