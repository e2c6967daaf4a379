"""A city is loaded by name; what it carries is consistent."""

from collections import Counter
from zoneinfo import ZoneInfo

import pytest
import shapely

import cities
from cities.kupang.areas import KECAMATAN, KELURAHAN
from core.errors import ConfigError

MADE_UP = "tests.made_up_city.city"


@pytest.fixture(scope="module")
def kupang():
    return cities.load("kupang")


def shape(area):
    return shapely.MultiPolygon([(rings[0], list(rings[1:])) for rings in area.polygons])


def test_kupang_has_51_kelurahan_of_six_kecamatan(kupang):
    """Codes are those of the Ministry, each once, each under its kecamatan."""
    assert len({area.id for area in kupang.areas}) == 51
    assert Counter(area.parent for area in kupang.areas) == {
        "53.71.01": 12, "53.71.02": 9, "53.71.03": 5, "53.71.04": 7, "53.71.05": 8, "53.71.06": 10,
    }  # fmt: skip
    assert {area.parent for area in kupang.areas} == set(KECAMATAN)


def test_every_centre_lies_in_its_own_kelurahan(kupang):
    """The table's centre and the polygon drawn from it agree."""
    for area, (code, _, lon, lat) in zip(kupang.areas, KELURAHAN, strict=True):
        assert area.id == code
        assert shapely.contains_xy(shape(area), lon, lat), area.name


def test_areas_cover_the_land_without_overlap(kupang):
    """Every point of the land has exactly one kelurahan."""
    shapes = [shape(area) for area in kupang.areas]
    together = shapely.union_all(shapes)
    assert together.geom_type == "Polygon"
    assert sum(s.area for s in shapes) == pytest.approx(together.area, rel=1e-5)


def test_places_have_unique_ids_and_lie_on_the_land(kupang):
    """About 220 places, one depot, one landfill."""
    land = shapely.union_all([shape(area) for area in kupang.areas])
    kinds = Counter(place.kind for place in kupang.places)
    assert kinds["service_point"] > 190
    assert kinds["depot"] == kinds["landfill"] == 1
    assert len({place.id for place in kupang.places}) == len(kupang.places)
    assert all(shapely.contains_xy(land, place.lon, place.lat) for place in kupang.places)


def test_a_service_point_lies_in_the_kelurahan_of_its_name(kupang):
    """`TPS Oesapa 2` is in Oesapa."""
    by_name = {area.name: shape(area) for area in kupang.areas}
    for place in kupang.places:
        if place.kind == "service_point":
            name = place.name.removeprefix("TPS ").rsplit(" ", 1)[0]
            assert shapely.contains_xy(by_name[name], place.lon, place.lat), place.name


@pytest.mark.parametrize("name", ["kupang", MADE_UP])
def test_nobody_knows_the_stall(name):
    """No known place is within reach of the stall: a stop there has no explanation."""
    city = cities.load(name)
    for place in city.places:
        north = (place.lat - city.stall[1]) * 111_000
        east = ((place.lon - city.stall[0] + 180) % 360 - 180) * 111_000 * (0.98 if name == "kupang" else 0.61)
        assert (north**2 + east**2) ** 0.5 > place.radius_m + 50, place.name


@pytest.mark.parametrize("name", ["kupang", MADE_UP])
def test_loading_twice_gives_the_same_city(name):
    """Nothing of a city is left to chance."""
    assert cities.load(name) == cities.load(name)


@pytest.mark.parametrize("name", ["kupang", MADE_UP])
def test_a_city_says_its_zone_and_profiles(name):
    """The zone exists; truck and phone have profiles."""
    city = cities.load(name)
    assert ZoneInfo(city.tz)
    assert {city.profile("truck").cls, city.profile("phone").cls} == {"truck", "phone"}


def test_holidays_are_dates_of_three_years(kupang):
    """52 days, the two of one date counted once each."""
    assert len(kupang.holidays) == 52
    assert kupang.holidays["2026-08-17"] == "Hari Kemerdekaan Republik Indonesia"


def test_an_unknown_city_is_an_error_that_names_the_setting():
    """A typing error in RONDA_CITY is told so."""
    with pytest.raises(ConfigError, match="RONDA_CITY"):
        cities.load("atlantis")


def test_a_module_that_is_no_city_is_refused():
    """A module without city() is not a city."""
    with pytest.raises(ConfigError, match="has city"):
        cities.load("core.units")


def test_a_missing_profile_is_told():
    """Asking for a device class that the city has no profile for says which."""
    with pytest.raises(ConfigError, match="boat"):
        cities.load("kupang").profile("boat")
