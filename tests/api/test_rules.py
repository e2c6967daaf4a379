"""Rules by HTTP: written as registries are, and tried on archived days before they are switched on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.entries import Config
from core.fixes import Fixes
from core.ruling import RULES_MAX
from tests.api.samples import NOW_US, S, changed, dwell, spell, told
from tests.api.world import World, in_world
from tests.api.writing import configured, in_writing_world
from tests.geo.tracks import DAY_US, NEARBY, driving, fixes, run, standing

pytestmark = pytest.mark.service

LONG = {"name": "Lama", "fact": "dwell", "for_s": 500, "hours": [{"start": "05:30", "end": "22:00"}]}
CITY = Config(section="city", rows=({"id": "city", "offsets": [[0, 28_800]]},))
TRY = "/api/v1/rules/try/backtest"


def test_a_rule_is_put_read_and_deleted(postgres_url: str) -> None:
    """Times of day may be written as such, and are shown as minutes after midnight."""

    async def body(there: World) -> list[Any]:
        new = await there.ask("PUT", "/api/v1/rules/u-1", json=LONG)
        listed = (await there.get("/api/v1/rules")).json()["items"]
        gone = await there.ask("DELETE", "/api/v1/rules/u-1")
        return [new.status_code, new.json() == listed[0], listed[0]["hours"], listed[0]["on"], gone.status_code]

    hours = [{"start_min": 330, "end_min": 1320, "days": [1, 2, 3, 4, 5, 6, 7], "holidays": True}]
    assert in_writing_world(postgres_url, body) == [201, True, hours, True, 204]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"fact": "silence", "for_s": 10}, "for_s of a silence must be at least 60"),
        ({"fact": "dwell", "subjects": ["depo"]}, "must be place:ID, area:ID or zone:ID"),
        ({"fact": "dwell", "subjects": ["zone:none"]}, "name the zone 'none', which is not there"),
        ({"fact": "dwell", "hours": [{"start": "9:00", "end": "8:00"}]}, "hours start before they end"),
        ({"fact": "dwell", "hours": [{"from": "9:00"}]}, "hours have no 'from'"),
        ({"fact": "parked"}, "Invalid enum value 'parked'"),
        ({"fact": "dwell", "for": 10}, "is no field of rules"),
        ({}, "fact is missing"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused(postgres_url: str, wrong: dict[str, Any], says: str) -> None:
    """422, and what is wrong."""

    async def body(there: World) -> tuple[int, str]:
        answer = await there.ask("PUT", "/api/v1/rules/u-1", json=wrong)
        return answer.status_code, answer.json()["detail"]

    status, detail = in_writing_world(postgres_url, body)
    assert (status, says in detail) == (422, True), detail


def test_a_city_has_a_bounded_number_of_rules(postgres_url: str) -> None:
    """One more is a conflict; those that are there may be changed."""
    rows = tuple({"id": f"u-{i}", "fact": "dwell"} for i in range(RULES_MAX))

    async def body(there: World) -> list[int]:
        await configured(there, Config(section="rules", rows=rows))
        more = await there.ask("POST", "/api/v1/rules", json=LONG)
        changed_one = await there.ask("PUT", "/api/v1/rules/u-1", json=LONG)
        return [more.status_code, changed_one.status_code]

    assert in_writing_world(postgres_url, body) == [409, 200]


def stops() -> list[Any]:
    """Two stops of ten minutes on one day and one of the day before, by two trucks."""
    rows = [
        dwell("d-1"),
        dwell("d-2", device="t-2"),
        dwell("d-3", start_us=NOW_US - 90_600 * S, end_us=NOW_US - 90_000 * S, last_us=NOW_US - 90_000 * S),
        dwell("d-4", start_us=NOW_US - 500 * S, end_us=NOW_US - 100 * S, last_us=NOW_US - 100 * S),  # too short
        dwell("d-5", device="t-3", purpose="planned"),
        dwell("d-6", device="t-3", state="retracted"),
    ]
    return [changed(row) for row in rows]


def test_a_rule_is_tried_before_it_is_saved(postgres_url: str) -> None:
    """How often it would have fired, on which days, by which vehicle, and examples."""
    join = {"id": "a-1", "device": "t-1", "vehicle": "truk-1", "from_us": 0}

    async def body(there: World) -> Any:
        await there.archived(*stops(), configs=[CITY, Config(section="assignments", rows=(join,))])
        return (await there.ask("POST", f"{TRY}?from=2026-01-04&to=2026-01-06", json=LONG)).json()

    found = in_world(postgres_url, body)
    assert (found["rule"], found["from"], found["to"]) == (
        "try", "2026-01-04T00:00:00+08:00", "2026-01-05T08:00:00+08:00",
    )  # fmt: skip
    assert (found["fired"], found["days"]) == (3, 2)
    assert found["by_day"] == [{"day": "2026-01-04", "fired": 1}, {"day": "2026-01-05", "fired": 2}]
    assert found["by_vehicle"] == [
        {"vehicle": "truk-1", "device": "t-1", "fired": 2},
        {"vehicle": None, "device": "t-2", "fired": 1},
    ]
    assert found["examples"][0] == {
        "at": "2026-01-04T06:58:20+08:00", "device": "t-1", "vehicle": "truk-1", "dwell": "d-3", "spell": None,
        "start": "2026-01-04T06:50:00+08:00", "end": "2026-01-04T07:00:00+08:00", "lon": 123.6, "lat": -10.2,
        "quiet": False,
    }  # fmt: skip


def fired(postgres_url: str, rule: dict[str, Any], *events: Any, fixes: Fixes | None = None) -> list[tuple[str, str]]:
    """Device and time of what a rule would have raised."""

    async def body(there: World) -> Any:
        await there.archived(*events, fixes=fixes, configs=[CITY])
        return (await there.ask("POST", TRY, json=rule)).json()

    return [(each["device"], each["at"][11:19]) for each in in_world(postgres_url, body)["examples"]]


def test_visits_are_judged_by_their_subject(postgres_url: str) -> None:
    """A rule about one zone passes over visits of another."""
    visits = [told(spell(f"v-{z}", kind="visit", subject=f"zone:{z}", device=f"t-{z}")) for z in ("a", "b")]
    rule = {"fact": "inside", "subjects": ["zone:a"], "for_s": 60}
    assert fired(postgres_url, rule, *visits) == [("t-a", "06:51:00")]


def test_being_outside_is_what_visits_leave(postgres_url: str) -> None:
    """Counted from where the device was heard, not over a gap."""
    visit = told(spell("v-1", kind="visit", subject="zone:a"))
    trip = told(spell("s-1", end_us=NOW_US - 1000 * S, last_us=NOW_US - 1000 * S))
    gap = told(spell("g-1", kind="gap", start_us=NOW_US - 3400 * S, end_us=NOW_US - 2400 * S))
    rule = {"fact": "outside", "subjects": ["zone:a"], "for_s": 900}
    assert fired(postgres_url, rule, visit, trip) == [("t-1", "07:15:00")]
    assert fired(postgres_url, rule, visit, trip, gap) == [("t-1", "07:35:00")]


def test_silences_are_found_between_fixes(postgres_url: str) -> None:
    """From one fix to the next; the last one lasts until now."""
    times = [NOW_US - s * S for s in (3600, 3590, 2000, 600)]
    batch = Fixes.of(
        ["t-1"], device=[0] * 4, time_us=times, received_us=times, lon=[123.6] * 4, lat=[-10.2] * 4
    )  # fmt: skip
    assert fired(postgres_url, {"fact": "silence", "for_s": 500}, fixes=batch) == [
        ("t-1", "07:08:30"), ("t-1", "07:35:00"), ("t-1", "07:58:20"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "status"), [("?from=2025-01-01&to=2026-01-01", 422), ("?from=2026-01-03&to=2026-01-02", 422), ("", 404)]
)
def test_a_backtest_that_cannot_be_made(postgres_url: str, query: str, status: int) -> None:
    """Too many days, a window that ends before it begins, a rule that nobody saved."""

    async def body(there: World) -> int:
        sent = {"json": LONG} if query else {}
        answer = await there.ask("POST", f"/api/v1/rules/none/backtest{query}", **sent)
        return answer.status_code

    assert in_world(postgres_url, body) == status


def test_a_saved_rule_is_tried_without_a_body(postgres_url: str) -> None:
    """As it stands in the registry."""

    async def body(there: World) -> int:
        saved = {"id": "u-1", "fact": "dwell", "for_s": 500.0}
        await there.archived(*stops(), configs=[Config(section="rules", rows=(saved,))])
        return int((await there.ask("POST", "/api/v1/rules/u-1/backtest")).json()["fired"])

    assert in_world(postgres_url, body) == 3


@pytest.mark.parametrize(
    "rule",
    [
        {"id": "u-1", "fact": "dwell", "for_s": 400.0},
        {"id": "u-1", "fact": "silence", "for_s": 900.0},
        {"id": "u-1", "fact": "inside", "subjects": ["zone:z1"], "for_s": 60.0},
        {"id": "u-1", "fact": "outside", "subjects": ["zone:z1"], "for_s": 600.0},
    ],
)
def test_the_archive_says_what_the_engine_raised(postgres_url: str, rule: dict[str, Any]) -> None:
    """A day that was run live and archived: the backtest names the very alerts, devices and times."""
    zone = Config(section="zones", rows=({"id": "z1", "line": [[123.6, -10.17]], "radius_m": 200.0},))
    track = [*standing(0, 700), *driving(710, 1200), *driving(2500, 2700, x0=9000.0), *standing(2800, 3600, at=(0, 0))]
    day = fixes([*track, *driving(3610, 4400)])
    configs = [NEARBY, zone, CITY, Config(section="rules", rows=(rule,))]
    _, events = run([*configs, *(day.take(np.array([i])) for i in range(len(day)))])

    async def body(there: World) -> tuple[list[Any], list[Any]]:
        there.clock.set(DAY_US + 4_400_000_000)
        await there.archived(*events, fixes=day, configs=configs)
        raised = (await there.get("/api/v1/alerts", kind="rule")).json()["items"]
        found = (await there.ask("POST", "/api/v1/rules/u-1/backtest")).json()["examples"]
        standing_ = sorted((a["device"], a["raised"]) for a in raised if a["state"] == "raised")
        return standing_, sorted((e["device"], e["at"]) for e in found)

    live, tried = in_world(postgres_url, body)
    assert live == tried
    assert live
