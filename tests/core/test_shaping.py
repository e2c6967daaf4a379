"""What is wrong with a place, a zone, a street, a task, a route or a day."""

from __future__ import annotations

from typing import Any

import pytest

from core.assigning import fault
from core.entities import Day, Place, Route, Street, Task, Zone

BOX = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0))


def zone(**fields: Any) -> Zone:
    return Zone(**({"id": "z"} | fields))


def place(**fields: Any) -> Place:
    return Place(**({"id": "p", "name": "p", "kind": "depot", "lon": 0.0, "lat": 0.0} | fields))


def task(**fields: Any) -> Task:
    return Task(**({"id": "t", "lon": 0.0, "lat": 0.0, "from_us": 0, "until_us": 1} | fields))


@pytest.mark.parametrize(
    "entity",
    [
        zone(polygons=((BOX,),)),
        zone(polygons=((BOX, BOX),), margin_m=0.0, enter_s=0.0, exit_s=0.0),
        zone(line=((0, 0),), radius_m=5000.0),
        zone(line=((0, 0), (1, 1)), radius_m=1.0),
        place(),
        place(lat=89.9),
        zone(polygons=((((0.0, 80.0), (120.0, 90.0), (-120.0, 80.0)),),)),
        task(),
        Street(id="s", line=((0, 0), (0, 1))),
        Route(id="r", points=("a", "b"), due_min=(360, 390), days=(1, 7)),
        Day(id="2026-12-25"),
    ],
)
def test_nothing_is_wrong_with_it(entity: Any) -> None:
    """Shapes, waits and times at their edges are taken."""
    assert fault(entity) is None


@pytest.mark.parametrize(
    ("entity", "part"),
    [
        (zone(), "either polygons, or a line"),
        (zone(polygons=((BOX,),), line=((0, 0),), radius_m=1.0), "either polygons, or a line"),
        (zone(line=((0, 0),)), "radius_m of a line"),
        (zone(line=((0, 0),), radius_m=5001.0), "radius_m of a line"),
        (zone(polygons=((BOX,),), radius_m=1.0), "a polygon has none"),
        (zone(polygons=((BOX,),), margin_m=1001.0), "margin_m must be at most 1000"),
        (zone(polygons=((BOX,),), exit_s=3601.0), "exit_s at most 3600"),
        (zone(polygons=((BOX,), ())), "without a shell (number 2); draw its outer ring, or leave it out"),
        (zone(polygons=(((),),)), "fewer than three points (in polygon 1); add points to it, or leave it out"),
        (zone(line=((0.0, 90.0),), radius_m=60.0), "beyond 89.9 degrees of latitude, where distances cannot be told"),
        (place(lat=-89.95), "beyond 89.9 degrees"),
        (task(lat=90.0), "beyond 89.9 degrees"),
        (Street(id="s", line=((0.0, 89.0), (0.0, 90.0))), "beyond 89.9 degrees"),
        (zone(polygons=(((BOX[0], BOX[1], BOX[0]),),)), "fewer than three points"),
        (zone(line=tuple((0.0, i / 20_001) for i in range(20_001)), radius_m=1.0), "has 20001 vertices"),
        (place(radius_m=0.0), "radius_m must be more than 0"),
        (place(queue_m=5001.0), "queue_m must be at most 5000"),
        (task(radius_m=0.0), "radius_m must be more than 0"),
        (task(until_us=0), "begin before it ends"),
        (Street(id="s", line=((0, 0), (0, 0))), "two points or more"),
        (Route(id="r", points=("a", "b"), due_min=(360,)), "for each of its points"),
        (Route(id="r", points=("a",), due_min=(2881,)), "at most 2880"),
        (Route(id="r", days=(0,)), "1 (Monday) to 7"),
        (Day(id="2026-02-29"), "not in the calendar"),
    ],
)
def test_what_is_wrong_with_it(entity: Any, part: str) -> None:
    """One sentence that says what to change."""
    assert part in (fault(entity) or "")
