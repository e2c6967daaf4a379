"""Old fixes into a running installation: into the archive, then the dwells of their days, device by device."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from psycopg_pool import AsyncConnectionPool

from core.errors import RondaError
from core.fixes import Fixes, Flag
from core.live import Live as LiveRow
from geo.config import GeoConfig
from ronda.rebuild import DAY_US, Live, configuration, rebuild, spans
from ronda.registry import Directory
from ronda.runtime import Runtime
from store.archive import Archive
from store.history import add_fixes
from store.log import START, id_key

CHUNK: Final = 20_000  # fixes of one transaction
ACTIVE_US: Final = 7 * DAY_US  # a device silent for longer is not expected to send what it stored
ASK_S: Final = 0.2


def kept_of(directory: Directory, fixes: Fixes) -> NDArray[np.bool_]:
    """Which fixes may be kept: as live, a volunteer's only while on duty, a call for help always."""
    rows = zip(fixes.device.tolist(), fixes.time_us.tolist(), fixes.flags.tolist(), strict=True)
    keeps = [bool(flags & Flag.SOS) or directory.keeps(fixes.ids[at], time_us) for at, time_us, flags in rows]
    return np.array(keeps, np.bool_)


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
