"""The batcher: on disk first, then acknowledged; bounded whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hypothesis import given

from core.clock import ManualClock
from core.entries import Config
from core.fixes import Fixes
from core.partition import partition_of
from ingest.admit import Admission
from ingest.batch import BUSY_MESSAGES, Batcher, Limits, split
from ingest.counters import Counters
from ingest.directory import Listed
from tests.ingest.house import FIX, HeldLog, eventually, message
from tests.strategies import T0_US, fixes

Body = Callable[[Batcher, HeldLog, Counters], Awaitable[None]]


def with_batcher(body: Body, *, auto: bool = False, **limits: float) -> None:
    """Run a body beside a running batcher."""

    async def main() -> None:
        log, counters = HeldLog(), Counters()
        admission = Admission(Listed(lambda device: device != "stranger"), auto_register=auto)
        clock = ManualClock(T0_US + 1_000_000)
        chosen = Limits(**limits)  # type: ignore[arg-type]
        batcher = Batcher(log.append, admission, 4, clock=clock, counters=counters, limits=chosen)
        task = asyncio.create_task(batcher.run())
        try:
            await body(batcher, log, counters)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())


def test_a_message_is_done_after_it_is_on_disk() -> None:
    """Not before, in the order of arrival."""

    async def body(batcher: Batcher, log: HeldLog, _: Counters) -> None:
        done: list[int] = []
        log.gate.clear()
        for i in range(3):
            batcher.put(message(FIX, done=lambda i=i: done.append(i)))
        await asyncio.sleep(0.05)
        assert done == []
        log.gate.set()
        await eventually(lambda: len(done) == 3)
        assert (done, len(await log.fixes())) == ([0, 1, 2], 3)

    with_batcher(body)


def test_messages_collect_while_a_batch_is_written() -> None:
    """Group commit: a hundred messages that came meanwhile go as one."""

    async def body(batcher: Batcher, log: HeldLog, counters: Counters) -> None:
        log.gate.clear()
        batcher.put(message(FIX))
        await eventually(lambda: batcher._writing)
        for _ in range(100):
            batcher.put(message(FIX))
        log.gate.set()
        await batcher.drain(5)
        assert (counters.appends, counters.fixes) == (2, 101)

    with_batcher(body)


def test_a_log_that_is_away_costs_nothing_but_time() -> None:
    """No acknowledgement, no loss, and the batch is tried again."""

    async def body(batcher: Batcher, log: HeldLog, counters: Counters) -> None:
        done: list[int] = []
        log.broken = True
        batcher.put(message(FIX, done=lambda: done.append(1)))
        await eventually(lambda: counters.append_failures >= 2)
        assert (done, batcher.healthy) == ([], False)
        log.broken = False
        await eventually(lambda: done == [1])
        assert (batcher.healthy, len(await log.fixes())) == (True, 1)

    with_batcher(body)


def test_pressure_asks_the_sources_to_wait() -> None:
    """Above the bound they are told, and told again when half of it is free."""

    async def body(batcher: Batcher, log: HeldLog, counters: Counters) -> None:
        told: list[bool] = []
        batcher.on_pressure(lambda: told.append(batcher.full))
        log.gate.clear()
        for _ in range(10):
            batcher.put(message(FIX))
        assert (told, counters.pressure) == ([True], 1)
        log.gate.set()
        await eventually(lambda: told == [True, False])

    with_batcher(body, waiting_messages=10)


def test_bytes_are_bounded_too() -> None:
    """A few large messages fill it as well as many small ones."""

    async def body(batcher: Batcher, log: HeldLog, _: Counters) -> None:
        log.gate.clear()
        batcher.put(message(b"x" * 5000))
        assert batcher.full

    with_batcher(body, waiting_bytes=5000)


def test_the_watermark_stands_at_the_oldest_message_not_yet_on_disk() -> None:
    """So that a tick never claims to have heard what is not in the log."""

    async def body(batcher: Batcher, log: HeldLog, _: Counters) -> None:
        assert batcher.watermark_us() == T0_US + 1_000_000
        log.gate.clear()
        batcher.put(message(FIX, received_us=T0_US + 400))
        await asyncio.sleep(0.02)
        assert batcher.watermark_us() == T0_US + 400
        log.gate.set()
        await batcher.drain(5)
        assert batcher.watermark_us() == T0_US + 1_000_000

    with_batcher(body)


def test_rejects_are_written_before_their_message_is_done() -> None:
    """A reject is an answer that counts, too."""

    async def body(batcher: Batcher, log: HeldLog, counters: Counters) -> None:
        batcher.put(message(b"rubbish"))
        await batcher.drain(5)
        assert [reject.reason for reject in await log.rejects()] == ["not_json"]
        assert counters.rejects == {"not_json": 1}

    with_batcher(body)


def test_a_registration_stands_before_the_first_fix() -> None:
    """In every partition, and once."""

    async def body(batcher: Batcher, log: HeldLog, counters: Counters) -> None:
        for _ in range(2):
            batcher.put(message(FIX, "ronda/v1/stranger/fix"))
        await batcher.drain(5)
        own = f"in.{partition_of('stranger', 4)}"
        streams = {f"in.{p}": await log.values(f"in.{p}") for p in range(4)}
        assert [type(value) for value in streams.pop(own)] == [Config, Fixes]
        assert [len(values) for values in streams.values()] == [1, 1, 1]
        assert counters.registered == 1

    with_batcher(body, auto=True)


def test_what_fails_inside_admission_costs_one_message() -> None:
    """The stage goes on, and the others of the batch count."""

    async def body(batcher: Batcher, log: HeldLog, _: Counters) -> None:
        batcher.put(message(FIX))
        batcher.put(message(FIX, received_us="not a number"))
        batcher.put(message(FIX))
        await batcher.drain(5)
        assert len(await log.fixes()) == 2

    with_batcher(body, age_s=-1.0)


@given(fixes())
def test_split_keeps_every_row_and_the_order_of_a_device(batch: Fixes) -> None:
    """Partitions are disjoint and complete."""
    parts = split(batch, 4)
    assert sum(len(part) for _, part in parts) == len(batch)
    assert all(partition_of(name, 4) == p for p, part in parts for name in part.names())
    for device in set(batch.names()):
        rows = [us for name, us in zip(batch.names(), batch.time_us.tolist(), strict=True) if name == device]
        (own,) = [part for p, part in parts if p == partition_of(device, 4)]
        kept = [us for name, us in zip(own.names(), own.time_us.tolist(), strict=True) if name == device]
        assert kept == rows


def test_a_source_that_fails_when_called_back_stops_nobody() -> None:
    """The writer of all sources outlives one that raises."""

    async def body(batcher: Batcher, log: HeldLog, _: Counters) -> None:
        done: list[int] = []

        def broken() -> None:
            raise RuntimeError("this source is gone")

        batcher.put(message(FIX, done=broken))
        batcher.put(message(FIX, done=lambda: done.append(1)))
        await eventually(lambda: done == [1])
        batcher.put(message(FIX, done=lambda: done.append(2)))
        await eventually(lambda: done == [1, 2])
        assert len(await log.fixes()) == 3

    with_batcher(body)


def test_while_much_comes_a_batch_collects_twice_as_long() -> None:
    """It costs as much as a hundred messages, whatever is in it; a lonely message does not wait for it."""

    async def body(batcher: Batcher, log: HeldLog, counters: Counters) -> None:
        del log
        waits: list[float] = []
        for messages in (1, BUSY_MESSAGES, 1, 1):
            start = asyncio.get_running_loop().time()
            for _ in range(messages):
                batcher.put(message(FIX))
            await batcher.drain(5)
            waits.append(asyncio.get_running_loop().time() - start)
        assert waits[2] >= 0.195
        assert counters.appends == 4

    with_batcher(body, age_s=0.1)
