"""The pipeline, read top to bottom: one function per stage, each wires a source, a step and its sinks.

ingest ─▶ in.{p} ─▶ geo ─▶ events.{p} ─▶ archive ─▶ Postgres ─▶ api
             └──────────────────────────────┘
api ─▶ dispatch.in ─▶ dispatch ─▶ dispatch.events ─▶ archive
phones ─▶ ingest ─┘                      └─▶ ingest (MQTT), notify (Web Push, SMS, webhook) ─▶ people
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
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
from ingest.door import CONNECTIONS_MAX, DoorParams
from ingest.service import Ingest, IngestParams
from ingest.ticker import find_last_tick
from ronda.adopt import adopt_for_ever, registrar_of
from ronda.alerts.reader import read_for_ever
from ronda.archiving import archive_for_ever
from ronda.channels import keys
from ronda.channels.sealing import public
from ronda.configure import ensure_city, tell_dispatch
from ronda.days import close_day, close_for_ever, rebuild_day
from ronda.deciding import decider
from ronda.descriptors import connections
from ronda.holds import NAMES, Name
from ronda.judging import judge_for_ever
from ronda.metrics import metrics
from ronda.notifying import notify_others, notify_phones
from ronda.posting import Posting, posting
from ronda.pump import Pump
from ronda.rebuilding import rebuild_for_ever
from ronda.registry import Directory
from ronda.runtime import AWAY, Runtime
from ronda.serving import serve
from ronda.settings import Settings
from ronda.snapshots import snapshots_for_ever
from ronda.steps import DispatchStep, GeoStep, sightings_of, warm, warm_dispatch
from ronda.ticking import DispatchTicker
from ronda.trimming import trim_for_ever
from ronda.unawaited import unawaited
from ronda.upkeep import keep_for_ever
from store.archive import Archive
from store.cancel import heed_cancel
from store.credentials import find_token, payload_keys

log = logging.getLogger(__name__)

SIGHTINGS_S: Final = 1.0
LISTENING_S: Final = 0.2  # how soon readiness follows a source that came or went
TICKER_LEASE_MS: Final = 2000  # after a kill the next ticker waits this long at most


async def ingest(runtime: Runtime) -> None:
    """Devices speak at the door or through a broker; what they say is in the log before they are told so."""
    settings, directory = runtime.settings, Directory()
    await directory.load(runtime.pool)
    begun = asyncio.Event()
    service = Ingest(
        ingest_params(settings),
        append=runtime.append,
        partitions=runtime.partitions,
        clock=runtime.clock,
        directory=directory,
        authenticate=partial(check_device, runtime),
        last_tick=await find_last_tick(runtime.log),
        find_last=partial(find_last_tick, runtime.log),
        ticks_here=partial(leads, runtime, "ticker", uuid4().hex),
        note=runtime.log.note,
        standstill=partial(standstill, runtime, begun),
    )
    runtime.holds.witnesses.append(service.intake.times)
    runtime.parts.counters["ingest"] = service.counters.as_dict
    async with asyncio.TaskGroup() as group:
        group.create_task(directory.follow(runtime.log, runtime.pool), name="ingest-registry")
        group.create_task(directory.follow_keys(partial(payload_keys, runtime.pool)), name="ingest-keys")
        group.create_task(begin(runtime, begun), name="ingest-begin")
        group.create_task(service.run(), name="ingest")
        group.create_task(notify_phones(runtime, service), name="ingest-phones")
        await service.opened.wait()
        while True:
            listening, why = service.listening, runtime.holds.why() or "not listening"
            runtime.parts.say("ingest", "ready" if listening else "failing", "" if listening else why)
            await asyncio.sleep(LISTENING_S)


async def begin(runtime: Runtime, begun: asyncio.Event) -> None:
    """Tell a new installation of its city (the demo tells one of its own) as soon as the clock may be written."""
    while not begun.is_set():
        await runtime.holds.free_of("clock")
        try:
            if not runtime.settings.demo:
                await ensure_city(runtime)
            begun.set()
        except AWAY as error:
            log.warning("city: %s", error, extra={"action": "ingest.begin_retry"})
            await asyncio.sleep(SIGHTINGS_S)


def standstill(runtime: Runtime, begun: asyncio.Event) -> str | None:
    """Why intake may not take anything in now."""
    why = runtime.holds.standstill()
    return why or (None if begun.is_set() else "the city's configuration is not in the log yet")


async def leads(runtime: Runtime, name: str, owner: str) -> bool:
    """Whether this process holds the lease `name`, taken or renewed now."""
    return await runtime.log.acquire(name, owner, TICKER_LEASE_MS) is not None


def ingest_params(settings: Settings) -> IngestParams:
    """The door, unless a broker is in front."""
    tls = tls_context(settings.mqtt_tls_cert, settings.mqtt_tls_key) if settings.mqtt_tls_cert else None
    door = DoorParams(
        settings.mqtt_host,
        settings.mqtt_port,
        tls=tls,
        anonymous=settings.demo,
        connections_max=connections(CONNECTIONS_MAX),
    )
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
    return await find_token(runtime.pool, password, runtime.trusted.now_us())


async def geo(runtime: Runtime) -> None:
    """Fixes, ticks, commands and configuration become dwells, alerts and live positions; one pump a partition."""
    owner = uuid4().hex
    await unawaited(warm, "kernels")  # compiled or loaded before the first fix waits for it
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
    """Commands, the register and sightings become incidents, plans and offers."""
    await unawaited(warm_dispatch, "matching")
    ticker = DispatchTicker(runtime)
    pump = Pump(runtime.log, DispatchStep.reader, DispatchStep.stream, uuid4().hex, ticker.load, AWAY)
    async with asyncio.TaskGroup() as group:
        group.create_task(pump.run(), name="dispatch-pump")
        group.create_task(ticker.run(), name="dispatch-ticker")
        group.create_task(tell_dispatch(runtime), name="dispatch-register")
        group.create_task(sight(runtime), name="dispatch-sightings")
        runtime.parts.say("dispatch", "ready")


async def sight(runtime: Runtime) -> None:
    """Write where the volunteers are into dispatch's own stream, coalesced: what it decides from can be replayed."""
    newest, fresh = dict[str, Live](), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(hear(runtime, newest, fresh), name="dispatch-frames")
        while True:
            await fresh.wait()
            fresh.clear()
            rows = [*newest.values()]
            newest.clear()
            try:
                await runtime.holds.free_of("clock")
                sightings = sightings_of(rows, runtime.clock.now_us())
                if sightings.rows:
                    await runtime.log.append([(DispatchStep.stream, encode(sightings))])
            except AWAY as error:
                log.warning("sightings: %s", error, extra={"action": "dispatch.sightings_retry"})
                newest |= {row.device: row for row in rows} | newest
                fresh.set()
            heed_cancel()
            await asyncio.sleep(SIGHTINGS_S)


