"""No more than sixty requests in any minute."""

from __future__ import annotations

import asyncio

from ronda.alerts.bucket import Bucket


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def asked(time: Time, many: int) -> list[float]:
    """When each of so many requests is made that come as fast as they may, by a reader that has just started."""

    async def main() -> list[float]:
        bucket, at_s = Bucket(now_s=lambda: time.now_s, sleep=time.sleep), list[float]()
        for _ in range(many):
            await bucket.take()
            at_s.append(time.now_s)
        return at_s

    return asyncio.run(main())


def most_in_a_minute(at_s: list[float]) -> int:
    return max(sum(start <= other < start + 60 for other in at_s) for start in at_s)


def test_a_burst_and_then_every_two_seconds() -> None:
    """Fifteen at once; in no minute more than 45."""
    at_s = asked(Time(), 300)
    assert at_s[:18] == [0.0] * 15 + [2.0, 4.0, 6.0]
    assert most_in_a_minute(at_s) == 44


def test_a_restart_in_between_keeps_the_limit() -> None:
    """Whenever it comes, a minute has at most the sixty that BMKG allows."""
    most = 0
    for before in range(1, 60):
        time = Time()
        most = max(most, most_in_a_minute(asked(time, before) + asked(time, 60)))
    assert most == 59
