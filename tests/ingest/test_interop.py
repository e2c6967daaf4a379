"""Clients and a broker that nobody here wrote."""

from __future__ import annotations

import asyncio
import shutil
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import paho.mqtt.client as paho
import pytest

from core.clock import Clock
from ingest.service import Ingest
from tests.ingest.house import HeldLog, eventually, running

NOW_S = int(time.time())
FIX = b'{"time":%d,"lat":-10.17,"lon":123.6}' % NOW_S
OWNTRACKS = b'{"_type":"location","tst":%d,"lat":-10.17,"lon":123.6,"vel":36}' % NOW_S
PATH = "/usr/sbin:/usr/bin:/usr/local/bin:/usr/local/sbin"
KNOWN = ("t1", "budi-hp")


class WallClock(Clock):
    """It begins when the payloads above were written: however long the tests before took, they are fresh."""

    def __init__(self) -> None:
        self._begun_ns = time.monotonic_ns()

    def now_us(self) -> int:
        return NOW_S * 1_000_000 + (time.monotonic_ns() - self._begun_ns) // 1000


def at_door(body: Callable[[HeldLog, Ingest, int], Awaitable[None]], **options: Any) -> None:
    async def main() -> None:
        log = HeldLog()
        async with running(log, WallClock(), known=KNOWN, **options) as ingest:
            assert ingest.door is not None
            await body(log, ingest, ingest.door.port)

    asyncio.run(main())


async def mosquitto_pub(port: int, *arguments: str) -> None:
    program = shutil.which("mosquitto_pub", path=PATH)
    assert program is not None
    process = await asyncio.create_subprocess_exec(program, "-h", "127.0.0.1", "-p", str(port), *arguments)
    assert await asyncio.wait_for(process.wait(), 10) == 0


@pytest.mark.interop
@pytest.mark.parametrize("version", ["mqttv31", "mqttv311", "mqttv5"])
def test_mosquitto_pub(version: str) -> None:
    """The Debian client with an OwnTracks payload, retained and with a last will as the app has it."""

    async def body(log: HeldLog, _: Ingest, port: int) -> None:
        will = ("--will-topic", "owntracks/budi/hp", "--will-payload", '{"_type":"lwt","tst":1}')
        topic = ("-t", "owntracks/budi/hp", "-m", OWNTRACKS.decode())
        await mosquitto_pub(port, "-V", version, "-q", "1", "-r", "-u", "budi", *will, *topic)
        fixes = await log.fixes()
        assert (fixes.names(), fixes.speed_mps.tolist(), fixes.flags.tolist()) == (["budi-hp"], [10.0], [0])

    at_door(body)


@pytest.mark.parametrize("version", [paho.MQTTv31, paho.MQTTv311, paho.MQTTv5])
def test_paho(version: int) -> None:
    """A hundred messages with a credential; published means acknowledged means in the log."""

    def publish(port: int) -> None:
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, "t1", protocol=version)  # type: ignore[arg-type]
        client.username_pw_set("t1", "s-t1")
        client.connect("127.0.0.1", port)
        client.loop_start()
        sent = [client.publish("ronda/v1/t1/fix", FIX, qos=1) for _ in range(100)]
        for info in sent:
            info.wait_for_publish(10)
        client.disconnect()
        client.loop_stop()

    async def body(log: HeldLog, _: Ingest, port: int) -> None:
        await asyncio.to_thread(publish, port)
        assert len(await log.fixes()) == 100

    at_door(body, anonymous=False)


@pytest.mark.parametrize("protocol", [aiomqtt.ProtocolVersion.V311, aiomqtt.ProtocolVersion.V5])
def test_aiomqtt_both_ways(protocol: aiomqtt.ProtocolVersion) -> None:
    """It publishes, subscribes to its own notices and gets one."""

    async def body(log: HeldLog, ingest: Ingest, port: int) -> None:
        async with aiomqtt.Client("127.0.0.1", port, username="t1", password="s-t1", protocol=protocol) as client:
            await client.subscribe("ronda/v1/t1/notice", 1)
            await client.publish("ronda/v1/t1/fix", FIX, qos=1)
            assert len(await log.fixes()) == 1
            ingest.notify("t1", "notice", b"hello")
            message = await asyncio.wait_for(anext(aiter(client.messages)), 5)
            assert (message.payload, message.qos) == (b"hello", 1)

    at_door(body)


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.filterwarnings("ignore::DeprecationWarning:gmqtt")
def test_gmqtt(version: int) -> None:
    """Another independent client, both versions."""
    import gmqtt

    async def body(log: HeldLog, ingest: Ingest, port: int) -> None:
        client = gmqtt.Client("t1")
        client.set_auth_credentials("t1", "s-t1")
        await client.connect("127.0.0.1", port, version=version)
        for _ in range(50):
            client.publish("ronda/v1/t1/fix", FIX, qos=1)
        await eventually(lambda: ingest.counters.fixes == 50)
        await client.disconnect()
        assert len(await log.fixes()) == 50

    at_door(body)


