"""Intake: admission and batcher as one, for any kind of source.

The door, a broker and HTTP put their messages into one of these. Whoever runs it (`run`) writes what came in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from core.clock import Clock
from core.identity import Identity
from core.rejects import Reject
from ingest.admit import Admission
from ingest.batch import Batcher, Limits
from ingest.counters import Counters
from ingest.directory import Directory
from ingest.heard import Note, Notes
from ingest.message import Append, Message, Source
from ingest.ration import Ration

_SUMMARY_S: Final = 5.0  # how often it is looked whether rejects were withheld


class Intake:
    """Takes messages in. Build it inside a running event loop; `standstill` says why nothing may be taken in now."""

    def __init__(
        self,
        *,
        append: Append,
        partitions: int,
        clock: Clock,
        directory: Directory,
        auto_register: bool = False,
        limits: Limits | None = None,
        counters: Counters | None = None,
        note: Note | None = None,
        standstill: Callable[[], str | None] = lambda: None,
        on_rejects: Callable[[list[Reject]], None] | None = None,
        on_release: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.counters = counters or Counters()
        self._clock = clock
        self.admission = Admission(directory, auto_register=auto_register)
        self.notes = Notes(note, self.admission.noteworthy, clock=clock, counters=self.counters)
        self.batcher = Batcher(
            append,
            self.admission,
            partitions,
            clock=clock,
            counters=self.counters,
            limits=limits,
            ration=Ration(directory.known),
            on_rejects=on_rejects,
            standstill=standstill,
            on_release=on_release,
            on_heard=self.notes.hear,
        )

    @property
    def full(self) -> bool:
        """Whether `submit` should be put off: the sources are waiting for the log."""
        return self.batcher.full

    async def run(self) -> None:
        """Write until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.notes.run())
            tasks.create_task(self._summarize())
            await self.batcher.run()

    async def _summarize(self) -> None:
        while True:
            await asyncio.sleep(_SUMMARY_S)
            await self.batcher.write_summaries()

    async def submit(
        self, topic: str, payload: bytes, identity: Identity | None, *, source: Source = "http"
    ) -> list[Reject]:
        """Take one message in; when this returns all of it is on disk.

        What of it was refused, and why; an empty list: accepted, or known and of no use here.
        """
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        rejects: list[Reject] = []
        self.batcher.put(
            Message(
                topic,
                payload,
                self._clock.now_us(),
                1,
                retained=False,
                identity=identity,
                done=partial(_settle, written),
                told=rejects.append,
                source=source,
            )
        )
        await written
        return rejects

    def knock(self, user: str, client: str, why: str) -> None:
        """Somebody showed a credential that does not open."""
        self.notes.knock(user, client, why)

    def times(self) -> dict[str, int]:
        """What the clocks of registered devices say, by the newest messages that wait."""
        return self.admission.times(self.batcher.waiting())


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
