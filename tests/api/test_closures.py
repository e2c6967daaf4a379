"""Roads that people close, and what follows from it before a real dispatch."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.dispatching import Town, in_town, person
from tests.api.samples import NOW_US, S
from tests.api.writing import in_writing_world

pytestmark = pytest.mark.service
PATH = "/api/v1/closures"


def square(lon: float, lat: float, half: float = 0.001) -> dict[str, Any]:
    corners = [(-half, -half), (half, -half), (half, half), (-half, half), (-half, -half)]
    return {"type": "Polygon", "coordinates": [[[lon + x, lat + y] for x, y in corners]]}


def feature(**properties: Any) -> dict[str, Any]:
    """A closure over Ana, who stands 500 m north of the fire."""
    return {"type": "Feature", "geometry": square(123.605, -10.1655), "properties": properties}


async def planned(town: Town, incident: str, people: list[str]) -> dict[str, Any]:
    """The plan, once it has these people."""
    async with asyncio.timeout(10):
        while True:
            plan: dict[str, Any] = (await town.ask("GET", f"/api/v1/incidents/{incident}/plan")).json()
            if [each["device"] for each in plan["chosen"]] == people:
                return plan
            await asyncio.sleep(0.02)


def test_a_closure_changes_who_is_planned_and_its_end_changes_it_back(clean_valkey_url: str, postgres_url: str) -> None:
    """Ana is within it; Budi is planned in her place until it is taken away."""

    async def body(town: Town) -> Any:
        town.there.clock.advance(S)
        await town.seen(budi=2000.0)
        incident = await town.fire()
        await planned(town, incident, ["hp-ana"])
        made = await town.ask("POST", PATH, json=feature(name="Pohon tumbang", vehicles=["motorbike"]))
        closed = await planned(town, incident, ["hp-budi"])
        gone = await town.ask("DELETE", made.headers["location"])
        await planned(town, incident, ["hp-ana"])
        return made, closed, gone

    made, closed, gone = in_town(clean_valkey_url, postgres_url, body, person("ana"), person("budi"))
    assert (made.status_code, gone.status_code) == (201, 204)
    assert made.json()["properties"]["vehicles"] == ["motorbike"]
    assert "hp-ana" not in [each["device"] for each in closed["others"]]


def test_a_closure_is_read_changed_and_over(postgres_url: str) -> None:
    """As it was drawn; a change holds for the version that was seen; what is over is shown when it is asked for."""

    async def body(there: Any) -> Any:
        soon = {"until": NOW_US // S + 60, "width_m": 30}
        line = {"type": "LineString", "coordinates": [[123.6, -10.17], [123.61, -10.17]]}
        made = await there.ask("PUT", f"{PATH}/jembatan", "coordinator", json=feature(**soon) | {"geometry": line})
        tag = (await there.ask("GET", f"{PATH}/jembatan", "leader")).headers["etag"]
        again = await there.ask("PUT", f"{PATH}/jembatan", "coordinator", json=made.json())
        old = await there.ask(
            "PUT", f"{PATH}/jembatan", "coordinator", json=feature(), headers={"If-Match": '"another"'}
        )
        now = (await there.ask("GET", PATH, "leader")).json()
        there.clock.advance(61 * S)
        later = [(await there.ask("GET", f"{PATH}{query}", "leader")).json() for query in ("", "?all=true")]
        return made, tag, again, old, now, later

    made, tag, again, old, now, later = in_writing_world(postgres_url, body)
    assert (made.status_code, again.status_code, old.status_code) == (201, 200, 409)
    assert made.headers["etag"] == again.headers["etag"] == tag
    told = {"until": "2026-01-05T08:01:00+08:00", "width_m": 30.0, "in_force": True}
    assert {name: now["features"][0]["properties"][name] for name in told} == told
    assert [len(each["features"]) for each in later] == [0, 1]
    assert later[1]["features"][0]["properties"]["in_force"] is False


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"geometry": square(-123.6, 10.1)}, "outside Kupang"),
        ({"geometry": {"type": "Polygon", "coordinates": "?"}}, "cannot be used"),
        ({"geometry": {"type": "GeometryCollection", "geometries": []}}, "must be one of"),
        ({"properties": {"until": NOW_US // S - 1}}, "over already"),
        ({"properties": {"depth_cm": -1}}, "depth_cm"),
        ({"properties": {"vehicles": ["train"]}}, "vehicles"),
        ({"properties": {"colour": "red"}}, "colour"),
    ],
)
def test_what_cannot_be_used_is_refused(postgres_url: str, change: dict[str, Any], word: str) -> None:
    """422 says what is wrong, and nothing was closed."""

    async def body(there: Any) -> Any:
        refused = await there.ask("POST", PATH, "coordinator", json=feature() | change)
        return refused, (await there.ask("GET", f"{PATH}?all=true", "coordinator")).json()

    refused, left = in_writing_world(postgres_url, body)
    assert (refused.status_code, left["features"]) == (422, [])
    assert word in refused.text


def test_who_may_close_a_road(postgres_url: str) -> None:
    """Coordinators and admins; who is not signed in sees nothing."""

    async def body(there: Any) -> list[int]:
        roles = ("admin", "coordinator", "supervisor", "volunteer", "leader", None)
        made = [(await there.ask("POST", PATH, role, json=feature())).status_code for role in roles]
        return [*made, (await there.ask("GET", PATH, None)).status_code]

    assert in_writing_world(postgres_url, body) == [201, 201, 403, 403, 403, 401, 401]