async def hear(runtime: Runtime, newest: dict[str, Live], fresh: asyncio.Event) -> None:
    """Gather live rows that changed, the newest of each device; at first, and after a gap, all of them."""
    one, many = msgspec.msgpack.Decoder(Live), msgspec.msgpack.Decoder(list[Live])
    while True:
        try:
            async for frame in runtime.log.frames():
                rows = many.decode(frame) if frame else []
                if not rows:  # some row went, or may have gone
                    newest.clear()
                rows = rows or [one.decode(body) for body in (await runtime.log.live()).values()]
                newest |= {row.device: row for row in rows}
                fresh.set()
        except AWAY as error:
            log.warning("sightings: %s", error, extra={"action": "dispatch.sightings_retry"})
            heed_cancel()
            await asyncio.sleep(SIGHTINGS_S)


async def api(runtime: Runtime) -> None:
    """The console, the HTTP API, events and live positions; and what devices post."""
    settings = runtime.settings
    ready = partial(runtime.parts.say, "api", "ready")
    async with posting(runtime) as posts:
        app = create_app(deps_of(runtime, posts))
        await serve(app, settings.http_host, settings.http_port, on_ready=ready, on_stop=app.state.feed.stop)


def deps_of(runtime: Runtime, posts: Posting) -> Deps:
    """What the HTTP room is given."""
    settings, city = runtime.settings, cities.load(runtime.settings.city)
    return Deps(
        pool=runtime.pool,
        database_url=runtime.urls.database,
        log=runtime.log,
        clock=runtime.trusted,
        city=CityInfo(
            code=city.code,
            name=city.name,
            tz=city.tz,
            centre=city.origin,
            bounds=city.bounds,
            language=city.language,
            words=city.words,
            hazards=city.hazards,
            calling_code=city.calling_code,
        ),
        partitions=runtime.partitions,
        public_url=settings.link_base,
        map_style_url=settings.map_style_url or None,
        static_dir=Path(str(files("api"))) / "static",
        demo=settings.demo,
        version=version("ronda"),
        ready={"stages": partial(stages_ready, runtime), **{name: partial(held, runtime, name) for name in NAMES}},
        metrics=metrics(runtime.parts),
        register=registrar_of(runtime),
        close_day=partial(close_day, runtime),
        rebuild_day=partial(rebuild_day, runtime),
        unwritable=partial(runtime.holds.of, "clock"),
        link_secret=keys.link_secret(settings.data_dir),
        push_key=public(keys.push_key(settings.data_dir)),
        **posts.deps(),
    )


