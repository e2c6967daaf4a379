"""Boots with a wrong clock, on the real stages: nothing is taken in or written, all of it is when the clock is set."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from core.units import US_PER_S
from ingest.ticker import find_last_tick
from ronda.system import SystemClock
from tests.ronda.house import PATIENCE_S, House, Settable, fix, house, until

pytestmark = pytest.mark.service
Y2016_S, Y2099_S = 1_451_606_400, 4_070_908_800


@pytest.mark.parametrize("at_s", [Y2016_S, Y2099_S])
@pytest.mark.parametrize("old", [False, True], ids=["new", "old"])
def test_a_boot_in_another_time_holds_and_recovers(
    at_s: int, old: bool, clean_valkey_url: str, postgres_url: str, tmp_path: Path
) -> None:
    """Connections are taken, nothing is acknowledged or written; once the clock is set, nothing was lost."""

    async def body() -> None:
        log_us = SystemClock().now_us() - 60 * US_PER_S if old else 0
        async with house(clean_valkey_url, postgres_url, tmp_path, Settable(at_s), log_us=log_us) as home:
            before = await home.runtime.log.length("in.0")
            async with home.device() as truck:
                now_s = round(time.time())
                info = truck.publish("ronda/v1/truck-1/fix", fix(now_s), qos=1)
                await asyncio.sleep(1.5)
                assert not info.is_published()
                status, why = await home.ready()
                assert (status, "this machine's clock says" in why) == (503, True)
                told = await home.http.post("/api/v1/incidents", json={"kind": "flood", "lon": 123.6, "lat": -10.17})
                assert (told.status_code, told.json()["detail"][:25]) == (503, "this machine's clock says")
                assert await home.runtime.log.length("in.0") == before

                home.clock.wrong_us = 0
                await until(lambda: published(info))
            await until(lambda: ready(home))
            await until(lambda: some(home.archived))
            [(time_us, received_us)] = await home.archived()
            assert time_us == now_s * US_PER_S
            assert abs(received_us / 1e6 - time.time()) < PATIENCE_S
            assert await rejected(home) == []
            await until(lambda: ticks_again(home))

    asyncio.run(body())


async def published(info: mqtt.MQTTMessageInfo) -> bool:
    return bool(info.is_published())


async def ready(home: House) -> bool:
    return (await home.ready())[0] == 200


async def ticks_again(home: House) -> bool:
    tick = await find_last_tick(home.runtime.log)
    return tick is not None and abs(tick.now_us / 1e6 - time.time()) < PATIENCE_S


async def some(found: Callable[[], Awaitable[list[tuple[int, int]]]]) -> bool:
    return bool(await found())


async def rejected(home: House) -> list[str]:
    async with home.runtime.pool.connection() as connection:
        rows = await (await connection.execute("SELECT reason FROM rejects")).fetchall()
    return [row[0] for row in rows]
