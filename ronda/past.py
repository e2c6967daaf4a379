"""Old fixes into a running installation: into the archive, then the dwells of their days, device by device."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np
from psycopg_pool import AsyncConnectionPool

from core.errors import RondaError
from core.fixes import Fixes
from core.live import Live as LiveRow
from geo.config import GeoConfig
from ronda.rebuild import Live, configuration, rebuild, spans
from ronda.runtime import Runtime
from store.archive import Archive
from store.history import add_fixes
from store.log import START, id_key
from store.upkeep import DAY_US

CHUNK: Final = 20_000  # fixes of one transaction
ACTIVE_US: Final = 7 * DAY_US  # a device silent for longer is not expected to send what it stored
ASK_S: Final = 0.2


async def add(pool: AsyncConnectionPool, fixes: Fixes, progress: Callable[[int], Any] = lambda _: None) -> int:
    """Into the archive, each fix once; how many were new."""
    new = 0
    for start in range(0, len(fixes), CHUNK):
        part = fixes.take(np.arange(start, min(start + CHUNK, len(fixes))))
        new += await add_fixes(pool, part)
        progress(len(part))
    return new


async def archive_is_near(runtime: Runtime, wait_s: float) -> None:
    """Wait until the archive has what the log holds now: what is not there yet would be computed twice."""
    deadline_s = asyncio.get_running_loop().time() + wait_s
    ends = {stream: await runtime.log.last_id(stream) for stream in runtime.inputs()}
    wanted = {**ends, **{f"events.{p}": START for p in range(runtime.partitions)}}
    while not await _reached(runtime, ends, wanted):
        if asyncio.get_running_loop().time() > deadline_s:
            raise RondaError(
                "The archive is behind the log; the fixes are stored, their dwells are not. "
                "See `ronda doctor`, then import the file again."
            )
        await asyncio.sleep(ASK_S)


async def _reached(runtime: Runtime, ends: dict[str, str], wanted: dict[str, str]) -> bool:
    """Whether geo has read what the inputs held, and the archive all that came of it."""
    for stream, end in ends.items():
        if id_key(await runtime.log.offset("geo", stream)) < id_key(end):
            return False
    for p in range(runtime.partitions):
        stream = f"events.{p}"
        wanted[stream] = wanted[stream] if wanted[stream] != START else await runtime.log.last_id(stream)
    archived = await Archive(runtime.pool).offsets()
    return all(id_key(archived.get(stream, START)) >= id_key(end) for stream, end in wanted.items())


async def rebuild_all(runtime: Runtime, fixes: Fixes, progress: Callable[[int], Any] = lambda _: None) -> Counter[str]:
    """Rebuild the days that these fixes touch; what became of dwells, by word of `ronda.reconcile`."""
    config, counts = await configuration(runtime.pool), Counter[str]()
    for part in fixes.split():
        for span in spans(part.time_us):
            live = await live_of(runtime, config, part.ids[0])
            changes = await rebuild(runtime.pool, config, part.ids[0], span, live)
            counts.update(changes.counts, left=changes.left, forgotten=changes.forgotten)
        progress(len(part))
    return counts


async def live_of(runtime: Runtime, config: GeoConfig, device: str) -> Live | None:
    """What of the device belongs to the live engine now."""
    body = (await runtime.log.live()).get(device)
    if body is None:
        return None
    row = msgspec.msgpack.decode(body, type=LiveRow)
    active = runtime.clock.now_us() - row.received_us < ACTIVE_US
    return Live(row.time_us, int(config.profile(device).horizon_s * 1e6), active)
