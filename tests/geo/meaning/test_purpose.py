"""What a stop is for: every reason, their order, and until when they hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.entities import Profile
from core.entries import Config
from core.events import Dwell
from geo.config import GeoConfig
from geo.meaning.purpose import FOREVER, Verdict
from tests.strategies import T0_US, dwell_of

MIN_US = 60_000_000
NOON_MIN = 720  # when the stops below begin, on Monday 2026-01-05, in a city twelve hours ahead of UTC
Rows = dict[str, list[dict[str, Any]]]


def place(kind: str, id_: str = "p", lon: float = 123.6, **columns: Any) -> dict[str, Any]:
    return {"id": id_, "name": id_, "kind": kind, "lon": lon, "lat": -10.17} | columns


NEAR = place("depot", "depot", lon=123.65)  # 5.5 km off: the neighbourhood is known
TRUCK = {"id": "j1", "from_us": 0, "device": "d1", "vehicle": "v1"}


def config(places: list[dict[str, Any]] | None = None, **sections: list[dict[str, Any]]) -> GeoConfig:
    """A configuration with a known place near by, and these rows."""
    made = GeoConfig()
    for section, rows in {"places": [NEAR, *(places or [])], **sections}.items():
        made.apply(Config(section=section, rows=tuple(rows)))  # type: ignore[arg-type]
    return made


def verdict(made: GeoConfig, minutes: int = 30, **columns: Any) -> Verdict:
    """Of a stop of so many minutes."""
    until_us = T0_US + minutes * MIN_US
    row = dwell_of(**{"last_us": until_us, "end_us": until_us} | columns)
    return Verdict(*made.labels.purposes.judge(row, until_us)[:3])


def said(made: GeoConfig, minutes: int = 30, **columns: Any) -> tuple[str | None, str]:
    found = verdict(made, minutes, **columns)
    return found.purpose, found.why


KINDS = [
    ("service_point", "planned", "point"), ("depot", "allowed", "place"), ("landfill", "allowed", "place"),
    ("workshop", "allowed", "place"), ("fuel", "allowed", "place"), ("break", "break", "place"),
    ("other", "unexplained", "place"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "purpose", "why"), KINDS)
def test_a_known_place(kind: str, purpose: str, why: str) -> None:
    """A stop is for what the place is for."""
    assert verdict(config([place(kind)])) == Verdict(purpose, why, FOREVER)  # type: ignore[arg-type]


def test_nowhere_in_particular() -> None:
    """In a neighbourhood that we know, a stop at no place is unexplained; elsewhere nothing is said of it."""
    assert said(config()) == ("unexplained", "none")
    assert said(GeoConfig()) == ("unlabelled", "unknown_place")
    assert said(config(), lon=124.2) == ("unlabelled", "unknown_place")


def test_phones() -> None:
    """Where volunteers stand is nobody's business, whatever is known of the place or the stop."""
    labels = [{"id": "w1", "purpose": "unexplained"}]
    assert said(config([place("other")], labels=labels), cls="phone") == ("unlabelled", "phone")


def test_a_person_knows_better() -> None:
    """A label goes before everything else; one that only gives a reason changes no purpose."""
    assert said(config([place("other")], labels=[{"id": "w1", "purpose": "allowed"}])) == ("allowed", "label")
    assert said(config(labels=[{"id": "w1", "reason": "flat tyre"}])) == ("unexplained", "none")
    assert said(config(labels=[{"id": "w2", "purpose": "allowed"}])) == ("unexplained", "none")


def task(from_min: int, until_min: int, **columns: Any) -> dict[str, Any]:
    span = {"from_us": T0_US + from_min * MIN_US, "until_us": T0_US + until_min * MIN_US}
    return {"id": "t", "lon": 123.6, "lat": -10.17} | span | columns


@pytest.mark.parametrize(
    ("given", "why"),
    [
        pytest.param(task(-60, 60), "task", id="in force"),
        pytest.param(task(20, 60), "task", id="from its middle on"),
        pytest.param(task(-60, 0), "none", id="over when it began"),
        pytest.param(task(31, 60), "none", id="not yet"),
        pytest.param(task(-60, 60, lon=123.601), "none", id="elsewhere"),
        pytest.param(task(-60, 60, vehicle="v1"), "task", id="this vehicle's"),
        pytest.param(task(-60, 60, vehicle="v2"), "none", id="another's"),
    ],
)
def test_tasks(given: dict[str, Any], why: str) -> None:
    """An errand explains a stop at its place, while it is in force, of its vehicle or of any."""
    assert verdict(config(tasks=[given], assignments=[TRUCK])).why == why


