"""Pretend devices that keep a window of unacknowledged messages, and what a process has used of the CPU."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import NamedTuple

FLEET = 1000  # device ids that the connections share
_TICKS_S = os.sysconf("SC_CLK_TCK")


class Load(NamedTuple):
    name: str
    connections: int
    window: int  # messages of one connection that are under way
    fixes: int  # of one message
    messages: int  # in all


def payload(number: int, fixes: int, now_s: int) -> bytes:
    """Fixes of the last minutes, ten seconds apart, of a device that drives."""
    rows = [
        b'{"time":%d,"lat":-10.17%03d,"lon":123.60%03d,"speed":5.5,"course":120,"accuracy":4.5,"altitude":12.5,"battery":88}'
        % (now_s - 10 * (fixes - i), number % 1000, (number + 5 * i) % 1000)
        for i in range(fixes)
    ]
    return rows[0] if fixes == 1 else b"[" + b",".join(rows) + b"]"


def framed(first: int, body: bytes) -> bytes:
    size, length = len(body), b""
    while size > 127:
        length, size = length + bytes((size % 128 | 128,)), size // 128
    return bytes((first,)) + length + bytes((size,)) + body


class Device(asyncio.Protocol):
    """A device of MQTT 3.1.1 that sends its share; `done` when all of it is acknowledged."""

    def __init__(self, number: int, load: Load) -> None:
        topic = b"ronda/v1/truck-%d/fix" % (number % FLEET)
        head = len(topic).to_bytes(2, "big") + topic + b"\0\1"
        self.packet = framed(0x32, head + payload(number, load.fixes, int(time.time())))
        self.client_id = b"d%d" % number
        self.left, self.unacknowledged, self.window = 0, 0, load.window
        self.done = asyncio.Event()
        self.entered = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(framed(0x10, b"\0\4MQTT\4\2\0\0" + len(self.client_id).to_bytes(2, "big") + self.client_id))

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
            self.transport.write(self.packet * n)
        elif not self.unacknowledged:
            self.done.set()


async def connect(port: int, load: Load) -> list[Device]:
    """All devices of a load, connected."""
    loop = asyncio.get_running_loop()
    devices = []
    for number in range(load.connections):
        device = Device(number, load)
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
    return share * len(devices)


async def hang_up(devices: list[Device]) -> None:
    for device in devices:
        device.transport.close()
    await asyncio.sleep(0)


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_S
