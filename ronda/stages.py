"""The pipeline, read top to bottom: one function per stage, each wires a source, a step and its sinks.

ingest ─▶ in.{p} ─▶ geo ─▶ events.{p} ─▶ archive ─▶ Postgres ─▶ api
             └──────────────────────────────┘
api ─▶ dispatch.in ─▶ dispatch ─▶ dispatch.events ─▶ archive
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec

import cities
from api.app import create_app
from api.deps import CityInfo, Deps
from core.codec import encode
from core.identity import Identity
from core.live import Live
from ingest.door import DoorParams
from ingest.service import Ingest, IngestParams
from ingest.ticker import find_last_tick
from ronda.adopt import Registrar, adopt_for_ever
from ronda.archiving import archive_for_ever, streams_of
from ronda.configure import ensure_city
from ronda.metrics import metrics
from ronda.pump import Pump
from ronda.registry import Directory
from ronda.runtime import AWAY, Runtime
from ronda.serving import serve
from ronda.settings import Settings
from ronda.steps import DispatchStep, GeoStep, sightings_of, warm
from store.archive import Archive
from store.credentials import find_token
from store.log import START, id_key

log = logging.getLogger(__name__)

SIGHTINGS_S: Final = 1.0
LISTENING_S: Final = 0.2  # how soon readiness follows a source that came or went
TICKER_LEASE_MS: Final = 2000  # after a kill the next ticker waits this long at most
TRIM_S: Final = 60.0
KEEP_S: Final = 3600.0  # what every reader has read stays in the log this long, for a look back and for replay


async def ingest(runtime: Runtime) -> None:
    """Devices speak at the door or through a broker; what they say is in the log before they are told so."""
    settings, directory = runtime.settings, Directory()
    await directory.load(runtime.pool)
    if not settings.demo:  # the demo tells a city of its own
        await ensure_city(runtime)
    service = Ingest(
        ingest_params(settings),
        append=runtime.log.append,
        partitions=runtime.partitions,
        clock=runtime.clock,
        directory=directory,
        authenticate=partial(check_device, runtime),
        last_tick=await find_last_tick(runtime.log),
        find_last=partial(find_last_tick, runtime.log),
        ticks_here=partial(leads, runtime, "ticker", uuid4().hex),
    )
    runtime.parts.counters["ingest"] = service.counters.as_dict
    async with asyncio.TaskGroup() as group:
        group.create_task(directory.follow(runtime.log), name="ingest-registry")
        group.create_task(service.run(), name="ingest")
        await service.opened.wait()
        while True:
            listening = service.listening
            runtime.parts.say("ingest", "ready" if listening else "failing", "" if listening else "not listening")
            await asyncio.sleep(LISTENING_S)


async def leads(runtime: Runtime, name: str, owner: str) -> bool:
    """Whether this process holds the lease `name`, taken or renewed now."""
    return await runtime.log.acquire(name, owner, TICKER_LEASE_MS) is not None


def ingest_params(settings: Settings) -> IngestParams:
    """The door, unless a broker is in front."""
    tls = tls_context(settings.mqtt_tls_cert, settings.mqtt_tls_key) if settings.mqtt_tls_cert else None
    door = DoorParams(settings.mqtt_host, settings.mqtt_port, tls=tls, anonymous=settings.demo)
    return IngestParams(
        door=None if settings.mqtt_url else door, mqtt_url=settings.mqtt_url, auto_register=settings.auto_register
    )


def tls_context(certificate: str, key: str) -> ssl.SSLContext:
    """A server context for the door."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key or None)
    return context


async def check_device(runtime: Runtime, _client: str, _user: str, password: str) -> Identity | None:
    """A device shows its token as the password."""
    return await find_token(runtime.pool, password, runtime.clock.now_us())


async def geo(runtime: Runtime) -> None:
    """Fixes, ticks, commands and configuration become dwells, alerts and live positions; one pump a partition."""
    owner = uuid4().hex
    await asyncio.to_thread(warm)  # compiled or loaded before the first fix waits for it
    async with asyncio.TaskGroup() as group:
        for p in range(runtime.partitions):
            pump = Pump(runtime.log, GeoStep.reader, f"in.{p}", owner, partial(geo_step_of, runtime, p), AWAY)
            group.create_task(pump.run(), name=f"geo-{p}")
        runtime.parts.say("geo", "ready")


