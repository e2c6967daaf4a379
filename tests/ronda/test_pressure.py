"""The archive is away for hours: the log fills to its limit and no further, devices wait, all of it goes through."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ronda import trimming
from ronda.alarm import Alarm
from ronda.runtime import Parts
from ronda.stages import STAGES
from ronda.steps import GeoStep
from ronda.up import run_stages
from tests.ronda.house import House, Settable, house, until
from tests.servers import valkey_server

pytestmark = [pytest.mark.service, pytest.mark.timeout(180)]
LIMIT_MB = 40
MESSAGES, EACH = 450, 1000  # fixes: more than the log can hold
WITHOUT = {name: stage for name, stage in STAGES.items() if name in ("ingest", "geo", "api")}
BEHIND = {name: stage for name, stage in STAGES.items() if name in ("archive", "schedule")}


@pytest.fixture
def small_valkey_url() -> Iterator[str]:
    with valkey_server("--maxmemory", f"{LIMIT_MB}mb", "--maxmemory-policy", "noeviction") as url:
        yield url


def message(number: int, from_s: int) -> str:
    fixes = [{"time": from_s + number * EACH + n, "lat": -10.17, "lon": 123.6, "speed": 9.1} for n in range(EACH)]
    return json.dumps(fixes)


def test_a_full_log_waits_for_its_readers(
    small_valkey_url: str, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At four fifths intake holds; geo goes on committing; when the archive is back, nothing was lost."""
    monkeypatch.setattr(trimming, "LOOK_S", 0.2)

    async def body() -> None:
        async with house(small_valkey_url, postgres_url, tmp_path, Settable(), stages=WITHOUT) as home:
            from_s = int(time.time()) - 4 * MESSAGES * EACH
            async with home.device() as truck:
                infos = [truck.publish("ronda/v1/truck-1/fix", message(n, from_s), qos=1) for n in range(MESSAGES)]
                await until(lambda: held(home))
                assert f"of {LIMIT_MB * 1_048_576 // 1_000_000} MB" in str(home.runtime.holds.why())
                assert (await home.http.get("/readyz")).json()["parts"]["memory"] == home.runtime.holds.why()
                await until(lambda: digested(home))
                used, limit = await home.runtime.log.memory()
                assert used < limit
                assert not all(info.is_published() for info in infos)
                behind = asyncio.create_task(run_stages(home.runtime, BEHIND, Alarm(Parts())))
                try:
                    await until(lambda: all_published(infos))
                    await until(lambda: counted(home, MESSAGES * EACH))
                finally:
                    behind.cancel()
                    await asyncio.gather(behind, return_exceptions=True)
            assert home.runtime.holds.why() is None

    asyncio.run(body())


async def held(home: House) -> bool:
    return home.runtime.holds.of("memory") is not None


async def digested(home: House) -> bool:
    """Whether geo has read all that is in the log."""
    log = home.runtime.log
    return await log.offset(GeoStep.reader, "in.0") == await log.last_id("in.0")


async def all_published(infos: list[Any]) -> bool:
    return all(info.is_published() for info in infos)


async def counted(home: House, fixes: int) -> bool:
    async with home.runtime.pool.connection() as connection:
        row = await (await connection.execute("SELECT count(*) FROM fixes")).fetchone()
    return row is not None and int(row[0]) == fixes
