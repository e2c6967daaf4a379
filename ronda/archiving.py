"""The archive's loop: what the log says goes to Postgres, rows and offsets in one transaction.

Exactly once: a batch that failed, or whose answer was lost, is read again from the offsets that Postgres knows. What
Postgres cannot store, however often it is tried, is told apart from its neighbours and passed over: see `isolate`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from core.entries import Command, Config
from core.errors import ConflictError
from core.events import Event
from core.fixes import Fixes
from core.rejects import Reject
from ronda.isolating import Item, halves, missing, refused
from ronda.runtime import AWAY
from ronda.steps import readable
from store.archive import Archive, RefusedError
from store.cancel import heed_cancel
from store.chain import links_of
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

    fixes: list[Fixes] = field(default_factory=list)
    held: list[Fixes] = field(default_factory=list)
    events: list[tuple[str, str, Sequence[Event | None]]] = field(default_factory=list)
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


def items_of(read: dict[str, list[Entry]]) -> list[Item]:
    """Entries as read, decoded, stream by stream."""
    return [item for stream, entries in read.items() for item in _items(stream, entries)]


def _items(stream: str, entries: list[Entry]) -> Iterator[Item]:
    bodies = dict(entries)
    for id_, value in readable(entries, stream):
        yield Item(stream, id_, value, links_of(stream, id_, bodies[id_], value))


async def archive_for_ever(stream_log: Log, archive: Archive, partitions: int) -> None:
    """Archive until cancelled; while a server is away, wait and begin again where the archive is."""
    tries = 0
    while True:
        try:
            offsets = dict.fromkeys(streams_of(partitions), START) | await archive.offsets()
            tries = 0
            async for items, reached in batches(stream_log, offsets):
                await write(archive, items, reached)
        except AGAIN as error:
            wait_s = RETRY_S[min(tries, len(RETRY_S) - 1)]
            tries += 1
            log.warning("archive: %s; again in %s s", error, wait_s, extra={"action": "archive.retry"})
            await asyncio.sleep(wait_s)


async def batches(stream_log: Log, offsets: dict[str, str]) -> AsyncIterator[tuple[list[Item], dict[str, str]]]:
    """Batches from these offsets on, for ever, each with the offsets that it reaches."""
    while True:
        read = await stream_log.read(offsets, count=COUNT, block_ms=BLOCK_MS)
        heed_cancel()
        reached = {stream: entries[-1].id for stream, entries in read.items() if entries}
        if reached:
            yield items_of(read), reached
            offsets |= reached
            await asyncio.sleep(LINGER_S)


async def write(archive: Archive, items: Sequence[Item], offsets: dict[str, str]) -> None:
    """One transaction for all of it; more when something in it is refused."""
    batch = Batch()
    for item in items:
        batch.add(item.stream, item.id, item.value)
    try:
        await archive.write(
            offsets,
            Fixes.concat(batch.fixes),
            batch.events,
            batch.configs,
            batch.commands,
            batch.rejects,
            Fixes.concat(batch.held),
            [link for item in items for link in item.links],
        )
    except RefusedError as error:
        await isolate(archive, items, offsets, error)


async def isolate(archive: Archive, items: Sequence[Item], offsets: dict[str, str], error: RefusedError) -> None:
    """Write one half, then the other, down to the entry, and in it the fix or event, that is refused: a reject.

    The offset of an entry moves with its last part. A kill in between does no harm: parts are stored by identity.
    """
    if len(items) > 1:
        middle = len(items) // 2
        await write(archive, items[:middle], {item.stream: item.id for item in items[:middle]})
        await write(archive, items[middle:], offsets)
    elif items and (parts := halves(items[0])):
        await write(archive, [parts[0]], {items[0].stream: archive.at(items[0].stream)})
        await write(archive, [parts[1]], offsets)
    elif items:
        log.error("%s of %s: %s", items[0].id, items[0].stream, error, extra={"action": "archive.refused"})
        rejects, gone = [refused(items[0], error)], missing(items[0])
        await archive.write(offsets, Fixes.empty(), rejects=rejects, links=items[0].links, refused=gone)
    else:
        raise error
