"""When a day is over: after its shifts and what is due later, the grace of half an hour, the horizon of a quarter."""

from __future__ import annotations

from typing import Any

import pytest

from geo.config import GeoConfig
from geo.reports.closing import over_us
from tests.geo.books import DAY, ROWS, at, city

NIGHT = [{"id": "pagi", "start_min": 1200, "end_min": 2040}]
CASES: list[tuple[dict[str, Any], int]] = [
    ({}, 1440 + 45),  # the morning's shift ends before midnight
    ({"shifts": NIGHT}, 2040 + 45),
    ({"shifts": [NIGHT[0] | {"days": [2, 3]}]}, 1440 + 45),  # Monday is none of its days
    ({"shifts": [*ROWS["shifts"], NIGHT[0] | {"id": "malam"}]}, 1440 + 45),  # nobody has it
    ({"routes": [{"id": "r1", "points": ["p1", "p2"], "due_min": [360, 1500]}]}, 1500 + 45),
    ({"profiles": [{"id": "truck", "cls": "truck", "horizon_s": 3600.0}]}, 1440 + 90),
]


@pytest.mark.parametrize(("changed", "minute"), CASES)
def test_a_day_is_over_after_its_shifts(changed: dict[str, Any], minute: int) -> None:
    """Of shifts only those count that fall on it and that somebody has."""
    assert over_us(city(**changed), DAY) == at(minute)


def test_without_a_clock_nothing_is_known_of_shifts() -> None:
    """Nobody waits for them."""
    assert over_us(GeoConfig(), DAY) == 0
