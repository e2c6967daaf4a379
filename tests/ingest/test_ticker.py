"""The ticker: our outage is not their silence."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.entries import Tick
from core.units import US_PER_S
from ingest.counters import Counters
from ingest.ticker import Ticker, find_last_tick
from tests.ingest.house import HeldLog
from tests.strategies import T0_US


class Bench:
    """A ticker with a hand on each of its inputs; times in seconds after T0."""

    def __init__(self, last: Tick | None = None) -> None:
        self.log = HeldLog()
        self.now_s = 0.0
        self.listening = True
        self.ticker = Ticker(
            self.log.append,
            2,
            watermark_us=lambda: T0_US + int(self.now_s * US_PER_S),
            listening=lambda: self.listening,
            counters=Counters(),
            last=last,
        )

    async def at(self, now_s: float) -> tuple[float, float] | None:
        """Tick at a time; (time, deafness) of what was sent."""
        self.now_s = now_s
        tick = await self.ticker.tick()
        return tick and ((tick.now_us - T0_US) / US_PER_S, tick.deaf_us / US_PER_S)


def run(*steps: Any, last: Tick | None = None) -> list[tuple[float, float] | None]:
    """Play (time or change) steps; what each tick sent."""

    async def main() -> list[tuple[float, float] | None]:
        bench, sent = Bench(last), []
        for step in steps:
            if isinstance(step, dict):
                bench.listening = step.get("listening", bench.listening)
                bench.log.broken = step.get("broken", bench.log.broken)
            else:
                sent.append(await bench.at(step))
        return sent

    return asyncio.run(main())


def test_while_we_listen_deafness_stays_zero() -> None:
    """Ticks carry the time."""
    assert run(0.5, 1.0, 3.0) == [(0.5, 0.0), (1.0, 0.0), (3.0, 0.0)]


def test_a_long_pause_is_deafness() -> None:
    """A minute in which we did not tick counts whole."""
    assert run(0.0, 60.0, 60.5) == [(0.0, 0.0), (60.0, 60.0), (60.5, 60.0)]


def test_no_tick_while_a_source_is_away() -> None:
    """And the time without it is deafness."""
    assert run(0.0, {"listening": False}, 5.0, 9.0, {"listening": True}, 10.0) == [(0.0, 0.0), None, None, (10.0, 10.0)]


def test_no_tick_while_the_log_is_away() -> None:
    """Deafness begins where the first tick was refused: until there we had listened."""
    assert run(0.0, {"broken": True}, 1.0, 30.0, {"broken": False}, 61.0) == [(0.0, 0.0), None, None, (61.0, 60.0)]


def test_deafness_of_a_restart() -> None:
    """The last tick of the log is where we stopped."""
    last = Tick(now_us=T0_US - 600 * US_PER_S, deaf_us=7 * US_PER_S)
    assert run(0.0, last=last) == [(0.0, 607.0)]


def test_time_never_goes_back() -> None:
    """A clock set back is waited for."""
    assert run(10.0, 5.0, 10.0, 10.5) == [(10.0, 0.0), None, None, (10.5, 0.0)]


def test_every_partition_gets_the_tick() -> None:
    """The same one."""

    async def main() -> None:
        bench = Bench()
        await bench.at(1.0)
        assert await bench.log.values("in.0") == await bench.log.values("in.1") == [Tick(now_us=T0_US + US_PER_S)]

    asyncio.run(main())


@pytest.mark.parametrize("after", [0, 1, 3000])
def test_the_last_tick_of_a_log_is_found(after: int) -> None:
    """However much of other things stands behind it."""

    async def main() -> None:
        bench = Bench()
        await bench.at(1.0)
        await bench.at(2.0)
        await HeldLog.append(bench.log, [("in.0", b"R1G\0rest")] * after)
        assert await find_last_tick(bench.log) == Tick(now_us=T0_US + 2 * US_PER_S)

    asyncio.run(main())


def test_an_empty_log_has_no_last_tick() -> None:
    """A first start."""
    assert asyncio.run(find_last_tick(HeldLog())) is None
