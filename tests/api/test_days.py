"""City days by HTTP: how they stand, who may close and open them, what is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.events import FixFlagged
from store import days, late
from store.days import DayState, PendingError, span_of
from tests.api.samples import NOW_US, S, changed, dwell
from tests.api.world import CITY, World, in_world

pytestmark = pytest.mark.service
PATH = "/api/v1/days"
SUNDAY = dt.date(2026, 1, 4)


def closing(there: list[World]) -> Any:
    """What the composition gives: here it freezes at once."""

    async def close_day(day: dt.date) -> DayState:
        deps = there[0].deps
        await days.begin_closing(deps.pool, day)
        return await days.close(deps.pool, day, span_of(day, deps.zone), nothing, now_us=NOW_US)

    return close_day


async def nothing() -> dict[str, Any]:
    return {}


def test_a_day_is_closed_corrected_and_opened_again(postgres_url: str) -> None:
    """The answer says when, how often, and how much has changed since."""
    worlds: list[World] = []

    async def body(there: World) -> list[Any]:
        worlds.append(there)
        ended = {"start_us": NOW_US - 40_000 * S, "end_us": NOW_US - 39_000 * S, "last_us": NOW_US - 39_000 * S}
        await there.archived(changed(dwell(**ended)))
        answers = [(await there.ask("POST", f"{PATH}/2026-01-04/close")).json()]
        await there.archived(changed(dwell(revision=9, **ended)))
        answers.append((await there.get(f"{PATH}/2026-01-04")).json())
        answers.append((await there.ask("POST", f"{PATH}/2026-01-04/reopen", "admin")).json())
        return answers

    closed, corrected, opened = in_world(postgres_url, body, close_day=closing(worlds))
    at = "2026-01-05T08:00:00+08:00"
    told = {"closed_without": [], "waiting": [], "refused": []}
    assert closed == told | {"day": "2026-01-04", "state": "closed", "closed": at, "version": 1, "corrections": 0}
    assert corrected == closed | {"corrections": 1}
    assert opened == closed | {"state": "open", "corrections": None, "closed_without": None}


def test_a_day_names_who_waits_and_who_was_refused(postgres_url: str) -> None:
    """Also what it was closed without; words that nobody read yet wait too."""
    day_us = span_of(SUNDAY, ZoneInfo(CITY.tz)).from_us
    words = [FixFlagged(at_us=NOW_US, device=f"t-{n}", time_us=day_us, reason="beyond_horizon") for n in range(3)]

    async def body(there: World) -> list[Any]:
        pool, span = there.deps.pool, span_of(SUNDAY, there.deps.zone)
        await late.take(pool)
        await there.archived(*words[:2])
        await late.take(pool)
        waiting, refused = await late.ripe(pool, NOW_US, quiet_us=NOW_US, long_us=NOW_US)
        await late.failed(pool, waiting, "the archive is behind", next_us=NOW_US + 15 * S, refused=False)
        await late.failed(pool, refused, "bad entry", next_us=NOW_US, refused=True)
        await there.archived(words[2])
        without = [{"device": "t-1", "reason": "bad entry"}]
        await days.begin_closing(pool, SUNDAY)
        await days.close(pool, SUNDAY, span, nothing, now_us=NOW_US, refused=without)
        return [(await there.get(f"{PATH}/{day}")).json() for day in ("2026-01-04", "2026-01-05")]

    sunday, monday = in_world(postgres_url, body)
    at = {"since": "2026-01-05T08:00:00+08:00"}
    first = {"device": "t-0", "tries": 1, "next": "2026-01-05T08:00:15+08:00", "reason": "the archive is behind"}
    assert sunday["waiting"] == [at | first, at | {"device": "t-2", "tries": 0, "next": None, "reason": None}]
    assert sunday["refused"] == sunday["closed_without"] == [{"device": "t-1", "reason": "bad entry"}]
    assert (monday["waiting"], monday["refused"]) == ([], [])


def test_all_days_are_listed(postgres_url: str) -> None:
    """Also those that nobody closed; newest first."""

    async def body(there: World) -> list[Any]:
        await days.begin_closing(there.deps.pool, SUNDAY)
        return [(await there.get(PATH, **{"from": "2026-01-03"})).json(), (await there.get(PATH)).json()]

    some, usual = in_world(postgres_url, body)
    assert [(d["day"][-2:], d["state"]) for d in some["items"]] == [("05", "open"), ("04", "closing"), ("03", "open")]
    assert len(usual["items"]) == 31


def test_a_day_is_computed_anew(postgres_url: str) -> None:
    """For all devices or one; the answer says what became of rows."""
    asked = []

    async def rebuild_day(day: dt.date, device: str | None) -> dict[str, int]:
        asked.append((day, device))
        return {"new": 1, "same": 3, "left": 0}

    async def body(there: World) -> list[Any]:
        one = await there.ask("POST", f"{PATH}/2026-01-04/rebuild?device=t-1")
        return [one.json()["rows"], (await there.ask("POST", f"{PATH}/2026-01-04/rebuild")).status_code]

    assert in_world(postgres_url, body, rebuild_day=rebuild_day) == [{"new": 1, "same": 3}, 200]
    assert asked == [(SUNDAY, "t-1"), (SUNDAY, None)]


REFUSED = [
    ("POST", "2026-01-05/close", "supervisor", 409),  # not over
    ("POST", "2026-01-04/close", "supervisor", 503),  # late data waits
    ("POST", "2026-01-04/close", "coordinator", 403),
    ("POST", "2026-01-04/reopen", "supervisor", 403),
    ("POST", "2026-01-04/reopen", "admin", 409),  # it is open
    ("POST", "yesterday/rebuild", "supervisor", 422),
    ("GET", "2026-02-30", "supervisor", 422),
    ("GET", "?from=2020-01-01", "supervisor", 422),  # too many
]


def test_what_cannot_be_is_refused_with_a_reason(postgres_url: str) -> None:
    """A day that is not over, one that waits for late data, a role that may not, a day that is none."""

    async def close_day(_: dt.date) -> DayState:
        raise PendingError("fixes came late")

    async def body(there: World) -> list[Any]:
        found = [await there.ask(m, f"{PATH}{'' if p[0] == '?' else '/'}{p}", role) for m, p, role, _ in REFUSED]
        return [(answer.status_code, bool(answer.json()["detail"])) for answer in found]

    assert in_world(postgres_url, body, close_day=close_day) == [(status, True) for *_, status in REFUSED]
    assert CITY.tz == "Asia/Makassar"
