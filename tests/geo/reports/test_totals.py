"""Figures of a vehicle's day, by hand, and their sums."""

from __future__ import annotations

from typing import Any

import pytest

from core.events import Dwell, Spell
from geo.reports.coverage import coverage
from geo.reports.daybook import Heard
from geo.reports.rounds import ritase
from geo.reports.totals import Totals, summed, totals
from tests.geo.books import EVENING, book, gap, heard, seen, service, spell, stay


def of_v1(*rows: Dwell | Spell, **given: Any) -> Totals:
    day = book(*rows, **given)
    return totals(day, coverage(day), ritase(day))[0]


def test_a_day_by_hand() -> None:
    """Two hours of stops, half an hour of silence, the rest driven; each figure from its own rows."""
    found = of_v1(
        stay(0, 60, purpose="allowed"),
        stay(400, 30),
        stay(500, 30),
        gap(600, 30),
        spell("trip", 60, 340, distance_m=50_000.0, gap_m=900.0),
        spell("trip", 430, 70, distance_m=7_000.0),
        spell("speeding", 450, 1),
        spell("visit", 500, 30, subject="place:tpa"),
        service("p1", 410),
    )
    assert found == Totals(
        vehicle="v1",
        group="utara",
        distance_m=57_000.0,
        gap_m=900.0,
        moving_s=(1440 - 120 - 30) * 60.0,
        stopped_s=7200.0,
        silent_s=1800.0,
        trips=2,
        speedings=1,
        ritase=1,
        stops={"allowed": 1, "unexplained": 2},
        stop_s={"allowed": 3600.0, "unexplained": 3600.0},
        points={"planned": 2, "served": 1, "late": 0, "missed": 0, "unknown": 1, "pending": 0},
    )


def test_what_crosses_midnight_belongs_to_both_days() -> None:
    """A trip's metres by its time; a stop is counted where it begins, its seconds where they are."""
    found = of_v1(
        spell("trip", -60, 120, distance_m=10_000.0), stay(EVENING - 10, 30), stay(-30, 40), spell("trip", -90, 20)
    )
    assert (found.distance_m, found.trips, found.stops) == (5_000.0, 0, {"unexplained": 1})
    assert (found.stopped_s, found.stop_s) == (1200.0, {"unexplained": 1200.0})


@pytest.mark.parametrize(
    ("known", "now", "seconds"),
    [
        ({"t1": heard(last=600, after=None)}, 600, (36_000, 0)),
        ({"t1": heard(last=600, after=None)}, 603, (36_180, 0)),
        ({"t1": heard(last=600, after=None)}, 630, (36_000, 1800)),
        ({"t1": heard(first=60, before=None, last=120)}, 120, (3600, 0)),
        ({"t1": Heard(device="t1", before=seen(-5))}, 630, (0, 37_800)),
        ({}, 630, (0, 0)),
    ],
    ids=["until now", "its habit", "silent since", "first heard", "silent since yesterday", "never"],
)
def test_the_day_counts_from_the_first_fix_ever_until_now(known: Any, now: int, seconds: tuple[int, int]) -> None:
    """What nobody heard is silent, not driven."""
    found = of_v1(now=now, heard=known)
    assert (found.moving_s, found.stopped_s, found.silent_s) == (seconds[0], 0, seconds[1])
    assert found.days == (1 if sum(seconds) else 0)


def test_a_silence_at_a_stop_is_a_stop() -> None:
    """It sleeps at the depot: stopped until now, though nobody hears it."""
    found = of_v1(stay(300, None, silent_s=0.0), now=600, heard={"t1": heard(last=301, after=None)})
    assert (found.stopped_s, found.silent_s, found.moving_s) == (18_000.0, 0.0, 18_000.0)


def test_sums_by_group_and_city() -> None:
    """Figures add up, maps name by name, days are vehicle-days."""
    rows = [
        Totals(vehicle="v1", group="a", distance_m=1.0, stops={"break": 1}, points={"served": 2}),
        Totals(vehicle="v2", group="b", distance_m=2.0),
        Totals(vehicle="v3", group="a", distance_m=4.0, stops={"break": 2, "planned": 1}, stop_s={"break": 60.0}),
    ]
    a, b = summed(rows, lambda row: row.group)
    assert (a.vehicle, a.days, a.distance_m, a.stops) == ("a", 2, 5.0, {"break": 3, "planned": 1})
    assert (a.stop_s, a.points, b.vehicle, b.distance_m) == ({"break": 60.0}, {"served": 2}, "b", 2.0)
    assert [row.distance_m for row in summed(rows, lambda _: "city")] == [7.0]