def test_a_task_that_is_to_come() -> None:
    """A stop that lasts until the task begins is judged again then."""
    assert verdict(config(tasks=[task(31, 60)])) == Verdict("unexplained", "none", T0_US + 31 * MIN_US)


def on_round(*points: str) -> Rows:
    """The truck on a round of these points."""
    return {
        "assignments": [TRUCK, {"id": "j2", "from_us": 0, "vehicle": "v1", "route": "r1"}],
        "routes": [{"id": "r1", "points": points}],
    }


def test_points_of_the_round() -> None:
    """A point of its own round is planned; of another's it is allowed."""
    assert said(config([place("service_point")], **on_round("p", "q"))) == ("planned", "point")
    assert said(config([place("service_point")], **on_round("q"))) == ("allowed", "other_route")
    assert said(config([place("service_point")], **on_round())) == ("planned", "point")


@pytest.mark.parametrize("kind", ["service_point", "landfill", "break"])
def test_longer_than_a_place_explains(kind: str) -> None:
    """Until its longest stay a place explains a stop, and not a moment longer."""
    made = config([place(kind, max_s=1800.0)])
    assert verdict(made, 30).until_us == T0_US + 30 * MIN_US + 1
    assert verdict(made, 31) == Verdict("unexplained", "too_long", FOREVER)


@pytest.mark.parametrize(
    ("kind", "queue_m", "lon", "why"),
    [
        ("landfill", 250.0, 123.6028, "queue"),  # 307 m from the centre, of which 60 m are the radius
        ("landfill", 250.0, 123.6029, "none"),
        ("landfill", 0.0, 123.6028, "none"),
        ("depot", 250.0, 123.6028, "none"),
    ],
)
def test_the_queue_of_a_landfill(kind: str, queue_m: float, lon: float, why: str) -> None:
    """Who stands near enough before the gate waits for the landfill."""
    assert verdict(config([place(kind, lon=lon, queue_m=queue_m)])).why == why


def test_a_break_is_earned_and_short() -> None:
    """Half an hour after four hours of work; longer, or after less, it is a stop like any other."""
    assert verdict(config(), 30, worked_s=14400.0) == Verdict("break", "work", T0_US + 30 * MIN_US + 1)
    assert said(config(), 30, worked_s=14399.0) == ("unexplained", "none")
    assert said(config(), 31, worked_s=14400.0) == ("unexplained", "none")


def working(start_min: int, end_min: int, **shift: Any) -> Rows:
    """The truck in a shift, given in minutes from the start of the stops."""
    hours = {"start_min": NOON_MIN + start_min, "end_min": NOON_MIN + end_min}
    return {
        "city": [{"id": "city", "offsets": [[0, 43200]]}],
        "assignments": [TRUCK, {"id": "j2", "from_us": 0, "vehicle": "v1", "shift": "s1", "route": "r1"}],
        "shifts": [{"id": "s1"} | hours | shift],
    }


@pytest.mark.parametrize(
    ("hours", "minutes", "why"),
    [
        pytest.param((-60, 300), 30, "none", id="within"),
        pytest.param((-300, -60), 30, "off_shift", id="after the shift"),
        pytest.param((60, 300), 30, "off_shift", id="before the shift"),
        pytest.param((-300, 10), 30, "off_shift", id="the end of the shift"),
        pytest.param((-300, 40), 50, "none", id="the limit within the shift"),
        pytest.param((20, 300), 30, "off_shift", id="the beginning of the shift"),
        pytest.param((20, 300), 51, "none", id="the limit after the beginning"),
    ],
)
def test_off_shift(hours: tuple[int, int], minutes: int, why: str) -> None:
    """Only what lies within working hours must be explained: out of them, or nearly so, a stop is unlabelled."""
    assert verdict(config(**working(*hours)), minutes).why == why


def test_each_stop_is_judged_by_its_own_hours_and_place() -> None:
    """What was found out for the stop before decides nothing of the next, in either order."""
    made = config(**working(20, 300))
    asked: list[tuple[int, dict[str, Any]]] = [(60, {}), (0, {}), (60, {"lon": 124.2}), (60, {}), (0, {}), (60, {})]
    found = [said(made, begin + 30, start_us=T0_US + begin * MIN_US, **where)[1] for begin, where in asked]
    assert found == ["none", "off_shift", "unknown_place", "none", "off_shift", "none"]


