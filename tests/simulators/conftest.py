"""One simulated shift of each city, made once."""

import pytest

import cities
from simulators import streets
from simulators.day import Scenario, make

START_US = 1_764_018_000_000_000  # 2025-11-25 05:00 in Kupang
CITIES = {"kupang": "kupang", "made_up": "tests.made_up_city.city"}


@pytest.fixture(scope="session")
def kupang():
    return cities.load("kupang")


@pytest.fixture(scope="session")
def graph(kupang):
    return streets.build(kupang, seed=1)


@pytest.fixture(scope="session")
def day(kupang, graph):
    """The full fleet of Kupang."""
    return make(Scenario(city=kupang, seed=1, start_us=START_US), graph)


@pytest.fixture(scope="session")
def sendings(day):
    return list(day.sendings())


@pytest.fixture(scope="session")
def made_up_day():
    city = cities.load(CITIES["made_up"])
    return make(Scenario(city=city, seed=1, trucks=4, volunteers=7, start_us=START_US))
