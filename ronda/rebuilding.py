"""Days that came late rebuild themselves: word of fixes beyond the horizon becomes `device.rebuild`, by the schedule.

The engine says so at most every `FLAG_S` a device and day of UTC; so once it has been silent for `QUIET_S`, all that
came with it is archived. While somebody goes on uploading, what is there is rebuilt every `AT_LEAST_S`.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from core.errors import RondaError
from core.units import DAY_US, US_PER_S
from geo.folds.rewind import FLAG_EVERY
from ronda.past import rebuild
from ronda.rebuild import Span, spans
from ronda.runtime import AWAY, Runtime
from store import history

log = logging.getLogger(__name__)

LOOK_S: Final = 1.0
FLAG_S: Final = FLAG_EVERY // US_PER_S
QUIET_S: Final = FLAG_S + 4  # and what was under way
AT_LEAST_S: Final = 40
AT_ONCE: Final = 4  # devices rebuilt beside one another: each command holds megabytes
WAITING_MAX: Final = 5_000  # device days; the words about more of them wait in the archive
READER: Final = "rebuild"  # of the table `offsets`
STREAM: Final = "fix_flagged"


@dataclass(slots=True)
class Word:
    """What is said of a device and day: by which events, and when."""

    first_seq: int
    last_seq: int
    first_us: int
    last_us: int

    def again(self, flagged: history.Flagged) -> None:
        self.last_seq, self.last_us = flagged.seq, max(self.last_us, flagged.heard_us)

    def quiet(self, now_us: int) -> bool:
        return now_us - self.last_us >= QUIET_S * US_PER_S

    def ripe(self, now_us: int) -> bool:
        return self.quiet(now_us) or now_us - self.first_us >= AT_LEAST_S * US_PER_S


@dataclass(slots=True)
class Rebuilding:
    """Who waits to be rebuilt; how far the archive's events were read."""

    runtime: Runtime
    seq: int = -1
    waiting: dict[tuple[str, int], Word] = field(default_factory=dict)  # by device and day of UTC

    async def round(self) -> int:
        """Read on, rebuild what is ripe, note how far that is; how many devices were rebuilt."""
        await self._read_on()
        now_us = self.runtime.clock.now_us()
        ripe: dict[str, list[tuple[int, Word]]] = {}
        for (device, day), word in self.waiting.items():
            if word.ripe(now_us):
                ripe.setdefault(device, []).append((day, word))
        room = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for device, days in ripe.items():
                group.create_task(self._one(device, days, now_us, room))
        if ripe:
            await self._note()
        return len(ripe)

    async def _read_on(self) -> None:
        """Words that came since; the first time, from where the schedule was before, or from now on."""
        pool = self.runtime.pool
        if self.seq < 0:
            seen = await history.mark(pool, READER, STREAM)
            self.seq = await history.newest_seq(pool) if seen is None else int(seen)
            await self._note()
        while len(self.waiting) < WAITING_MAX and (words := await history.flagged(pool, self.seq)):
            for said in words:
                self.seq = said.seq
                key = (said.device, said.time_us // DAY_US)
                word = self.waiting.setdefault(key, Word(said.seq, said.seq, said.heard_us, said.heard_us))
                word.again(said)

    async def _one(self, device: str, days: list[tuple[int, Word]], now_us: int, room: asyncio.Semaphore) -> None:
        """Rebuild the days of a device. A day of which more is told meanwhile stays, from its newest word on."""
        async with room:
            try:
                for span in await self._late(device, days):
                    counts = await rebuild(self.runtime, device, span)
                    log.info("%s rebuilt: %s", device, dict(counts), extra={"action": "rebuild.done", "device": device})
            except AWAY as error:
                log.warning("%s: %s", device, error, extra={"action": "rebuild.retry", "device": device})
                return
            except RondaError as error:
                log.warning("%s: %s", device, error, extra={"action": "rebuild.refused", "device": device})
        for day, word in days:
            if word.quiet(now_us):
                self.waiting.pop((device, day), None)
            else:
                word.first_seq, word.first_us = word.last_seq, word.last_us

    async def _late(self, device: str, days: list[tuple[int, Word]]) -> list[Span]:
        """The stretches in which fixes came late, as the archive has them."""
        found = list[int]()
        for day, word in days:
            bounds = day * DAY_US, (day + 1) * DAY_US
            found += await history.late_span(self.runtime.pool, device, *bounds, word.first_us) or ()
        return spans(np.array(found, np.int64))

    async def _note(self) -> None:
        """What is before the oldest word that waits is done with."""
        done = min((word.first_seq - 1 for word in self.waiting.values()), default=self.seq)
        await history.set_mark(self.runtime.pool, READER, STREAM, str(done))


async def rebuild_for_ever(runtime: Runtime) -> None:
    """Look every second, until cancelled; not while intake stands still, for what would be written has no room."""
    rebuilding = Rebuilding(runtime)
    while True:
        await asyncio.sleep(LOOK_S)
        if runtime.holds.why() is not None:
            continue
        try:
            await rebuilding.round()
        except AWAY as error:
            log.warning("rebuild: %s", error, extra={"action": "rebuild.retry"})
            rebuilding = Rebuilding(runtime)
