"""The pipeline, read top to bottom: one function per stage, each wires a source, a step and its sinks.

ingest ─▶ in.{p} ─▶ geo ─▶ events.{p} ─▶ archive ─▶ Postgres ─▶ api
             └──────────────────────────────┘
api ─▶ dispatch.in ─▶ dispatch ─▶ dispatch.events ─▶ archive
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final
from uuid import uuid4

import msgspec
import redis.exceptions

from core.codec import encode
from core.live import Live
from ronda.archiving import archive_for_ever, streams_of
from ronda.pump import Pump
from ronda.runtime import Runtime
from ronda.steps import DispatchStep, GeoStep, sightings_of
from store.archive import Archive

log = logging.getLogger(__name__)

AWAY: Final = (redis.exceptions.RedisError, OSError)  # the log is not there: wait and try again
SIGHTINGS_S: Final = 1.0
TRIM_S: Final = 60.0
KEEP_S: Final = 3600.0  # what every reader has read stays in the log this long, for a look back and for replay


async def geo(runtime: Runtime) -> None:
    """Fixes, ticks, commands and configuration become dwells, alerts and live positions; one pump a partition."""
    owner = uuid4().hex
    async with asyncio.TaskGroup() as group:
        for p in range(runtime.partitions):
            pump = Pump(runtime.log, GeoStep.reader, f"in.{p}", owner, lambda rows, p=p: GeoStep(p, rows), AWAY)
            group.create_task(pump.run(), name=f"geo-{p}")
        runtime.parts.say("geo", "ready")


async def dispatch(runtime: Runtime) -> None:
    """Commands and sightings become incidents and plans."""
    pump = Pump(runtime.log, DispatchStep.reader, DispatchStep.stream, uuid4().hex, DispatchStep, AWAY)
    async with asyncio.TaskGroup() as group:
        group.create_task(pump.run(), name="dispatch-pump")
        group.create_task(sight(runtime), name="dispatch-sightings")
        runtime.parts.say("dispatch", "ready")


async def sight(runtime: Runtime) -> None:
    """Write where the volunteers are into dispatch's own stream, coalesced: what it decides from can be replayed."""
    while True:
        try:
            async for rows in moved(runtime):
                sightings = sightings_of(rows, runtime.clock.now_us())
                if sightings.rows:
                    await runtime.log.append([(DispatchStep.stream, encode(sightings))])
        except AWAY as error:
            log.warning("sightings: %s", error, extra={"action": "dispatch.sightings_retry"})
            await asyncio.sleep(SIGHTINGS_S)


async def moved(runtime: Runtime) -> AsyncIterator[list[Live]]:
    """Live rows that changed, the newest of each device, at most once every `SIGHTINGS_S`; first all of them."""
    one, many = msgspec.msgpack.Decoder(Live), msgspec.msgpack.Decoder(list[Live])
    newest: dict[str, Live] = {}
    told = 0.0
    async for frame in runtime.log.frames():
        rows = many.decode(frame) if frame else [one.decode(body) for body in (await runtime.log.live()).values()]
        newest |= {row.device: row for row in rows}
        now = asyncio.get_running_loop().time()
        if now - told >= SIGHTINGS_S:
            yield list(newest.values())
            newest, told = {}, now


async def archive(runtime: Runtime) -> None:
    """Everything that was said goes to Postgres, once."""
    runtime.parts.say("archive", "ready")
    await archive_for_ever(runtime.log, Archive(runtime.pool), runtime.partitions)


async def schedule(runtime: Runtime) -> None:
    """Forget what every reader has read and that is older than `KEEP_S`: trimming lags the slowest reader."""
    runtime.parts.say("schedule", "ready")
    while True:
        await asyncio.sleep(TRIM_S)
        try:
            await trim(runtime)
        except AWAY as error:
            log.warning("trim: %s", error, extra={"action": "schedule.trim_retry"})


async def trim(runtime: Runtime) -> None:
    """Trim each stream behind its readers."""
    archived = await Archive(runtime.pool).offsets()
    oldest = f"{(runtime.clock.now_us() - int(KEEP_S * 1e6)) // 1000}-0"
    for stream in streams_of(runtime.partitions):
        offsets = [archived.get(stream, "0-0"), oldest]
        if stream.startswith("in."):
            offsets.append(await runtime.log.offset(GeoStep.reader, stream))
        if stream == DispatchStep.stream:
            offsets.append(await runtime.log.offset(DispatchStep.reader, stream))
        await runtime.log.trim(stream, min(offsets, key=lambda i: tuple(map(int, i.split("-")))))


async def notify(runtime: Runtime) -> None:
    """Carry effects to people's phones. No room makes effects yet, so it only stands ready."""
    runtime.parts.say("notify", "ready")
    await asyncio.Event().wait()


STAGES: Final[dict[str, Callable[[Runtime], Awaitable[None]]]] = {
    "geo": geo,
    "dispatch": dispatch,
    "archive": archive,
    "notify": notify,
    "schedule": schedule,
}
