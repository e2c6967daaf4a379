"""Days that came late rebuild themselves: word of fixes beyond the horizon becomes `device.rebuild`, by the schedule.

The engine says so at most every `FLAG_S` a device and day of UTC; so once it has been silent for `QUIET_S`, all that
came with it is archived. While somebody goes on uploading, what is there is rebuilt every `AT_LEAST_S`. Each device is
on its own: one whose past cannot be computed waits ever longer, and nobody waits for it.
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
from ronda.looking import look_for_ever
from ronda.past import rebuild
from ronda.rebuild import Span, spans
from ronda.runtime import AWAY, Runtime
from store import history, late
from store.cancel import ended
from store.late import Late

log = logging.getLogger(__name__)

LOOK_S: Final = 1.0
FLAG_S: Final = FLAG_EVERY // US_PER_S
QUIET_S: Final = FLAG_S + 4  # and what was under way
AT_LEAST_S: Final = 40
AT_ONCE: Final = 4  # devices rebuilt beside one another: each command holds megabytes
AGAIN_S: Final = (15, 600)  # after the first failure, each time twice as long, up to this


@dataclass(slots=True)
class Rebuilding:
    """Who is being rebuilt now, and counts of what became of those before."""

    runtime: Runtime
    running: dict[str, asyncio.Task[None]] = field(default_factory=dict)  # by device
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("waiting", "refused", "done", "retries"), 0))

    async def look(self) -> int:
        """Read on, and begin with what is ripe as far as there is room; how many devices that are."""
        pool, now_us = self.runtime.pool, self.runtime.clock.now_us()
        while await late.take(pool):
            pass
        self.counts |= await late.counts(pool)
        bounds = {"quiet_us": now_us - QUIET_S * US_PER_S, "long_us": now_us - AT_LEAST_S * US_PER_S}
        begun = 0
        for days in together(await late.ripe(pool, now_us, **bounds)):
            device = days[0].device
            if len(self.running) < AT_ONCE and device not in self.running:
                self.running[device] = asyncio.create_task(self._one(days, now_us), name=f"rebuild-{device}")
                begun += 1
        return begun

    async def round(self) -> int:
        """Look, and wait for what was begun, until nothing is ripe; how many devices were begun with."""
        count = 0
        while begun := await self.look():
            count += begun
            await asyncio.gather(*self.running.values())
        return count

    async def _one(self, days: list[Late], now_us: int) -> None:
        """Rebuild these days of a device, or put them off."""
        device = days[0].device
        try:
            for span in await self._spans(days):
                counts = await rebuild(self.runtime, device, span)
                log.info("%s rebuilt: %s", device, dict(counts), extra={"action": "rebuild.done", "device": device})
            for day in days:
                await late.done(self.runtime.pool, day, quiet=day.last_us <= now_us - QUIET_S * US_PER_S)
            self.counts["done"] += 1
        except Exception as error:  # noqa: BLE001  whatever is wrong with one device's past, the others are rebuilt
            await self._put_off(days, error)
        finally:
            del self.running[device]

    async def _spans(self, days: list[Late]) -> list[Span]:
        """The stretches in which fixes came late, as the archive has them."""
        found = list[int]()
        for day in days:
            bounds = day.day_us, day.day_us + DAY_US
            found += await history.late_span(self.runtime.pool, day.device, *bounds, day.first_us) or ()
        return spans(np.array(found, np.int64))

    async def _put_off(self, days: list[Late], error: Exception) -> None:
        """Try again later, ever later. What the engine refuses is left; of several days each is tried alone before."""
        refused = isinstance(error, RondaError) and not isinstance(error, AWAY) and len(days) == 1
        wait_s = min(AGAIN_S[1], AGAIN_S[0] << min(days[0].tries, 16))
        extra = {"action": "rebuild.refused" if refused else "rebuild.retry", "device": days[0].device}
        unknown = None if isinstance(error, (RondaError, OSError)) else error
        text = "refused" if refused else f"tried again in {wait_s} s"
        log.warning("%s: %s; %s", days[0].device, error, text, extra=extra, exc_info=unknown)
        self.counts["retries"] += not refused
        next_us = self.runtime.clock.now_us() + wait_s * US_PER_S
        try:
            for day in days:
                await late.failed(self.runtime.pool, day, str(error), next_us=next_us, refused=refused)
        except AWAY as away:
            log.warning("rebuild: %s", away, extra={"action": "rebuild.retry"})


def together(waiting: list[Late]) -> list[list[Late]]:
    """The days of a device together; each that failed by itself, for the fault may be in another."""
    groups: dict[tuple[str, int], list[Late]] = {}
    for late_day in waiting:
        groups.setdefault((late_day.device, late_day.day_us if late_day.tries else -1), []).append(late_day)
    return list(groups.values())


async def rebuild_for_ever(runtime: Runtime) -> None:
    """Look every second, until cancelled; not while intake stands still, for what would be written has no room."""
    rebuilding = Rebuilding(runtime)
    runtime.parts.counters["rebuild"] = lambda: rebuilding.counts
    try:
        await look_for_ever("rebuild", LOOK_S, rebuilding.look, runtime.holds.why)
    finally:
        await ended(set(rebuilding.running.values()))
