"""From a device's PUBLISH to its PUBACK (then it is in the log), and to the message that moves it on a live map."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import websockets

from bench.load.devices import framed
from bench.load.servers import process

RATE = 200  # fixes a second, each of another device
SECONDS = 20
WARM_S = 5.0


async def measure() -> dict[str, list[float]]:
    """Milliseconds, sorted, of each way."""
    with tempfile.TemporaryDirectory(prefix="ronda-bench-") as data:
        async with _up(data) as (http, mqtt):
            admin, viewer = await _token(data, "admin"), await _token(data, "supervisor")
            sent: dict[tuple[str, int], float] = {}
            maps: dict[str, list[float]] = {"map, 100 ms frames": [], "map, 1 s frames": []}
            watchers = [
                asyncio.create_task(_watch(http, viewer, interval_ms, sent, ways))
                for interval_ms, ways in zip((100, 1000), maps.values(), strict=True)
            ]
            await asyncio.sleep(1)
            log = await _publish(mqtt, admin, sent)
            await asyncio.sleep(3)
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
    return {name: sorted(ways) for name, ways in ({"log": log} | maps).items()}


@asynccontextmanager
async def _up(data: str) -> AsyncIterator[tuple[int, int]]:
    """`ronda up` with strangers allowed; its ports."""
    http, mqtt = _free_port(), _free_port()
    os.environ |= {"RONDA_MQTT_PORT": str(mqtt), "RONDA_AUTO_REGISTER": "true"}
    null = asyncio.subprocess.DEVNULL
    command = (sys.executable, "-m", "ronda", "up", "--data", data, "--port", str(http))
    async with process(*command, stdout=null, stderr=null), httpx.AsyncClient() as client:
        for _ in range(600):
            try:
                if (await client.get(f"http://127.0.0.1:{http}/readyz")).is_success:
                    break
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
        else:
            raise SystemExit("ronda up did not become ready: try `ronda doctor`")
        yield http, mqtt


async def _publish(port: int, secret: str, sent: dict[tuple[str, int], float]) -> list[float]:
    """One connection for all devices; milliseconds from PUBLISH to PUBACK."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    words = [b"\0\4MQTT\4\xc2\0\0", _text(b"bench"), _text(b"bench"), _text(secret.encode())]
    writer.write(framed(0x10, b"".join(words)))
    if (await reader.readexactly(4))[3]:
        raise SystemExit("the door refuses the bench's token")
    moments: dict[int, float] = {}
    log: list[float] = []
    answers = asyncio.create_task(_acknowledgements(reader, moments, log))
    begin = time.time()
    for turn in range(RATE * SECONDS):
        await asyncio.sleep(max(0.0, begin + turn / RATE - time.time()))
        now_ms, device = time.time_ns() // 1_000_000, f"bench-{turn % RATE}"
        lon = 123.56 + 0.0006 * (turn % RATE) + 0.00005 * (turn // RATE)
        fix = b'{"time":%d,"lat":-10.18,"lon":%.6f,"speed":6,"course":90}' % (now_ms, lon)
        sent[device, now_ms] = moments[turn % 65_535 + 1] = time.time()
        head = _text(b"ronda/v1/%s/fix" % device.encode()) + (turn % 65_535 + 1).to_bytes(2, "big")
        writer.write(framed(0x32, head + fix))
    while moments:  # noqa: ASYNC110  # the other task knows nothing of us
        await asyncio.sleep(0.05)
    answers.cancel()
    writer.close()
    return log[int(WARM_S * RATE) :]


async def _acknowledgements(reader: asyncio.StreamReader, moments: dict[int, float], log: list[float]) -> None:
    while True:
        packet = await reader.readexactly(4)
        log.append((time.time() - moments.pop(int.from_bytes(packet[2:], "big"))) * 1000)


async def _watch(
    port: int, secret: str, interval_ms: int, sent: dict[tuple[str, int], float], ways: list[float]
) -> None:
    """Milliseconds from PUBLISH until a viewer of the live map has the fix (a newer one may replace it in a frame)."""
    url = f"ws://127.0.0.1:{port}/api/v1/live?interval_ms={interval_ms}"
    begin: float | None = None
    async with websockets.connect(
        url, additional_headers={"Authorization": f"Bearer {secret}"}, max_size=None
    ) as socket_:
        fields: list[str] = []
        async for text in socket_:
            now, message = time.time(), json.loads(text)
            fields = message.get("fields", fields)
            for row in message.get("positions", ()):
                said: dict[str, Any] = dict(zip(fields, row, strict=False))
                at = sent.get((said["device"], int(said["time"])))
                begin = begin or at
                if at is not None and begin is not None and at - begin > WARM_S:
                    ways.append((now - at) * 1000)


async def _token(data: str, role: str) -> str:
    command = (sys.executable, "-m", "ronda", "token", "create", "--role", role, "--data", data)
    async with process(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL) as child:
        out, _ = await child.communicate()
    return out.decode().splitlines()[-1]


def _text(value: bytes) -> bytes:
    return len(value).to_bytes(2, "big") + value


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
