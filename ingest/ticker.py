"""The ticker: twice a second it tells every partition that we listened.

A device is silent only while we could have heard it. A tick therefore carries the watermark (everything received
before `now_us` is in the log), is not sent while a source or the log is away, and adds every pause longer than
`DEAF_FROM_S` to `deaf_us`, restarts included. Ticks never go back: if the clock does, they wait for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

from core import codec
from core.entries import Tick
from core.errors import DecodeError
from core.units import US_PER_S
from ingest.counters import Counters
from ingest.message import Append

PERIOD_S: Final = 0.5
DEAF_FROM_S: Final = 2.5  # a longer pause between ticks is one in which devices went unheard
_FIRST_LOOK_MS: Final = 5_000
_PAGE: Final = 500

_logger = logging.getLogger(__name__)


class Ticker:
    """Sends ticks. `watermark_us` tells until when all is in the log, `listening` whether every source is open, and
    `ours` whether this process is the one that ticks (a second ingest stands by, and asks `find_last` on its turn).
    While `held` no tick is sent whatever the clock says: it may be wrong.
    """

    def __init__(
        self,
        append: Append,
        partitions: int,
        *,
        watermark_us: Callable[[], int],
        listening: Callable[[], bool],
        counters: Counters,
        last: Tick | None = None,
        period_s: float = PERIOD_S,
        ours: Callable[[], Awaitable[bool]] | None = None,
        find_last: Callable[[], Awaitable[Tick | None]] | None = None,
        held: Callable[[], bool] = lambda: False,
    ) -> None:
        self._append = append
        self._partitions = partitions
        self._watermark_us = watermark_us
        self._listening = listening
        self._counters = counters
        self._last = last
        self._failed_us: int | None = None  # we listened until here, but the log did not take the tick
        self._period_s = period_s
        self._ours, self._find_last = ours, find_last
        self._held = held
        self._stood_by = False

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            await self.tick()
            await asyncio.sleep(self._period_s)

    async def resume(self) -> None:
        """After a restart, say how long nobody listened before anybody is heard again; waits for the log.

        A fix heard before this tick would carry the old outage clock, and our pause would be taken off its silence.
        While we are held nothing is said; whoever releases us calls this again.
        """
        while not self._held() and self._last is not None and self._watermark_us() > self._last.now_us:
            if await self.tick(listening=True) is not None or self._stood_by:
                return  # said; or another process ticks, and it is for that one to say
            await asyncio.sleep(self._period_s)

    async def tick(self, *, listening: bool | None = None) -> Tick | None:
        """Send one tick if there is something to say; what was sent."""
        tick = self._next(self._listening() if listening is None else listening)
        if tick is None:
            self._counters.ticks_held += 1
            return None
        body = codec.encode(tick)
        try:
            if self._ours is not None and not await self._ours():
                self._stood_by = True
                self._counters.ticks_held += 1
                return None
            if self._stood_by and self._find_last is not None:  # another ticked meanwhile: go on from there
                self._last, self._stood_by = await self._find_last(), False
                return None
            await self._append([(f"in.{p}", body) for p in range(self._partitions)])
        except Exception as error:  # noqa: BLE001  # whatever the log raised, devices go unheard from now on
            if self._failed_us is None:
                self._failed_us = tick.now_us
            self._counters.ticks_held += 1
            _logger.warning("the log did not take a tick: %s", error, extra={"action": "ingest.tick_failed"})
            return None
        self._last, self._failed_us = tick, None
        self._counters.ticks += 1
        return tick

    def _next(self, listening: bool) -> Tick | None:
        now_us = self._watermark_us()
        if not listening or self._held():
            return None
        if self._last is None:
            return Tick(now_us=now_us)
        if now_us <= self._last.now_us:
            return None
        heard_until_us = self._last.now_us if self._failed_us is None else self._failed_us
        pause_us = now_us - heard_until_us
        deaf_us = pause_us if pause_us > DEAF_FROM_S * US_PER_S else 0
        return Tick(now_us=now_us, deaf_us=self._last.deaf_us + deaf_us)


class _Reader(Protocol):
    """The part of the log that finding the last tick needs."""

    def last_id(self, stream: str) -> Awaitable[str]: ...

    def read(
        self, after: Mapping[str, str], *, count: int, block_ms: int
    ) -> Awaitable[Mapping[str, Sequence[tuple[str, bytes]]]]: ...


async def find_last_tick(log: _Reader, stream: str = "in.0") -> Tick | None:
    """The newest tick of a stream."""
    found = await find_last_tick_entry(log, stream)
    return found[1] if found else None


async def find_last_tick_entry(log: _Reader, stream: str) -> tuple[str, Tick] | None:
    """The newest tick of a stream and its entry's id, looked for from the end in ever longer stretches."""
    end_ms = int((await log.last_id(stream)).split("-")[0])
    look_ms = _FIRST_LOOK_MS
    while True:
        start_ms = max(end_ms - look_ms, 0)
        found = await _last_tick_after(log, stream, f"{start_ms}-0")
        if found is not None or start_ms == 0:
            return found
        look_ms *= 4


async def _last_tick_after(log: _Reader, stream: str, after: str) -> tuple[str, Tick] | None:
    found: tuple[str, Tick] | None = None
    while entries := (await log.read({stream: after}, count=_PAGE, block_ms=0)).get(stream, ()):
        for entry_id, body in entries:
            after = entry_id
            try:
                value = codec.decode(body) if body[2:3] == b"T" else None
            except DecodeError:
                continue  # the pump reports damaged entries; here they only stand in the way
            found = (entry_id, value) if isinstance(value, Tick) else found
    return found
