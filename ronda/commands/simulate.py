"""`ronda simulate SCENARIO`: made-up devices and people, sent as devices would; the truth to a file."""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from tqdm import tqdm

import cities
from core.errors import ConfigError, RondaError
from core.units import US_PER_S
from ronda.commands.common import settings_of
from ronda.commands.simulate_flood import flood
from ronda.sending import target
from ronda.settings import Settings
from ronda.system import SystemClock
from ronda.up import until_signal
from simulators import emit, registry, streets, wire
from simulators.day import DAY_S, Day, Scenario, Truth, make

SCENARIOS: Final = ("day", "flood")
_LATER: Final = ("faults",)
_BULK: Final = 1400  # fixes of a message when nobody waits


def run(args: argparse.Namespace) -> int:
    if args.scenario not in SCENARIOS:
        later = " comes in a later version" if args.scenario in _LATER else " is unknown"
        raise ConfigError(f"The scenario {args.scenario!r}{later}; there is: {', '.join(SCENARIOS)}.")
    if args.scenario == "flood":
        return until_signal(flood(args, settings_of(args)))
    if args.trucks + args.volunteers == 0:
        raise ConfigError("Nobody to simulate: give --trucks or --volunteers at least 1.")
    asyncio.run(_simulate(args, settings_of(args)))
    return 0


async def _simulate(args: argparse.Namespace, settings: Settings) -> None:
    city, clock = cities.load(settings.city), SystemClock()
    lasting_us = round((args.duration or DAY_S) * US_PER_S)
    graph = streets.build(city, args.seed)
    now_us = clock.now_us()
    scale = {"trucks": args.trucks, "volunteers": args.volunteers}
    span_us = (now_us - 2 * lasting_us, now_us + 2 * lasting_us)  # whenever it is pretended to be
    configs = [
        *registry.city_configs(city, graph, at_us=now_us, actor="simulate"),
        *registry.fleet_configs(city, **scale, from_us=span_us[0], at_us=now_us, actor="simulate", duty_us=span_us),
    ]
    async with target(args, settings, configs, "simulate") as to:
        now_us = clock.now_us()
        start_us = emit.shift_us(0, lasting_us, now_us, args.speedup) // US_PER_S * US_PER_S
        day = make(Scenario(city=city, seed=args.seed, start_us=start_us, **scale), graph)
        if args.truth:
            write_truth(Path(args.truth), day, start_us + lasting_us, city.tz)
        pace = emit.Pace(clock, start_us, now_us, args.speedup)
        sendings = _until(day.sendings(), start_us + lasting_us)
        await _send(wire.in_bulk(sendings, _BULK) if math.isinf(args.speedup) else sendings, to.url, to.secret, pace)


def _until(sendings: Iterable[wire.Sending], end_us: int) -> Iterator[wire.Sending]:
    for sending in sendings:
        if sending.send_us >= end_us:
            return
        yield sending


async def _send(sendings: Iterable[wire.Sending], url: str, secret: str, pace: emit.Pace) -> None:
    with tqdm(unit=" fixes", disable=None) as bar:

        def sent(sending: wire.Sending) -> None:
            bar.update(len(sending.rows))

        async with emit.publishers(url, name="simulate", secret=secret) as to:
            await emit.emit(sendings, to, pace, sent)
    tqdm.write(f"{to.acknowledged} messages acknowledged.")


def write_truth(path: Path, day: Day, end_us: int, tz: str) -> None:
    """One JSON object a line; `end` is null where the simulation ends first."""
    zone = ZoneInfo(tz)
    known = (truth for truth in day.truth() if truth.start_us < end_us)
    lines = [msgspec.json.encode(_line(truth, end_us, zone)) + b"\n" for truth in known]
    try:
        path.write_bytes(b"".join(lines))
    except OSError as error:
        raise RondaError(
            f"Cannot write {path} ({error.strerror}); give --truth a file in a folder that exists."
        ) from error


def _line(truth: Truth, end_us: int, zone: ZoneInfo) -> dict[str, object]:
    return {
        "device": truth.device,
        "start": _rfc3339(truth.start_us, zone),
        "end": _rfc3339(truth.end_us, zone) if truth.end_us <= end_us else None,
        "lon": truth.lon,
        "lat": truth.lat,
        "reason": truth.reason,
        "place": truth.place or None,
    }


def _rfc3339(at_us: int, zone: ZoneInfo) -> str:
    return dt.datetime.fromtimestamp(at_us / US_PER_S, zone).isoformat(timespec="milliseconds")
