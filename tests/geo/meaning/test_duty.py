"""Who drives what, and when."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core.calendar import Calendar, CityZone
from core.entities import Assignment, PlaceId, Route, RouteId, Shift, Vehicle, VehicleId
from geo.meaning.duty import Duties, Duty, merged

HOUR_US = 3_600_000_000
MONDAY = 4 * 24 * HOUR_US  # 1970-01-05
CALENDAR = Calendar(CityZone([(0, 0)]))
VEHICLES = {"v1": Vehicle(id=VehicleId("v1"), group="north")}
ROUTES = {
    name: Route(id=RouteId(name), points=(PlaceId(f"p{name}"),), days=days)
    for name, days in {"r1": (), "r2": (), "monday": (1,)}.items()
}
SHIFTS = {
    name: Shift(id=name, start_min=60 * at, end_min=60 * at + 120) for name, at in {"early": 6, "late": 20}.items()
}


def duties(*joins: dict[str, Any], calendar: Calendar = CALENDAR) -> Duties:
    """Duties of these joins, in force since 1970 unless they say more."""
    rows = [msgspec.convert({"id": f"j{i}", "from_us": 0} | join, Assignment) for i, join in enumerate(joins)]
    return Duties(calendar, rows, VEHICLES, ROUTES, SHIFTS)


def rounds(duty: Duty) -> list[tuple[str | None, str | None]]:
    return sorted(((r.route and r.route.id, r.shift and r.shift.id) for r in duty.rounds), key=str)


ALL = {"vehicle": "v1", "person": "ana", "route": "r1", "shift": "early"}
CHAINS = [
    pytest.param([{"device": "d", **ALL}], id="one join"),
    pytest.param([{"device": "d", "vehicle": "v1"}, ALL], id="device in vehicle"),
    pytest.param(
        [{"device": "d", "vehicle": "v1"}, {"vehicle": "v1", "route": "r1"}, {"vehicle": "v1", "shift": "early"},
         {"vehicle": "v1", "person": "ana"}], id="a join each",
    ),
    pytest.param(
        [{"device": "d", "vehicle": "v1"}, {"vehicle": "v1", "person": "ana"}, {"person": "ana", "route": "r1"},
         {"person": "ana", "shift": "early"}], id="by the driver",
    ),
]  # fmt: skip


@pytest.mark.parametrize("joins", CHAINS)
def test_joint_or_chained(joins: list[dict[str, Any]]) -> None:
    """One join that names all, or a chain of them, says the same; the order of the rows says nothing."""
    for rows in (joins, joins[::-1]):
        duty = duties(*rows).of("d", 5)
        assert (duty.vehicle, duty.group, duty.people) == ("v1", "north", ("ana",))
        assert (rounds(duty), duty.points) == ([("r1", "early")], frozenset({"pr1"}))


def test_nobody_assigned() -> None:
    """An unknown device has no duty, and one that is never off."""
    duty = duties().of("d", 5)
    assert (duty, duty.timed) == (Duty(), False)
    assert duties().works(duty, 5)


def test_joins_are_dated() -> None:
    """What held then is asked for, not what holds now; of two vehicles the later join's."""
    joins = duties({"device": "d", "vehicle": "v1", "until_us": 10}, {"device": "d", "vehicle": "v2", "from_us": 10})
    assert [joins.of("d", at_us).vehicle for at_us in (-1, 0, 9, 10)] == [None, "v1", "v1", "v2"]
    assert (joins.devices_of("v1", 5), joins.devices_of("v1", 10)) == (["d"], [])


def test_two_rounds_a_day() -> None:
    """Each route is driven in the shift of its own join."""
    duty = duties(
        {"vehicle": "v1", "route": "r1", "shift": "early"}, {"vehicle": "v1", "route": "r2", "shift": "late"}
    ).of_vehicle("v1", 5)
    assert rounds(duty) == [("r1", "early"), ("r2", "late")]


def test_a_route_takes_the_shifts_that_stand_alone() -> None:
    """Two shifts and a route are two rounds; a shift without a route is a round too."""
    shifts = [{"vehicle": "v1", "shift": "early"}, {"vehicle": "v1", "shift": "late"}]
    assert rounds(duties(*shifts, {"vehicle": "v1", "route": "r1"}).of_vehicle("v1", 5)) == [
        ("r1", "early"), ("r1", "late")
    ]  # fmt: skip
    assert rounds(duties(*shifts).of_vehicle("v1", 5)) == [(None, "early"), (None, "late")]


def test_another_truck_of_the_driver() -> None:
    """What a driver's other vehicle is in force for is not this one's."""
    joins = duties({"vehicle": "v1", "person": "ana"}, {"vehicle": "v2", "person": "ana", "route": "r1"})
    assert rounds(joins.of_vehicle("v1", 5)) == []


def test_routes_and_shifts_that_nobody_registered() -> None:
    """They are not known, so they promise nothing."""
    duty = duties({"vehicle": "v1", "route": "gone", "shift": "gone"}).of_vehicle("v1", 5)
    assert (duty.rounds, duty.timed) == ((), False)


def test_hours_of_two_shifts() -> None:
    """It works in either, and not between."""
    book = duties({"vehicle": "v1", "shift": "early"}, {"vehicle": "v1", "shift": "late"})
    duty = book.of_vehicle("v1", 5)
    found = [(a - MONDAY, b - MONDAY) for a, b in book.spans(duty, MONDAY, MONDAY + 24 * HOUR_US)]
    assert found == [(6 * HOUR_US, 8 * HOUR_US), (20 * HOUR_US, 22 * HOUR_US)]
    assert [book.works(duty, MONDAY + h * HOUR_US) for h in (6, 8, 21)] == [True, False, True]


def test_a_weekly_round_without_a_shift() -> None:
    """It works all day on its weekday, and on no other."""
    book = duties({"vehicle": "v1", "route": "monday"})
    duty = book.of_vehicle("v1", 5)
    assert [book.works(duty, MONDAY + day * 24 * HOUR_US) for day in (0, 1, 7)] == [True, False, True]


def test_a_round_that_has_no_hours() -> None:
    """One route without hours makes the vehicle work always."""
    book = duties({"vehicle": "v1", "route": "monday"}, {"vehicle": "v1", "route": "r1"})
    assert book.works(book.of_vehicle("v1", 5), MONDAY + 30 * HOUR_US)


def test_spans_that_touch_are_one() -> None:
    """In order, whatever order they came in."""
    assert merged([(7, 9), (0, 3), (3, 5), (4, 4)]) == [(0, 5), (7, 9)]
