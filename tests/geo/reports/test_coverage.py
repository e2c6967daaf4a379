"""Served, late, missed, unknown: by hand, for one small round."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.reports.coverage import Coverage, by_area, by_hour, coverage, serves, united
from geo.reports.daybook import Book, Heard
from tests.geo.books import LAT, LON, ROWS, at, book, city, gap, heard, seen, service, spell, stay


def statuses(found: Coverage) -> dict[str, str]:
    return {point.point: point.status for done in found.rounds for point in done.points}


def of_p1(day: Book) -> str:
    return statuses(coverage(day))["p1"]


def test_a_round_has_its_points_with_the_evidence() -> None:
    """Who served it, when, how near and how long; the other one was missed, for the truck was heard all the time."""
    (done,) = coverage(book(service("p1", 370))).rounds
    first, second = done.points
    assert (done.route, done.shift, done.units) == ("r1", "pagi", ("v1",))
    assert (done.start_us, done.end_us) == (at(300), at(780))
    assert (first.status, first.name, first.area) == ("served", "TPS 1", "west")
    assert first.by is not None
    assert (first.by.vehicle, first.by.at_us, first.by.nearest_m, first.by.stopped_s) == ("v1", at(370), 12.0, 20.0)
    assert (second.status, second.by, second.unheard_us, second.area) == ("missed", None, None, None)


ON_FOOT = [ROWS["assignments"][0], {"id": "a3", "device": "hp", "route": "r1", "shift": "pagi", "from_us": 0}]


@pytest.mark.parametrize(("assignments", "status"), [(ROWS["assignments"], "missed"), (ON_FOOT, "served")])
def test_a_volunteer_who_walks_by_serves_nothing(assignments: Any, status: str) -> None:
    """Nor is named as the nearest pass; a phone whose round it is serves as any vehicle does."""
    day = book(service("p1", 370, device="hp", cls="phone"), config=city(assignments=assignments))
    point = coverage(day).rounds[0].points[0]
    assert (point.status, point.by is not None) == (status, status == "served")


@pytest.mark.parametrize(
    ("minute", "status"),
    [(269, "missed"), (270, "served"), (810, "served"), (811, "late"), (1139, "late"), (1140, "missed")],
)
def test_in_time_is_the_shift_and_half_an_hour(minute: int, status: str) -> None:
    """Half an hour around the shift counts; up to six hours after it is late."""
    assert of_p1(book(service("p1", minute))) == status


@pytest.mark.parametrize(("minute", "status"), [(390, "served"), (391, "late")])
def test_a_point_that_is_due_is_late_half_an_hour_after(minute: int, status: str) -> None:
    """Due at 06:00: the first pass counts, a second one does not help."""
    due = city(routes=[{"id": "r1", "points": ["p1", "p2"], "due_min": [360, 420]}])
    assert of_p1(book(service("p1", minute), service("p1", 500), config=due)) == status


@pytest.mark.parametrize(
    ("given", "counts"),
    [
        ({"stopped_s": 5.0, "nearest_m": 40.0}, True),
        ({"stopped_s": 5.0, "nearest_m": 41.0}, False),
        ({"stopped_s": 4.0, "max_mps": 2.7}, True),
        ({"stopped_s": 4.0, "max_mps": 2.8}, False),
        ({"stopped_s": 0.0, "max_mps": 2.0, "nearest_m": 31.0}, False),
        ({"stopped_s": 0.0, "last_us": at(369.8) + 21_600_000}, True),
        ({"stopped_s": 0.0, "last_us": at(369.8) + 21_500_000}, False),
    ],
)
def test_a_collection_is_a_stop_or_a_slow_pass(given: dict[str, Any], counts: bool) -> None:
    """Five seconds within the radius, or 10 km/h within 30 m: by the speed there, else by the time it took."""
    assert serves(service("p1", 370, **given), 40.0) is counts


def test_a_pass_that_does_not_count_is_shown() -> None:
    """Missed, and how near it came: the nearest of those that were too fast."""
    fast = [service("p1", 370 + i, stopped_s=0.0, max_mps=9.0, nearest_m=n) for i, n in enumerate((25.0, 8.0))]
    point = coverage(book(*fast)).rounds[0].points[0]
    assert point.by is not None
    assert (point.status, point.by.nearest_m) == ("missed", 8.0)


def test_a_late_point_says_whether_it_may_have_been_served_before() -> None:
    """It was served late, that is seen; a silence before leaves open whether it was served in time as well."""
    due = city(routes=[{"id": "r1", "points": ["p1"], "due_min": [360]}])
    days = [book(service("p1", 500), gap(start, 10), config=due) for start in (370, 400)]
    first, second = (coverage(day).rounds[0].points[0] for day in days)
    assert (first.status, first.unheard_us) == ("late", (at(370), at(380)))
    assert (second.status, second.unheard_us) == ("late", None)


def test_of_a_point_that_is_not_registered_nobody_knows() -> None:
    """It is shown where it stands in the route, and the others are judged as ever."""
    config = city(routes=[{"id": "r1", "points": ["p1", "gone", "p2"]}])
    found = statuses(coverage(book(service("p2", 400), config=config)))
    assert found == {"p1": "missed", "gone": "unknown", "p2": "served"}


def test_any_vehicle_counts_and_is_named() -> None:
    """A colleague who came instead has served it."""
    point = coverage(book(service("p1", 400, "t2"))).rounds[0].points[0]
    assert point.by is not None
    assert (point.status, point.by.vehicle, point.by.device) == ("served", "v2", "t2")


# A silence of three minutes at p1; p2 is 1,096 m away: 64 s there, 64 s back.
@pytest.mark.parametrize(
    ("silence", "status"),
    [
        (gap(400, 3, lon=LON), "unknown"),
        (gap(400, 2, lon=LON), "missed"),
        (gap(400, 3, lon=LON - 0.01), "missed"),
        (gap(400, 3, lon=LON - 0.01, to_lon=LON + 0.01), "unknown"),
        (gap(100, 30), "missed"),
        (gap(250, 30), "unknown"),
        (stay(400, 60, silent_s=129.0), "unknown"),
        (stay(400, 60, silent_s=120.0), "missed"),
        (gap(400, 3, device="t2"), "missed"),
    ],
)
def test_a_silence_in_which_it_could_have_gone_there_is_unknown(silence: Any, status: str) -> None:
    """There and back at 60 km/h, within the time of the round; a silent stay may have been an outing."""
    assert statuses(coverage(book(silence)))["p2"] == status


def test_an_unknown_point_says_when() -> None:
    """From the earliest moment it can have arrived to the last at which it must have left."""
    point = coverage(book(gap(400, 10))).rounds[0].points[1]
    assert point.unheard_us is not None
    assert [round((us - at(400)) / 1e6) for us in point.unheard_us] == [64, 536]


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"t1": Heard(device="t1")},
        {"t1": Heard(device="t1", before=seen(-60))},
        {"t1": Heard(device="t1", after=seen(1500))},
        {"t1": heard(last=500, after=None)},
        {"t1": heard(first=500, before=None)},
    ],
    ids=["unheard of", "never", "silent since yesterday", "only later", "dies at 08:20", "begins at 08:20"],
)
def test_without_gps_nothing_is_missed(known: dict[str, Heard]) -> None:
    """A tracker that never spoke, fell silent, or came late: nobody is accused."""
    assert statuses(coverage(book(heard=known))) == {"p1": "unknown", "p2": "unknown"}


def test_a_day_that_was_never_looked_at_for_services_misses_nothing() -> None:
    """Days of an older version have dwells, and no spell of any device."""
    assert statuses(coverage(book(stay(300, 480), spells=[]))) == {"p1": "unknown", "p2": "unknown"}


def test_without_a_tracker_nothing_is_missed() -> None:
    """The vehicle drives the round; no device was in it."""
    joins = [{"id": "a", "vehicle": "v1", "route": "r1", "shift": "pagi", "from_us": 0}]
    assert statuses(coverage(book(config=city(assignments=joins)))) == {"p1": "unknown", "p2": "unknown"}


def test_one_tracker_that_hears_is_enough() -> None:
    """Two trackers in a vehicle: the silence of one proves nothing where the other was heard."""
    joins = [*ROWS["assignments"][:1], {"id": "a3", "device": "t2", "vehicle": "v1", "from_us": 0}]
    day = book(gap(400, 60), config=city(assignments=joins))
    assert statuses(coverage(day)) == {"p1": "missed", "p2": "missed"}
    both = book(gap(400, 60), gap(430, 60, "t2"), config=city(assignments=joins))
    assert statuses(coverage(both)) == {"p1": "unknown", "p2": "unknown"}


def test_a_tracker_changed_on_the_way() -> None:
    """Each counts while it was in the vehicle; between them nobody heard it."""
    until = at(400)
    joins = [
        ROWS["assignments"][0] | {"until_us": until},
        {"id": "b", "device": "t2", "vehicle": "v1", "route": "r1", "shift": "pagi", "from_us": until},
    ]
    assert of_p1(book(gap(401, 60), gap(100, 200, "t2"), config=city(assignments=joins))) == "missed"
    joins[1]["from_us"] = until + 600_000_000
    assert of_p1(book(config=city(assignments=joins))) == "unknown"


@pytest.mark.parametrize(("now", "status"), [(500, "pending"), (810, "pending"), (811, "missed")])
def test_a_point_is_pending_while_it_may_be_in_time(now: int, status: str) -> None:
    """Until the shift and its grace are over."""
    assert of_p1(book(now=now, heard={"t1": heard(last=now, after=None)})) == status


def test_a_point_that_is_overdue_is_missed_before_the_shift_ends() -> None:
    """Due at 06:00 and not served by 06:31; it will be late if it is served after all."""
    due = city(routes=[{"id": "r1", "points": ["p1", "p2"], "due_min": [360, 420]}])
    day = book(now=391, config=due, heard={"t1": heard(last=391, after=None)})
    assert statuses(coverage(day)) == {"p1": "missed", "p2": "pending"}


TUESDAYS = {"id": "r1", "name": "Satu", "points": ["p1", "p2"], "days": [2]}


@pytest.mark.parametrize(
    ("why", "changed"),
    [
        ("not_today", {"routes": [TUESDAYS]}),
        ("not_today", {"routes": [TUESDAYS], "assignments": []}),
        ("not_today", {"calendar": [{"id": "2026-01-05", "kind": "holiday"}]}),
        ("not_today", {"shifts": [{"id": "pagi", "start_min": 300, "end_min": 780, "days": [6, 7]}]}),
        ("nobody", {"assignments": [ROWS["assignments"][0] | {"until_us": at(300)}]}),
    ],
    ids=["weekly round", "weekly round of nobody", "holiday", "shift", "assignment over"],
)
def test_a_round_that_is_not_of_this_day_is_not_planned(why: str, changed: Any) -> None:
    """Not its weekday or a holiday is nobody's fault; a route without a vehicle on its day is driven by nobody."""
    found = coverage(book(config=city(**changed)))
    assert (found.rounds, found.unassigned) == ((), ("r1",))
    assert [(one.route, one.why, one.points, one.streets) for one in found.idle] == [("r1", why, 2, 0)]


