"""Forgetting: the log keeps what some reader has not read, and of the rest as much as memory allows."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from core.codec import encode
from core.units import US_PER_S
from ingest.ticker import find_last_tick_entry
from ronda.archiving import streams_of
from ronda.notifying import READERS
from ronda.registry import STREAM as REGISTRY
from ronda.room import KEEP_S, kept_s
from ronda.runtime import AWAY, Runtime
from ronda.steps import DispatchStep, GeoStep
from store.archive import Archive
from store.log import START, id_key

log = logging.getLogger(__name__)

FOLLOWED_S: Final = 15.0  # whoever follows the registry is a third of this behind at most, or reads the archive again
TRIM_S: Final = 60.0
TOLD_S: Final = 3_600.0  # life of a notice
ASLEEP_S: Final = 60.0  # the ticker is not at work when its last word is this old
LOOK_S: Final = 5.0  # how often memory is looked at; when it is tight, so often is trimmed


async def trim_for_ever(runtime: Runtime) -> None:
    """Trim once a minute, more often and closer when memory is tight; not while the clock is in doubt."""
    since_s = 0.0
    while True:
        await asyncio.sleep(LOOK_S)
        since_s += LOOK_S
        try:
            keep_s = kept_s(*await runtime.log.memory())
            if (keep_s < KEEP_S or since_s >= TRIM_S) and runtime.holds.of("clock") is None:
                await trim(runtime, keep_s)
                since_s = 0.0
        except AWAY as error:
            log.warning("trim: %s", error, extra={"action": "schedule.trim_retry"})


async def trim(runtime: Runtime, keep_s: float = KEEP_S) -> None:
    """Trim each stream behind its readers, and keep what is not older than `keep_s`."""
    archived = await Archive(runtime.pool).offsets()
    now_us = runtime.clock.now_us()
    for stream in streams_of(runtime.partitions):
        kept_s_ = max(keep_s, FOLLOWED_S) if stream == REGISTRY else keep_s
        offsets = [archived.get(stream, START), kept_from(now_us, kept_s_)]
        if stream.startswith("in."):
            offsets.append(await runtime.log.offset(GeoStep.reader, stream))
            offsets += await last_tick(runtime, stream, keep_s)
        if stream == DispatchStep.events:
            offsets.append(await told_from(runtime, now_us))
        if stream == DispatchStep.stream:
            offsets.append(await runtime.log.offset(DispatchStep.reader, stream))
        await runtime.log.trim(stream, min(offsets, key=id_key))


async def told_from(runtime: Runtime, now_us: int) -> str:
    """What may still have to be told to people, however tight memory is: no notice lives longer than an hour."""
    unread = [await runtime.log.offset(reader, DispatchStep.events) for reader in READERS]
    return max(kept_from(now_us, TOLD_S), min(unread, key=id_key), key=id_key)


async def last_tick(runtime: Runtime, stream: str, keep_s: float) -> list[str]:
    """Where the last tick is, which stays: the next ticker counts from it how long nobody listened.

    When memory is tight and nobody ticks, it is said once more, word for word, at the end: else a log that is full
    because nobody ticks could never be trimmed, and nobody may tick while it is full.
    """
    found = await find_last_tick_entry(runtime.log, stream)
    if found is None:
        return []
    entry_id, tick = found
    if keep_s < KEEP_S and id_key(entry_id) < id_key(kept_from(runtime.clock.now_us(), ASLEEP_S)):
        (entry_id,) = await runtime.log.append([(stream, encode(tick))])
    return [entry_id]


def kept_from(at_us: int, keep_s: float) -> str:
    """Id of the oldest entry that is kept for a look back from `at_us`."""
    return f"{max(at_us - round(keep_s * US_PER_S), 0) // 1000}-0"
