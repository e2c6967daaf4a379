"""Writing the registries by HTTP: the answer comes after the effect, what cannot be true is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from core.codec import encode
from core.entries import Config
from store import credentials
from store.held import held_devices
from tests.api.samples import NOW_US, S
from tests.api.world import World
from tests.api.writing import configured, fleet, in_writing_world
from tests.strategies import fixes_of

pytestmark = pytest.mark.service

JSON = {"Content-Type": "application/json"}
BODIES: dict[str, dict[str, Any]] = {
    "devices": {"class": "phone", "name": "HP", "sim_expires": "2026-12-31", "note": "kaca retak"},
    "vehicles": {"plate": "DH 1 XX", "group": "Alak", "workshop": True},
    "people": {"name": "Ana", "kind": "driver", "skills": ["p3k"], "phone": "+62 811"},
    "routes": {"name": "Rute 1", "points": ["a", "b"], "line": [[123.6, -10.2], [123.7, -10.1]], "days": [1, 4]},
    "shifts": {"name": "Pagi", "start": "05:00", "end": "13:30", "days": [1, 2]},
    "assignments": {"device": "g1", "vehicle": "t1", "from": "2026-01-01", "until": 1_767_571_200},
}


@pytest.mark.parametrize("section", BODIES)
def test_a_row_is_put_read_changed_and_deleted(postgres_url: str, section: str) -> None:
    """201, what GET then shows, 200 with the same body, 204, 404."""

    async def body(there: World) -> list[Any]:
        await configured(there, *fleet("t1"))
        path = f"/api/v1/{section}/x-1"
        new = await there.ask("PUT", path, "admin", json=BODIES[section])
        seen = await there.get(path, "admin")
        again = await there.ask("PUT", path, "admin", json=seen.json())
        gone = await there.ask("DELETE", path, "admin")
        statuses = [new.status_code, seen.status_code, again.status_code, gone.status_code]
        return [statuses, new.json() == seen.json() == again.json(), (await there.get(path, "admin")).status_code]

    assert in_writing_world(postgres_url, body) == [[201, 200, 200, 204], True, 404]


def test_what_is_shown_bears_the_contracts_names(postgres_url: str) -> None:
    """Times come back with the city's offset, clock times as minutes."""

    async def body(there: World) -> list[dict[str, Any]]:
        await configured(there, *fleet("t1"))
        answers = [await there.ask("PUT", f"/api/v1/{s}/x", "admin", json=b) for s, b in BODIES.items()]
        return [answer.json() for answer in answers]

    device, vehicle, _, route, shift, join = in_writing_world(postgres_url, body)
    assert device == {"id": "x", "profile": "", **BODIES["devices"]}
    assert vehicle == {"id": "x", **BODIES["vehicles"]}
    assert route == {"id": "x", "due_min": [], "streets": [], **BODIES["routes"]}
    assert (shift["start_min"], shift["end_min"], shift["days"]) == (300, 810, [1, 2])
    assert (join["from"], join["until"]) == ("2026-01-01T00:00:00+08:00", "2026-01-05T08:00:00+08:00")


def test_post_makes_the_id(postgres_url: str) -> None:
    """201 with a Location; an id of one's own is taken once."""

    async def body(there: World) -> list[Any]:
        made = await there.ask("POST", "/api/v1/vehicles", json={"plate": "DH 2"})
        own = [await there.ask("POST", "/api/v1/vehicles", json={"id": "t9"}) for _ in range(2)]
        found = await there.get(made.headers["location"])
        return [made.status_code, found.json()["plate"], [answer.status_code for answer in own]]

    assert in_writing_world(postgres_url, body) == [201, "DH 2", [201, 409]]


