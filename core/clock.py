"""Time is an argument. This protocol is the only way a room may ask for it; the real clock lives in `ronda`."""

from typing import Protocol


class Clock(Protocol):
    """Tells the time of day."""

    def now_us(self) -> int:
        """Microseconds since the epoch."""
        ...


class ManualClock:
    """A clock that moves only when told: for tests and for replay."""

    def __init__(self, now_us: int = 0) -> None:
        self._now_us = now_us

    def now_us(self) -> int:
        return self._now_us

    def set(self, now_us: int) -> None:
        self._now_us = now_us

    def advance(self, by_us: int) -> None:
        self._now_us += by_us
