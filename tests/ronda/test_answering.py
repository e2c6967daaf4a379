"""The demo's volunteers."""

from __future__ import annotations

import numpy as np

import cities
from core.units import US_PER_S
from ronda.answering import crew
from simulators import streets
from simulators.day import Scenario, make

START_US = 1_769_000_000 * US_PER_S


def test_whoever_carries_a_phone_is_where_the_day_has_them() -> None:
    """Twenty of sixty-five, each on the way that the map showed until now."""
    city = cities.load("kupang")
    graph = streets.build(city, 8)
    day = make(Scenario(city=city, seed=8, trucks=1, volunteers=65, start_us=START_US), graph)
    people = crew(day, graph, 8, 3600.0)
    ways = {actor.device: actor.motion for actor in day.actors}
    assert len(people) == 20
    assert all((person.at(3600.0) == ways[person.device].at(np.array([3600.0]))[0]).all() for person in people)
