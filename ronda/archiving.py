"""The archive's loop: what the log says goes to Postgres, rows and offsets in one transaction.

Exactly once: a batch that failed, or whose answer was lost, is read again from the offsets that Postgres knows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from core.entries import Command, Config
from core.errors import ConflictError
from core.events import Event
from core.fixes import Fixes
from core.rejects import Reject
from ronda.runtime import AWAY
from ronda.steps import readable
from store.archive import Archive
from store.cancel import heed_cancel
from store.log import START, Entry, Log

log = logging.getLogger(__name__)

COUNT: Final = 64  # entries a stream and transaction: an entry of fixes may be megabytes
BLOCK_MS: Final = 500
LINGER_S: Final = 0.02  # let a batch grow: one transaction costs more than a hundred rows
RETRY_S: Final = (0.2, 1.0, 3.0)
AGAIN: Final = (*AWAY, ConflictError)  # or another writer was here: begin again where the archive is


@dataclass(slots=True)
class Batch:
    """What one read holds, by kind."""

    offsets: dict[str, str] = field(default_factory=dict)
    fixes: list[Fixes] = field(default_factory=list)
    held: list[Fixes] = field(default_factory=list)
    events: list[tuple[str, str, Sequence[Event]]] = field(default_factory=list)
    configs: list[tuple[str, Config]] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)

    def add(self, stream: str, id_: str, value: Any) -> None:
        """File one entry. Configuration is told to every partition; the first one's copy is the archive's."""
        match value:
            case Fixes() if stream == "held":
                self.held.append(value)
            case Fixes():
                self.fixes.append(value)
            case Command():
                self.commands.append(value)
            case Config() if stream == "in.0":
                self.configs.append((id_, value))
            case list() if stream == "rejects":
                self.rejects += value
            case list():
                self.events.append((stream, id_, value))


def streams_of(partitions: int) -> list[str]:
    """Every stream that the archive reads."""
    per_partition = [f"{kind}.{p}" for p in range(partitions) for kind in ("in", "events")]
    return [*per_partition, "dispatch.in", "dispatch.events", "rejects", "held"]


def batch_of(read: dict[str, list[Entry]]) -> Batch:
    """Entries as read, sorted by kind."""
    batch = Batch()
    for stream, entries in read.items():
        for id_, value in readable(entries, stream):
            batch.add(stream, id_, value)
        if entries:
            batch.offsets[stream] = entries[-1].id
    return batch


async def archive_for_ever(stream_log: Log, archive: Archive, partitions: int) -> None:
    """Archive until cancelled; while a server is away, wait and begin again where the archive is."""
    tries = 0
    while True:
        try:
            offsets = dict.fromkeys(streams_of(partitions), START) | await archive.offsets()
            tries = 0
            async for batch in batches(stream_log, offsets):
                await write(archive, batch)
        except AGAIN as error:
            wait_s = RETRY_S[min(tries, len(RETRY_S) - 1)]
            tries += 1
            log.warning("archive: %s; again in %s s", error, wait_s, extra={"action": "archive.retry"})
            await asyncio.sleep(wait_s)


async def batches(stream_log: Log, offsets: dict[str, str]) -> AsyncIterator[Batch]:
    """Batches from these offsets on, for ever."""
    while True:
        batch = batch_of(await stream_log.read(offsets, count=COUNT, block_ms=BLOCK_MS))
        heed_cancel()
        if batch.offsets:
            yield batch
            offsets |= batch.offsets
            await asyncio.sleep(LINGER_S)


async def write(archive: Archive, batch: Batch) -> None:
    """One transaction for all of it."""
    await archive.write(
        batch.offsets,
        Fixes.concat(batch.fixes),
        batch.events,
        batch.configs,
        batch.commands,
        batch.rejects,
        Fixes.concat(batch.held),
    )
