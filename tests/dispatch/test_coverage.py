"""One more five-person fire here, now?"""

import pytest

from core.entries import Config
from dispatch.coverage import Coverage, coverage
from dispatch.desk import Desk
from tests.dispatch.town import HERE, NOW, Town, opened, person, register, sight


def square(id_, lon, lat, half=0.001):
    ring = [[lon - half, lat - half], [lon + half, lat - half], [lon + half, lat + half], [lon - half, lat + half]]
    return {"id": id_, "name": id_.upper(), "polygons": [[[*ring, ring[0]]]]}


def town(people=6):
    """Six people 500 m apart northwards, an area about the incident, one 2 km and one 60 km away."""
    here, north = square("a", *HERE), square("b", HERE[0], HERE[1] + 0.018)
    areas = Config(section="areas", rows=(here, north, square("c", HERE[0], HERE[1] + 0.5)), at_us=NOW)
    return Town(areas, register(*(person(n) for n in range(people))), sight(0, {n: 500 * n for n in range(people)}))


def found(town):
    return [(c.area, c.could, c.full_s) for c in coverage(Desk(town.state, town.params))]


def test_who_could_come_to_each_area_and_when():
    """The fifth is 2 km away: 362 s; in the north those between; nobody comes 60 km."""
    assert found(town()) == [("a", 5, pytest.approx(362.1, abs=1)), ("b", 5, pytest.approx(307, abs=3)), ("c", 0, None)]


def test_who_is_planned_elsewhere_is_not_free():
    """An incident that wants three leaves three."""
    busy = town()
    busy.run(opened(count=3)[0])
    assert [(area, could) for area, could, _ in found(busy)] == [("a", 3), ("b", 3), ("c", 0)]


def test_an_area_is_asked_about_at_a_place_inside():
    """With its name."""
    first = coverage(Desk(town(0).state, town(0).params))[0]
    assert first == Coverage("a", "A", pytest.approx(HERE[0]), pytest.approx(HERE[1]), 5, 0, None)
