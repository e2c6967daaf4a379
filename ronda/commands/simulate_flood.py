"""`ronda simulate flood`: volunteers with phones, reports, rising water, and a coordinator who has people asked.

The world is pure (`simulators.flood`, `rescuer`, `coordinator`); here it meets MQTT and the log. With a broker of the
user's (`--mqtt-url`) there are phones alone: who coordinates sits at the console.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import math
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn
from zoneinfo import ZoneInfo

import msgspec
from tqdm import tqdm

import cities
from api.times import rfc3339
from core.codec import decode
from core.entries import Command, Config
from core.errors import ConfigError, RondaError
from core.events import IncidentChanged
from core.units import US_PER_S
from ronda.lending import tokens
from ronda.runtime import AWAY, DISPATCH_IN, Runtime
from ronda.sending import target
from ronda.settings import Settings
from ronda.system import SystemClock
from simulators import phones, registry, streets
from simulators.coordinator import Coordinator
from simulators.flood import STAGE_S, Flood
from simulators.phones import Phone, Watch
from simulators.rescuer import Rescuer, World, crew
from store import read
from store.cancel import ended, heed_cancel

log = logging.getLogger(__name__)

ACTOR: Final = "simulate"
PURPOSE: Final = "simulate flood"
LASTING_S: Final = 3600.0
FASTEST: Final = 4.0  # beyond, positions of motorbikes are taken for lies
_AFTER_S: Final = 3600.0  # so long after the end they still know where to go
_BLOCK_MS: Final = 100
_SHOW_S: Final = 0.5
_AGAIN_S: Final = 1.0
EVENTS: Final = "dispatch.events"


async def flood(args: argparse.Namespace, settings: Settings) -> None:
    """Play it, in real time or up to `FASTEST` times as fast, and write the truth."""
    if args.volunteers == 0:
        raise ConfigError("Nobody to simulate: give --volunteers at least 1.")
    if args.speedup > FASTEST:
        raise ConfigError(f"People answer what the engine asks them now: give --speedup at most {FASTEST:.0f}.")
    clock, city, lasting_s = SystemClock(), cities.load(settings.city), args.duration or LASTING_S
    devices = [registry.crew_device(i) for i in range(args.volunteers)]
    graph = await asyncio.to_thread(streets.build, city, args.seed)
    played = Flood(city, graph, devices, args.seed, lasting_s)
    world = World(graph, args.seed, lasting_s + _AFTER_S, ways=played.ways(), real=played.real)
    rescuers = await asyncio.to_thread(lambda: list(crew(world, devices)))
    for report in played.reports:
        rescuers[devices.index(report.device)].report(report.at_s, report.body())
    watch: Watch | None = None
    try:
        async with target(args, settings, _configs(devices, clock.now_us(), lasting_s), ACTOR) as to:
            watch = Watch(clock, clock.now_us(), args.speedup)
            secret = dict.fromkeys(devices, to.secret)
            if to.runtime is None:
                await _live(rescuers, watch, to.url, secret, lasting_s)
            else:
                await _alone(to.runtime)
                async with tokens(to.runtime, devices, PURPOSE) as secret, coordinated(to.runtime, played, watch):
                    await _live(rescuers, watch, to.url, secret, lasting_s)
    finally:  # also when it is ended before its time
        if args.truth and watch is not None:
            until_s = min(lasting_s, watch.now_s())
            write_truth(Path(args.truth), truth(played, rescuers, watch, ZoneInfo(city.tz), until_s))


async def _live(rescuers: Sequence[Rescuer], watch: Watch, url: str, secret: dict[str, str], lasting_s: float) -> None:
    there = [Phone(rescuer, watch, url, secret[rescuer.device]) for rescuer in rescuers]
    bar = tqdm(total=round(lasting_s), unit=" s", desc="Flood", disable=None)
    showing = asyncio.create_task(_show(bar, rescuers, watch, round(lasting_s)))
    try:
        await phones.live(there, lasting_s)
    finally:
        showing.cancel()
        bar.close()
        sys.stdout.write(f"{sum(phone.acknowledged for phone in there)} messages acknowledged.\n")


async def _show(bar: tqdm[NoReturn], rescuers: Sequence[Rescuer], watch: Watch, lasting_s: int) -> None:
    """How far the flood is, and how many were asked and said that they come."""
    while True:
        deeds = [deed for rescuer in rescuers for deed in rescuer.deeds]
        bar.set_postfix(asked=len(deeds), coming=sum(deed.act.startswith("accept") for deed in deeds), refresh=False)
        bar.update(min(lasting_s, round(watch.now_s())) - bar.n)
        await asyncio.sleep(_SHOW_S)


def _configs(devices: Sequence[str], now_us: int, lasting_s: float) -> list[Config]:
    until_us = now_us + round((lasting_s + _AFTER_S) * US_PER_S)
    return registry.crew_configs(devices, from_us=now_us, at_us=now_us, actor=ACTOR, duty_us=(now_us, until_us))


async def _alone(runtime: Runtime) -> None:
    """Nobody but made-up people may be asked to come to a made-up flood."""
    now_us = runtime.clock.now_us()
    there = [
        row
        async for row in read.registry_rows(runtime.pool, "people")
        if row.get("kind") == "volunteer" and not registry.made_up(row)
    ]
    asked = sum(any(a <= now_us < b for a, b in row.get("duty", ())) or bool(row.get("wake")) for row in there)
    if asked:
        raise RondaError(f"{asked} real volunteers would be asked to come; simulate in an installation of its own.")


@asynccontextmanager
async def coordinated(runtime: Runtime, played: Flood, watch: Watch) -> AsyncIterator[None]:
    """A coordinator and the water, as long as the block lasts; what is left open at its end is closed."""
    coordinator = Coordinator(played)
    after = await runtime.log.last_id(EVENTS)
    tasks = {
        asyncio.create_task(_kept(partial(_decide, runtime, coordinator, watch, [after]))),
        asyncio.create_task(_kept(partial(_rise, runtime, played, watch))),
    }
    try:
        yield
    finally:
        await ended(tasks)
        for incident in coordinator.open():
            await _command(runtime, "incident.close", {"id": incident})
        rows = tuple({"id": closure.id} for closure in played.water(math.inf))
        await runtime.configure(Config(section="closures", op="delete", rows=rows, actor=ACTOR))


async def _kept(work: Callable[[], Awaitable[None]]) -> None:
    """Go on after a server was away: a flood whose coordinator is gone would show nothing any more."""
    while True:
        try:
            await work()
        except AWAY as error:
            log.warning("the log is away: %s", error, extra={"action": "simulate.retry"})
            await asyncio.sleep(_AGAIN_S)


async def _decide(runtime: Runtime, coordinator: Coordinator, watch: Watch, after: list[str]) -> None:
    """Hear and order, for ever. `after` holds the last entry heard."""
    while True:
        found = await runtime.log.read({EVENTS: after[0]}, count=500, block_ms=_BLOCK_MS)
        heed_cancel()
        for entry in found.get(EVENTS, []):
            after[0] = entry.id
            for event in decode(entry.body):
                if isinstance(event, IncidentChanged):
                    coordinator.hear(watch.now_s(), event)
        for order in coordinator.due(watch.now_s()):
            await _command(runtime, order.kind, order.body)


async def _rise(runtime: Runtime, played: Flood, watch: Watch) -> None:
    while True:
        now_us = runtime.clock.now_us()
        rows = tuple(msgspec.to_builtins(closure) for closure in played.water(watch.now_s()))
        await runtime.configure(
            Config(section="closures", rows=rows, at_us=now_us, actor=ACTOR, id=f"{ACTOR}-{now_us}")
        )
        await asyncio.sleep(STAGE_S / watch.speedup)


async def _command(runtime: Runtime, kind: str, body: dict[str, Any]) -> None:
    now_us = runtime.clock.now_us()
    command = Command(id=f"{ACTOR}-{kind}-{body['id']}-{now_us}", kind=kind, actor=ACTOR, at_us=now_us, body=body)
    await runtime.tell(command, [DISPATCH_IN])


def truth(
    played: Flood, rescuers: Sequence[Rescuer], watch: Watch, zone: ZoneInfo, until_s: float
) -> Iterator[dict[str, object]]:
    """What was really there by then, how high the water stood, and what each volunteer decided."""

    def at(moment_s: float) -> str:
        return rfc3339(watch.us(moment_s), zone)

    for report in (report for report in played.reports if report.at_s <= until_s):
        told = {**msgspec.to_builtins(report), "what": "report", "at": at(report.at_s)}
        told.pop("at_s")
        yield told
    for stage in range(math.ceil(until_s / STAGE_S)):
        for closure in played.water(stage * STAGE_S):
            yield {"what": "water", "at": at(stage * STAGE_S), **msgspec.to_builtins(closure)}
    for rescuer in rescuers:
        for deed in rescuer.deeds:
            arrives_s = rescuer.arrives_s.get(deed.offer)
            known = deed._asdict()
            yield {
                "what": "answer",
                "at": at(known.pop("at_s")),
                **known,
                "after_s": round(deed.after_s, 1),
                "arrives": None if arrives_s is None or arrives_s > until_s else at(arrives_s),
            }


def write_truth(path: Path, rows: Iterator[dict[str, object]]) -> None:
    """One JSON object a line."""
    try:
        path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    except OSError as error:
        raise RondaError(
            f"Cannot write {path} ({error.strerror}); give --truth a file in a folder that exists."
        ) from error
