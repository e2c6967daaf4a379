"""The intake of the api stage: devices post, and are answered when it is on disk.

It is one of its own, in `ronda up` too: a request waits for its own batch only, and `ronda run api` takes positions
with no `ingest` beside it. Whatever it wrote comes to geo through the same log.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from api.taking import HttpIntake
from core.entries import Tick
from core.units import US_PER_S
from ingest.intake import Intake
from ingest.ticker import DEAF_FROM_S, find_last_tick
from ronda.registry import Directory
from ronda.runtime import AWAY, Runtime
from store.credentials import payload_keys

DRAIN_S: Final = 3.0
LOOK_S: Final = 0.2
TOLD_S: Final = 5.0  # then there is no ticker, or it has nothing to say
_UNTOLD: Final = "the outage before this moment is not in the log yet"


@dataclass(frozen=True, slots=True)
class Posting:
    """What the HTTP room is given of it."""

    http: HttpIntake
    intake: Intake
    directory: Directory

    def deps(self) -> dict[str, Any]:
        """Its members of `api.deps.Deps`."""
        return {
            "submit": self.http.submit,
            "standstill": self.http.why,
            "known": self.directory.known,
            "knocked": self.intake.knock,
        }


class Outage:
    """Keeps what is posted back until the ticker has said how long nobody listened, at a start and after a hold.

    A fix that came to geo before that word would have our pause taken off its device's silence, and its alert late.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._untold = True

    def standstill(self) -> str | None:
        """Why nothing may be written now."""
        return self._runtime.holds.standstill() or (_UNTOLD if self._untold else None)

    async def watch(self) -> None:
        """Follow the holds until cancelled."""
        holds = self._runtime.holds
        while True:
            self._untold = True
            while holds.standstill() is not None:  # noqa: ASYNC110  # holds are asked, they do not call
                await asyncio.sleep(LOOK_S)
            await self._told()
            self._untold = False
            while holds.standstill() is None:  # noqa: ASYNC110
                await asyncio.sleep(LOOK_S)

    async def _told(self) -> None:
        """Wait for a tick from about now; not for ever, for there may be no ticker."""
        since_us = self._runtime.clock.now_us() - int(DEAF_FROM_S * US_PER_S)
        for _ in range(round(TOLD_S / LOOK_S)):
            try:
                tick = await find_last_tick(self._runtime.log)
            except AWAY:
                tick = Tick(now_us=0)
            if tick is None or tick.now_us >= since_us:
                return
            await asyncio.sleep(LOOK_S)


@asynccontextmanager
async def posting(runtime: Runtime) -> AsyncIterator[Posting]:
    """An intake that runs; at the end what it took in is written first."""
    directory, outage = Directory(), Outage(runtime)
    await directory.load(runtime.pool)
    intake = Intake(
        append=runtime.append,
        partitions=runtime.partitions,
        clock=runtime.clock,
        directory=directory,
        auto_register=runtime.settings.auto_register,
        note=runtime.log.note,
        standstill=outage.standstill,
    )
    http = HttpIntake(intake, runtime.clock, runtime.holds.standstill)
    runtime.holds.witnesses.append(http.times)
    runtime.parts.counters["ingest_http"] = intake.counters.as_dict
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(directory.follow(runtime.log, runtime.pool), name="api-registry"),
            group.create_task(outage.watch(), name="api-outage"),
            group.create_task(directory.follow_keys(partial(payload_keys, runtime.pool)), name="api-keys"),
            group.create_task(intake.run(), name="api-intake"),
        ]
        try:
            yield Posting(http, intake, directory)
        finally:
            await intake.batcher.drain(DRAIN_S)
            for task in tasks:
                task.cancel()
