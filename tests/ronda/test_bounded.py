"""Law 6 on real logs: what waits is bounded, overload slows the source, and what was acknowledged is in the log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from core.clock import ManualClock
from core.codec import decode
from core.fixes import Fixes
from ingest.admit import Admission
from ingest.batch import Batcher, Limits
from ingest.counters import Counters
from ingest.directory import Listed
from ingest.message import Message
from store.log import Log
from tests.running import run_with

pytestmark = pytest.mark.service
NOW_US = 1_767_571_200_000_000
LIMITS = Limits(age_s=0.0, batch_messages=4, waiting_messages=8)


class Overload:
    """A source that stops while the sink is full, on a log that fails when told; remembers what was acknowledged."""

    def __init__(self, log: Log, failures: Sequence[bool]) -> None:
        self.log, self.failures = log, list(failures)
        self.acknowledged: set[int] = set()
        self.most = 0
        self.batcher = Batcher(
            self.append,
            Admission(Listed(lambda _: True)),
            2,
            clock=ManualClock(NOW_US),
            counters=Counters(),
            limits=LIMITS,
        )

    async def append(self, items: Sequence[tuple[str, bytes]], *, cap: int | None = None) -> list[str]:
        if self.failures and self.failures.pop():
            raise ConnectionError("the log is away")
        return await self.log.append(items, cap=cap)

    async def send(self, number: int) -> None:
        """One message, when there is room."""
        while self.batcher.full:  # noqa: ASYNC110 - as a source would be told to, without its transport
            await asyncio.sleep(0.001)
        payload = f'{{"time":{NOW_US // 1000 + number},"lat":-10.17,"lon":123.6}}'.encode()
        done = lambda: self.acknowledged.add(number)  # noqa: E731 - a callback of one word
        self.batcher.put(Message("ronda/v1/t1/fix", payload, NOW_US, 1, retained=False, identity=None, done=done))
        self.most = max(self.most, self.batcher._counters.pending_messages, len(self.batcher._waiting))

    async def stored(self) -> list[int]:
        """Numbers of the fixes in the log."""
        read = await self.log.read({"in.0": "0-0", "in.1": "0-0"}, count=1000, block_ms=0)
        values: list[Any] = [decode(entry.body) for entries in read.values() for entry in entries]
        return [int(t // 1000 - NOW_US // 1000) for v in values if isinstance(v, Fixes) for t in v.time_us.tolist()]


@settings(max_examples=10, phases=[Phase.explicit, Phase.generate])  # failures cost real back-off time: no shrinking
@given(count=st.integers(1, 40), failures=st.lists(st.booleans(), max_size=4))
def test_overload_is_bounded_and_loses_nothing(new_log: Callable[[], Log], count: int, failures: list[bool]) -> None:
    """However many messages and failures: never more waiting than the bound, all acknowledged, all in the log."""

    async def body(log: Log) -> tuple[int, set[int], set[int]]:
        source = Overload(log, failures)
        writer = asyncio.create_task(source.batcher.run())
        for number in range(count):
            await source.send(number)
        await source.batcher.drain(20.0)
        writer.cancel()
        return source.most, source.acknowledged, set(await source.stored())

    most, acknowledged, stored = run_with(new_log(), body)
    assert most <= LIMITS.waiting_messages
    assert acknowledged == stored == set(range(count))
