"""Whom the door puts out, holds back or cannot check; the others notice nothing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

import pytest

from core.identity import Identity
from ingest import door as door_module
from ingest.door import Door, DoorParams
from ingest.service import Ingest
from tests.ingest.house import Client, HeldLog, Nowhere, at_door, eventually, hanging_up, port_of

OFFER = "ronda/v1/t1/offer"
both = pytest.mark.parametrize("version", [4, 5])


def test_keep_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    """One and a half times the interval, then it is gone; 0 means never."""
    monkeypatch.setattr(door_module, "_SWEEP_S", 0.05)

    async def body(ingest: Ingest, _: HeldLog) -> None:
        patient = await Client.enter(port_of(ingest), client_id="patient")
        client = await Client.enter(port_of(ingest), 5, keep_alive=1)
        start = asyncio.get_running_loop().time()
        assert await client.read() == (0xE0, b"\x8d")
        assert 1.4 < asyncio.get_running_loop().time() - start < 3
        patient.send(b"\xc0\0")
        assert await patient.read() == (0xD0, b"")

    at_door(body)


def test_who_does_not_connect_is_put_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket held open without a CONNECT costs nothing for long."""
    monkeypatch.setattr(door_module, "_SWEEP_S", 0.05)

    async def body(ingest: Ingest, _: HeldLog) -> None:
        client = await Client.dial(port_of(ingest))
        client.send(b"\x10")
        assert await client.read() is None
        assert ingest.counters.timeouts == 1

    at_door(body, connect_timeout_s=0.2)


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00", b"\x10\xff\xff\xff\x7f", b"\xc0\0"]
)
def test_what_is_not_connect_is_put_out_at_once(data: bytes) -> None:
    """A browser, a TLS client, an endless CONNECT, a ping before it."""

    async def body(ingest: Ingest, _: HeldLog) -> None:
        client = await Client.dial(port_of(ingest))
        client.send(data)
        assert await client.read() is None
        assert ingest.counters.protocol_errors == 1

    at_door(body)


def test_a_full_house() -> None:
    """Beyond the bound nobody is let in, and there is room again when somebody leaves."""

    async def body(ingest: Ingest, _: HeldLog) -> None:
        first = await Client.enter(port_of(ingest))
        second = await Client.dial(port_of(ingest))
        assert await second.read() is None
        first.close()
        await eventually(lambda: ingest.counters.connections == 0)
        await Client.enter(port_of(ingest))

    at_door(body, connections_max=1)


def test_a_credential_that_cannot_be_checked() -> None:
    """Server unavailable: try again later."""

    async def check(*_: str) -> Identity | None:
        raise ConnectionError("the database is away")

    async def main() -> None:
        from core.clock import ManualClock
        from ingest.counters import Counters

        made = Door(DoorParams(port=0), Nowhere(), check, clock=ManualClock(), counters=Counters())
        async with hanging_up(), made as door:
            client = await Client.dial(door.port)
            client.send(client.connect(password="x"))
            assert await client.read() == (0x20, b"\0\3")

    asyncio.run(main())


def test_a_flood_is_held_back() -> None:
    """With the log away a client can send only so much; nothing that it was told is on disk is lost."""

    async def body(ingest: Ingest, log: HeldLog) -> None:
        client = await Client.enter(port_of(ingest))
        log.gate.clear()
        for mid in range(1, 20_001):
            client.send(client.publish(mid=mid))
        batcher = ingest._batcher
        await eventually(lambda: len(batcher._waiting) + len(batcher._writing) == 4096)  # as announced
        await asyncio.sleep(0.1)
        assert len(batcher._waiting) + len(batcher._writing) == 4096
        log.gate.set()
        acks = [await client.read() for _ in range(20_000)]
        assert acks[-1] == (0x40, (20_000).to_bytes(2, "big"))
        assert ingest.counters.fixes == 20_000

    at_door(body)


def test_random_bytes_do_not_disturb_the_others() -> None:
    """Forty strangers throw bytes, raw and after a good CONNECT; one device goes on undisturbed."""
    noise = random.Random(7)

    async def stranger(port: int, i: int) -> None:
        client = await Client.dial(port, noise.choice([4, 5]))
        good = client.connect(f"x{i}") + client.publish() if i % 2 else b""
        client.send(good + noise.randbytes(noise.randrange(1, 3000)))
        await asyncio.sleep(0.05)
        client.close()

    async def body(ingest: Ingest, log: HeldLog) -> None:
        device = await Client.enter(port_of(ingest), client_id="device")
        strangers: list[Coroutine[Any, Any, None]] = [stranger(port_of(ingest), i) for i in range(40)]
        await asyncio.gather(*strangers)
        device.send(device.publish(topic="ronda/v1/t2/fix", mid=9))
        assert await device.read() == (0x40, b"\0\x09")
        assert "t2" in (await log.fixes()).names()

    at_door(body)