@pytest.mark.parametrize(
    ("section", "body", "name"),
    [
        ("devices", {"class": "bus"}, "class"),
        ("devices", {"colour": "red"}, "colour"),
        ("devices", {"id": "other"}, "id"),
        ("devices", {"sim_expires": "31/12/2026"}, "body"),
        ("devices", {"profile": "tank"}, "profile"),
        ("vehicles", {"workshop": "perhaps"}, "workshop"),
        ("vehicles", {"plate": "DH\0"}, "body"),
        ("people", {"skills": ["\ud800"]}, "body"),
        ("routes", {"line": [[float("nan"), 0]]}, "line[0][0]"),
        ("routes", {"line": [[123.6, 91]]}, "line[0][1]"),
        ("shifts", {"start": "5 pagi", "end": "13:00"}, "start"),
        ("shifts", {"start": f"{'9' * 5000}:00", "end": "13:00"}, "start"),
        ("shifts", {"start": "13:00", "end": "05:00"}, "body"),
        ("assignments", {"device": "g1", "from": 0}, "body"),
        ("assignments", {"device": "g1", "vehicle": "t1"}, "from"),
        ("assignments", {"device": "g1", "vehicle": "t1", "from": "soon"}, "from"),
        ("assignments", {"device": "g1", "vehicle": "t1", "from": True}, "from"),
        ("assignments", {"device": "g1", "vehicle": "t1", "from": "1960-01-01"}, "body"),
        ("assignments", {"device": "g1", "vehicle": "t7", "from": 0}, "vehicle"),
        ("assignments", {"device": "g1", "vehicle": "t1", "from": 5, "until": 5}, "body"),
    ],
)
def test_a_body_that_cannot_be_used_is_named(postgres_url: str, section: str, body: dict[str, Any], name: str) -> None:
    """422 with the field and what to do; nothing is written."""

    async def ask(there: World) -> Any:
        await configured(there, *fleet("t1"))
        answer = await there.ask("PUT", f"/api/v1/{section}/x", content=json.dumps(body), headers=JSON)
        left = await there.get(f"/api/v1/{section}/x")
        return answer.status_code, answer.json()["errors"][0]["name"], left.status_code

    assert in_writing_world(postgres_url, ask) == (422, name, 404)


def test_a_change_of_an_old_version_is_refused(postgres_url: str) -> None:
    """If-Match: of two people who read the same row the second learns that it has changed."""

    async def body(there: World) -> list[int]:
        await configured(there, *fleet("t1"))
        seen = {"If-Match": (await there.get("/api/v1/vehicles/t1")).headers["etag"]}
        path = "/api/v1/vehicles/t1"
        first = await there.ask("PUT", path, json={"plate": "A"}, headers=seen)
        second = await there.ask("PUT", path, json={"plate": "B"}, headers=seen)
        third = await there.ask("DELETE", path, headers=seen)
        fresh = await there.ask("DELETE", path, headers={"If-Match": first.headers["etag"]})
        new = await there.ask("PUT", path, json={}, headers={"If-Match": "*"})
        return [answer.status_code for answer in (first, second, third, fresh, new)]

    assert in_writing_world(postgres_url, body) == [200, 409, 409, 204, 409]


@pytest.mark.parametrize(
    ("role", "section", "status"),
    [
        ("supervisor", "devices", 201),
        ("coordinator", "devices", 403),
        ("coordinator", "people", 201),
        ("auditor", "people", 403),
        ("device", "devices", 403),
        (None, "devices", 401),
    ],
)
def test_who_may_write(postgres_url: str, role: str | None, section: str, status: int) -> None:
    """The fleet is the supervisor's, people the coordinator's too; who only reads cannot write."""

    async def body(there: World) -> int:
        return (await there.ask("PUT", f"/api/v1/{section}/x", role, json={})).status_code

    assert in_writing_world(postgres_url, body) == status


def test_the_writer_is_recorded(postgres_url: str) -> None:
    """Who changed what and when is kept for ever."""

    async def body(there: World) -> Any:
        await there.ask("PUT", "/api/v1/vehicles/t1", json={"plate": "A"})
        async with there.deps.pool.connection() as connection:
            row = await connection.execute("SELECT actor, op, to_us(at) FROM config_log WHERE section = 'vehicles'")
            return await row.fetchone()

    assert in_writing_world(postgres_url, body) == ("supervisor@test", "upsert", NOW_US)


@pytest.mark.parametrize("section", BODIES)
def test_the_same_again_is_no_change(postgres_url: str, section: str) -> None:
    """A client that repeats itself fills no log, and its ETag stays."""

    async def body(there: World) -> list[Any]:
        await configured(there, *fleet("t1"))
        path = f"/api/v1/{section}/x-1"
        first = await there.ask("PUT", path, "admin", json=BODIES[section])
        before = await there.deps.log.length("in.0")
        again = await there.ask("PUT", path, "admin", json=BODIES[section])
        return [await there.deps.log.length("in.0") - before, first.headers["etag"] == again.headers["etag"]]

    assert in_writing_world(postgres_url, body) == [0, True]


