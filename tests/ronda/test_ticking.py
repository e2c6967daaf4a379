"""When dispatch is told the time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.clock import ManualClock
from core.codec import decode, encode
from core.entries import Command, Tick
from ronda.runtime import DISPATCH_IN, Runtime, Urls
from ronda.settings import Settings
from ronda.ticking import DispatchTicker
from store.log import Entry, Log
from store.memory import MemoryLog
from tests.running import run_with

NOW = 1_769_000_000_000_000
SECOND = 1_000_000
FIRE = Command(
    id="i", kind="incident.open", actor="a", at_us=NOW, body={"kind": "kebakaran", "lon": 123.6, "lat": -10.17}
)


def at_work(log: Log, clock: ManualClock, *told: Any) -> DispatchTicker:
    """A ticker whose step was told these."""
    runtime = Runtime(
        settings=Settings(data_dir=Path("/nowhere")), clock=clock, log=log, pool=None,  # type: ignore[arg-type]
        urls=Urls(redis="", database="", mqtt=""), partitions=1,
    )  # fmt: skip
    ticker = DispatchTicker(runtime)
    ticker.load({})(
        [Entry(f"{number}-0", encode(entry)) for number, entry in enumerate(told or (Tick(now_us=NOW),), 1)]
    )
    return ticker


async def ticks(log: Log) -> list[int]:
    """Seconds of the ticks so far."""
    found = (await log.read({DISPATCH_IN: "0-0"}, count=99, block_ms=0)).get(DISPATCH_IN, [])
    return [(decode(entry.body).now_us - NOW) // SECOND for entry in found]


def looks(*told: Any, read: bool) -> list[int]:
    """The ticks of five seconds, a look each; `read`: the step reads each at once."""

    async def main(log: Log) -> list[int]:
        clock = ManualClock(NOW)
        ticker = at_work(log, clock, *told)
        for _ in range(5):
            clock.advance(SECOND)
            before = len(await ticks(log))
            await ticker.look()
            if read and len(await ticks(log)) > before and ticker._step is not None:
                ticker._step([Entry("9-0", encode(Tick(now_us=clock.now_us())))])
        return await ticks(log)

    return run_with(MemoryLog(), main)


def test_a_tick_a_second_while_an_incident_is_open() -> None:
    """Each is read before the next."""
    assert looks(FIRE, read=True) == [1, 2, 3, 4, 5]


def test_no_tick_while_nothing_waits() -> None:
    """An idle city costs nothing."""
    assert looks(read=True) == []


def test_one_tick_waits_however_long_nobody_reads() -> None:
    """Dispatch is behind, or another process took it over."""
    assert looks(FIRE, read=False) == [1]


def test_what_tells_the_time_already_spares_the_tick() -> None:
    """Half a second after a command there is none."""

    async def main(log: Log) -> list[int]:
        clock = ManualClock(NOW)
        ticker = at_work(log, clock, FIRE)
        clock.advance(SECOND // 2)
        await ticker.look()
        return await ticks(log)

    assert run_with(MemoryLog(), main) == []
