"""How often one person may do something: so many times within a span. Kept in memory, for the newest of them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from core.clock import Clock
from core.units import US_PER_S

PEOPLE: Final = 10_000


class Ration:
    """At most `times` within any `span_s`, for each name."""

    def __init__(self, clock: Clock, times: int, span_s: float) -> None:
        self._clock = clock
        self._times = times
        self._span_us = round(span_s * US_PER_S)
        self._used: OrderedDict[str, tuple[int, ...]] = OrderedDict()

    def wait_s(self, name: str) -> int:
        """Take one. 0: it is given; else in how many seconds to come again."""
        now_us = self._clock.now_us()
        used = tuple(at_us for at_us in self._used.get(name, ()) if at_us > now_us - self._span_us)
        if len(used) >= self._times:
            return max(1, -(-(used[0] + self._span_us - now_us) // US_PER_S))
        self._used[name] = (*used, now_us)
        self._used.move_to_end(name)
        if len(self._used) > PEOPLE:
            self._used.popitem(last=False)
        return 0
