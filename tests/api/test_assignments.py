"""Dated joins corrected afterwards: dwells, alerts and positions bear the right vehicle, by the days they are of."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from core.units import US_PER_S
from tests.api.samples import NOW_US, alert, changed, dwell, live
from tests.api.world import World
from tests.api.writing import configured, fleet, in_writing_world, said

pytestmark = pytest.mark.service
NOW_S = NOW_US // US_PER_S
H = 3600


async def join(there: World, name: str, *, close: bool = False, **body: Any) -> httpx.Response:
    query = "?close=true" if close else ""
    return await there.ask("PUT", f"/api/v1/assignments/{name}{query}", json=body)


async def vehicles(there: World) -> dict[str, str | None]:
    """The vehicle of each dwell and alert, and of the position."""
    window = {"from": NOW_S - 48 * H, "to": NOW_S + H}
    dwells = (await there.get("/api/v1/dwells", **window)).json()["items"]
    alerts = (await there.get("/api/v1/alerts", **window)).json()["items"]
    (position,) = (await there.get("/api/v1/positions")).json()["features"]
    return {row["id"]: row["vehicle"] for row in [*dwells, *alerts]} | {"now": position["properties"]["vehicle"]}


async def two_days(there: World) -> None:
    """Tracker g1 stood yesterday and an hour ago, each with an alert; it is on the map."""
    await configured(there, *fleet("t1", "t2", trackers=("g1", "g2")))
    at_us = {"old": NOW_US - 24 * H * US_PER_S, "new": NOW_US - H * US_PER_S}
    rows = [dwell(f"d-{k}", device="g1", start_us=us, end_us=us + 60, last_us=us + 60) for k, us in at_us.items()]
    alerts = [alert(f"a-{k}", device="g1", dwell=f"d-{k}", at_us=us) for k, us in at_us.items()]
    await said(there, *map(changed, rows), *alerts)
    await there.shown(live("g1"))


def test_a_tracker_that_moved_is_corrected_afterwards(postgres_url: str) -> None:
    """It sits in t2 since twelve hours, as somebody says only now: the open day is t2's, yesterday stays t1's."""

    async def body(there: World) -> list[Any]:
        await two_days(there)
        first = await join(there, "a", device="g1", vehicle="t1", **{"from": NOW_S - 48 * H})
        before = await vehicles(there)
        moved = await join(there, "b", close=True, device="g1", vehicle="t2", **{"from": NOW_S - 12 * H})
        return [first.status_code, before, moved.status_code, await vehicles(there)]

    first, before, moved, after = in_writing_world(postgres_url, body)
    assert (first, moved) == (201, 201)
    assert before == dict.fromkeys(["d-old", "d-new", "a-old", "a-new", "now"], "t1")
    assert after == {"d-old": "t1", "a-old": "t1", "d-new": "t2", "a-new": "t2", "now": "t2"}


def test_a_substitute_truck_for_a_day(postgres_url: str) -> None:
    """Yesterday the tracker was in t2: its own truck has what was before and after."""

    async def body(there: World) -> list[Any]:
        await two_days(there)
        await join(there, "a", device="g1", vehicle="t1", **{"from": NOW_S - 48 * H})
        span = {"from": NOW_S - 30 * H, "until": NOW_S - 20 * H}
        await join(there, "sub", close=True, device="g1", vehicle="t2", **span)
        rows = (await there.get("/api/v1/assignments")).json()["items"]
        return [await vehicles(there), sorted((row["vehicle"], row["from"]) for row in rows)]

    after, rows = in_writing_world(postgres_url, body)
    assert after == {"d-old": "t2", "a-old": "t2", "d-new": "t1", "a-new": "t1", "now": "t1"}
    assert rows == [
        ("t1", "2026-01-03T08:00:00+08:00"),
        ("t1", "2026-01-04T12:00:00+08:00"),
        ("t2", "2026-01-04T02:00:00+08:00"),
    ]


def test_a_wrong_join_is_changed_in_place(postgres_url: str) -> None:
    """The same assignment with another vehicle: its days are that vehicle's; deleted, they are nobody's."""

    async def body(there: World) -> list[Any]:
        await two_days(there)
        for truck in ("t1", "t2"):
            await join(there, "a", device="g1", vehicle=truck, **{"from": NOW_S - 12 * H})
        changed_in_place = await vehicles(there)
        await there.ask("DELETE", "/api/v1/assignments/a")
        return [changed_in_place, await vehicles(there)]

    first, gone = in_writing_world(postgres_url, body)
    assert first == {"d-old": None, "a-old": None, "d-new": "t2", "a-new": "t2", "now": "t2"}
    assert gone == dict.fromkeys(first)


def test_two_trucks_at_once_are_refused(postgres_url: str) -> None:
    """409 names the assignment that stands in the way, and what to do; nothing has changed."""

    async def body(there: World) -> list[Any]:
        await configured(there, *fleet("t1", "t2"))
        await join(there, "a", device="g1", vehicle="t1", **{"from": NOW_S - H})
        refused = await join(there, "b", device="g1", vehicle="t2", **{"from": NOW_S})
        meets = await join(there, "c", device="g1", vehicle="t2", **{"from": NOW_S - 2 * H, "until": NOW_S - H})
        covers = await join(there, "d", close=True, device="g1", vehicle="t2", **{"from": NOW_S - 9 * H})
        rows = (await there.get("/api/v1/assignments")).json()["items"]
        return [refused, meets.status_code, covers, [row["id"] for row in rows]]

    refused, meets, covers, rows = in_writing_world(postgres_url, body)
    assert (refused.status_code, meets, covers.status_code) == (409, 201, 409)
    assert refused.json()["detail"] == (
        "assignment a has g1 with vehicle t1 from 2026-01-05T07:00:00+08:00; "
        "end it first, or repeat with ?close=true to end it where the new one begins"
    )
    assert "assignment a lies wholly within" in covers.json()["detail"]
    assert rows == ["a", "c"]


def test_a_phone_has_one_person(postgres_url: str) -> None:
    """A driver who takes over a phone ends the former's time with it."""

    async def body(there: World) -> list[Any]:
        await configured(there, *fleet("t1"))
        await join(there, "a", device="g1", person="ana", **{"from": NOW_S - H})
        refused = await join(there, "b", device="g1", person="budi", **{"from": NOW_S})
        taken = await join(there, "b", close=True, device="g1", person="budi", **{"from": NOW_S})
        rows = (await there.get("/api/v1/assignments")).json()["items"]
        return [refused.status_code, taken.status_code, {row["id"]: row["until"] for row in rows}]

    assert in_writing_world(postgres_url, body) == [409, 201, {"a": "2026-01-05T08:00:00+08:00", "b": None}]


def test_drivers_swap_trucks(postgres_url: str) -> None:
    """Who drove what is a join of vehicle and person: corrected from both sides, no device is concerned."""

    async def body(there: World) -> list[int]:
        await configured(there, *fleet("t1", "t2"))
        answers = []
        for name, truck, who in (("a", "t1", "ana"), ("b", "t2", "budi"), ("a", "t1", "budi"), ("b", "t2", "ana")):
            answers.append(await join(there, name, vehicle=truck, person=who, **{"from": NOW_S - H}))
        return [answer.status_code for answer in answers]

    assert in_writing_world(postgres_url, body) == [201, 201, 200, 200]
