"""The tail of the archive's events, read once for all listeners.

A ring holds the newest events already written as JSON. A listener whose position lies in the ring is served from
memory; one that lies further back reads the archive page by page until it has caught up. So nothing is ever kept
*for* a listener, and each gets every event once and in order.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, NamedTuple

from psycopg_pool import AsyncConnectionPool

from api.problems import STORE_DOWN
from store import read
from store.read import EventRow

RING: Final = 4096
PAGE: Final = 500
RETRY_S: Final = 1.0
logger: Final = logging.getLogger("ronda.api")


class Item(NamedTuple):
    """An event ready to send: its position, its kind, and its data as JSON."""

    seq: int
    kind: str
    data: bytes


class Feed:
    """Follows the archive's events; `run` it once, `follow` it as often as you like."""

    def __init__(
        self, pool: AsyncConnectionPool, database_url: str, render: Callable[[EventRow], bytes], ring: int = RING
    ) -> None:
        self._pool = pool
        self._url = database_url
        self._render = render
        self._size = ring
        self._ring: list[Item] = []
        self._floor = 0  # every event after this one, up to the head, is in the ring
        self._head: int | None = None
        self._changed = asyncio.Event()
        self._ended = False
        self.listeners = 0

    def stop(self) -> None:
        """End every stream of events, so that a server that wants to stop need not cut them."""
        self._ended = True
        self._wake()

    async def run(self) -> None:
        """Follow until cancelled; a database that is away is waited for."""
        while True:
            try:
                async with read.event_bell(self._url) as bell:
                    async for _ in bell:
                        await self.catch_up()
            except STORE_DOWN as error:
                logger.warning("events are away: %r", error, extra={"action": "api.events_lost"})
            await asyncio.sleep(RETRY_S)

    async def catch_up(self) -> None:
        """Read what the archive has beyond our head."""
        if self._head is None:
            self._head = self._floor = await read.last_seq(self._pool)
        while rows := await read.events_after(self._pool, self._head, PAGE):
            self._ring += [self._item(row) for row in rows]
            self._head = rows[-1].seq
            if len(self._ring) > self._size:
                self._floor = self._ring[-self._size - 1].seq
                del self._ring[: -self._size]
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def changed(self, timeout_s: float) -> bool:
        """Wait for the archive to say that something was written; False when the time is over."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def start(self, after: int | None) -> int:
        """The position to begin at: now for None, and for a position that this archive has not reached."""
        while self._head is None:
            await self._changed.wait()
        return self._head if after is None else min(max(after, 0), self._head)

    async def follow(self, after: int, beat_s: float) -> AsyncIterator[list[Item]]:
        """Pages of events after a position, for ever; an empty page when nothing happened for `beat_s`."""
        self.listeners += 1
        try:
            while not self._ended:
                changed = self._changed
                page = await self._page(after)
                if page:
                    after = page[-1].seq
                    yield page
                elif not await _rang(changed, beat_s):
                    yield []
        finally:
            self.listeners -= 1

    async def _page(self, after: int) -> list[Item]:
        if self._head is None or after >= self._head:
            return []
        if after >= self._floor:
            at = bisect_right(self._ring, after, key=lambda item: item.seq)
            return self._ring[at : at + PAGE]
        return [self._item(row) for row in await read.events_after(self._pool, after, PAGE)]

    def _item(self, row: EventRow) -> Item:
        return Item(row.seq, row.kind, self._render(row))


async def _rang(bell: asyncio.Event, timeout_s: float) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            await bell.wait()
    except TimeoutError:
        return False
    return True


async def until(feed: Feed, probe: Callable[[], Awaitable[bool]], timeout_s: float, step_s: float = 0.1) -> bool:
    """Ask again whenever the archive wrote something, and every `step_s` anyway, until yes or the time is over."""
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout_s
    while not await probe():
        left = end - loop.time()
        if left <= 0:
            return False
        await feed.changed(min(step_s, left))
    return True
