"""Registering: configuration into the log, with it what was held of devices that are strangers no longer.

One append holds the configuration for all that decide by it and behind it the held fixes of the device, in order of
time: so geo knows the device before it hears it, and a kill leaves all of it or none. What was not dropped then is
adopted again by the sweep; a fix that comes twice counts once.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import msgspec
import numpy as np
from psycopg_pool import AsyncConnectionPool

from core.clock import Clock
from core.codec import encode
from core.entries import Config
from core.errors import RondaError
from core.fixes import Fixes
from core.partition import partition_of
from ingest.directory import kept_rows
from ronda.registry import Directory
from ronda.runtime import AWAY, Runtime, inputs_of
from store import joins
from store.held import drop_held, held_fixes
from store.log import Log
from store.read import config_done

log = logging.getLogger(__name__)

ENTRY: Final = 5_000  # fixes of one log entry
APPEND: Final = 100_000  # held fixes of one append, about 9 MB; the sweep takes what is left
WAIT_S: Final = 5.0
ASK_S: Final = 0.02
ADOPT_S: Final = 3.0  # how often the sweep looks


class Registrar:
    """Changes the registry (`api.registering.Register`) and adopts what was held."""

    def __init__(
        self,
        stream_log: Log,
        pool: AsyncConnectionPool,
        clock: Clock,
        partitions: int,
        *,
        wait_s: float = WAIT_S,
        standstill: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._log, self._pool, self._clock = stream_log, pool, clock
        self._partitions, self._wait_s = partitions, wait_s
        self._standstill = standstill  # why nothing may be written now
        self._one = asyncio.Lock()  # of this process; the database's lock is for the others

    async def __call__(self, configs: Sequence[Config], held_of: Sequence[str] = ()) -> None:
        """Append, and return when the archive has it; raises `LaterError` when it does not get there in time."""
        if why := self._standstill():
            raise _later(why)
        now_us = self._clock.now_us()
        entries = [
            msgspec.structs.replace(config, id=config.id or secrets.token_hex(12), at_us=config.at_us or now_us)
            for config in configs
        ]
        await self._append(entries, await self._held(held_of))
        if entries:
            await self._archived(entries[-1].id)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Nobody else changes the registry meanwhile."""
        try:
            async with asyncio.timeout(self._wait_s):
                await self._one.acquire()
        except TimeoutError as error:
            raise _later("another change of the registry is still being made; try again in a moment") from error
        try:
            async with joins.alone(self._pool):
                yield
        finally:
            self._one.release()

    async def sweep(self) -> int:
        """Adopt what is held of registered devices; how many fixes that were."""
        adopted = 0
        if self._standstill():
            return adopted
        for device in await joins.held_registered(self._pool):
            held = await self._held([device])
            await self._append([], held)
            adopted += sum(len(fixes) for fixes in held)
        return adopted

    async def _held(self, devices: Sequence[str]) -> list[Fixes]:
        """What is held of each device, up to one append's worth."""
        found: list[Fixes] = []
        left = APPEND
        for device in devices:
            if left <= 0:
                break
            fixes = await held_fixes(self._pool, device, limit=left)
            left -= len(fixes)
            found += [fixes] if len(fixes) else []
        return found

    async def _append(self, configs: Sequence[Config], held: Sequence[Fixes]) -> None:
        """Everything in one append; then what is in the log need not be held."""
        items = [(stream, encode(config)) for config in configs for stream in inputs_of(config, self._partitions)]
        directory = await self._directory(configs, [fixes.ids[0] for fixes in held]) if held else Directory()
        for fixes in held:
            stream = f"in.{partition_of(fixes.ids[0], self._partitions)}"
            items += [(stream, encode(part)) for part in _entries(_allowed(directory, fixes))]
        if items:
            await self._log.append(items)
        for fixes in held:
            await drop_held(self._pool, fixes.ids[0], fixes)
            extra = {"action": "adopt.adopted", "device": fixes.ids[0], "fixes": len(fixes)}
            log.info("%d held fixes of %s adopted", len(fixes), fixes.ids[0], extra=extra)

    async def _directory(self, configs: Sequence[Config], devices: Sequence[str]) -> Directory:
        """Whose phones these devices are, these entries included."""
        directory = Directory()
        rows = await joins.joins_of(self._pool, devices)
        named = [*rows, *(row for config in configs if config.section == "assignments" for row in config.rows)]
        people = await joins.rows_of(self._pool, "people", [str(row["person"]) for row in named if row.get("person")])
        known = [Config(section="assignments", rows=tuple(rows)), Config(section="people", rows=tuple(people.values()))]
        for change in (*known, *configs):
            directory.apply(change)
        return directory

    async def _archived(self, config_id: str) -> None:
        loop = asyncio.get_running_loop()
        end, pause_s = loop.time() + self._wait_s, ASK_S
        while not await config_done(self._pool, config_id):
            if loop.time() > end:
                raise _later(
                    f"the change is in the log ({config_id}) but the archive has not taken it yet; "
                    "look at the result before you repeat it, and see whether the stage `archive` runs"
                )
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 1.5, 0.2)


def registrar_of(runtime: Runtime, wait_s: float = WAIT_S) -> Registrar:
    """Who changes the registry of an installation; not while its clock cannot be believed."""
    still = partial(runtime.holds.of, "clock")
    return Registrar(runtime.log, runtime.pool, runtime.clock, runtime.partitions, wait_s=wait_s, standstill=still)


async def adopt_for_ever(registrar: Registrar) -> None:
    """Adopt every few seconds what is held of devices that were registered meanwhile, until cancelled."""
    while True:
        await asyncio.sleep(ADOPT_S)
        try:
            await registrar.sweep()
        except AWAY as error:
            log.warning("held fixes: %s", error, extra={"action": "adopt.retry"})


def _later(why: str) -> RondaError:
    from api.problems import LaterError  # the web framework is not loaded for this alone

    return LaterError(why)


def _allowed(directory: Directory, fixes: Fixes) -> Fixes:
    """What may be kept of one device's fixes: a volunteer's phone was perhaps heard before its owner agreed."""
    allowed = kept_rows(directory, fixes)
    if allowed is None:
        return fixes
    extra = {"action": "adopt.off_duty", "device": fixes.ids[0], "fixes": int((~allowed).sum())}
    log.info("%d held fixes of %s are dropped: off duty or without consent", extra["fixes"], fixes.ids[0], extra=extra)
    return fixes.take(allowed)


def _entries(fixes: Fixes) -> list[Fixes]:
    return [fixes.take(np.arange(at, min(at + ENTRY, len(fixes)))) for at in range(0, len(fixes), ENTRY)]
