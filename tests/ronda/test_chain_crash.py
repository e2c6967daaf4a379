"""`kill -9` of the archive while a flood goes on: still one chain, every entry on it once, every decision as then."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from core.codec import encode
from ronda.pump import Pump
from ronda.replaying import replay, span_between
from ronda.steps import DispatchStep
from store.archive import Archive
from store.inputs import blocks
from store.log import START, Log
from store.valkey import ValkeyLog
from tests.dispatch.town import NOW, command
from tests.ronda.floods import flood, wrong
from tests.ronda.pipeline import until
from tests.running import run_pool

pytestmark = [pytest.mark.service, pytest.mark.e2e]
KILLS = 3
MORE = 300


async def started(redis: str, database: str, folder: Path) -> Process:
    environ = {**os.environ, "RONDA_REDIS_URL": redis, "RONDA_DATABASE_URL": database, "RONDA_DATA_DIR": str(folder)}
    words = ("-m", "ronda", "run", "archive", "--log-level", "error")
    return await asyncio.create_subprocess_exec(sys.executable, *words, env=environ)


async def archived_until(log: Log, pool: AsyncConnectionPool) -> bool:
    offsets = await Archive(pool).offsets()
    streams = ("dispatch.in", "dispatch.events")
    return all([offsets.get(stream, START) == await log.last_id(stream) for stream in streams])


async def moved(pool: AsyncConnectionPool, since: dict[str, str]) -> bool:
    return await Archive(pool).offsets() != since


async def flow(log: Log) -> None:
    """The flood, and then commands without end, each decided as it comes."""
    for entry in flood():
        await log.append([("dispatch.in", encode(entry))])
    for number in range(MORE):
        await log.append([("dispatch.in", encode(command("incident.pause", 500 + number, id_=f"p{number}", id="i0")))])
        await asyncio.sleep(0.02)
    await asyncio.sleep(3600)


@pytest.mark.timeout(180)
def test_a_killed_archive_leaves_one_chain(clean_valkey_url: str, postgres_url: str, tmp_path: Path) -> None:
    """Three times at a moment when it writes; then it catches up."""

    async def body(pool: AsyncConnectionPool) -> Any:
        log = ValkeyLog(clean_valkey_url)
        pump = Pump(log, "dispatch", "dispatch.in", "me", DispatchStep, ())
        working = asyncio.gather(flow(log), pump.run())
        for number in range(KILLS):
            process, since = await started(clean_valkey_url, postgres_url, tmp_path), await Archive(pool).offsets()
            await until(asyncio.sleep(3600), lambda since=since: moved(pool, since), 60)
            await asyncio.sleep(0.05 * number)
            process.send_signal(signal.SIGKILL)
            await process.wait()
        process = await started(clean_valkey_url, postgres_url, tmp_path)
        await asyncio.sleep(MORE * 0.02)
        await until(asyncio.sleep(3600), lambda: archived_until(log, pool), 60)
        process.terminate()
        working.cancel()
        await asyncio.gather(process.wait(), working, return_exceptions=True)
        heads = [block.heads async for block in blocks(pool, 0, 1 << 40)][-1]
        found = await replay(pool, await span_between(pool, 0, NOW * 2))
        counted = [await log.length(stream) for stream in ("dispatch.in", "dispatch.events")]
        await log.close()
        return await wrong(pool), [heads[s][1] for s in ("dispatch.in", "dispatch.events")], counted, found

    bad, on_chain, in_log, found = run_pool(postgres_url, body)
    assert bad == []
    assert on_chain == in_log
    assert in_log[0] >= len(flood()) + MORE
    assert (found.verdict, found.difference) == ("same", "")
