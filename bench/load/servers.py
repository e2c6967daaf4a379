"""What is measured: ingest alone on a real log, as a process of its own; Mosquitto and a reader in C."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import redis.asyncio

from core.entries import Tick
from ingest.directory import Listed
from ingest.door import DoorParams
from ingest.service import Ingest, IngestParams
from ronda.collector import calm_collector
from ronda.system import SystemClock
from store.valkey import ValkeyLog

PATH = f"{os.environ['PATH']}:/usr/sbin"
SCRIPT = Path(__file__).parent.parent / "ingest.py"
_PIPE, _NULL = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL


class Serving(NamedTuple):
    """A running ingest. `process` prints a line when it has as many fixes as it was told to wait for."""

    process: asyncio.subprocess.Process
    port: int


async def serve(url: str, mqtt_url: str, until: int) -> None:
    """The child: ingest behind the door or at a broker; everybody is registered, nobody is asked for a credential."""
    log = ValkeyLog(url)
    await log.partitions(4)
    ingest = Ingest(
        IngestParams(door=None if mqtt_url else DoorParams(port=0, anonymous=True), mqtt_url=mqtt_url),
        append=log.append,
        note=log.note,
        partitions=4,
        clock=SystemClock(),
        directory=Listed(lambda _: True),
        authenticate=lambda *_: None,
        last_tick=Tick(now_us=time.time_ns() // 1000),
    )
    task = asyncio.create_task(ingest.run())
    await ingest.opened.wait()
    while not ingest.listening:  # noqa: ASYNC110  # what is waited for knows nothing of benches
        await asyncio.sleep(0.05)
    calm_collector()
    print(ingest.door.port if ingest.door else 0, flush=True)
    while until and ingest.counters.fixes < until:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    if until:
        print("all", flush=True)
    await task


@asynccontextmanager
async def process(*command: str, **options: Any) -> AsyncIterator[asyncio.subprocess.Process]:
    child = await asyncio.create_subprocess_exec(*command, **options)
    try:
        yield child
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


@asynccontextmanager
async def ingest(url: str, mqtt_url: str = "", until: int = 0) -> AsyncIterator[Serving]:
    """Ingest as a process of its own."""
    command = (sys.executable, str(SCRIPT), "--serve", url, "--mqtt", mqtt_url, "--until", str(until))
    async with process(*command, stdout=_PIPE, stderr=_NULL) as child:
        assert child.stdout is not None
        yield Serving(child, int(await child.stdout.readline()))


@asynccontextmanager
async def mosquitto(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A Mosquitto that stores nothing and queues without a bound, and its port."""
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nlog_dest none\n")
    async with process(_program("mosquitto"), "-c", str(config)) as broker:
        await asyncio.sleep(0.5)
        yield broker, port


@asynccontextmanager
async def queueing_mosquitto(folder: Path) -> AsyncIterator[int]:
    """One with lasting queues, as `deploy/mosquitto` has them, open to everybody on this machine; its port."""
    port, config = free_port(), folder / "mosquitto.conf"
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "max_queued_messages 0", "max_inflight_messages 0"]
    config.write_text("\n".join([*lines, "log_dest none"]) + "\n")
    async with process(_program("mosquitto"), "-c", str(config)):
        await asyncio.sleep(0.5)
        yield port


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@asynccontextmanager
async def reader(port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """The quickest reader there is: Mosquitto's own, in C, which throws everything away."""
    window = ("-D", "connect", "receive-maximum", "65535")
    reading = (_program("mosquitto_sub"), "-p", str(port), "-V", "mqttv5", "-q", "1", "-t", "ronda/v1/+/fix")
    async with process(*reading, *window, stdout=_NULL) as child:
        await asyncio.sleep(0.5)
        yield child


async def valkey_pid(url: str) -> int:
    async with redis.asyncio.Redis.from_url(url) as client:
        return int((await client.info("server"))["process_id"])


def _program(name: str) -> str:
    found = shutil.which(name, path=PATH)
    if found is None:
        raise SystemExit(f"{name} is not installed: apt-get install mosquitto mosquitto-clients")
    return found
