"""How dispatch stands, asked of a real one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.dispatching import Town, in_town, person
from tests.api.samples import S
from tests.api.world import World, in_world

pytestmark = pytest.mark.service
PATH = "/api/v1/dispatch"


async def standing(town: Town, **wanted: Any) -> dict[str, Any]:
    """The figures, once they are these."""
    async with asyncio.timeout(10):
        while True:
            found: dict[str, Any] = (await town.ask("GET", PATH, "leader")).json()
            if wanted.items() <= found.items():
                return found
            await asyncio.sleep(0.1)


def test_the_figures_follow_what_happens(clean_valkey_url: str, postgres_url: str) -> None:
    """Two on duty of three; a fire that wants one; the city paused."""

    async def body(town: Town) -> Any:
        first = await standing(town, reachable=2)
        await town.asked(await town.fire())
        await town.ask("POST", f"{PATH}/pause")
        return first, await standing(town, paused=True)

    people = [person("ana"), person("budi"), person("cici", duty=False)]
    first, later = in_town(clean_valkey_url, postgres_url, body, *people)
    assert (first["registered"], first["on_duty"], first["open"], first["paused"]) == (3, 2, 0, False)
    assert (first["acceptance"], first["answers"], first["at"]) == (0.35, 10.0, "2026-01-05T08:00:00+08:00")
    assert (later["open"], later["asking"]) == (1, 1)
    assert later["places"][0] == {"severity": 3, "wanted": 1, "filled": 0, "asked": 2}


def test_coverage_says_what_one_more_would_take(clean_valkey_url: str, postgres_url: str) -> None:
    """Two could come to the one area while nothing burns; asked by those who lead, in words."""

    async def body(town: Town) -> Any:
        await standing(town, reachable=2)
        calm = (await town.ask("GET", f"{PATH}/coverage?people=2", "leader")).json()
        fire = await town.fire(severity=1)
        await town.asked(fire)
        return calm, fire, (await town.ask("GET", f"{PATH}/coverage?people=1&severity=3", "leader")).json()

    calm, fire, busy = in_town(clean_valkey_url, postgres_url, body, person("ana"), person("budi"))
    assert [(each["area"], each["name"], each["could"], each["taking"]) for each in calm["items"]] == [
        ("a-1", "Oebobo", 2, None)
    ]
    assert calm["items"][0]["words"]["id"].endswith("tanpa mengambil dari kejadian lain.")
    assert busy["items"][0]["taking"]["could"] == 1
    assert busy["severity"] == 3
    assert fire


def test_an_answer_is_kept_for_a_while(clean_valkey_url: str, postgres_url: str) -> None:
    """Who asks again within seconds gets the same, with the time when it was true."""

    async def body(town: Town) -> list[str]:
        told = []
        for _ in range(2):
            told.append((await town.ask("GET", f"{PATH}/coverage", "leader")).json()["at"])
            town.there.clock.advance(5 * S)
        return told

    first, second = in_town(clean_valkey_url, postgres_url, body)
    assert first == second


def test_who_may_ask(postgres_url: str) -> None:
    """Leaders and staff; what is asked for must be a number of people."""

    async def body(there: World) -> list[int]:
        roles = ("leader", "coordinator", "auditor", "volunteer", None)
        found = [(await there.ask("GET", PATH, role)).status_code for role in roles]
        return [*found, (await there.ask("GET", f"{PATH}/coverage?people=0", "leader")).status_code]

    assert in_world(postgres_url, body) == [200, 200, 200, 403, 401, 422]
