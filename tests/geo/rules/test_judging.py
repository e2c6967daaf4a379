"""Judgement of intervals by rules: when, where, about whom, and what a cooldown does. Days are UTC days here."""

from __future__ import annotations

from typing import Any

import pytest

from core.entities import Hours, Rule
from core.entries import Config
from geo.rules.facts import Fact
from geo.rules.judging import dues, judge, matches, outside, quiet_at
from tests.geo.rulings import MONDAY_US, UTC_CITY, at, fact, rule, setting

H = 3600
PLAIN = setting()
CITY = setting(UTC_CITY)
PLACES = Config(
    section="places",
    rows=(
        {"id": "tpa", "name": "TPA", "kind": "landfill", "lon": 123.6, "lat": -10.17},
        {"id": "pool", "name": "Pool", "kind": "depot", "lon": 123.7, "lat": -10.17},
    ),
)
ZONE = Config(
    section="zones", rows=({"id": "z1", "line": [[123.6, -10.17]], "radius_m": 50.0}, {"id": "z2", "line": []})
)
GROUPS = [
    Config(section="vehicles", rows=({"id": "v1", "group": "Alak"},)),
    Config(section="assignments", rows=({"id": "a", "device": "t1", "vehicle": "v1", "from_us": at(100)},)),
]


def on(day: int, hour: float, until: float | None, **fields: Any) -> Fact:
    """A dwell on a day of the week of 2025-12-01 (0 is Monday) from an hour to another."""
    start_s = (day * 24 + hour) * H
    return fact(start_s, None if until is None else (day * 24 + until) * H, day_us=MONDAY_US, **fields)


def hour_of(us: int | None) -> float | None:
    """Hours since that Monday began."""
    return None if us is None else (us - MONDAY_US) / H / 1e6


@pytest.mark.parametrize(("end_s", "due_s"), [(599, None), (600, 600), (900, 600), (None, 600)])
def test_a_fact_must_last(end_s: float | None, due_s: float | None) -> None:
    """As long as the rule says, to the microsecond; what lasts is judged as if it went on."""
    assert judge(rule(for_s=600), fact(0, end_s), PLAIN) == (None if due_s is None else at(due_s))


def test_a_moment_is_enough_for_a_rule_without_duration() -> None:
    """A visit of one fix has happened."""
    assert judge(rule(), fact(5, 5), PLAIN) == at(5)


@pytest.mark.parametrize(
    ("start", "until", "due"),
    [(5, 7, None), (5, 9, 8.5), (9, 10, 9.5), (17.75, 20, None), (20, None, 24 + 8.5), (17.5, 20, 18)],
)
def test_hours_count_only_what_lies_in_them(start: float, until: float | None, due: float | None) -> None:
    """From eight to six, half an hour: what begins before eight counts from eight."""
    watching = rule(for_s=1800, hours=(Hours(start_min=480, end_min=1080),))
    assert hour_of(judge(watching, on(0, start, until), CITY)) == due


def test_hours_go_past_midnight() -> None:
    """From ten in the evening to five, on Fridays: Saturday at three is Friday's night."""
    night = rule(for_s=1800, hours=(Hours(start_min=1320, end_min=1740, days=(5,)),))
    assert hour_of(judge(night, on(5, 3, 4), CITY)) == 5 * 24 + 3.5
    assert judge(night, on(6, 3, 4), CITY) is None


def test_hours_that_touch_are_one() -> None:
    """All day every day has no seam at midnight."""
    assert hour_of(judge(rule(for_s=7200, hours=(Hours(),)), on(0, 23, 26), CITY)) == 25


def test_holidays_may_be_left_out() -> None:
    """On a day of the calendar the rule does not watch."""
    libur = setting(UTC_CITY, Config(section="calendar", rows=({"id": "2025-12-02", "kind": "holiday"},)))
    watching = rule(for_s=60, hours=(Hours(holidays=False),))
    assert judge(watching, on(1, 8, 9), libur) is None
    assert hour_of(judge(watching, on(2, 8, 9), libur)) == pytest.approx(56 + 1 / 60)


