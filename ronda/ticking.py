"""Dispatch's own ticker: a tick a second while time alone may change something, and none when nothing waits.

It stands beside the pump that holds dispatch's lease and looks at the state of its step. What a step is told must be
read before it is told again: where another process took the lease over, it is left with one tick too many at most, and
however long dispatch is behind, one tick waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from core.entries import Tick
from core.units import seconds_to_us
from dispatch.timers import pending
from ronda.runtime import AWAY, DISPATCH_IN, Runtime
from ronda.steps import DispatchStep
from store.cancel import heed_cancel

log = logging.getLogger(__name__)

TICK_S: Final = 1.0
LOOK_S: Final = 0.25


class DispatchTicker:
    """Makes the steps of dispatch's pump and tells the newest of them the time."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._step: DispatchStep | None = None
        self._told_us = 0

    def load(self, rows: dict[str, bytes]) -> DispatchStep:
        """A step for the pump, from the rows of its state."""
        self._step = DispatchStep(rows)
        return self._step

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except AWAY as error:
                log.warning("tick of dispatch: %s", error, extra={"action": "dispatch.tick_retry"})
            heed_cancel()

    async def look(self) -> None:
        """Tick if it is time to and the clock can be believed."""
        now_us = self._runtime.clock.now_us()
        if self._waits(now_us) and self._runtime.holds.of("clock") is None:
            await self._runtime.tell(Tick(now_us=now_us), [DISPATCH_IN])
            self._told_us = now_us

    def _waits(self, now_us: int) -> bool:
        """Whether something waits, and nothing told the time for a second: sightings do it as well."""
        if self._step is None or not pending(state := self._step.state):
            return False
        return self._told_us <= state.now_us <= now_us - seconds_to_us(TICK_S)
