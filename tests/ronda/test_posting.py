"""What is posted waits for the ticker's word about the outage before it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core.clock import ManualClock
from core.codec import encode
from core.entries import Tick
from ronda.posting import LOOK_S, Outage
from store.memory import MemoryLog
from tests.ronda.test_watching import runtime_of

NOW_US = 1_767_571_200_000_000


def states(tmp_path: Path, ticks: list[int], *, ticks_now: bool) -> tuple[str | None, str | None]:
    """Why nothing may be written, at the start and a moment later."""

    async def main() -> tuple[str | None, str | None]:
        log, clock = MemoryLog(), ManualClock(NOW_US)
        for now_us in ticks:
            await log.append([("in.0", encode(Tick(now_us=now_us)))])
        outage = Outage(runtime_of(tmp_path, clock, log))
        first, watch = outage.standstill(), asyncio.create_task(outage.watch())
        if ticks_now:
            await log.append([("in.0", encode(Tick(now_us=NOW_US, deaf_us=9)))])
        await asyncio.sleep(2.5 * LOOK_S)
        watch.cancel()
        return first, outage.standstill()

    return asyncio.run(main())


def test_a_pause_is_told_before_anything_that_is_posted(tmp_path: Path) -> None:
    """The log's last tick is an hour old: nothing is written until the ticker has said how long that was."""
    hour_ago = NOW_US - 3_600_000_000
    waiting, still = states(tmp_path, [hour_ago], ticks_now=False)
    assert waiting is not None
    assert still == waiting
    assert states(tmp_path, [hour_ago], ticks_now=True)[1] is None


def test_after_a_hold_the_pause_is_told_first(tmp_path: Path) -> None:
    """Released, it waits for a tick newer than the hold, and goes on with it."""

    async def main() -> list[bool]:
        log, clock = MemoryLog(), ManualClock(NOW_US)
        await log.append([("in.0", encode(Tick(now_us=NOW_US)))])
        runtime = runtime_of(tmp_path, clock, log)
        outage, found = Outage(runtime), list[bool]()
        watch = asyncio.create_task(outage.watch())
        for hold in (None, "full", None):
            runtime.holds.put("disk", hold)
            await asyncio.sleep(2.5 * LOOK_S)
            found.append(outage.standstill() is None)
            clock.set(clock.now_us() + 600_000_000)  # the hold lasted ten minutes
        await log.append([("in.0", encode(Tick(now_us=clock.now_us(), deaf_us=9)))])
        await asyncio.sleep(2.5 * LOOK_S)
        watch.cancel()
        return [*found, outage.standstill() is None]

    assert asyncio.run(main()) == [True, False, False, True]


def test_without_a_ticker_it_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ronda run api` alone: what is posted is written after a few seconds."""
    monkeypatch.setattr("ronda.posting.TOLD_S", LOOK_S)
    assert states(tmp_path, [NOW_US - 3_600_000_000], ticks_now=False)[1] is None


def test_a_new_log_has_no_outage(tmp_path: Path) -> None:
    """Nobody has ticked yet, so there is nothing to wait for."""
    assert states(tmp_path, [], ticks_now=False)[1] is None
