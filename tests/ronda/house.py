"""The real stages in this process, on real servers, under a clock that can be set; and who speaks to them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from core.codec import encode
from core.entries import Config, Tick
from core.units import US_PER_S
from ronda.alarm import Alarm
from ronda.runtime import Parts, Runtime, Urls
from ronda.settings import Settings
from ronda.stages import STAGES
from ronda.system import SystemClock
from ronda.up import Stages, opened, run_stages
from store import credentials, read
from tests.e2e.installation import free_ports

PATIENCE_S = 30.0


class Settable:
    """The machine's clock, wrong by so much."""

    def __init__(self, at_s: float | None = None) -> None:
        self.wrong_us = 0 if at_s is None else round((at_s - time.time()) * 1e6)

    def now_us(self) -> int:
        return SystemClock().now_us() + self.wrong_us


@dataclass(slots=True)
class House:
    """All stages under one clock, and who speaks to them from outside."""

    runtime: Runtime
    clock: Settable
    http: httpx.AsyncClient
    secret: str

    @asynccontextmanager
    async def device(self, name: str = "truck-1") -> AsyncIterator[mqtt.Client]:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name)
        client.username_pw_set(name, self.secret)
        await asyncio.to_thread(client.connect, "127.0.0.1", self.runtime.settings.mqtt_port)
        client.loop_start()
        yield client
        client.disconnect()
        client.loop_stop()

    async def ready(self) -> tuple[int, str]:
        answer = await self.http.get("/readyz")
        return answer.status_code, answer.json()["parts"]["clock"]

    async def archived(self, device: str = "truck-1") -> list[tuple[int, int]]:
        """Time and arrival of its fixes."""
        found, _ = await read.fixes(self.runtime.pool, device, 0, 1 << 62, limit=1000)
        return list(zip(found.time_us.tolist(), found.received_us.tolist(), strict=True))


def fix(time_s: float) -> str:
    return json.dumps({"time": time_s, "lat": -10.17, "lon": 123.6})


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await true():  # noqa: ASYNC110 - other tasks and servers do it
            await asyncio.sleep(0.05)


@asynccontextmanager
async def house(
    redis: str, database: str, folder: Path, clock: Settable, *, log_us: int = 0, stages: Stages = STAGES
) -> AsyncIterator[House]:
    """Stages on real servers; three trucks are registered. `log_us`: a tick that an earlier run left."""
    http_port, mqtt_port = free_ports(2)
    settings = Settings(
        data_dir=folder, redis_url=redis, database_url=database, http_port=http_port, mqtt_port=mqtt_port, partitions=1
    )
    urls = Urls(redis=redis, database=database, mqtt=f"mqtt://127.0.0.1:{mqtt_port}")
    async with opened(settings, urls, Parts()) as found:
        runtime = replace(found, clock=clock)
        trucks = tuple({"id": f"truck-{n}", "cls": "truck"} for n in range(1, 4))
        await runtime.configure(Config(section="devices", rows=trucks))
        if log_us:
            await runtime.log.append([("in.0", encode(Tick(now_us=log_us)))])
        now_us = SystemClock().now_us()
        _, secret = await credentials.create_token(
            runtime.pool, role="admin", subject="test", label="", expires_us=now_us + 3600 * US_PER_S, now_us=now_us
        )
        running = asyncio.create_task(run_stages(runtime, stages, Alarm(runtime.parts)))
        headers = {"Authorization": f"Bearer {secret}"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http_port}", headers=headers) as http:
            try:
                await until(lambda: answers(running, http, runtime))
                yield House(runtime, clock, http, secret)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)


async def answers(running: asyncio.Task[None], http: httpx.AsyncClient, runtime: Runtime) -> bool:
    if running.done():
        running.result()
    try:
        return "ingest" in runtime.parts.all() and (await http.get("/healthz")).status_code == 200
    except httpx.TransportError:
        return False
