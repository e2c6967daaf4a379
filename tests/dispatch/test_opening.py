"""What the city's table puts in place when an incident is opened, whoever reports it."""

import pytest

from core.entries import Config
from core.events import CommandDone, IncidentChanged
from dispatch.engine import step
from dispatch.rows import changed, restored
from dispatch.state import Params, State
from tests.dispatch.town import NOW, command, of
from tests.made_up_city.city import city as rauhavn

CITY = {"id": "city", "offsets": [[0, 28_800]], "bounds": (123.5, -10.3, 123.7, -10.1), "origin": (123.6, -10.2)}
RING = [[123.61, -10.19], [123.63, -10.19], [123.63, -10.17], [123.61, -10.17], [123.61, -10.19]]
AREA = {"id": "53.71.01", "name": "Oesapa", "polygons": [[RING]]}
FLOOD = {"id": "banjir", "needs": [{"role": "evakuasi", "count": 4}], "aliases": ["flood"], "depth_cm": 50}
SLIDE = {"id": "longsor", "needs": [{"role": "gali", "count": 2}]}
BOX = {"type": "Polygon", "coordinates": [RING]}


class Desk:
    """A city that dispatch was told of, and what is said to it."""

    def __init__(self, city=CITY):
        self.state = State()
        for section, rows in (("city", (city,)), ("areas", (AREA,)), ("kinds", (FLOOD, SLIDE))):
            self.state, _ = step(self.state, Config(section=section, rows=rows, at_us=NOW), Params())

    def tell(self, act, at_s=0.0, **body):
        self.state, said = step(self.state, command(act, at_s, **body), Params())
        return said

    def open(self, **body):
        """The incident, and the answer to whoever reported it."""
        place = {"kind": "banjir", "lon": 123.65, "lat": -10.25}
        said = self.tell("incident.open", id_=f"i{len(self.state.incidents)}", **(place | body))
        return next(iter(of(IncidentChanged, said)), None), of(CommandDone, said)[0]


def roles(incident):
    return [(need.role, need.count) for need in incident.needs]


def test_the_usual_needs_of_its_kind_are_put_in_place():
    """Whichever word is used for it; what was asked for by name stays."""
    desk = Desk()
    assert roles(desk.open()[0]) == [("evakuasi", 4)]
    told, done = desk.open(kind="Flood")
    assert (told.kind, roles(told), done.reason) == ("Flood", [("evakuasi", 4)], "")
    assert roles(desk.open(needs=[{"role": "perahu", "count": 1}])[0]) == [("perahu", 1)]


def test_an_unknown_kind_is_opened_and_answered():
    """Nothing is lost, and whoever reported it is told which kinds there are."""
    told, done = Desk().open(kind="ufo")
    assert (told.kind, told.needs, done.ok) == ("ufo", (), True)
    assert done.reason == "unknown kind 'ufo': opened as it was said, with no usual needs; known are banjir, longsor"


@pytest.mark.parametrize("place", [{"lon": 124.5}, {"lat": -9.0}, {"lon": -123.65}])
def test_a_place_outside_the_city_is_refused(place):
    """With what to do; nothing is opened."""
    told, done = Desk().open(**place)
    assert (told, done.ok) == (None, False)
    assert "outside the city" in done.reason


def test_a_city_astride_the_antimeridian():
    """Both of its sides are within, what lies between them the long way round is not."""
    bounds = rauhavn().bounds
    desk = Desk(CITY | {"bounds": bounds, "origin": rauhavn().origin})
    inside = [desk.open(lon=lon, lat=52.03)[1].ok for lon in (179.95, -179.95, 0.0)]
    assert inside == [True, True, False]
    assert desk.open(lon=-180.0, lat=52.03)[0].placed == "placeholder"


def test_of_the_centre_of_the_city_the_area_is_believed():
    """Named by its id or its name, it is the place; without one nobody knows where."""
    desk = Desk()
    for area in ("53.71.01", "oesapa"):
        told, _ = desk.open(lon=123.6, lat=-10.2, area=area)
        assert (told.placed, told.area) == ("placeholder", "53.71.01")
        assert (told.lon, told.lat) == pytest.approx((123.62, -10.18), abs=0.01)
    told, _ = desk.open(lon=123.6, lat=-10.2)
    assert (told.placed, told.area, told.lon, told.lat) == ("placeholder", None, 123.6, -10.2)


def test_moved_to_where_it_is_the_doubt_is_over():
    """And it cannot be moved out of the city."""
    desk = Desk()
    told, _ = desk.open(lon=123.6, lat=-10.2)
    moved = of(IncidentChanged, desk.tell("incident.move", id=told.id, lon=123.62, lat=-10.18))[-1]
    assert (moved.placed, moved.area) == ("", "53.71.01")
    assert not of(CommandDone, desk.tell("incident.move", 1, id=told.id, lon=1.0, lat=1.0))[0].ok


def test_water_that_nobody_measured_is_as_deep_as_usual():
    """It says so; what was measured stays, and so does what is no water, or only warned of."""
    desk = Desk()
    hazards = [
        desk.open(hazard={"shape": BOX})[0].hazard,
        desk.open(hazard={"shape": BOX, "depth_cm": 20})[0].hazard,
        desk.open(hazard={"shape": BOX, "access": 4})[0].hazard,
        desk.open(hazard={"shape": BOX}, kind="longsor")[0].hazard,
        desk.open(hazard={"shape": BOX}, source="cap")[0].hazard,
    ]
    assert [(h.depth_cm, h.assumed) for h in hazards] == [
        (50, True),
        (20, False),
        (None, False),
        (None, False),
        (None, False),
    ]
    told, _ = desk.open()
    drawn = of(IncidentChanged, desk.tell("incident.edit", id=told.id, hazard={"shape": BOX}))[-1].hazard
    assert (drawn.depth_cm, drawn.assumed) == (50, True)


def test_a_depth_that_was_assumed_goes_with_the_kind():
    """It was that of the other kind; what was measured stays."""
    desk = Desk()
    for at_s, depth_cm in ((5, None), (6, 20)):
        told, _ = desk.open(hazard={"shape": BOX, "depth_cm": depth_cm})
        desk.tell("incident.edit", at_s, id=told.id, kind="longsor")
    hazards = [incident.hazard for incident in desk.state.incidents.values()]
    assert [(h.depth_cm, h.assumed) for h in hazards] == [(None, False), (20, False)]


def test_of_another_kind_are_other_needs():
    """Unless somebody said what is needed; those who look stay asked."""
    desk = Desk()
    told, _ = desk.open()
    desk.tell("incident.look", id=told.id)
    slide = of(IncidentChanged, desk.tell("incident.edit", id=told.id, kind="longsor"))[-1]
    assert roles(slide) == [("gali", 2), ("look", 3)]
    told, _ = desk.open(needs=[{"role": "perahu"}])
    assert roles(of(IncidentChanged, desk.tell("incident.edit", 1, id=told.id, kind="longsor"))[-1]) == [("perahu", 1)]


def test_a_row_of_the_state_for_each_kind():
    """They are written when they change, and read back."""
    desk = Desk()
    rows = changed(None, desk.state)
    assert {"kinds:banjir", "kinds:longsor"} <= rows.keys()
    assert restored({k: v for k, v in rows.items() if v is not None})[0] == desk.state
    before = desk.state
    desk.tell("incident.open", id_="x", kind="banjir", lon=123.65, lat=-10.25)
    assert not [name for name in changed(before, desk.state) if name.startswith("kinds")]
    assert (desk.state.bounds, desk.state.centre) == (CITY["bounds"], CITY["origin"])
