"""What an installation holds once everything that was said to it has gone through."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ronda.archiving import streams_of
from ronda.runtime import Runtime
from ronda.steps import GeoStep
from store.archive import Archive
from store.log import START, id_key
from tests.e2e.installation import Up
from tests.ronda.pipeline import tables

SETTLE_S = 60.0
NEAR_DEG = 0.0005  # some 50 m: an alert is told once, from the fixes heard by then, and its place is not revised
RAISED = f"""
    SELECT a.device, a.kind, abs(a.lon - d.lon) < {NEAR_DEG} AND abs(a.lat - d.lat) < {NEAR_DEG} AS at_the_dwell,
        extract(epoch FROM d.start_at)::float8
    FROM alerts a JOIN dwells d ON d.id = a.dwell WHERE a.state = 'raised' AND d.state <> 'retracted' ORDER BY 1, 4
"""


def settled(up: Up) -> None:
    """Wait until geo has read what is in the log now, and the archive all that came of it."""
    up.with_runtime(_settled)


def tables_of(up: Up) -> dict[str, list[tuple[Any, ...]]]:
    """Dwells that stand (open ones as they are), alerts that stand, fixes; without ids, revisions and alert times."""
    return dict(up.with_runtime(_tables))


async def _settled(runtime: Runtime) -> None:
    async def read_by_geo(stream: str) -> str:
        return await runtime.log.offset(GeoStep.reader, stream)

    async def read_by_archive(stream: str) -> str:
        return (await Archive(runtime.pool).offsets()).get(stream, START)

    async with asyncio.timeout(SETTLE_S):
        for stream in runtime.inputs():
            await _reaches(read_by_geo, stream, await runtime.log.last_id(stream))
        for stream in streams_of(runtime.partitions):
            await _reaches(read_by_archive, stream, await runtime.log.last_id(stream))


async def _reaches(read: Callable[[str], Awaitable[str]], stream: str, end: str) -> None:
    while id_key(await read(stream)) < id_key(end):  # noqa: ASYNC110 - another process reads
        await asyncio.sleep(0.05)


async def _tables(runtime: Runtime) -> dict[str, list[tuple[Any, ...]]]:
    await _settled(runtime)
    async with runtime.pool.connection() as connection:
        alerts = await (await connection.execute(RAISED)).fetchall()
    return {**await tables(runtime.log, runtime.pool), "alerts": alerts}
