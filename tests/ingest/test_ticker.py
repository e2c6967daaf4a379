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


def test_one_of_two_tickers_speaks_and_the_other_goes_on_from_its_last_word() -> None:
    """A ticker that stood by reads what was said meanwhile: the other's listening is no deafness."""

    async def main() -> list[tuple[float, float] | None]:
        bench, mine = Bench(Tick(now_us=T0_US)), [False]

        async def ours() -> bool:
            return mine[0]

        async def find_last() -> Tick:
            return Tick(now_us=T0_US + 60 * US_PER_S)

        bench.ticker._ours, bench.ticker._find_last = ours, find_last
        sent = [await bench.at(30.0)]
        mine[0] = True
        return [*sent, await bench.at(60.5), await bench.at(61.0)]

    assert asyncio.run(main()) == [None, None, (61.0, 0.0)]


def test_the_pause_is_told_before_the_door_opens() -> None:
    """`resume` ticks although nobody listens yet."""

    async def main() -> list[Tick]:
        bench = Bench(Tick(now_us=T0_US))
        bench.now_s, bench.listening = 600.0, False
        await bench.ticker.resume()
        return [bench.ticker._last] if bench.ticker._last else []

    assert asyncio.run(main()) == [Tick(now_us=T0_US + 600 * US_PER_S, deaf_us=600 * US_PER_S)]