def test_a_night_shift_belongs_to_the_day_it_begins_on() -> None:
    """21:00 to 05:00: served at two in the morning of the next day."""
    night = city(shifts=[{"id": "pagi", "start_min": 1260, "end_min": 1740}])
    found = coverage(book(service("p1", 1560), config=night, now=3000, heard={"t1": heard(last=2900)}))
    assert statuses(found) == {"p1": "served", "p2": "missed"}
    assert by_hour(found.rounds)[26]["served"] == 1


def test_late_ends_where_the_next_round_begins() -> None:
    """Two shifts of one route: the evening's pass is not the morning's late one."""
    shifts = [{"id": "pagi", "start_min": 300, "end_min": 780}, {"id": "siang", "start_min": 840, "end_min": 1200}]
    joins = [ROWS["assignments"][0] | {"id": f"a{s['id']}", "shift": s["id"]} for s in shifts]
    found = coverage(book(service("p1", 850), config=city(shifts=shifts, assignments=joins)))
    assert [done.points[0].status for done in found.rounds] == ["missed", "served"]


def test_sums_by_area_and_hour() -> None:
    """Counts by the point's area and by the hour of the service, or the hour it was due."""
    due = city(routes=[{"id": "r1", "points": ["p1", "p2"], "due_min": [360, 420]}])
    day = book(service("p1", 370), config=due)
    rounds = coverage(day).rounds
    empty = {"served": 0, "late": 0, "missed": 0, "unknown": 0, "pending": 0}
    served, missed = empty | {"planned": 1, "served": 1}, empty | {"planned": 1, "missed": 1}
    assert by_area(rounds) == {"": missed, "west": served}
    assert by_hour(rounds) == {6: served, 7: missed}


