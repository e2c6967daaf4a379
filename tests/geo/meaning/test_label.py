"""Area, place and purpose of a dwell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.calendar import Calendar
from core.entities import Area, AreaId, Place, PlaceId, Profile
from core.entries import Config
from core.events import AlertChanged, Dwell, PlaceRef
from geo.city.world import World
from geo.meaning.duty import Duties
from geo.meaning.label import Labels
from geo.meaning.purpose import Purposes
from tests.geo.tracks import NEARBY, fixes, newest, run, standing, tick
from tests.strategies import dwell_of

Ring = tuple[tuple[float, float], ...]


def box(x0: float, y0: float, x1: float, y1: float) -> Ring:
    """A rectangle as a ring."""
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))


def area(id_: str, *polygons: tuple[Ring, ...]) -> Area:
    return Area(id=AreaId(id_), name=id_, polygons=polygons)


def place(id_: str, kind: Any = "service_point", lon: float = 123.6, radius_m: float = 60.0) -> Place:
    return Place(id=PlaceId(id_), name=f"name of {id_}", kind=kind, lon=lon, lat=-10.17, radius_m=radius_m)


def at(areas: list[Area], *points: tuple[float, float]) -> list[str | None]:
    """Area of each point."""
    lon, lat = np.array(points).T
    return World(areas).area_at(lon, lat)


def labelled(*places: Place, **columns: Any) -> Dwell:
    """A dwell at 123.6, -10.17 with its labels."""
    row = dwell_of(**columns)
    by_id = {place.id: place for place in places}
    purposes = Purposes(World(places=places), by_id, (), {}, Duties(Calendar()), lambda _: Profile())
    return Labels(purposes).label(row, row.last_us)


def test_areas() -> None:
    """Each point has its area; outside all, none."""
    two = [area("west", (box(0, 0, 1, 1),)), area("east", (box(1, 0, 2, 1),))]
    assert at(two, (0.5, 0.5), (1.5, 0.5), (2.5, 0.5)) == ["west", "east", None]


@pytest.mark.parametrize("order", [("west", "east"), ("east", "west")])
def test_a_border_point_belongs_to_the_first(order: tuple[str, str]) -> None:
    """A point on the common border is in the area whose id comes first: in one, never in two or none."""
    boxes = {"west": box(0, 0, 1, 1), "east": box(1, 0, 2, 1)}
    assert at([area(name, (boxes[name],)) for name in order], (1.0, 0.5)) == ["east"]


def test_a_corner_of_four_areas() -> None:
    """Where four areas meet, the first of them has the point."""
    four = [area(f"{x}{y}", (box(x, y, x + 1, y + 1),)) for x in (0, 1) for y in (0, 1)]
    assert at(four, (1.0, 1.0)) == ["00"]


def test_a_hole_is_outside() -> None:
    """An enclave belongs to its own area, its border to the one whose id comes first."""
    ring, enclave = area("ring", (box(0, 0, 3, 3), box(1, 1, 2, 2))), area("enclave", (box(1, 1, 2, 2),))
    assert at([ring], (1.5, 1.5), (0.5, 0.5)) == [None, "ring"]
    assert at([ring, enclave], (1.5, 1.5), (1.0, 1.5)) == ["enclave", "enclave"]


def test_a_multipolygon() -> None:
    """An area of several islands has the points of each, and not the sea between."""
    islands = area("islands", (box(0, 0, 1, 1),), (box(2, 0, 3, 1),))
    assert at([islands], (0.5, 0.5), (1.5, 0.5), (2.5, 0.5)) == ["islands", None, "islands"]


def test_no_areas_and_no_points() -> None:
    """Nothing known is no error."""
    assert at([], (0.5, 0.5)) == [None]
    assert World([area("a", (box(0, 0, 1, 1),))]).area_at(np.array([]), np.array([])) == []
    assert at([area("nowhere")], (0.5, 0.5)) == [None]


def test_no_place_here_but_some_near() -> None:
    """In a neighbourhood that we know, a stop at no place is unexplained."""
    assert (labelled(place("p", lon=123.7)).purpose, labelled(place("p", lon=123.7)).place) == ("unexplained", None)


@pytest.mark.parametrize(("lon", "purpose"), [(123.828, "unexplained"), (123.829, "unlabelled")])
def test_the_neighbourhood_is_25_km(lon: float, purpose: str) -> None:
    """24.98 km away a place makes the neighbourhood known; 25.09 km away it does not."""
    assert labelled(place("p", lon=lon)).purpose == purpose


def test_without_places_nothing_is_unexplained() -> None:
    """Until somebody told us about the city, no stop is called anything."""
    assert (labelled().purpose, labelled().place) == ("unlabelled", None)


def test_the_nearest_of_several_places() -> None:
    """Where circles overlap the nearer centre has the dwell, whatever the order."""
    near, far = place("near", "fuel", 123.6002), place("far", "depot", 123.5996)
    for places in ((near, far), (far, near)):
        assert labelled(*places).place == PlaceRef("near", "name of near", "fuel")


def test_equally_near_places() -> None:
    """Of two places at one point the first id has it, whatever the order."""
    for ids in (("a", "b"), ("b", "a")):
        assert labelled(*map(place, ids)).place == PlaceRef("a", "name of a", "service_point")


@pytest.mark.parametrize(("radius_m", "found"), [(109.5, False), (109.6, True)])
def test_radius_of_a_place(radius_m: float, found: bool) -> None:
    """A thousandth of a degree east is 109.58 m away."""
    assert (labelled(place("p", lon=123.601, radius_m=radius_m)).place is not None) is found


def test_a_place_across_the_antimeridian() -> None:
    """Places are as near as they are, also on the other side of the date line."""
    row = labelled(place("p", lon=-179.9999), lon=179.9999)
    assert row.place is not None


PHONE = Config(section="devices", rows=({"id": "t1", "cls": "phone"},))


def here(kind: str) -> Config:
    """A place where the truck of the tracks stands."""
    return Config(section="places", rows=({"id": "p", "name": "p", "kind": kind, "lon": 123.6, "lat": -10.17},))


@pytest.mark.parametrize(
    ("config", "alerts"),
    [
        pytest.param([NEARBY], 1, id="unexplained"),
        pytest.param([], 0, id="nothing known"),
        pytest.param([NEARBY, here("break")], 0, id="break"),
        pytest.param([NEARBY, here("depot")], 0, id="depot"),
        pytest.param([NEARBY, here("service_point")], 0, id="service point"),
        pytest.param([NEARBY, here("other")], 1, id="other"),
        pytest.param([NEARBY, PHONE], 0, id="phone"),
    ],
)
def test_only_unexplained_stops_alert(config: list[Any], alerts: int) -> None:
    """An hour at a place that explains it, at none that we can judge, or of a phone, raises nothing."""
    events = run([*config, fixes(standing(0, 3600)), tick(7200)])[1]
    assert sum(isinstance(e, AlertChanged) for e in events) == alerts


def test_area_of_a_dwell() -> None:
    """A row names the area of its centre."""
    row = {"id": "53.71.01.1001", "name": "Here", "polygons": [[box(123, -11, 124, -10)]]}
    config = Config(section="areas", rows=(row,))
    assert [r.area for r in newest(run([config, fixes(standing(0, 100))])[1])] == ["53.71.01.1001"]
