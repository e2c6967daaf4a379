"""`ronda up` and `ronda run`: servers, stages, signals, and the order in which all of it ends.

We own the signals. The first SIGTERM or SIGINT cancels the work: stages end one after another in the order of the
pipeline (so that what a stage handed on still finds its reader), then the servers stop in reverse order of their start.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from core.errors import ConfigError, RondaError
from ronda.alarm import Alarm, StageError
from ronda.embedded.places import data_folder
from ronda.embedded.supervisor import Told
from ronda.installation import Installation, announced, find, held
from ronda.runtime import Parts, Runtime, Urls
from ronda.serving import settled_port
from ronda.settings import Settings
from ronda.system import SystemClock
from ronda.unawaited import leave
from ronda.watching import Watch, look_once

log = logging.getLogger(__name__)

Stage = Callable[[Runtime], Awaitable[None]]
Stages = Mapping[str, Stage]
DRAIN_S: Final = 3.0  # a stage's time to finish what it does
ASK_AGAIN_S: Final = 0.25
DRAIN_LIMIT_S: Final = 8.0  # then it is left; what it has not committed is done again after the next start


async def up(settings: Settings, stages: Stages | None = None, *, beside: Stages | None = None) -> None:
    """Run all stages in this process on embedded servers where no URL is set, until a signal.

    `beside` are more tasks of the composition (the demo); they may end by themselves.
    """
    wanted = dict(stages if stages is not None else all_stages())
    parts = Parts()
    alarm = Alarm(parts)
    async with composed(settings, alarm, parts) as runtime:
        await run_stages(runtime, {**wanted, **(beside or {})}, alarm)


async def run_one(settings: Settings, name: str, stages: Stages | None = None) -> None:
    """Run one stage on external servers, or on those of a running `ronda up` in the data folder."""
    wanted = stages if stages is not None else all_stages()
    if name not in wanted:
        raise ConfigError(f"There is no stage {name}; choose one of {', '.join(wanted)}.")
    async with opened(settings, located(settings), Parts()) as runtime:
        await run_stages(runtime, {name: wanted[name]}, Alarm(runtime.parts))


def until_signal(work: Coroutine[Any, Any, None]) -> int:
    """Run `work` to its end or to the first SIGTERM or SIGINT, which is a good end too. Returns the exit code."""
    return leave(asyncio.run(_until_signal(work)))


async def _until_signal(work: Coroutine[Any, Any, None]) -> int:
    task, loop, told = asyncio.ensure_future(work), asyncio.get_running_loop(), asyncio.Event()

    def end(name: str) -> None:
        if told.is_set():
            log.info("%s: already ending.", name, extra={"action": "up.signal_again"})
            return
        told.set()
        log.info("%s: ending.", name, extra={"action": "up.signal"})
        task.cancel()

    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, end, each.name)
    try:
        await task
    except asyncio.CancelledError:
        if not told.is_set():
            raise
    return 0


@asynccontextmanager
async def composed(settings: Settings, told: Told, parts: Parts) -> AsyncIterator[Runtime]:
    """Embedded servers for the URLs that are not set, and all that a stage needs."""
    data_dir = data_folder(settings.data_dir)
    async with AsyncExitStack() as stack:
        stack.enter_context(held(data_dir))
        settings = _with_ports(settings)
        redis = settings.redis_url or await stack.enter_async_context(_valkey(data_dir, told, settings.log_max_mb))
        database = settings.database_url or await stack.enter_async_context(_postgres(data_dir, told))
        urls = Urls(redis=redis, database=database, mqtt=_mqtt(settings))
        runtime = await stack.enter_async_context(opened(settings, urls, parts))
        stack.enter_context(announced(data_dir, _installation(settings, urls)))
        yield runtime


@asynccontextmanager
async def opened(settings: Settings, urls: Urls, parts: Parts) -> AsyncIterator[Runtime]:
    """Connections to servers that run, the schema brought up to date."""
    from store import pg
    from store.valkey import ValkeyLog

    await pg.migrate(urls.database)
    async with AsyncExitStack() as stack:
        pool = await pg.connect(urls.database)
        stack.push_async_callback(pool.close)
        stream_log = ValkeyLog(urls.redis)
        stack.push_async_callback(stream_log.close)
        for warning in await stream_log.check_durable():
            log.warning(warning, extra={"action": "up.not_durable"})
        runtime = Runtime(
            settings=settings,
            clock=SystemClock(),
            log=stream_log,
            pool=pool,
            urls=urls,
            partitions=await stream_log.partitions(settings.partitions),
            parts=parts,
        )
        await look_once(runtime)
        yield runtime


def located(settings: Settings) -> Urls:
    """The servers of the settings; those of the running installation for each that is not set."""
    if settings.redis_url and settings.database_url:
        return Urls(redis=settings.redis_url, database=settings.database_url, mqtt=_mqtt(settings))
    there = find(settings.data_dir)
    return Urls(
        redis=settings.redis_url or there.redis_url,
        database=settings.database_url or there.database_url,
        mqtt=settings.mqtt_url or there.mqtt_url,
    )


def all_stages() -> Stages:
    """The pipeline, read top to bottom in `ronda/stages.py`."""
    from ronda.stages import STAGES

    return STAGES


async def run_stages(runtime: Runtime, stages: Stages, alarm: Alarm) -> None:
    """Run until cancelled or until one fails; then end them in order."""
    ours = asyncio.all_tasks()
    watch = Watch(runtime)
    await watch.begin()  # before a stage can write under a wrong clock
    tasks = {name: asyncio.create_task(_stage(stage, runtime), name=f"stage-{name}") for name, stage in stages.items()}
    beside = {
        "servers": asyncio.create_task(alarm.wait(), name="alarm"),
        "watch": asyncio.create_task(watch.run(), name="watch"),
    }
    log.info("Running: %s.", ", ".join(stages), extra={"action": "up.running"})
    try:
        await _first_failure(tasks, beside)
    finally:
        for task in beside.values():
            task.cancel()
        for name, task in tasks.items():
            await _end([task], name)
            runtime.parts.say(name, "stopped")
        await _end(asyncio.all_tasks() - ours, "a leftover task")


async def _stage(stage: Stage, runtime: Runtime) -> None:
    await stage(runtime)


async def _first_failure(tasks: Mapping[str, asyncio.Task[None]], beside: Mapping[str, asyncio.Task[None]]) -> None:
    """Wait until a task fails, or all `tasks` have ended; those `beside` never end by themselves."""
    names = {task: name for name, task in {**tasks, **beside}.items()}
    pending = set(names)
    while pending - set(beside.values()):
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            _raise_failure(names[task], task)


def _raise_failure(name: str, task: asyncio.Task[None]) -> None:
    error = task.exception() if not task.cancelled() else None
    if error is None:
        log.info("%s ended.", name, extra={"action": "up.stage_ended", "stage": name})
        return
    if isinstance(error, RondaError):
        raise error
    log.error("%s failed.", name, exc_info=error, extra={"action": "up.stage_failed", "stage": name})
    raise StageError(f"The stage {name} failed ({error!r}); the log above says where.") from error


async def _end(tasks: Collection[asyncio.Task[Any]], name: str) -> None:
    """Cancel tasks and wait for their end. Asked once, they may drain in peace; later they are asked again and again.

    Before Python 3.12 `asyncio.wait_for`, which drivers use, loses a cancellation that arrives with its result.
    """
    pending, loop = set(tasks), asyncio.get_running_loop()
    deadline, patience_s = loop.time() + DRAIN_LIMIT_S, DRAIN_S
    while pending and loop.time() < deadline:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=patience_s)
        if pending and patience_s == DRAIN_S:
            log.info("%s takes its time to end; asked again.", name, extra={"action": "up.drain_slow"})
        patience_s = ASK_AGAIN_S
    for task in pending:
        log.warning("%s does not end; left: %r", name, task, extra={"action": "up.drain_late"})
    for task in set(tasks) - pending:
        if not task.cancelled() and task.exception() is not None:
            log.debug("%s ended with %r.", name, task.exception(), extra={"action": "up.drain"})


def _valkey(data_dir: Path, told: Told, max_mb: int) -> Any:
    from ronda.embedded.valkey import embedded_valkey

    return embedded_valkey(data_dir, told, max_mb)


def _postgres(data_dir: Path, told: Told) -> Any:
    from ronda.embedded.postgres import embedded_postgres

    return embedded_postgres(data_dir, told)


def _with_ports(settings: Settings) -> Settings:
    """Free ports for 0, and an early word when one is taken."""
    changes = {"http_port": settled_port(settings.http_host, settings.http_port, "RONDA_HTTP_PORT or --port")}
    if not settings.mqtt_url:
        changes["mqtt_port"] = settled_port(settings.mqtt_host, settings.mqtt_port, "RONDA_MQTT_PORT")
    return settings.with_(**changes)


def _mqtt(settings: Settings) -> str:
    scheme = "mqtts" if settings.mqtt_tls_cert else "mqtt"
    return settings.mqtt_url or f"{scheme}://{settings.mqtt_host}:{settings.mqtt_port}"


def _installation(settings: Settings, urls: Urls) -> Installation:
    return Installation(
        pid=os.getpid(),
        redis_url=urls.redis,
        database_url=urls.database,
        mqtt_url=urls.mqtt,
        http_url=settings.link_base,
    )