STREET = {"id": "s1", "name": "Jalan", "line": [[LON, LAT], [LON + 0.005, LAT]]}


@pytest.mark.parametrize(
    ("pieces", "status", "share"),
    [([0x00FF, 0x1F00], "served", 0.8125), ([0x00FF, 0x0F00], "missed", 0.75), ([], "missed", 0.0)],
)
def test_a_street_is_covered_by_all_passes_together(pieces: list[int], status: str, share: float) -> None:
    """Four fifths of its length, whoever drove it, in however many passes."""
    config = city(streets=[STREET], routes=[{"id": "r1", "streets": ["s1"]}])
    passes = [
        spell("service", 400 + i, 1, subject="street:s1", nearest_m=3.0, pieces=mask) for i, mask in enumerate(pieces)
    ]
    (street,) = coverage(book(*passes, config=config)).rounds[0].streets
    assert (street.street, street.status, street.covered) == ("s1", status, share)


def test_passes_that_tell_no_pieces_are_not_added_up() -> None:
    """Two halves may be the same half."""
    assert united([spell("service", 1, covered=0.5), spell("service", 2, covered=0.6)]) == 0.6


@given(cuts=st.lists(st.integers(-14, 370), max_size=8, unique=True), now=st.integers(0, 1440))
def test_whoever_was_not_heard_at_all_is_never_accused(cuts: list[int], now: int) -> None:
    """Law: silences that together cover the round leave nothing missed, however they are cut."""
    edges = [-60, *(4 * cut for cut in sorted(cuts)), 1500]
    silences = [gap(start, end - start) for start, end in pairwise(edges)]
    day = book(*silences, now=now, heard={"t1": heard(last=now, after=None)})
    assert "missed" not in statuses(coverage(day)).values()
