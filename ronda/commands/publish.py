"""`ronda publish FILE…`: recorded fixes through MQTT, as their devices would send them."""

from __future__ import annotations

import argparse
import asyncio
import math
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

import msgspec
import numpy as np
from tqdm import tqdm

from core.entities import Device, DeviceId
from core.entries import Config
from core.errors import ConfigError, RondaError
from core.fixes import Fixes, content_hash
from core.naming import fits_topic
from core.units import US_PER_S
from ingest.dialects import native
from ingest.files import Trouble
from ronda.commands.common import settings_of
from ronda.commands.traces import in_order, read_traces
from ronda.sending import target
from ronda.system import SystemClock
from simulators import emit

_BULK: Final = 1000  # fixes of a message when nobody waits
_SHOWN: Final = 20  # bad rows printed; the rest is counted


class Batch(NamedTuple):
    """Fixes of one device that leave together, when the last of them was measured."""

    at_us: int
    device: str
    fixes: Fixes


def run(args: argparse.Namespace) -> int:
    fixes, troubles = _read(args)
    _check(fixes)
    acknowledged = asyncio.run(_publish(args, fixes))
    sys.stdout.write(f"{len(fixes)} fixes of {len(fixes.ids)} devices sent, {acknowledged} messages acknowledged.\n")
    _report(troubles)
    return 0


def _read(args: argparse.Namespace) -> tuple[Fixes, list[tuple[str, Trouble]]]:
    """All files as one batch in order of time; rows that cannot be used."""
    traces = read_traces(args)
    return in_order(traces), [(file, trouble) for file, trace in traces.items() for trouble in trace.troubles]


def _check(fixes: Fixes) -> None:
    if not len(fixes):
        raise RondaError("No usable fix in the file; `ronda detect` on it says what is wrong with each row.")
    odd = sorted(device for device in fixes.ids if not fits_topic(device))
    if odd:
        raise ConfigError(f"The device id {odd[0]!r} cannot be in an MQTT topic (/, + and #); map another column.")


async def _publish(args: argparse.Namespace, fixes: Fixes) -> int:
    clock = SystemClock()
    rows = tuple({"cls": "truck", **msgspec.to_builtins(Device(id=DeviceId(device)))} for device in fixes.ids)
    devices = Config(section="devices", rows=rows, at_us=clock.now_us(), actor="publish")
    async with target(args, settings_of(args), [devices], "publish") as to:
        first_us, now_us = int(fixes.time_us[0]), clock.now_us()
        if args.shift_to_now:
            shift = emit.shift_us(first_us, int(fixes.time_us[-1]), now_us, args.speedup)
            shift = shift // US_PER_S * US_PER_S  # devices count in whole seconds
            fixes, first_us = _shifted(fixes, shift), first_us + shift
        pace = emit.Pace(clock, first_us, now_us, args.speedup)
        batches = _by_device(fixes) if math.isinf(args.speedup) else _one_by_one(fixes)
        with tqdm(total=len(fixes), unit=" fixes", disable=None) as bar:
            async with emit.publishers(to.url, name="publish", secret=to.secret) as connections:
                for batch in batches:
                    await pace.until(batch.at_us)
                    await connections.publish(batch.device, topic(batch.device), native.encode(batch.fixes))
                    bar.update(len(batch.fixes))
    return connections.acknowledged


def topic(device: str) -> str:
    """Where a device publishes."""
    return f"ronda/v1/{device}/fix"


def _shifted(fixes: Fixes, by_us: int) -> Fixes:
    """The same tracks at another time; content is hashed anew, time is part of it."""
    moved = replace(fixes, time_us=fixes.time_us + by_us)
    columns = {name: getattr(moved, name) for name in moved.__slots__ if name not in ("ids", "content")}
    return replace(moved, content=content_hash(columns))


def _by_device(fixes: Fixes) -> Iterator[Batch]:
    """Few and long messages, device after device: order matters only within one."""
    for one in fixes.split():
        for at in range(0, len(one), _BULK):
            part = one.take(np.arange(at, min(at + _BULK, len(one))))
            yield Batch(int(part.time_us[-1]), part.ids[0], part)


def _one_by_one(fixes: Fixes) -> Iterator[Batch]:
    """One message a fix, in order of time."""
    names = fixes.names()
    for row, device in enumerate(names):
        yield Batch(int(fixes.time_us[row]), device, fixes.take(np.array([row])))


def _report(troubles: list[tuple[str, Trouble]]) -> None:
    if not troubles:
        return
    sys.stderr.write(f"{len(troubles)} rows were not sent:\n")
    for file, trouble in troubles[:_SHOWN]:
        sys.stderr.write(f"  {file}:{trouble.line}: {trouble.reason}: {trouble.detail}\n")
    if len(troubles) > _SHOWN:
        sys.stderr.write(f"  … and {len(troubles) - _SHOWN} more\n")
