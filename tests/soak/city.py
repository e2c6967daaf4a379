"""A whole installation in separate processes, each of which may be killed; and a fleet that speaks to it."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import redis.asyncio

from core.entries import Config
from core.units import US_PER_S
from ronda.runtime import Parts, Urls
from ronda.settings import Settings
from ronda.system import SystemClock
from ronda.up import opened
from store import credentials
from tests.e2e.installation import free_ports
from tests.soak.ledger import Ledger
from tests.soak.publisher import Publisher
from tests.soak.services import STAGES, Service, mosquitto, postgres, stage, until, valkey

PREFIX = "soak-"
START_S = 120.0
LATE_S = 1.0


@dataclass(slots=True)
class City:
    """Its processes by name, and where they are reached."""

    services: dict[str, Service]
    redis_url: str
    database_url: str
    http_port: int
    door_port: int
    broker_port: int
    secret: str
    used_mb: float = 0.0  # most that the log's server ever used

    async def ready(self) -> bool:
        try:
            async with httpx.AsyncClient() as http:
                return (await http.get(f"http://127.0.0.1:{self.http_port}/readyz", timeout=5.0)).status_code == 200
        except httpx.HTTPError:
            return False

    async def measure(self) -> None:
        """Peaks of memory, for ever."""
        while True:
            for service in self.services.values():
                service.rss_mb()
            with suppress(redis.RedisError, OSError):
                async with redis.asyncio.Redis.from_url(self.redis_url) as client:
                    used_bytes = (await client.info("memory"))["used_memory"]
                self.used_mb = max(self.used_mb, used_bytes / 1e6)
            await asyncio.sleep(1.0)

    def peaks_mb(self) -> dict[str, int]:
        return {name: round(service.peak_rss_mb) for name, service in self.services.items()}


@asynccontextmanager
async def city(folder: Path, devices: int, *, broker: bool = True, log_mb: int = 1024) -> AsyncIterator[City]:
    """Servers, then stages, ready; at the end all of it is gone."""
    http_port, door_port, broker_port = free_ports(3)
    log_server, redis_url = valkey(folder, "--maxmemory", f"{log_mb}mb")
    database, database_url = await postgres(folder, "-c", "max_connections=60", "-c", "shared_buffers=64MB")
    services = {"valkey": log_server, "postgres": database}
    if broker:
        services["mosquitto"] = mosquitto(folder, broker_port)
    try:
        for service in services.values():
            service.start()
        await until(lambda: answers(database_url, redis_url), START_S, "the servers answer")
        secret = await founded(folder, redis_url, database_url, devices)
        common = {"REDIS_URL": redis_url, "DATABASE_URL": database_url, "DATA_DIR": str(folder)}
        common |= {"HTTP_PORT": str(http_port), "MQTT_PORT": str(door_port)}
        services |= {name: stage(folder, name, **common) for name in STAGES}
        if broker:
            url = f"mqtt://127.0.0.1:{broker_port}"
            services["ingest-broker"] = stage(folder, "ingest", "ingest-broker", **common, MQTT_URL=url)
        for name in services.keys() - {"valkey", "postgres", "mosquitto"}:
            services[name].start()
        made = City(services, redis_url, database_url, http_port, door_port, broker_port, secret)
        await until(made.ready, START_S, "the API is ready")
        await until(lambda: listening(door_port), START_S, "the door is open")
        if broker:  # what comes before its subscription has no queue yet
            await until(lambda: subscribed(services["ingest-broker"]), START_S, "the broker is read")
        measuring = asyncio.create_task(made.measure())
        try:
            yield made
        finally:
            await ended([measuring])
    finally:
        for name in reversed(services):
            await services[name].stop()


async def ended(tasks: list[asyncio.Task[Any]]) -> None:
    """Cancel and wait, so that nothing is left open."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def answers(database_url: str, redis_url: str) -> bool:
    client: Any = redis.asyncio.Redis.from_url(redis_url)
    try:
        async with await psycopg.AsyncConnection.connect(database_url, connect_timeout=2):
            return bool(await client.ping())
    except (psycopg.OperationalError, redis.RedisError, OSError):
        return False
    finally:
        await client.aclose()


async def subscribed(service: Service) -> bool:
    return "subscribed at the broker" in service.said()


async def listening(port: int) -> bool:
    with suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return True
    return False


async def founded(folder: Path, redis_url: str, database_url: str, devices: int) -> str:
    """Schema, registered devices, and the secret of a gateway that may speak for them all."""
    settings = Settings(data_dir=folder, redis_url=redis_url, database_url=database_url)
    async with opened(settings, Urls(redis=redis_url, database=database_url, mqtt=""), Parts()) as runtime:
        rows = tuple({"id": f"{PREFIX}{n}", "cls": "truck"} for n in range(devices))
        await runtime.configure(Config(section="devices", rows=rows))
        now_us = SystemClock().now_us()
        _, secret = await credentials.create_token(
            runtime.pool,
            role="device",
            subject="gateway",
            label="",
            expires_us=now_us + 86_400 * US_PER_S,
            now_us=now_us,
        )
    return secret


class Fleet:
    """Good traffic at a steady rate over a few connections; every message is in the ledger."""

    def __init__(self, ledger: Ledger, publishers: list[Publisher], rate: float) -> None:
        self.ledger, self.publishers, self.rate = ledger, publishers, rate
        self._random = random.Random(7)
        self._last_ms = [0] * ledger.devices
        self.stalls_s = 0.0  # how long the window kept it from sending

    async def drive(self, seconds: float) -> None:
        """Send for so long. A device keeps to its connection, so that its fixes stay in order."""
        due_s = time.monotonic()
        end_s = due_s + seconds
        for n in itertools.count():
            now_s = time.monotonic()
            if now_s >= end_s:
                return
            if due_s > now_s:
                await asyncio.sleep(due_s - now_s)
            await self._send(n % self.ledger.devices)
            due_s += 1.0 / self.rate
            late_s = time.monotonic() - due_s
            if late_s > LATE_S:  # what could not be sent in time is not sent all at once afterwards
                self.stalls_s += late_s
                due_s += late_s

    async def _send(self, device: int) -> None:
        time_ms = max(time.time_ns() // 1_000_000, self._last_ms[device] + 1)
        self._last_ms[device] = time_ms
        lat, lon = -10.17 + self._random.uniform(-0.02, 0.02), 123.6 + self._random.uniform(-0.02, 0.02)
        payload = b'{"time":%d,"lat":%.6f,"lon":%.6f,"speed":%.1f}' % (time_ms, lat, lon, self._random.uniform(5, 15))
        number = self.ledger.write(device, time_ms)
        publisher = self.publishers[device % len(self.publishers)]
        await publisher.put(number, f"ronda/v1/{PREFIX}{device}/fix", payload)

    @property
    def open(self) -> int:
        return sum(publisher.open for publisher in self.publishers)