@asynccontextmanager
async def mosquitto(folder: Path, port: int = 0) -> AsyncIterator[int]:
    """A Mosquitto that queues without a bound; its port."""
    program = shutil.which("mosquitto", path=PATH)
    assert program is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = port or free.getsockname()[1]
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
    process = await asyncio.create_subprocess_exec(program, "-c", str(config), stderr=asyncio.subprocess.DEVNULL)
    try:
        await _answers(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def _answers(port: int) -> None:
    async with asyncio.timeout(5):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return


def behind_mosquitto(body: Callable[[HeldLog, int], Awaitable[None]], folder: Path) -> None:
    async def main() -> None:
        async with mosquitto(folder) as port:
            await body(HeldLog(), port)

    asyncio.run(main())


@asynccontextmanager
async def reading(log: HeldLog, port: int) -> AsyncIterator[Ingest]:
    async with running(log, WallClock(), known=KNOWN, mqtt_url=f"mqtt://127.0.0.1:{port}") as ingest:
        await eventually(lambda: ingest.listening)
        yield ingest


@pytest.mark.interop
@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
def test_a_message_through_mosquitto(tmp_path: Path, version: str) -> None:
    """Native and OwnTracks, by the Debian client."""

    async def body(log: HeldLog, port: int) -> None:
        async with reading(log, port) as ingest:
            await mosquitto_pub(port, "-V", version, "-q", "1", "-t", "owntracks/budi/hp", "-m", OWNTRACKS.decode())
            await mosquitto_pub(port, "-V", version, "-q", "1", "-t", "ronda/v1/t1/fix", "-m", FIX.decode())
            await eventually(lambda: ingest.counters.fixes == 2)
        assert sorted((await log.fixes()).names()) == ["budi-hp", "t1"]

    behind_mosquitto(body, tmp_path)


@pytest.mark.interop
def test_what_ingest_had_not_written_the_broker_sends_again(tmp_path: Path) -> None:
    """Ingest dies with 500 messages received and none on disk; the next one gets all of them."""

    async def body(log: HeldLog, port: int) -> None:
        async with aiomqtt.Client("127.0.0.1", port) as client:
            async with reading(log, port) as ingest:
                log.broken = True
                for _ in range(500):
                    await client.publish("ronda/v1/t1/fix", FIX, qos=1)
                await eventually(lambda: ingest.counters.append_failures > 0)
                ingest._batcher._waiting.clear()  # dies: nothing is drained
            log.broken = False
            assert len(await log.fixes()) == 0
            async with reading(log, port) as ingest:
                await eventually(lambda: ingest.counters.fixes == 500)

    behind_mosquitto(body, tmp_path)


@pytest.mark.interop
def test_a_retained_message_is_flagged(tmp_path: Path) -> None:
    """What the broker replays proves nothing about now."""

    async def body(log: HeldLog, port: int) -> None:
        await mosquitto_pub(port, "-q", "1", "-r", "-t", "owntracks/budi/hp", "-m", OWNTRACKS.decode())
        async with reading(log, port) as ingest:
            await eventually(lambda: ingest.counters.fixes == 1)
        assert (await log.fixes()).flags.tolist() == [2]

    behind_mosquitto(body, tmp_path)


@pytest.mark.interop
def test_a_full_sink_stops_reading_the_broker(tmp_path: Path) -> None:
    """And nothing is lost: all is read when there is room again."""

    async def body(log: HeldLog, port: int) -> None:
        async with reading(log, port) as ingest, aiomqtt.Client("127.0.0.1", port) as client:
            ingest._batcher._limits = ingest._batcher._limits._replace(waiting_messages=50)
            log.gate.clear()
            for _ in range(1000):
                await client.publish("ronda/v1/t1/fix", FIX, qos=1)
            await asyncio.sleep(0.2)
            assert ingest.full
            assert len(ingest._batcher._waiting) < 600
            log.gate.set()
            await eventually(lambda: ingest.counters.fixes == 1000)

    behind_mosquitto(body, tmp_path)


@pytest.mark.interop
def test_ingest_is_not_listening_while_the_broker_is_away(tmp_path: Path) -> None:
    """So the ticker stops, and it finds the broker again by itself."""

    async def main() -> None:
        log = HeldLog()
        async with AsyncExitStack() as stack:
            async with mosquitto(tmp_path) as port:
                ingest = await stack.enter_async_context(reading(log, port))
            await eventually(lambda: not ingest.listening)
            ticks = ingest.counters.ticks
            await asyncio.sleep(0.7)
            assert ingest.counters.ticks == ticks
            async with mosquitto(tmp_path, port):
                await eventually(lambda: ingest.listening)

    asyncio.run(main())
