"""An application whose registry can be written: a log in memory that is archived as it grows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from psycopg_pool import AsyncConnectionPool

from core.clock import ManualClock
from core.codec import encode
from core.entries import Config
from core.events import Event
from ronda.adopt import Registrar
from ronda.archiving import archive_for_ever
from store.archive import Archive
from store.log import Log
from store.memory import MemoryLog
from store.pg import connect
from tests.api.samples import NOW_US
from tests.api.world import World, world

PARTITIONS = 2


@asynccontextmanager
async def archiving(log: Log, pool: AsyncConnectionPool) -> AsyncIterator[None]:
    """The archive stage while the block lasts."""
    task = asyncio.create_task(archive_for_ever(log, Archive(pool), PARTITIONS))
    try:
        yield
    finally:
        while not task.done():  # a driver may swallow one cancellation
            task.cancel()
            await asyncio.wait([task], timeout=0.5)


def in_writing_world(postgres_url: str, body: Callable[[World], Awaitable[Any]], **given: Any) -> Any:
    """Run `body(world)` in an application that changes the registry for real."""

    async def main() -> Any:
        log, clock = MemoryLog(), ManualClock(NOW_US)
        async with asyncio.timeout(40), await connect(postgres_url, max_size=4) as pool, archiving(log, pool):
            register = Registrar(log, pool, clock, PARTITIONS)
            async with world(postgres_url, log=log, clock=clock, register=register, **given) as there:
                return await body(there)

    return asyncio.run(main())


async def configured(there: World, *configs: Config) -> None:
    """Rows that the registry has before the test begins."""
    await there.deps.register(configs)


async def said(there: World, *events: Event) -> None:
    """Have the stages say this, and wait until the archive has it and all before."""
    await there.deps.log.append([("events.0", encode(list(events)))])
    await there.deps.register([Config(section="city", rows=({"id": "probe"},))])
    end = await there.deps.log.last_id("events.0")
    while (await Archive(there.deps.pool).offsets()).get("events.0") != end:  # noqa: ASYNC110  no bell in a test
        await asyncio.sleep(0.01)


def fleet(*trucks: str, trackers: tuple[str, ...] = ("g1",)) -> list[Config]:
    """Trucks, trackers and two people."""
    people = ({"id": "ana", "kind": "driver"}, {"id": "budi", "kind": "driver"})
    return [
        Config(section="vehicles", rows=tuple({"id": name} for name in trucks)),
        Config(section="devices", rows=tuple({"id": name} for name in trackers)),
        Config(section="people", rows=people),
    ]
