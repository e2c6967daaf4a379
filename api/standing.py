"""Dispatch's own state, read where it commits it, for figures that nobody wrote down: they follow from it alone.

Read at most once a second, and no oftener than that reading costs a twentieth of the time; several who ask meanwhile
share one answer. Nothing is written: asking decides nothing, and the same state gives the same answer.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Any, Final, NamedTuple

import msgspec

from api.commands import DISPATCH
from core.clock import Clock
from dispatch.coverage import Coverage, coverage
from dispatch.desk import Desk
from dispatch.figures import Figures, figures
from dispatch.reach import Ways
from dispatch.rows import restored
from dispatch.state import Params, State
from store.log import Log

READER: Final = "dispatch"
STATE_S: Final = 1.0
COVERAGE_S: Final = 15.0
SHARE: Final = 20  # an answer is kept so many times as long as it took
ANSWERS_KEPT: Final = 8


class Kept(NamedTuple):
    """An answer, until when it is given again, and when it was true."""

    value: Any
    until_s: float
    at_us: int


class Standing:
    """How dispatch stands; one for an application."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log, self._clock, self._params, self._ways = log, clock, Params(), Ways()
        self._lock = asyncio.Lock()
        self._kept: OrderedDict[tuple[Any, ...], Kept] = OrderedDict()

    async def figures(self) -> tuple[Figures, int]:
        """The figures, and when they were true."""
        return await self._answer(("figures",), STATE_S, figures)

    async def coverage(self, people: int, severity: int) -> tuple[list[Coverage], int]:
        """One more incident here, now, by area; and when that was true."""
        key = ("coverage", people, severity)
        return await self._answer(key, COVERAGE_S, lambda desk: coverage(desk, people, severity))

    async def _answer(self, key: tuple[Any, ...], life_s: float, ask: Callable[[Desk], Any]) -> tuple[Any, int]:
        async with self._lock:
            kept = self._kept.get(key)
            if kept is None or monotonic() >= kept.until_s:
                kept = await self._computed(life_s, ask)
                self._kept[key] = kept
                self._kept.move_to_end(key)
                if len(self._kept) > ANSWERS_KEPT:
                    self._kept.popitem(last=False)
        return kept.value, kept.at_us

    async def _computed(self, life_s: float, ask: Callable[[Desk], Any]) -> Kept:
        began_s, rows = monotonic(), await self._log.state(READER, DISPATCH[0])
        now_us = self._clock.now_us()
        value = await asyncio.to_thread(lambda: ask(self._desk(rows, now_us)))
        ended_s = monotonic()
        return Kept(value, ended_s + max(life_s, SHARE * (ended_s - began_s)), now_us)

    def _desk(self, rows: dict[str, bytes], now_us: int) -> Desk:
        state: State = restored(rows)[0]
        return Desk(msgspec.structs.replace(state, now_us=max(state.now_us, now_us)), self._params, ways=self._ways)
