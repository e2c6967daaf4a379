"""What ingest does at a broker besides reading fixes: it hears every dialect there, and speaks to devices."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiomqtt
import msgspec
import pytest

from core.heard import HEARD, Heard
from ingest.service import Ingest
from tests.ingest.house import HeldLog, eventually, running
from tests.ingest.test_interop import FIX, NOW_S, WallClock, mosquitto

pytestmark = pytest.mark.interop

TRACCAR = (
    b'{"position":{"fixTime":%d,"deviceTime":%d,"latitude":-10.17,"longitude":123.6,"speed":0,"course":0,'
    b'"valid":true,"attributes":{}},"device":{"uniqueId":"868"}}' % (NOW_S * 1000, NOW_S * 1000)
)
TELTONIKA = b'{"state":{"reported":{"ts":%d,"latlng":"-10.17,123.6","sp":36}}}' % (NOW_S * 1000)
CHIRPSTACK = (
    b'{"deviceInfo":{"devEui":"0102030405060708"},"time":"2026-01-05T00:00:00Z",'
    b'"object":{"latitude":-10.17,"longitude":123.6}}'
)


def behind_broker(body: Callable[[HeldLog, Ingest, aiomqtt.Client], Awaitable[None]], folder: Path) -> None:
    """Run a body with ingest at a Mosquitto, and a client of a device beside it."""

    async def main() -> None:
        log, clock = HeldLog(), WallClock()
        async with mosquitto(folder) as port:
            options = {"known": ("t1", "868", "356", "0102030405060708"), "mqtt_url": f"mqtt://127.0.0.1:{port}"}
            async with running(log, clock, **options) as ingest:  # type: ignore[arg-type]
                await eventually(lambda: ingest.listening)
                async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
                    await body(log, ingest, client)

    asyncio.run(main())


def test_every_dialect_that_speaks_mqtt_is_heard(tmp_path: Path) -> None:
    """On the topics that its manual names."""

    async def body(log: HeldLog, ingest: Ingest, client: aiomqtt.Client) -> None:
        await client.publish("traccar/positions", TRACCAR, qos=1)
        await client.publish("city/fleet/teltonika/356/data", TELTONIKA, qos=1)
        await client.publish("application/1/device/0102030405060708/event/up", CHIRPSTACK, qos=1)
        await eventually(lambda: ingest.counters.fixes == 3)
        fixes = await log.fixes()
        assert dict(zip(fixes.names(), fixes.dialect.tolist(), strict=True)) == {
            "868": 3,
            "356": 5,
            "0102030405060708": 6,
        }

    behind_broker(body, tmp_path)


def test_rejects_are_told_through_the_broker(tmp_path: Path) -> None:
    """For authors of devices: on the device's own topic."""

    async def body(log: HeldLog, ingest: Ingest, client: aiomqtt.Client) -> None:
        del log, ingest
        await client.subscribe("ronda/v1/t1/reject", qos=1)
        await client.publish("ronda/v1/t1/fix", b"rubbish", qos=1)
        async with asyncio.timeout(5):
            told = await anext(client.messages)
        assert isinstance(told.payload, bytes)
        assert msgspec.json.decode(told.payload)["reason"] == "not_json"

    behind_broker(body, tmp_path)


@pytest.mark.parametrize("kind", ["offer", "notice"])
def test_notices_go_through_the_broker(tmp_path: Path, kind: str) -> None:
    """At QoS 1."""

    async def body(log: HeldLog, ingest: Ingest, client: aiomqtt.Client) -> None:
        del log
        await client.subscribe(f"ronda/v1/t1/{kind}", qos=1)
        assert ingest.notify("t1", kind, b"x") == 1
        async with asyncio.timeout(5):
            told = await anext(client.messages)
        assert (told.payload, told.qos) == (b"x", 1)

    behind_broker(body, tmp_path)


def test_what_the_broker_can_give_to_nobody_is_lost(tmp_path: Path) -> None:
    """And what it has for a subscriber is sent: whether the device got it, the broker does not tell."""

    async def body(log: HeldLog, ingest: Ingest, client: aiomqtt.Client) -> None:
        del log
        fates: list[str] = []
        ingest.notify("t1", "offer", b"x", fates.append, 9.0)
        await eventually(lambda: fates == ["lost"])
        await client.subscribe("ronda/v1/t1/offer", qos=1)
        ingest.notify("t1", "offer", b"x", fates.append, 9.0)
        await eventually(lambda: fates == ["lost", "sent"])
        async with asyncio.timeout(5):
            told = await anext(client.messages)
        assert told.properties is not None
        assert told.properties.MessageExpiryInterval == 9

    behind_broker(body, tmp_path)


def test_the_note_of_a_device_says_that_it_came_by_the_broker(tmp_path: Path) -> None:
    """So that the page that says why looks in the right place."""

    async def body(log: HeldLog, ingest: Ingest, client: aiomqtt.Client) -> None:
        await client.publish("ronda/v1/t1/fix", FIX, qos=1)
        await eventually(lambda: ingest.counters.notes == 1)
        (note,) = await log.notes([HEARD + "t1"])
        assert msgspec.msgpack.decode(note or b"", type=Heard).source == "broker"

    behind_broker(body, tmp_path)


def test_while_the_broker_is_away_notices_are_dropped_and_counted() -> None:
    """Offers age fast; nothing piles up."""

    async def main() -> None:
        async with running(HeldLog(), WallClock(), mqtt_url="mqtt://127.0.0.1:9") as ingest:
            assert ingest.notify("t1", "offer", b"x") == 0
            assert ingest.counters.notices_dropped == 1

    asyncio.run(main())