def geo_step_of(runtime: Runtime, partition: int, rows: dict[str, bytes]) -> GeoStep:
    """Geo on a partition from its committed state; what it counts from now on is shown."""
    step = GeoStep(partition, rows)
    runtime.parts.counters[f"geo_{partition}"] = step.counts
    return step


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


async def api(runtime: Runtime) -> None:
    """The console, the HTTP API, events and live positions."""
    settings, city = runtime.settings, cities.load(runtime.settings.city)
    app = create_app(
        Deps(
            pool=runtime.pool,
            database_url=runtime.urls.database,
            log=runtime.log,
            clock=runtime.clock,
            city=CityInfo(
                code=city.code,
                name=city.name,
                tz=city.tz,
                centre=city.origin,
                bounds=city.bounds,
                language=city.language,
                words=city.words,
            ),
            partitions=runtime.partitions,
            public_url=settings.link_base,
            map_style_url=settings.map_style_url or None,
            static_dir=Path(str(files("api"))) / "static",
            demo=settings.demo,
            version=version("ronda"),
            ready={"stages": partial(stages_ready, runtime)},
            metrics=metrics(runtime.parts),
            register=registrar(runtime),
        )
    )
    ready = partial(runtime.parts.say, "api", "ready")
    await serve(app, settings.http_host, settings.http_port, on_ready=ready, on_stop=app.state.feed.stop)


def registrar(runtime: Runtime) -> Registrar:
    """Who changes the registry and adopts what was held."""
    return Registrar(runtime.log, runtime.pool, runtime.clock, runtime.partitions)


async def stages_ready(runtime: Runtime) -> str | None:
    """Readiness of the stages of this process, as they say themselves: None, or what is wrong."""
    wrong = {name: said for name, said in runtime.parts.all().items() if said[0] != "ready"}
    return "; ".join(f"{name} {state} {why}".strip() for name, (state, why) in wrong.items()) or None


async def archive(runtime: Runtime) -> None:
    """Everything that was said goes to Postgres, once."""
    runtime.parts.say("archive", "ready")
    await archive_for_ever(runtime.log, Archive(runtime.pool), runtime.partitions)


async def schedule(runtime: Runtime) -> None:
    """What nobody asked for just now: the log trimmed, held fixes adopted."""
    runtime.parts.say("schedule", "ready")
    async with asyncio.TaskGroup() as group:
        group.create_task(trim_for_ever(runtime), name="schedule-trim")
        group.create_task(adopt_for_ever(registrar(runtime)), name="schedule-adopt")


async def trim_for_ever(runtime: Runtime) -> None:
    """Forget what every reader has read and that is older than `KEEP_S`: trimming lags the slowest reader."""
    while True:
        await asyncio.sleep(TRIM_S)
        try:
            await trim(runtime)
        except AWAY as error:
            log.warning("trim: %s", error, extra={"action": "schedule.trim_retry"})


def kept_from(at_us: int) -> str:
    """Id of the oldest entry that is kept for a look back from `at_us`."""
    return f"{max(at_us - int(KEEP_S * 1e6), 0) // 1000}-0"


async def trim(runtime: Runtime) -> None:
    """Trim each stream behind its readers."""
    archived = await Archive(runtime.pool).offsets()
    now_us = runtime.clock.now_us()
    for stream in streams_of(runtime.partitions):
        offsets = [archived.get(stream, START), kept_from(now_us)]
        if stream.startswith("in."):  # the last tick stays: the next ticker counts from it how long nobody listened
            heard = await find_last_tick(runtime.log, stream)
            offsets += [await runtime.log.offset(GeoStep.reader, stream), kept_from(heard.now_us if heard else 0)]
        if stream == DispatchStep.stream:
            offsets.append(await runtime.log.offset(DispatchStep.reader, stream))
        await runtime.log.trim(stream, min(offsets, key=id_key))


async def notify(runtime: Runtime) -> None:
    """Carry effects to people's phones. No room makes effects yet, so it only stands ready."""
    runtime.parts.say("notify", "ready")
    await asyncio.Event().wait()


STAGES: Final[dict[str, Callable[[Runtime], Awaitable[None]]]] = {
    "ingest": ingest,
    "geo": geo,
    "dispatch": dispatch,
    "archive": archive,
    "notify": notify,
    "schedule": schedule,
    "api": api,
}