@pytest.mark.parametrize(
    ("hours", "minutes", "until_min"),
    [
        pytest.param((-300, 10), 5, 10, id="until the shift ends"),
        pytest.param((20, 300), 5, 50, id="until the limit lies within the shift"),
        pytest.param((-300, 10), 30, 1440 - 300 + 20, id="until the next day's shift"),
    ],
)
def test_until_when_a_shift_decides(hours: tuple[int, int], minutes: int, until_min: int) -> None:
    """A verdict that depends on hours holds until they change it."""
    found = verdict(config(**working(*hours)), minutes)
    assert round((found.until_us - T0_US) / MIN_US, 3) == until_min


def test_a_holiday_and_a_weekly_round() -> None:
    """On a day on which the shift or the round does not work, no stop is unexplained."""
    rows = working(-60, 300)
    assert said(config(calendar=[{"id": "2026-01-05"}], **rows)) == ("unlabelled", "off_shift")
    assert said(config(routes=[{"id": "r1", "days": [6]}], **rows)) == ("unlabelled", "off_shift")
    assert said(config(routes=[{"id": "r1", "days": [1]}], **rows)) == ("unexplained", "none")


def test_without_a_clock_shifts_decide_nothing() -> None:
    """A city that never told its clock is always on shift."""
    rows = working(-300, -60) | {"city": [{"id": "city"}]}
    assert said(config(**rows)) == ("unexplained", "none")


def order() -> list[tuple[str, Rows]]:
    """Reasons, each of which applies together with all that follow it."""
    hours = working(-300, -60)
    return [
        ("label", {"labels": [{"id": "w1", "purpose": "allowed"}]}),
        ("task", {"tasks": [task(-60, 60)]}),
        ("place", {"places": [place("fuel")]}),
        ("queue", {"places": [place("landfill", "tip", lon=123.602, queue_m=250.0)]}),
        ("off_shift", hours),
        ("work", {}),
    ]


@pytest.mark.parametrize("first", range(6))
def test_the_first_reason_that_applies(first: int) -> None:
    """Label, task, place, queue, shift, break: the earlier one decides."""
    rows: Rows = {}
    for _, more in order()[first:]:
        for section, added in more.items():
            rows[section] = rows.get(section, []) + added
    assert verdict(config(**rows), worked_s=20000.0).why == order()[first][0]


def test_the_limit_is_the_profiles() -> None:
    """What a stop out of hours may cost of the shift is the limit of the device's profile."""
    profiles = [{"cls": "truck", "limit_s": 600.0}]
    assert verdict(config(profiles=profiles, **working(20, 300)), 31).why == "none"
    assert Profile().limit_s == 1800.0


def test_a_row_that_is_judged() -> None:
    """The row bears area, place, purpose, why and what a person said."""
    areas = [{"id": "a", "name": "a", "polygons": [[[[123, -11], [124, -11], [124, -10], [123, -10], [123, -11]]]]}]
    made = config([place("fuel")], areas=areas, labels=[{"id": "w1", "reason": "no diesel"}])
    row: Dwell = made.labels.label(dwell_of(), T0_US)
    assert (row.area, row.place and row.place.id, row.purpose, row.why, row.reason) == (
        "a", "p", "allowed", "place", "no diesel"
    )  # fmt: skip


@st.composite
def configurations(draw: st.DrawFn) -> GeoConfig:
    """Places, tasks, a shift and a label, each perhaps, at the stop or near it."""
    at = st.sampled_from([123.6, 123.6004, 123.602])
    kind, max_s = draw(st.sampled_from(["fuel", "landfill", "service_point"])), draw(st.sampled_from([0.0, 900.0]))
    start_min = draw(st.integers(-700, 700))
    rows: Rows = {
        "places": [place(kind, lon=draw(at), max_s=max_s, queue_m=100.0)] * draw(st.integers(0, 1)),
        "tasks": [task(draw(st.integers(-60, 60)), 90, lon=draw(at))] * draw(st.integers(0, 1)),
    }
    if draw(st.booleans()):
        rows |= working(start_min, start_min + draw(st.integers(1, 700)))
    return config(**rows)


@given(made=configurations(), minutes=st.lists(st.integers(0, 4000), min_size=2, max_size=2), work_h=st.integers(0, 6))
def test_a_verdict_holds_as_long_as_it_says(made: GeoConfig, minutes: list[int], work_h: int) -> None:
    """Asked again before its time is over it says the same; a stop that goes on is never judged too late."""
    earlier, later = (verdict(made, m, worked_s=3600.0 * work_h) for m in sorted(minutes))
    assert earlier.until_us > T0_US + min(minutes) * MIN_US
    if T0_US + max(minutes) * MIN_US < earlier.until_us:
        assert (later.purpose, later.why) == (earlier.purpose, earlier.why)