def test_without_a_clock_of_the_city_hours_are_always() -> None:
    """Nobody knows what the wall shows, and a rule that never watched would be silently off."""
    assert hour_of(judge(rule(for_s=1800, hours=(Hours(start_min=480, end_min=490),)), on(0, 20, 21), PLAIN)) == 20.5


def test_only_on_shift() -> None:
    """The shift of the vehicle at the fact's start; of one without a shift, always."""
    shift = {"id": "s", "start_min": 360, "end_min": 840, "days": [1, 2, 3, 4, 5]}
    join = {"id": "a", "device": "t1", "vehicle": "v1", "shift": "s", "from_us": 0}
    sections = [Config(section="shifts", rows=(shift,)), Config(section="assignments", rows=(join,))]
    working, watching = setting(UTC_CITY, *sections), rule(for_s=1800, on_shift=True)
    assert [hour_of(judge(watching, on(0, h, h + 2), working)) for h in (3, 5, 12, 13.75)] == [None, 6.5, 12.5, None]
    assert hour_of(judge(watching, on(5, 8, None), working)) == 7 * 24 + 6.5  # parked on Saturday, due on Monday
    assert hour_of(judge(watching, on(0, 3, 4), CITY)) == 3.5


def test_quiet_hours() -> None:
    """From six to six in the night; without a clock of the city there are none."""
    calm = rule(quiet=(Hours(start_min=1080, end_min=1800),))
    assert [quiet_at(calm, MONDAY_US + h * H * 1_000_000, CITY) for h in (17, 18, 29, 30)] == [False, True, True, False]
    assert not quiet_at(calm, MONDAY_US, PLAIN)


@pytest.mark.parametrize(
    ("fields", "matched"),
    [
        ({}, True),
        ({"classes": ("phone",)}, False),
        ({"devices": ("t1",)}, True),
        ({"devices": ("t2",)}, False),
        ({"purposes": ("break",)}, False),
        ({"subjects": ("place:tpa",)}, True),
        ({"subjects": ("area:alak", "area:oesapa")}, True),
        ({"subjects": ("place:pool",)}, False),
        ({"kinds": ("landfill",)}, True),
        ({"kinds": ("depot",)}, False),
        ({"subjects": ("zone:z1",)}, True),
        ({"subjects": ("zone:z9",)}, False),
    ],
)
def test_which_dwells_a_rule_watches(fields: dict[str, Any], matched: bool) -> None:
    """By class, device, purpose, and where it lies; zones are looked up at its centre."""
    stop = fact(0, 60, subjects=("place:tpa", "area:alak"))
    assert matches(rule(**fields), stop, setting(PLACES, ZONE)) is matched


@pytest.mark.parametrize(("start_s", "matched"), [(99, False), (100, True)])
def test_groups_are_those_of_the_fact_s_time(start_s: float, matched: bool) -> None:
    """Before the device was in the vehicle it was in no group."""
    assert matches(rule(groups=("Alak",)), fact(start_s, 200), setting(*GROUPS)) is matched


def test_a_rule_watches_facts_of_its_kind() -> None:
    """A dwell is no visit, and a speeding is watched from the rule's speed on."""
    fast = fact(0, 60, kind="speeding", max_mps=20.0)
    assert not matches(rule(fact="inside"), fact(0, 60), PLAIN)
    assert [matches(rule(fact="speeding", over_mps=v), fast, PLAIN) for v in (0, 20, 20.1)] == [True, True, False]


def due_s(of: Rule, *facts: Fact, raised: tuple[int, ...] = ()) -> list[tuple[str, float]]:
    """Threads and seconds of what is due."""
    return [(d.fact.id, (d.at_us - at(0)) / 1e6) for d in dues(of, facts, PLAIN, raised, ())]


def test_facts_close_together_are_one() -> None:
    """Two stops of 400 s a minute apart are a stop of 860 s, under the id of the first."""
    stops = [fact(460, 860), fact(0, 400)]
    assert due_s(rule(for_s=600, clear_s=60), *stops) == [("f0", 600)]
    assert due_s(rule(for_s=600, clear_s=59), *stops) == []


def test_visits_are_one_only_with_their_like() -> None:
    """A visit of another zone a moment later is another visit."""
    visits = [fact(0, 400, kind="visit", subjects=("zone:a",)), fact(410, 900, kind="visit", subjects=("zone:b",))]
    assert due_s(rule(fact="inside", for_s=600), *visits) == []


