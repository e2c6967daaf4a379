"""The same stall every Tuesday."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendar import Calendar, CityZone
from geo.reports.recurrent import Least, Stop, clusters, recurrent
from tests.geo.books import DAY, EVENING, LAT, LON, at, stay

CALENDAR = Calendar(CityZone([(0, 28800)]))
MONTH = DAY, DAY + 28
METRE = 0.01 / 1096.0  # of longitude here


def stop(day: int, minute: float, minutes: float = 60, vehicle: str = "v1", **given: Any) -> Stop:
    """A dwell of an hour, so many days after Monday."""
    row = stay(day * EVENING + minute, minutes, **{"id": f"{vehicle}-{day}-{minute}"} | given)
    return Stop(row=row, vehicle=vehicle)


def test_the_same_stall_every_tuesday() -> None:
    """Four weeks, two trucks, nine hours; the once visited place beside it is not told."""
    tuesdays = [stop(1 + 7 * week, 600, 120, "v1" if week % 2 else "v2", area="west") for week in range(4)]
    once = stop(2, 600, lon=LON + 100 * METRE)
    again = stop(10, 630, area="west")
    (found,) = recurrent([*tuesdays, once, again], CALENDAR, MONTH, at(40 * EVENING))
    assert (found.vehicles, found.days, found.stops, found.total_s) == (("v1", "v2"), 5, 5, 9 * 3600.0)
    assert (found.weekdays, found.every) == ((0, 4, 0, 1, 0, 0, 0), (2,))
    assert (found.usual_min, found.area, found.dwells[-1]) == (600, "west", "v1-10-630")


@pytest.mark.parametrize(("missed", "every"), [(0, (2,)), (1, (2,)), (2, ())])
def test_every_is_three_weeks_of_four(missed: int, every: tuple[int, ...]) -> None:
    """One Tuesday without, of four, is still every Tuesday."""
    stops = [stop(1 + 7 * week, 600) for week in range(missed, 4)]
    assert recurrent(stops, CALENDAR, MONTH, at(40 * EVENING), Least(stops=2))[0].every == every


@pytest.mark.parametrize(
    ("stops", "found"),
    [
        ([stop(day, 600, 10) for day in (1, 2, 3)], 1),
        ([stop(day, 600, 10) for day in (1, 2)], 0),
        ([stop(1, minute, 10) for minute in (600, 700, 800)], 0),
        ([stop(day, 600, 9) for day in (1, 2, 3)], 0),
    ],
    ids=["enough", "twice", "on one day", "27 minutes in all"],
)
def test_what_is_chance_is_not_told(stops: list[Stop], found: int) -> None:
    """Three stops, on two days, half an hour in all: less is no habit, however many trucks."""
    assert len(recurrent(stops, CALENDAR, MONTH, at(40 * EVENING))) == found
    assert len(recurrent(stops, CALENDAR, MONTH, at(40 * EVENING), Least(1, 1, 0.0))) == 1


def test_the_usual_hour_of_a_night_stall() -> None:
    """Twice before midnight and three times after it: ten past midnight, not noon."""
    stops = [stop(day, minute) for day, minute in ((0, 1430), (2, 1435), (4, 10), (5, 15), (6, 20))]
    assert recurrent(stops, CALENDAR, MONTH, at(40 * EVENING))[0].usual_min == 10


def test_a_row_of_stalls_is_not_one_place() -> None:
    """The densest takes what is within 50 m of it; a chain does not grow along the street."""
    line = [stop(i, 600, lon=LON + 40 * i * METRE) for i in range(5)]
    assert [sorted(s.row.id for s in group) for group in clusters(line)] == [
        ["v1-0-600", "v1-1-600", "v1-2-600"],
        ["v1-3-600", "v1-4-600"],
    ]


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), max_size=12, unique=True), st.randoms())
def test_clusters_are_a_partition_that_no_order_changes(places: list[tuple[int, int]], random: Any) -> None:
    """Each stop is in one, near its leader, whatever order the stops come in."""
    stops = [stop(i, 600, lon=LON + x * METRE, lat=LAT + y * METRE) for i, (x, y) in enumerate(places)]
    mixed = random.sample(stops, len(stops))
    once, again = ({frozenset(s.row.id for s in group) for group in clusters(order)} for order in (stops, mixed))
    assert once == again
    assert sorted(id_ for group in once for id_ in group) == sorted(s.row.id for s in stops)


@pytest.mark.parametrize(("lon", "lat"), [(179.99999, 52.0), (0.0, 89.9999), (-180.0, -10.0)])
def test_a_place_at_the_edge_of_the_map_is_one(lon: float, lat: float) -> None:
    """Across the antimeridian, and at the pole."""
    east = lon + 0.00002 if lon + 0.00002 < 180 else lon + 0.00002 - 360
    assert len(clusters([stop(0, 600, lon=lon, lat=lat), stop(1, 600, lon=east, lat=lat)])) == 1
