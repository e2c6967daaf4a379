"""The stage as a whole, on memory and on Valkey."""

from __future__ import annotations

import asyncio

import pytest

from core import codec
from core.clock import ManualClock
from core.entries import Tick
from core.fixes import Fixes
from core.partition import partition_of
from ingest.directory import Listed
from ingest.door import DoorParams
from ingest.service import Ingest, IngestParams
from store.log import Log
from tests.ingest.house import FIX, Client, HeldLog, check, eventually, running
from tests.running import run_with
from tests.strategies import T0_US


def test_a_fix_goes_from_the_door_into_the_log(log: Log) -> None:
    """Into the stream of its device's partition, and ticks into all of them."""

    async def body(log: Log) -> None:
        async with running(log) as ingest:  # type: ignore[arg-type]  # any log will do
            assert ingest.door is not None
            client = await Client.enter(ingest.door.port)
            client.send(client.publish())
            assert await client.read() == (0x40, b"\0\1")
            await eventually(lambda: ingest.counters.ticks > 0)
        for p in range(4):
            entries = (await log.read({f"in.{p}": "0-0"}, count=10, block_ms=0)).get(f"in.{p}", [])
            kinds = {type(codec.decode(entry.body)) for entry in entries}
            assert kinds == ({Tick, Fixes} if p == partition_of("t1", 4) else {Tick})

    run_with(log, body)


def test_submit_returns_when_it_is_on_disk() -> None:
    """The way in for sources of another kind."""

    async def main() -> None:
        log = HeldLog()
        async with running(log) as ingest:
            log.gate.clear()
            task = asyncio.create_task(ingest.submit("ronda/v1/t1/fix", FIX, None))
            await asyncio.sleep(0.05)
            assert not task.done()
            log.gate.set()
            await task
            assert len(await log.fixes()) == 1

    asyncio.run(main())


def test_while_intake_stands_still_no_tick_is_sent_and_the_pause_is_told_first() -> None:
    """The clock says 2016, then it is right: devices were not silent, we were deaf; the door was open all the time."""
    why = ["the clock says 2016"]

    async def main() -> None:
        log, clock = HeldLog(), ManualClock(T0_US - 10 * 365 * 86_400_000_000)
        last = Tick(now_us=T0_US, deaf_us=7)
        async with running(log, clock, last_tick=last, standstill=lambda: why[0] if why else None) as ingest:
            client = await Client.enter(ingest.door.port)  # type: ignore[union-attr]
            client.send(client.publish())
            assert await client.silent(0.7)
            assert (ingest.listening, ingest.counters.ticks, await log.fixes()) == (False, 0, Fixes.empty())
            clock.set(T0_US + 60_000_000)
            why.clear()
            assert await client.read() == (0x40, b"\0\1")
            assert ingest.listening
        values = await log.values(f"in.{partition_of('t1', 4)}")
        assert values[0] == Tick(now_us=T0_US + 60_000_000, deaf_us=60_000_007)
        assert any(isinstance(value, Fixes) for value in values)

    asyncio.run(main())


def test_a_port_in_use_is_an_error_that_leaves_nothing_behind() -> None:
    """The stage fails at once, and its tasks are gone."""

    async def main() -> None:
        async with running(HeldLog()) as first:
            assert first.door is not None
            second = Ingest(
                IngestParams(door=DoorParams(port=first.door.port)),
                append=HeldLog().append,
                partitions=4,
                clock=ManualClock(T0_US),
                directory=Listed(lambda _: True),
                authenticate=check,
            )
            with pytest.raises(OSError, match="address already in use"):
                await second.run()
            assert len(asyncio.all_tasks()) <= 8

    asyncio.run(main())
