"""CPU per durable QoS 1 message: the door (in the log, fsynced, then PUBACK) against Mosquitto routing to a C reader.

Both serve the same load in one run: connections that each keep a window of unacknowledged messages. The door's figure
is that of the whole ingest process, decoding and writing included; Valkey's own is shown beside it. Mosquitto's is
that of the broker and of `mosquitto_sub`, neither of which stores anything. Needs Debian's mosquitto and its clients.
    python bench/door.py [--messages N]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from core.clock import Clock
from core.entries import Tick
from ingest.directory import Listed
from ingest.door import DoorParams
from ingest.service import Ingest, IngestParams
from ronda.embedded.valkey import embedded_valkey
from store.valkey import ValkeyLog

PATH = f"{os.environ['PATH']}:/usr/sbin"
TICKS_S = os.sysconf("SC_CLK_TCK")
FIX = (
    b'{"time":%d,"lat":-10.17123,"lon":123.60456,"speed":5.5,"course":120,"accuracy":4.5,"altitude":12.5,"battery":88}'
)


class Load(NamedTuple):
    name: str
    connections: int
    window: int


LOADS = (Load("1000 connections, 1 in flight", 1000, 1), Load("20 connections, 100 in flight", 20, 100))


class WallClock(Clock):
    def now_us(self) -> int:
        return time.time_ns() // 1000


class Device(asyncio.Protocol):
    """A device of MQTT 3.1.1 that keeps `window` messages unacknowledged until its share is sent."""

    def __init__(self, number: int, share: int, window: int, done: asyncio.Event) -> None:
        topic = b"ronda/v1/truck-%d/fix" % (number % 200)
        head = len(topic).to_bytes(2, "big") + topic
        body = head + b"\0\1" + FIX % int(time.time())
        assert len(body) > 127
        self.packet = bytes((0x32, len(body) & 127 | 128, len(body) >> 7)) + body
        self.client_id = b"d%d" % number
        self.left, self.unacknowledged, self.window, self.done = share, 0, window, done
        self.entered = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        body = b"\0\4MQTT\4\2\0\0" + len(self.client_id).to_bytes(2, "big") + self.client_id
        transport.write(bytes((0x10, len(body))) + body)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        if not self.entered.done():
            self.entered.set_result(None)
            data = data[4:]
        self.unacknowledged -= len(data) // 4
        self.go()

    def go(self) -> None:
        n = min(self.window - self.unacknowledged, self.left)
        if n:
            self.left -= n
            self.unacknowledged += n
            self.transport.write(self.packet * n)  # type: ignore[attr-defined]
        elif not self.unacknowledged:
            self.done.set()


async def connect(port: int, load: Load) -> list[Device]:
    """All devices of a load, connected."""
    loop = asyncio.get_running_loop()
    devices = []
    for number in range(load.connections):
        device = Device(number, 0, load.window, asyncio.Event())
        await loop.create_connection(lambda device=device: device, "127.0.0.1", port)
        await device.entered
        devices.append(device)
    return devices


async def drive(devices: list[Device], messages: int) -> int:
    """Send the messages and wait for every PUBACK; how many it was."""
    share = messages // len(devices)
    for device in devices:
        device.left = share
        device.done.clear()
        device.go()
    await asyncio.gather(*(device.done.wait() for device in devices))
    for device in devices:
        device.transport.close()
    return share * len(devices)


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_S


async def serve(url: str) -> None:
    """The child: ingest alone, on a real log."""
    log = ValkeyLog(url)
    await log.partitions(4)
    ingest = Ingest(
        IngestParams(door=DoorParams(port=0, anonymous=True)),
        append=log.append,
        partitions=4,
        clock=WallClock(),
        directory=Listed(lambda _: True),
        authenticate=lambda *_: None,
        last_tick=Tick(now_us=time.time_ns() // 1000),
    )
    task = asyncio.create_task(ingest.run())
    await ingest.opened.wait()
    assert ingest.door is not None
    print(ingest.door.port, flush=True)
    await task


@asynccontextmanager
async def process(*command: str, **options: int) -> AsyncIterator[asyncio.subprocess.Process]:
    child = await asyncio.create_subprocess_exec(*command, **options)  # type: ignore[arg-type]
    try:
        yield child
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


async def of_door(load: Load, messages: int, url: str, valkey_pid: int) -> tuple[float, float, float]:
    """Messages a second, microseconds of CPU per message of ingest, and of Valkey."""
    pipe = asyncio.subprocess.PIPE
    async with process(
        sys.executable, __file__, "--serve", url, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
    ) as door:
        assert door.stdout is not None
        port = int(await door.stdout.readline())
        devices = await connect(port, load)
        before, stored, start = cpu_s(door.pid), cpu_s(valkey_pid), time.perf_counter()
        sent = await drive(devices, messages)
        took_s = time.perf_counter() - start
        return sent / took_s, (cpu_s(door.pid) - before) / sent * 1e6, (cpu_s(valkey_pid) - stored) / sent * 1e6


async def of_mosquitto(load: Load, messages: int, folder: Path) -> tuple[float, float, float]:
    """Messages a second, microseconds of CPU per message of the broker, and of the reader."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nlog_dest none\n")
    broker_path, reader_path = (shutil.which(name, path=PATH) for name in ("mosquitto", "mosquitto_sub"))
    assert broker_path, reader_path
    reading = (str(reader_path), "-p", str(port), "-V", "mqttv5", "-q", "1", "-t", "ronda/v1/+/fix")
    window = ("-D", "connect", "receive-maximum", "65535")
    null = asyncio.subprocess.DEVNULL
    async with process(str(broker_path), "-c", str(config)) as broker:
        await asyncio.sleep(0.5)
        async with process(*reading, *window, stdout=null) as reader:
            await asyncio.sleep(0.5)
            devices = await connect(port, load)
            before = cpu_s(broker.pid), cpu_s(reader.pid)
            start = time.perf_counter()
            sent = await drive(devices, messages)
            took_s = time.perf_counter() - start
            await asyncio.sleep(1.0)  # let the reader finish
            after = cpu_s(broker.pid), cpu_s(reader.pid)
    return sent / took_s, (after[0] - before[0]) / sent * 1e6, (after[1] - before[1]) / sent * 1e6


async def compare(messages: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for load in LOADS:
            async with embedded_valkey(folder) as url:
                door = await of_door(load, messages, url, await _pid(url))
            broker = await of_mosquitto(load, messages, folder)
            print(f"{load.name}, {messages:,} messages")
            print(f"  door       {door[0]:9,.0f}/s   ingest {door[1]:5.1f} us   (Valkey {door[2]:5.1f} us)")
            print(f"  mosquitto  {broker[0]:9,.0f}/s   broker {broker[1]:5.1f} us + reader {broker[2]:5.1f} us")
            print(f"  CPU of ingest / CPU of broker and reader: {door[1] / (broker[1] + broker[2]):.2f}")


async def _pid(url: str) -> int:
    import redis.asyncio

    async with redis.asyncio.Redis.from_url(url) as client:
        return int((await client.info("server"))["process_id"])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--messages", type=int, default=60_000)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.serve) if arguments.serve else compare(arguments.messages))


if __name__ == "__main__":
    main()
