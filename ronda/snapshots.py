"""The state of dispatch into the archive, now and then: where a replay of its decisions begins."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from psycopg_pool import AsyncConnectionPool

from core.units import DAY_US
from ronda.deciding import decider
from ronda.runtime import AWAY, Runtime
from ronda.steps import DispatchStep
from store.archive import Archive
from store.cancel import heed_cancel
from store.inputs import keep_snapshot, newest_snapshot
from store.log import START, Log, id_key

log = logging.getLogger(__name__)

EVERY_US: Final = DAY_US  # with a road map a state has megabytes; a replay goes through a day of entries at most
LOOK_S: Final = 30.0
TRIES: Final = 50  # of reading a state that does not change while it is read


async def snapshots_for_ever(runtime: Runtime) -> None:
    """At the first start, after an upgrade, and each day on which something happened."""
    while True:
        try:
            await runtime.holds.free_of("clock")
            await take(runtime.log, runtime.pool, runtime.clock.now_us(), decider())
        except AWAY as error:
            log.warning("snapshot: %s", error, extra={"action": "archive.snapshot_retry"})
        heed_cancel()
        await asyncio.sleep(LOOK_S)


async def take(stream_log: Log, pool: AsyncConnectionPool, now_us: int, version: str) -> bool:
    """Take a snapshot if it is time to; whether it was."""
    newest = await newest_snapshot(pool)
    if newest is not None:
        offset = await stream_log.offset(DispatchStep.reader, DispatchStep.stream)
        due = now_us - newest.at_us >= EVERY_US or newest.version != version
        if not due or offset == newest.entry_id:
            return False
    found = await _state(stream_log)
    if found is None or (newest is None and await _ahead(pool, found[0])):
        return False
    await keep_snapshot(pool, *found, version)
    return True


async def _ahead(pool: AsyncConnectionPool, entry_id: str) -> bool:
    """Whether entries after this one were archived already, perhaps by a Ronda that did not keep them."""
    archived = (await Archive(pool).offsets()).get(DispatchStep.stream, START)
    return id_key(archived) > id_key(entry_id)


async def _state(stream_log: Log) -> tuple[str, dict[str, bytes]] | None:
    """The state and the entry it is as of: both move in one commit, so it is whole if the entry stays the same."""
    offset = await stream_log.offset(DispatchStep.reader, DispatchStep.stream)
    for _ in range(TRIES):
        rows = await stream_log.state(DispatchStep.reader, DispatchStep.stream)
        after = await stream_log.offset(DispatchStep.reader, DispatchStep.stream)
        if after == offset:
            return offset, rows
        offset = after
    return None