async def held(runtime: Runtime, name: Name) -> str | None:
    """Whether something makes intake stand still: None, or the sentence about it."""
    return runtime.holds.of(name)


async def stages_ready(runtime: Runtime) -> str | None:
    """Readiness of the stages of this process, as they say themselves: None, or what is wrong."""
    wrong = {name: said for name, said in runtime.parts.all().items() if said[0] != "ready"}
    return "; ".join(f"{name} {state} {why}".strip() for name, (state, why) in wrong.items()) or None


async def archive(runtime: Runtime) -> None:
    """Everything that was said goes to Postgres, once, and onto the chain; and dispatch's state now and then."""
    runtime.parts.say("archive", "ready")
    async with asyncio.TaskGroup() as group:
        writer = Archive(runtime.pool, decider())
        group.create_task(archive_for_ever(runtime.log, writer, runtime.partitions), name="archive-writer")
        group.create_task(snapshots_for_ever(runtime), name="archive-snapshots")


async def schedule(runtime: Runtime) -> None:
    """What nobody asked for just now: the log trimmed, held fixes adopted, fixes summed and forgotten.

    And the past put right: late days rebuilt, closed rows judged anew, days closed. And official alerts read.
    """
    runtime.parts.say("schedule", "ready")
    async with asyncio.TaskGroup() as group:
        group.create_task(trim_for_ever(runtime), name="schedule-trim")
        group.create_task(adopt_for_ever(registrar_of(runtime)), name="schedule-adopt")
        group.create_task(keep_for_ever(runtime), name="schedule-upkeep")
        group.create_task(rebuild_for_ever(runtime), name="schedule-rebuild")
        group.create_task(judge_for_ever(runtime), name="schedule-judge")
        group.create_task(close_for_ever(runtime), name="schedule-days")
        group.create_task(read_for_ever(runtime), name="schedule-alerts")


async def notify(runtime: Runtime) -> None:
    """Tell people what they are asked, over every channel but MQTT, which `ingest` has."""
    runtime.parts.say("notify", "ready")
    await notify_others(runtime)


STAGES: Final[dict[str, Callable[[Runtime], Awaitable[None]]]] = {
    "ingest": ingest,
    "geo": geo,
    "dispatch": dispatch,
    "archive": archive,
    "notify": notify,
    "schedule": schedule,
    "api": api,
}
