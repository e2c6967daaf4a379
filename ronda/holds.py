"""Why intake stands still: named reasons, put up and taken down by those who watch.

While there is one, nothing is taken from the queue and nothing is acknowledged; sources feel the bounds, devices
keep what they have. Each reason is a sentence that says what to do.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from math import inf
from typing import Final, Literal

from core.clock import Clock

log = logging.getLogger(__name__)

Name = Literal["clock", "disk", "memory"]
NAMES: Final[tuple[Name, ...]] = ("clock", "disk", "memory")  # the order in which they are told
Witness = Callable[[], Mapping[str, int]]  # device -> time of its newest fix that waits, in microseconds
_LOOK_S: Final = 0.1
_MEASURING: Final = "the log's memory is being measured; intake goes on in a second"


def _nothing() -> None:
    """Nobody looks."""


class Holds:
    """The reasons of this process. Whoever put one up takes it down; a change is logged once."""

    def __init__(self) -> None:
        self._texts: dict[Name, str] = {}
        self.left_bytes = inf  # that intake may append before the log's memory is measured again
        self.trusted_us: int | None = None  # the time to go by while the clock cannot be believed
        self.witnesses: list[Witness] = []  # intakes whose waiting messages tell what devices' clocks say
        self.glance: Callable[[], None] = _nothing  # a quick look before each batch, while the clock is unproven

    def put(self, name: Name, text: str | None) -> None:
        """Hold for this reason, or (None) no longer."""
        before = self._texts.pop(name, None)
        if text is not None:
            self._texts[name] = text
        if (text is None) != (before is None):
            level, word = (logging.WARNING, text) if text is not None else (logging.INFO, "no more")
            log.log(level, "hold %s: %s", name, word, extra={"action": "holds.put" if text else "holds.taken"})

    def of(self, name: Name) -> str | None:
        """The sentence of one reason."""
        return self._texts.get(name)

    def why(self) -> str | None:
        """The first sentence, None when nothing holds."""
        return next((self._texts[name] for name in NAMES if name in self._texts), None)

    def standstill(self) -> str | None:
        """What an intake asks before each batch."""
        self.glance()
        return self.why() or (_MEASURING if self.left_bytes <= 0 else None)

    async def free_of(self, name: Name) -> None:
        """Wait until a reason is gone."""
        while name in self._texts:  # noqa: ASYNC110 - put from callbacks too, where no event loop need run
            await asyncio.sleep(_LOOK_S)


class TrustedClock:
    """The clock for expiries and for people: while the machine's own is wrong, our best knowledge instead."""

    def __init__(self, clock: Clock, holds: Holds) -> None:
        self._clock, self._holds = clock, holds

    def now_us(self) -> int:
        trusted_us = self._holds.trusted_us
        return self._clock.now_us() if trusted_us is None else trusted_us
