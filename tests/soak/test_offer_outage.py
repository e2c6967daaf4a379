"""A server goes away while somebody is asked: their yes is not lost, and the coordinator is told what is the matter."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import httpx
import pytest

from ronda.lending import tokens
from ronda.runtime import Parts, Urls
from ronda.sending import settle
from ronda.settings import Settings
from ronda.up import opened
from simulators import registry
from store import credentials
from tests.soak.city import City, city
from tests.soak.services import until

pytestmark = [pytest.mark.service, pytest.mark.e2e, pytest.mark.timeout(0)]
HOUR_US = 3_600_000_000
PATIENCE_S = 90.0
DEVICE = "latihan-01"
FIRE = {"kind": "kebakaran", "lat": -10.17, "lon": 123.6, "severity": 2, "needs": [{"count": 1}]}


@asynccontextmanager
async def staffed(made: City, folder: Path) -> AsyncIterator[tuple[httpx.AsyncClient, aiomqtt.Client]]:
    """A coordinator, and one volunteer's phone 300 m from the fire."""
    settings = Settings(data_dir=folder, redis_url=made.redis_url, database_url=made.database_url)
    async with opened(settings, Urls(redis=made.redis_url, database=made.database_url, mqtt=""), Parts()) as runtime:
        now_us = time.time_ns() // 1000
        duty_us = (now_us - HOUR_US, now_us + HOUR_US)
        crew = registry.crew_configs([DEVICE], from_us=duty_us[0], at_us=now_us, actor="test", duty_us=duty_us)
        await settle(runtime, crew, PATIENCE_S)
        _, secret = await credentials.create_token(
            runtime.pool, role="coordinator", subject="ani", label="", expires_us=duty_us[1], now_us=now_us
        )
        async with (
            tokens(runtime, [DEVICE], "test") as secrets,
            aiomqtt.Client(
                "127.0.0.1", made.door_port, username=DEVICE, password=secrets[DEVICE], identifier=DEVICE, keepalive=600
            ) as phone,
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{made.http_port}/api/v1",
                headers={"Authorization": f"Bearer {secret}"},
                timeout=30.0,
            ) as desk,
        ):
            await phone.subscribe([(f"ronda/v1/{DEVICE}/{kind}", 1) for kind in ("offer", "notice", "reject")])
            yield desk, phone


async def asked(desk: httpx.AsyncClient, phone: aiomqtt.Client) -> tuple[str, dict[str, Any]]:
    """The address of the incident, and what the phone is asked."""
    fix = {"time": time.time(), "lat": -10.1673, "lon": 123.6, "speed": 0.0}
    await phone.publish(f"ronda/v1/{DEVICE}/fix", json.dumps(fix), qos=1)
    path = f"/incidents/{(await desk.post('/incidents', json=FIRE)).raise_for_status().json()['id']}"
    (await desk.post(f"{path}/dispatch")).raise_for_status()
    async with asyncio.timeout(PATIENCE_S):
        told: dict[str, Any] = json.loads((await anext(phone.messages)).payload)  # type: ignore[arg-type]
    return path, told


async def is_now(desk: httpx.AsyncClient, path: str, status: str) -> bool:
    try:
        answer = await desk.get(path)
    except httpx.TransportError:
        return False
    return answer.status_code == 200 and answer.json()["status"] == status


def test_valkey_dies_in_mid_offer(folder: Path) -> None:
    """The yes is acknowledged once the log is back, and counts; nobody is asked twice."""

    async def main() -> None:
        async with city(folder, 0, broker=False) as made, staffed(made, folder) as (desk, phone):
            path, told = await asked(desk, phone)
            made.services["valkey"].kill()
            yes = {"offer": told["offer"], "answer": "accept"}
            await phone.publish(f"ronda/v1/{DEVICE}/answer", json.dumps(yes), qos=1, timeout=PATIENCE_S)
            await until(lambda: is_now(desk, path, "responding"), PATIENCE_S, "the yes counts")
            offers = (await desk.get(f"{path}/offers")).json()["items"]
            assert [(offer["id"], offer["volunteer"]) for offer in offers] == [(told["offer"], told["volunteer"])]
            assert len(phone.messages) == 0

    asyncio.run(main())


def test_postgres_is_away_in_mid_offer(folder: Path) -> None:
    """The yes is taken at once; the coordinator reads 503 with the reason, and afterwards who comes."""

    async def main() -> None:
        async with city(folder, 0, broker=False) as made, staffed(made, folder) as (desk, phone):
            path, told = await asked(desk, phone)
            await made.services["postgres"].stop()
            yes = {"offer": told["offer"], "answer": "accept"}
            await phone.publish(f"ronda/v1/{DEVICE}/answer", json.dumps(yes), qos=1, timeout=10.0)
            refusals = [
                await desk.get(path),
                await desk.post(f"{path}/close"),
                await desk.post("/incidents", json=FIRE),
            ]
            assert [answer.status_code for answer in refusals] == [503, 503, 503]
            made.services["postgres"].start()
            await until(lambda: is_now(desk, path, "responding"), PATIENCE_S, "the yes counts")

    asyncio.run(main())
