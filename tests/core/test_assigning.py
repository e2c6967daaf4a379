"""Dated joins: what contradicts what, and what is left when one makes room for another."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.assigning import clashes, fault, make_room, overlap
from core.entities import Assignment, Device, Person, Place, Route, Shift, Vehicle


def join(name: str = "new", from_us: int = 0, until_us: int | None = None, **what: Any) -> Assignment:
    return Assignment(id=name, from_us=from_us, until_us=until_us, **({"device": "g", "vehicle": "t1"} | what))


joins = st.builds(
    join,
    st.sampled_from(["a", "b", "c"]),
    st.integers(0, 20),
    st.one_of(st.none(), st.integers(21, 40)),
    device=st.sampled_from(["g", "h"]),
    vehicle=st.sampled_from(["t1", "t2", None]),
    person=st.sampled_from(["p1", "p2", None]),
)


@pytest.mark.parametrize(
    ("span", "expected"),
    [((0, 10), False), ((0, 11), True), ((19, None), True), ((20, None), False), ((12, 13), True), ((0, None), True)],
)
def test_the_end_does_not_belong_to_it(span: tuple[int, int | None], expected: bool) -> None:
    """[10, 20) against others: joins that meet do not overlap."""
    assert overlap(join("a", 10, 20), join("b", *span)) is expected
    assert overlap(join("b", *span), join("a", 10, 20)) is expected


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"vehicle": "t2"}, "vehicle"),
        ({"vehicle": "t1", "person": "p2"}, "person"),
        ({"vehicle": None, "person": "p2"}, "person"),
        ({"vehicle": "t1", "person": "p1"}, None),
        ({"vehicle": "t2", "device": "h"}, None),
        ({"vehicle": "t2", "device": None}, None),
        ({"vehicle": "t2", "until_us": 5}, None),
        ({"vehicle": "t2", "name": "new"}, None),
    ],
)
def test_a_device_is_in_one_vehicle_with_one_person(other: dict[str, Any], what: str | None) -> None:
    """Against a join of g, t1 and p1 from 5 on; a row never contradicts the version of itself that it replaces."""
    found = clashes(join(from_us=5, person="p1"), [join(**({"name": "old"} | other))])

    assert [clash.what for clash in found] == ([what] if what else [])


def test_room_is_made_at_the_new_start() -> None:
    """The former ends where the new one begins; a bounded new one lets it go on after."""
    old = join("old", 0, None, vehicle="t2")

    assert make_room(join(from_us=10), old) == [join("old", 0, 10, vehicle="t2")]
    assert make_room(join(from_us=10_000_000, until_us=20_000_000), old) == [
        join("old", 0, 10_000_000, vehicle="t2"),
        join("old~20", 20_000_000, None, vehicle="t2"),
    ]
    assert make_room(join(from_us=0, until_us=20), old) == [join("old", 20, None, vehicle="t2")]
    assert make_room(join(), old) == []


@given(joins, st.lists(joins, max_size=5))
def test_after_making_room_nothing_contradicts(new: Assignment, others: list[Assignment]) -> None:
    """What is left of the others never clashes, and holds at no time when they did not."""
    found = [clash.other for clash in clashes(new, others)]
    for old in found:
        left = make_room(new, old)
        assert clashes(new, left) == []
        for at in range(45):
            was = old.from_us <= at and (old.until_us is None or at < old.until_us)
            ours = new.from_us <= at and (new.until_us is None or at < new.until_us)
            now = any(part.from_us <= at and (part.until_us is None or at < part.until_us) for part in left)
            assert now is (was and not ours)


@pytest.mark.parametrize(
    ("entity", "says"),
    [
        (Device(id=""), "no id"),  # type: ignore[arg-type]
        (Device(id="a\n"), "control"),  # type: ignore[arg-type]
        (Device(id="a" * 201), "more than 200"),  # type: ignore[arg-type]
        (Device(id="a" * 129), "at most 128"),  # type: ignore[arg-type]
        *((Device(id=name), "no device can speak") for name in ("a/b", " a", "a ", ".", "..")),  # type: ignore[arg-type]
        (Vehicle(id="DH/8"), "address"),  # type: ignore[arg-type]
        (Shift(id="..", start_min=0, end_min=9), "address"),
        (join(name="a/b"), "address"),
        (Person(id="p", skills=("p3k\0",)), "NUL"),  # type: ignore[arg-type]
        (Vehicle(id="v", plate="\ud800"), "half a character"),  # type: ignore[arg-type]
        (Route(id="r", line=((float("nan"), 0.0),)), "number that is none"),  # type: ignore[arg-type]
        (Device(id="a", sim_expires="31.12.2026"), "2026-12-31"),  # type: ignore[arg-type]
        (Place(id="a", name="a", kind="depot", lon=0, lat=0, radius_m=0), "radius_m"),  # type: ignore[arg-type]
        (Shift(id="s", start_min=300, end_min=300), "the end after the start"),
        (Shift(id="s", start_min=300, end_min=400, days=(0,)), "1 (Monday)"),
        (join(vehicle=None), "fewer than two"),
        (join(from_us=5, until_us=5), "ends before"),
        (join(from_us=-1), "1970"),
        (join(from_us=1 << 62), "2106"),
    ],
)
def test_what_types_do_not_say(entity: Any, says: str) -> None:
    """A sentence that tells what to do."""
    assert says in (fault(entity) or "")


def test_the_good_ones_pass() -> None:
    """A night shift past midnight, a device with a SIM, an open join."""
    night = Shift(id="malam", start_min=21 * 60, end_min=29 * 60)

    assert [fault(e) for e in (night, Device(id="a", sim_expires="2026-12-31"), join())] == [None, None, None]  # type: ignore[arg-type]
