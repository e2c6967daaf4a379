"""The demo: the simulated city mid-shift at any hour, a week behind it, and a truck about to be found out.

Everything goes in as it would from outside: the registry as configuration, positions through MQTT.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import secrets
import sys
from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from tqdm import tqdm

import cities
from cities import City
from core.entities import Role
from core.entries import Config
from core.live import Live
from core.units import US_PER_S
from ronda.answering import PATIENCE_S, answer_for_a_day
from ronda.links import console_answers, link
from ronda.runtime import Runtime
from ronda.sending import settle
from simulators import emit, registry, streets, wire
from simulators.day import DAY_S, Day, Scenario, make, shifts
from store.log import id_key

log = logging.getLogger(__name__)

SEED: Final = 8
TRUCKS: Final = 35
VOLUNTEERS: Final = 65
HISTORY_DAYS: Final = 7
_HISTORY_INTERVAL_S: Final = 30.0
_SHIFT_STARTS_H: Final = 5  # on past days
_MID_SHIFT_S: Final = 3.5 * 3600.0  # how far into it the city is when the demo begins
_EARLY_US: Final = 3600 * US_PER_S  # a demo that takes long to start, a shift that overlaps the next
_NOTICE_S: Final = 60.0  # from the links to the stall truck's alert
_BULK: Final = 1400  # fixes of a message about the past: a device's whole day, so that no silence lies inside it
_LOOK_S: Final = 0.2
ROLES: Final[tuple[Role, ...]] = ("supervisor", "coordinator", "admin", "auditor")

Message = tuple[str, str, bytes]  # device, topic, payload


async def demo(runtime: Runtime) -> None:
    """Fill the city, print the links, keep the trucks driving and the volunteers answering until cancelled."""
    city = cities.load(runtime.settings.city)
    graph = await asyncio.to_thread(streets.build, city, SEED)
    await runtime.holds.free_of("clock")
    await _register(runtime, city, graph)
    known_us = await _known_until(runtime)
    async with emit.publishers(runtime.urls.mqtt, name="demo", patience_s=PATIENCE_S) as to:
        driven_m = await _history(runtime, city, graph, known_us, to)
        await console_answers(runtime)
        await _digested(runtime)
        today = _today(runtime, city, driven_m)
        days = await asyncio.to_thread(shifts, today, graph)
        day = await asyncio.to_thread(next, days)
        live = await _catch_up(day, known_us, runtime.clock.now_us(), to)
        await _say(runtime, city)
        await _drive(runtime, to, graph, day, live, days)


async def _register(runtime: Runtime, city: City, graph: streets.Streets) -> None:
    now_us = runtime.clock.now_us()
    week_ago_us = now_us - (HISTORY_DAYS + 1) * 86400 * US_PER_S
    fleet = registry.fleet_configs(
        city,
        trucks=TRUCKS,
        volunteers=VOLUNTEERS,
        from_us=week_ago_us,
        at_us=now_us,
        actor="demo",
        duty_us=_duty(now_us - round(_MID_SHIFT_S) * US_PER_S),
    )
    await settle(runtime, [*registry.city_configs(city, graph, at_us=now_us, actor="demo"), *fleet], PATIENCE_S)


def _duty(start_us: int) -> tuple[int, int]:
    """From the start of a shift until the last phone of it is at home; a start takes a while, so a little before."""
    return start_us - _EARLY_US, start_us + round(DAY_S * US_PER_S) + _EARLY_US


async def _digested(runtime: Runtime) -> None:
    """Wait until geo has taken in the past: on a first start its kernel is still being compiled meanwhile."""
    ends = {stream: await runtime.log.last_id(stream) for stream in runtime.inputs()}
    while any([id_key(await runtime.log.offset("geo", s)) < id_key(end) for s, end in ends.items()]):  # noqa: ASYNC110 - another process may be geo
        await asyncio.sleep(_LOOK_S)


async def _known_until(runtime: Runtime) -> int:
    """The newest position that an earlier run of the demo left; nothing before it is told again."""
    rows = [msgspec.msgpack.decode(body, type=Live) for body in (await runtime.log.live()).values()]
    return max((row.time_us for row in rows), default=0)


async def _history(
    runtime: Runtime, city: City, graph: streets.Streets, known_us: int, to: emit.Publishers
) -> dict[str, float]:
    """A week of shifts, sent and archived; what each truck has driven by then."""
    driven_m: dict[str, float] = {}
    mornings = [start_us for start_us in _mornings(runtime, city) if start_us > known_us]
    for number, start_us in enumerate(tqdm(mornings, unit=" days", desc="History", disable=None)):
        scenario = Scenario(
            city=city,
            seed=SEED + number,
            trucks=TRUCKS,
            volunteers=0,
            start_us=start_us,
            interval_s=_HISTORY_INTERVAL_S,
            driven_m=driven_m,
        )
        day = await asyncio.to_thread(make, scenario, graph)
        for message in await asyncio.to_thread(_messages, day):
            await to.publish(*message)
        driven_m |= day.driven_m()
    await to.drain()
    await settle(
        runtime, [Config(section="city", rows=({"id": "demo"},), actor="demo", id=secrets.token_hex(8))], PATIENCE_S
    )
    return driven_m


def _mornings(runtime: Runtime, city: City) -> list[int]:
    """Starts of the shifts of the week before today."""
    zone = ZoneInfo(city.tz)
    today = dt.datetime.fromtimestamp(runtime.clock.now_us() / US_PER_S, zone).date()
    days = [today - dt.timedelta(days=back) for back in range(HISTORY_DAYS, 0, -1)]
    return [round(dt.datetime.combine(day, dt.time(_SHIFT_STARTS_H), zone).timestamp()) * US_PER_S for day in days]


def _today(runtime: Runtime, city: City, driven_m: dict[str, float]) -> Scenario:
    """The shift under way; the hidden truck came to the stall so that its limit is a minute off."""
    now_us = runtime.clock.now_us()
    standing_s = city.profile("truck").limit_s - _NOTICE_S
    return Scenario(
        city=city,
        seed=SEED + HISTORY_DAYS,
        trucks=TRUCKS,
        volunteers=VOLUNTEERS,
        start_us=now_us - round(_MID_SHIFT_S) * US_PER_S,
        stall_at_us=now_us - round(standing_s * US_PER_S),
        driven_m=driven_m,
    )


def _messages(day: Day) -> list[Message]:
    return [(sending.device, *wire.message(sending)) for sending in wire.in_bulk(day.sendings(), _BULK)]


async def _catch_up(day: Day, known_us: int, now_us: int, to: emit.Publishers) -> Iterator[wire.Sending]:
    """Send what this shift has said until now; what it will say from now on."""
    sendings = day.sendings()

    def past() -> tuple[list[Message], wire.Sending | None]:
        held, coming = [], None
        for sending in sendings:
            if sending.send_us > now_us:
                coming = sending
                break
            if sending.rows[0].time_us > known_us:
                held.append(sending)
        return [(s.device, *wire.message(s)) for s in wire.in_bulk(held, _BULK)], coming

    messages, coming = await asyncio.to_thread(past)
    for message in messages:
        await to.publish(*message)
    await to.drain()
    return _chain(coming, sendings)


def _chain(first: wire.Sending | None, rest: Iterator[wire.Sending]) -> Iterator[wire.Sending]:
    if first is not None:
        yield first
        yield from rest


async def _drive(
    runtime: Runtime,
    to: emit.Publishers,
    graph: streets.Streets,
    day: Day,
    live: Iterator[wire.Sending],
    days: Iterator[Day],
) -> None:
    """Send at real speed, shift after shift; the volunteers speak for themselves."""
    now_us = runtime.clock.now_us()
    pace = emit.Pace(runtime.clock, now_us, now_us)
    while True:
        async with asyncio.TaskGroup() as group:
            group.create_task(emit.emit((sending for sending in live if sending.dialect == "native"), to, pace))
            group.create_task(answer_for_a_day(runtime, day, graph, SEED))
        log.info("The next shift begins.", extra={"action": "demo.shift"})
        day = await asyncio.to_thread(next, days)
        now_us = runtime.clock.now_us()
        await runtime.configure(
            registry.duty_config(VOLUNTEERS, now_us - 86400 * US_PER_S, _duty(day.start_us), at_us=now_us, actor="demo")
        )
        live = day.sendings()


async def _say(runtime: Runtime, city: City) -> None:
    """One link per role, and how to put a device of one's own on the map."""
    lines = ["", f"Ronda shows {city.name}. Sign in (each link works once, for ten minutes):"]
    lines += [f"  {role:<12} {await link(runtime, role)}" for role in ROLES]
    lines += ["Put a device of your own on the map:", f"  {curl(runtime.settings.link_base, city)}", ""]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def curl(base_url: str, city: City) -> str:
    """A command that sends one fix in the middle of the city, now."""
    lon, lat = city.origin
    body = f'{{\\"time\\": $(date +%s), \\"lat\\": {lat}, \\"lon\\": {lon}}}'
    return f'curl -d "{body}" "{base_url}/ingest/v1/fixes?device=my-device"'
