"""A token bucket: in no minute are more requests made than its burst and its refill together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final

BURST: Final = 15
PER_MIN: Final = 30.0  # so that a minute with a restart in it, which fills the bucket again, has at most 60


class Bucket:
    """Hands out requests, in the order of asking."""

    def __init__(
        self,
        burst: int = BURST,
        per_min: float = PER_MIN,
        *,
        now_s: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._burst, self._per_s, self._now_s, self._sleep = burst, per_min / 60.0, now_s, sleep
        self._left, self._at_s = float(burst), now_s()
        self._one = asyncio.Lock()

    async def take(self) -> None:
        """Return when one more request may be made."""
        async with self._one:
            self._refill()
            if self._left < 1.0:
                await self._sleep((1.0 - self._left) / self._per_s)
                self._refill()
            self._left = max(0.0, self._left - 1.0)

    def _refill(self) -> None:
        now_s = self._now_s()
        self._left = min(self._burst, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