def test_what_is_assigned_is_not_deleted_unseen(postgres_url: str) -> None:
    """409 names the assignment; `close` ends it now, one that has not begun never will; history stays."""

    async def body(there: World) -> list[Any]:
        await configured(there, *fleet("t1"))
        now_s = NOW_US // S
        spans = {"a": {"from": now_s - 90, "until": now_s - 60}, "b": {"from": now_s - 50}, "c": {"from": now_s + 9}}
        for name, span in spans.items():
            join = {"vehicle": "t1", "person": "ana", **span}
            assert (await there.ask("PUT", f"/api/v1/assignments/{name}", json=join)).status_code == 201
        refused = await there.ask("DELETE", "/api/v1/vehicles/t1")
        closed = await there.ask("DELETE", "/api/v1/vehicles/t1?close=true")
        left = {row["id"]: row["until"] for row in (await there.get("/api/v1/assignments")).json()["items"]}
        return [refused.status_code, "(b, c)" in refused.json()["detail"], closed.status_code, left]

    left = {"a": "2026-01-05T07:59:00+08:00", "b": "2026-01-05T08:00:00+08:00"}
    assert in_writing_world(postgres_url, body) == [409, True, 204, left]


def test_registering_adopts_what_was_held(postgres_url: str) -> None:
    """A stranger that was heard becomes a device with a history."""

    async def body(there: World) -> list[Any]:
        heard = fixes_of("gps-9", (0, 123.6, -10.2), (60, 123.7, -10.2))
        await there.deps.log.append([("held", encode(heard))])
        while not await held_devices(there.deps.pool):  # noqa: ASYNC110  no bell in a test
            await asyncio.sleep(0.01)
        made = await there.ask("PUT", "/api/v1/devices/gps-9", json={"class": "truck"})
        await configured(there, Config(section="city", rows=({"id": "probe"},)))
        fixes = await there.get("/api/v1/devices/gps-9/fixes", **{"from": NOW_US // S, "to": NOW_US // S + 90})
        return [made.status_code, len(fixes.json()["features"]), await held_devices(there.deps.pool)]

    assert in_writing_world(postgres_url, body) == [201, 2, []]


@pytest.mark.parametrize(("section", "row"), [("devices", "hp"), ("people", "ana")])
def test_credentials_end_with_what_they_spoke_for(postgres_url: str, section: str, row: str) -> None:
    """A deleted device opens nothing any more, nor does the phone of a person who left."""

    async def body(there: World) -> Any:
        phone = {"id": "hp", "cls": "phone"}
        join = {"id": "j", "device": "hp", "person": "ana", "from_us": NOW_US - S}
        rows = {"devices": phone, "people": {"id": "ana", "kind": "volunteer"}, "assignments": join}
        await configured(there, *(Config(section=s, rows=(r,)) for s, r in rows.items()))  # type: ignore[arg-type]
        _, secret = await credentials.create_token(
            there.deps.pool, role="device", subject="hp", label="", expires_us=None, now_us=NOW_US, device="hp"
        )
        status = (await there.ask("DELETE", f"/api/v1/{section}/{row}?close=true", "admin")).status_code
        return status, await credentials.find_token(there.deps.pool, secret, NOW_US)

    assert in_writing_world(postgres_url, body) == (204, None)


@pytest.mark.parametrize("pieces", [1, 40], ids=["said", "in pieces"])
def test_a_body_is_read_up_to_a_mebibyte(postgres_url: str, pieces: int) -> None:
    """Whoever it is: the role is asked only after the body, so the body is bounded before."""

    async def body(there: World) -> Any:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(pieces):
                yield b" " * (1 << 16)

        content: Any = b" " * ((1 << 20) + 1) if pieces == 1 else chunks()
        headers = {"Content-Type": "application/json"}
        return (await there.ask("PUT", "/api/v1/devices/g1", "leader", content=content, headers=headers)).status_code

    assert in_writing_world(postgres_url, body) == 413
