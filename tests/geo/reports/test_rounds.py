"""Trips to the landfill, the order of a round, a route drafted from a day."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from geo.reports.coverage import coverage
from geo.reports.rounds import Order, draft, inversions, longest_rise, order, ritase
from tests.geo.books import DEPOT, LAT, LON, at, book, city, service, spell, stay


def test_a_ritase_is_three_minutes_at_a_landfill() -> None:
    """Shorter visits, other places and visits that began the day before are none."""
    rows = [
        spell("visit", 400, 3, subject="place:tpa"),
        spell("visit", 500, 2.9, subject="place:tpa"),
        spell("visit", 600, 30, subject="place:pool"),
        spell("visit", 700, 30, subject="area:west"),
        spell("visit", -10, 30, subject="place:tpa"),
        spell("visit", 800, 30, "t2", subject="place:tpa", state="retracted"),
    ]
    (found,) = ritase(book(*rows))
    assert (found.vehicle, found.device, found.place) == ("v1", "t1", "tpa")
    assert (found.start_us, found.end_us) == (at(400), at(403))


def test_a_visit_that_goes_on_lasts_until_now() -> None:
    """Two minutes are none yet, three are."""
    rows = [spell("visit", 400, 1, subject="place:tpa", state="open", end_us=None)]
    assert [len(ritase(book(*rows, now=now))) for now in (402, 403)] == [0, 1]


def round_of(*minutes: int) -> Order:
    """The round of as many points, each served at the minute given; 0: not at all."""
    places = [
        {"id": f"p{i}", "name": "", "kind": "service_point", "lon": LON + i / 100, "lat": LAT}
        for i in range(1, len(minutes) + 1)
    ]
    config = city(places=places, routes=[{"id": "r1", "points": [p["id"] for p in places]}])
    rows = [service(f"p{i}", minute) for i, minute in enumerate(minutes, 1) if minute]
    return order(coverage(book(*rows, config=config)).rounds[0])


def test_the_order_of_a_round() -> None:
    """The last point was served first: three pairs the other way round, one point out of order."""
    found = round_of(410, 420, 430, 400)
    assert (found.route, found.driven) == ("r1", ("p4", "p1", "p2", "p3"))
    assert (found.inversions, found.out_of_order) == (3, ("p4",))


def test_points_that_were_not_served_have_no_order() -> None:
    """The rest is in order."""
    found = round_of(410, 0, 430)
    assert (found.driven, found.inversions, found.out_of_order) == (("p1", "p3"), 0, ())


@given(st.permutations(range(8)))
def test_inversions_are_the_pairs_that_are_swapped(values: list[int]) -> None:
    """Equal to counting them one by one."""
    assert inversions(values) == sum(a > b for a, b in combinations(values, 2))


@given(st.permutations(range(7)))
def test_the_longest_rise_rises_and_none_is_longer(values: list[int]) -> None:
    """Equal to trying every choice."""
    kept = [values[i] for i in longest_rise(values)]
    every = (len(c) for n in range(8) for c in combinations(values, n) if list(c) == sorted(c))
    assert (kept, len(kept)) == (sorted(kept), max(every))


def test_a_draft_has_known_points_and_new_ones_in_the_order_of_the_day() -> None:
    """A pass without a stop is none; depots are none; two stops at one place, or at a known point, are one."""
    rows = [
        stay(300, 20, place=DEPOT),
        service("p2", 370),
        stay(380, 2, lon=LON + 0.02),
        stay(390, 2, lon=LON + 0.0202),
        stay(369, 2, lon=LON + 0.0101),
        service("p1", 400, stopped_s=0.0),
        service("p1", 410, "t2"),
        stay(-50, 2, lon=LON + 0.03),
    ]
    first, second = draft(book(*rows), "t1")
    assert (first.id, first.known, first.at_us, first.stopped_s) == ("p2", True, at(370), 20.0)
    assert (second.id, second.known, second.lon) == (f"draft-{at(380) // 1_000_000}", False, 123.62)
