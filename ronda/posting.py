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
from ingest.intake import Intake
from ronda.registry import Directory
from ronda.runtime import Runtime
from store.credentials import payload_keys

DRAIN_S: Final = 3.0


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


@asynccontextmanager
async def posting(runtime: Runtime) -> AsyncIterator[Posting]:
    """An intake that runs; at the end what it took in is written first."""
    directory = Directory()
    await directory.load(runtime.pool)
    intake = Intake(
        append=runtime.append,
        partitions=runtime.partitions,
        clock=runtime.clock,
        directory=directory,
        auto_register=runtime.settings.auto_register,
        note=runtime.log.note,
        standstill=runtime.holds.standstill,
    )
    http = HttpIntake(intake, runtime.clock, runtime.holds.standstill)
    runtime.holds.witnesses.append(http.times)
    runtime.parts.counters["ingest_http"] = intake.counters.as_dict
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(directory.follow(runtime.log), name="api-registry"),
            group.create_task(directory.follow_keys(partial(payload_keys, runtime.pool)), name="api-keys"),
            group.create_task(intake.run(), name="api-intake"),
        ]
        try:
            yield Posting(http, intake, directory)
        finally:
            await intake.batcher.drain(DRAIN_S)
            for task in tasks:
                task.cancel()