def test_a_cooldown_holds_back_what_follows() -> None:
    """The second stop ends within it; the third lasts beyond and is due at its end."""
    stops = [fact(0, 500), fact(600, 1100), fact(1200, 9000)]
    assert due_s(rule(for_s=300, cooldown_s=2000, clear_s=0), *stops) == [("f0", 300), ("f1200", 2300)]
    assert due_s(rule(for_s=300, clear_s=0), *stops) == [("f0", 300), ("f600", 900), ("f1200", 1500)]


def test_an_older_alert_cools_too() -> None:
    """One whose fact is forgotten counts, if it came before."""
    assert due_s(rule(for_s=300, cooldown_s=2000), fact(0, 500), raised=(at(-1700),)) == [("f0", 300)]
    assert due_s(rule(for_s=300, cooldown_s=2000), fact(0, 500), raised=(at(-1600),)) == [("f0", 400)]
    assert due_s(rule(for_s=300, cooldown_s=2000), fact(0, 500), raised=(at(400),)) == [("f0", 300)]


def test_what_is_yet_to_happen_cools_nothing() -> None:
    """A visit that lasts may end before it is due at 600; another, due at 650, is not held back by it."""
    lasting = fact(0, None, 100, kind="visit", subjects=("zone:a",))
    other = fact(50, 700, kind="visit", subjects=("zone:b",))
    assert due_s(rule(fact="inside", for_s=600, cooldown_s=9000), lasting, other) == [("f0", 600), ("f50", 650)]


def pieces(of: Rule, *covers: Fact, whole: Fact, config: Any = PLAIN) -> list[tuple[float, float | None]]:
    """Seconds from and to of the time outside."""
    found = outside(of, covers, whole, config)
    return [((p.start_us - at(0)) / 1e6, None if p.end_us is None else (p.end_us - at(0)) / 1e6) for p in found]


WHOLE = fact(0, None, 10_000, kind="outside")
AWAY = rule(fact="outside", subjects=("zone:a",), clear_s=0)


def test_being_outside_is_what_visits_leave() -> None:
    """Visits of other zones do not count; an open visit ends it."""
    a, b = (fact(1000, 2000, kind="visit", subjects=(f"zone:{z}",)) for z in "ab")
    again = fact(5000, None, kind="visit", subjects=("zone:a",))
    assert pieces(AWAY, a, b, whole=WHOLE) == [(0, 1000), (2000, None)]
    assert pieces(AWAY, a, again, whole=WHOLE) == [(0, 1000), (2000, 5000)]


def test_nobody_is_outside_in_a_gap() -> None:
    """What happened in a silence is not known, and what follows counts anew."""
    visit, gap = fact(0, 2000, kind="visit", subjects=("zone:a",)), fact(1990, 6000, kind="gap")
    assert pieces(AWAY, visit, gap, whole=WHOLE) == [(6000, None)]


def test_a_short_visit_does_not_interrupt() -> None:
    """Hysteresis holds for being outside too."""
    visit = fact(1000, 1030, kind="visit", subjects=("zone:a",))
    assert pieces(rule(fact="outside", subjects=("zone:a",), clear_s=60), visit, whole=WHOLE) == [(0, None)]


def test_each_shift_counts_anew() -> None:
    """Who stays away from Monday to Wednesday has been away in three windows."""
    watching = rule(fact="outside", subjects=("zone:a",), hours=(Hours(start_min=480, end_min=1080),))
    away = on(0, 10, 3 * 24, kind="outside")
    assert [(hour_of(p.start_us), hour_of(p.end_us)) for p in outside(watching, (), away, CITY)] == [
        (10, 18), (24 + 8, 24 + 18), (48 + 8, 48 + 18),
    ]  # fmt: skip


def test_two_facts_of_one_name_and_time() -> None:
    """A silence that was told and the one that lasts may begin at one moment: both are judged, nothing is compared."""
    told, lasting = (fact(0, end_s, 700, id="q", kind="silence") for end_s in (650, None))
    found = dues(rule(fact="silence", for_s=600), [told, lasting], PLAIN, (), ())
    assert [due.at_us for due in found] == [at(600), at(600)]
