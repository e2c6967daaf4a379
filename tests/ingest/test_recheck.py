"""A credential that was revoked or has expired ends the connections that it opened."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from core.clock import ManualClock
from core.identity import Identity
from ingest.counters import Counters
from ingest.door import Door, DoorParams
from tests.ingest.house import Client, Nowhere, eventually, hanging_up

T1 = Identity(role="device", subject="t1", device="t1")


class Doorkeeper:
    """Answers as told; an exception is raised."""

    def __init__(self) -> None:
        self.answers: dict[str, Identity | Exception | None] = {
            "s-t1": T1,
            "s-t2": Identity(role="device", subject="x"),
        }
        self.asked = 0

    async def __call__(self, client_id: str, user: str, password: str) -> Identity | None:
        del client_id, user
        self.asked += 1
        answer = self.answers.get(password)
        if isinstance(answer, Exception):
            raise answer
        return answer


def with_door(body: Callable[[Door, Doorkeeper, Counters], Awaitable[None]], **params: object) -> None:
    async def main() -> None:
        keeper, counters = Doorkeeper(), Counters()
        made = DoorParams(port=0, recheck_s=0.2, **params)  # type: ignore[arg-type]
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(hanging_up())
            door = Door(made, Nowhere(), keeper, clock=ManualClock(), counters=counters)
            await body(await stack.enter_async_context(door), keeper, counters)

    asyncio.run(main())


def test_a_revoked_credential_ends_its_connection_and_no_other() -> None:
    """MQTT 5 is told why."""

    async def body(door: Door, keeper: Doorkeeper, counters: Counters) -> None:
        stays = await Client.enter(door.port, client_id="stays", password="s-t2")
        goes = await Client.enter(door.port, 5, client_id="goes", password="s-t1")
        keeper.answers["s-t1"] = None
        assert await goes.read() == (0xE0, b"\x87")
        assert await goes.read() is None
        stays.send(b"\xc0\0")
        assert await stays.read() == (0xD0, b"")
        assert counters.revoked == 1

    with_door(body)


def test_a_credential_that_now_belongs_to_another_ends_its_connection() -> None:
    """Its subscriptions were granted to somebody else."""

    async def body(door: Door, keeper: Doorkeeper, counters: Counters) -> None:
        client = await Client.enter(door.port, password="s-t1")
        keeper.answers["s-t1"] = Identity(role="device", subject="t9", device="t9")
        assert await client.read() is None
        assert counters.revoked == 1

    with_door(body)


def test_a_failing_database_throws_nobody_out() -> None:
    """It is asked again, and again."""

    async def body(door: Door, keeper: Doorkeeper, counters: Counters) -> None:
        client = await Client.enter(door.port, password="s-t1")
        keeper.answers["s-t1"] = ConnectionError("the database is away")
        await eventually(lambda: keeper.asked >= 4)
        client.send(b"\xc0\0")
        assert await client.read() == (0xD0, b"")
        assert (counters.revoked, counters.connections) == (0, 1)

    with_door(body)


def test_who_came_without_a_credential_is_not_asked() -> None:
    """The open demo."""

    async def body(door: Door, keeper: Doorkeeper, counters: Counters) -> None:
        client = await Client.enter(door.port)
        await asyncio.sleep(0.5)
        client.send(b"\xc0\0")
        assert await client.read() == (0xD0, b"")
        assert (keeper.asked, counters.connections) == (0, 1)

    with_door(body, anonymous=True)


def test_each_client_is_asked_about_once_in_its_time() -> None:
    """The work is spread and bounded."""

    async def body(door: Door, keeper: Doorkeeper, counters: Counters) -> None:
        for i in range(20):
            await Client.enter(door.port, client_id=f"c{i}", password="s-t1")
        before = keeper.asked
        await asyncio.sleep(1.0)
        assert 20 * 4 <= keeper.asked - before <= 20 * 11
        assert counters.connections == 20

    with_door(body)


def test_a_wrong_credential_is_a_knock(caplog: pytest.LogCaptureFixture) -> None:
    """With the name and the client that showed it; a closed door is one, too. A secret there is not told."""
    knocks: list[tuple[str, str, str]] = []
    caplog.set_level(logging.INFO)
    secret = "s3cr3t-" * 6

    async def main() -> None:
        made = Door(
            DoorParams(port=0), Nowhere(), Doorkeeper(), clock=ManualClock(), counters=Counters(),
            on_knock=lambda *knock: knocks.append(knock),
        )  # fmt: skip
        async with hanging_up(), made as door:
            for client_id, password in (("c1", "wrong"), ("c2", None), (secret, None)):
                client = await Client.dial(door.port)
                client.send(client.connect(client_id, password=password))
                await client.read()

    asyncio.run(main())
    assert [(user, client) for user, client, _ in knocks] == [("user", "c1"), ("c2", "c2"), ("", "")]
    assert secret not in str([record.__dict__ for record in caplog.records])
    assert "revoked" in knocks[0][2]
