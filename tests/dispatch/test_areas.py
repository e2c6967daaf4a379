"""The area of an incident, by its place."""

import pytest

from core.entities import Area
from core.entries import Config
from dispatch.areas import area_at
from tests.dispatch.town import HERE, NOW, Town, command, opened

WEST, EAST = HERE[0] - 0.01, HERE[0] + 0.01


def square(area_id, west, east):
    """An area as tall as the town."""
    ring = ((west, -10.2), (east, -10.2), (east, -10.1), (west, -10.1), (west, -10.2))
    return Area(id=area_id, name=area_id, polygons=((ring,),))


def rows(*areas):
    return Config(
        section="areas",
        rows=tuple({"id": a.id, "name": a.name, "polygons": a.polygons} for a in areas),
        at_us=NOW,
    )


@pytest.fixture
def town():
    """Two areas side by side, the border a hundredth of a degree east of the incident."""
    return Town(rows(square("b", WEST, EAST), square("c", EAST, EAST + 0.02)), opened())


def test_an_incident_bears_the_area_that_it_is_in(town):
    """Whoever reports it, by whatever way; what was said by a person counts more."""
    town.run(opened("named", area="c"))
    assert [town.state.incidents[i].area for i in ("i", "named")] == ["b", "c"]


def test_a_doubtful_place_has_no_area(town):
    """The city's centre says nothing about where it is."""
    town.run(opened("somewhere", placed="placeholder"))
    assert town.state.incidents["somewhere"].area is None


def test_a_place_that_is_corrected_has_another_area(town):
    """By a move, and by an edit that names the place; both in one version."""
    town.run(command("incident.move", 3, id="i", lon=EAST + 0.01, lat=HERE[1]))
    moved = town.state.incidents["i"]
    town.run(command("incident.edit", 4, id="i", lon=HERE[0], lat=HERE[1], severity=3))
    edited = town.state.incidents["i"]
    assert (moved.area, moved.revision) == ("c", 3)
    assert (edited.area, edited.severity, edited.revision) == ("b", 3, 4)


def test_nobody_undoes_what_they_do_not_look_at(town):
    """The last command was about another incident: it stays."""
    town.run(opened("other", 1.0), command("incident.verify", 2, id="other"))
    said = town.run(command("incident.undo", 3, id="i"))
    assert not said[-1].ok
    assert "another incident" in said[-1].reason


@pytest.mark.parametrize(("lon", "area"), [(WEST, "b"), (EAST, "b"), (EAST + 0.001, "c"), (0.0, None)])
def test_a_border_belongs_to_the_first(lon, area):
    """A point on a border is in the area whose id comes first; one outside all in none."""
    areas = {"c": square("c", EAST, EAST + 0.02), "b": square("b", WEST, EAST)}
    assert area_at(areas, lon, HERE[1]) == area


def test_a_bad_shape_holds_nothing():
    """A ring of two corners is passed over."""
    bad = Area(id="a", name="", polygons=((((WEST, -10.2), (EAST, -10.1)),),))
    assert area_at({"a": bad, "b": square("b", WEST, EAST)}, *HERE) == "b"


@pytest.mark.parametrize("polygons", [((((123.6, -10.2), (123.6, -10.1)),),), ((),), ()])
def test_an_area_with_a_bad_shape_has_no_middle(polygons):
    """A report that names it stays where it was drawn, and the step goes on."""
    town = Town(rows(Area(id="k", name="k", polygons=polygons)), opened("somewhere", placed="placeholder", area="k"))
    assert (town.state.incidents["somewhere"].lon, town.state.incidents["somewhere"].area) == (HERE[0], "k")
