"""The roll call of a quarter past six."""

from __future__ import annotations

from typing import Any

import pytest

from core.events import PlaceRef
from geo.reports.rollcall import Answer, rollcall
from tests.geo.books import DEPOT, at, book, city, seen, spell, stay

SIX = 375.0
GARAGE = PlaceRef("bengkel", "Bengkel", "workshop")


def of_v1(*rows: Any, last: float = SIX - 1, now: float = SIX, **given: Any) -> Answer:
    """The answer of the first vehicle, whose newest fix is from a minute before."""
    first, _ = rollcall(book(*rows, now=now, **given), at(SIX), {"t1": seen(last)})
    return first


@pytest.mark.parametrize(
    ("rows", "last", "now", "state", "since"),
    [
        ([], SIX - 1, SIX, "moving", None),
        ([stay(300, 60), spell("trip", 350, 100)], SIX - 1, SIX, "moving", 360),
        ([spell("trip", 350, 100)], SIX - 1, SIX, "moving", 350),
        ([stay(360, None)], SIX - 1, SIX, "stopped", 360),
        ([stay(360, None, place=DEPOT)], SIX - 1, SIX, "depot", 360),
        ([stay(360, None, place=GARAGE)], SIX - 1, SIX, "workshop", 360),
        ([stay(360, None)], SIX - 4, SIX, "silent", SIX - 4),
        ([], SIX - 3.1, SIX, "silent", SIX - 3.1),
        ([], SIX - 3, SIX, "moving", None),
        ([stay(300, 200, place=DEPOT)], SIX - 60, 600, "depot", 300),
        ([stay(300, None, place=DEPOT)], SIX - 60, 600, "silent", SIX - 60),
    ],
)
def test_what_a_vehicle_does(rows: list[Any], last: float, now: float, state: str, since: float | None) -> None:
    """By the rows at that instant; a sleeper that woke where it was has stood there, one that did not is silent."""
    found = of_v1(*rows, last=last, now=now)
    assert (found.state, found.since_us) == (state, None if since is None else at(since))


def test_an_answer_says_where() -> None:
    """The newest fix, the place and the dwell: also of one that fell silent there."""
    found = of_v1(stay(300, None, place=DEPOT), last=310)
    assert (found.vehicle, found.group, found.device) == ("v1", "utara", "t1")
    assert (found.state, found.last, found.place, found.dwell) == ("silent", seen(310), DEPOT, "stay-t1-300")


def test_a_vehicle_that_nobody_heard_was_never_seen() -> None:
    """With a tracker that never spoke, or without one."""
    joins: list[dict[str, Any]] = [{"id": "a", "device": "t1", "vehicle": "v1", "from_us": 0}]
    found = rollcall(book(config=city(assignments=joins)), at(SIX), {})
    assert [(a.vehicle, a.device, a.state, a.last) for a in found] == [
        ("v1", "t1", "never_seen", None),
        ("v2", None, "never_seen", None),
    ]


def test_a_vehicle_in_repair_is_so_whatever_its_tracker_says() -> None:
    """By its row of the registry."""
    found = of_v1(spell("trip", 350, 100), config=city(vehicles=[{"id": "v1", "workshop": True}, {"id": "v2"}]))
    assert found.state == "workshop"


def test_of_two_trackers_the_one_heard_last_answers() -> None:
    """A dead tracker beside a living one says nothing."""
    joins = [{"id": d, "device": d, "vehicle": "v1", "from_us": 0} for d in ("t1", "t2")]
    answers = rollcall(book(config=city(assignments=joins)), at(SIX), {"t1": seen(100), "t2": seen(374)})
    assert (answers[0].device, answers[0].state) == ("t2", "moving")
