"""The schedule rebuilds what came late by itself: on real parts, with the archive and the engine at work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from psycopg_pool import AsyncConnectionPool

from core.clock import ManualClock
from core.codec import encode
from core.entries import Config
from core.events import Event, FixFlagged
from core.fixes import Fixes
from core.partition import partition_of
from ronda import past
from ronda.days import rebuild_day
from ronda.past import archive_is_near
from ronda.rebuilding import Rebuilding, together
from ronda.runtime import Runtime
from store import history, late
from store.archive import store_events
from store.late import READER, STREAM, Late
from store.log import Log
from store.pg import connect, transaction
from tests.ronda.pipeline import NOW_US, PARTITIONS, clear, config_of_limits, running, tables, tell
from tests.ronda.test_rebuild import CONFIG, DAY, S_US
from tests.running import run_with
from tests.strategies import T0_US, fixes_of

pytestmark = pytest.mark.service


def square(south: float, north: float) -> list[list[list[list[float]]]]:
    """A polygon across the way north."""
    return [[[[-0.01, south], [0.01, south], [0.01, north], [-0.01, north], [-0.01, south]]]]


ROUND = (
    Config(section="areas", op="set", rows=({"id": "n", "name": "Utara", "polygons": square(0.05, 0.3)},)),
    Config(section="places", rows=(
        {"id": "p1", "name": "", "kind": "service_point", "lon": 0.0, "lat": 0.1, "radius_m": 40.0},
    )),
)  # fmt: skip
# The day as it might have been today; it ends with a stop that goes on.
TODAY_US = NOW_US - int(DAY.time_us[-1])
SHIFT = fixes_of(
    "d1", *zip((DAY.time_us - DAY.time_us[0]) / S_US, DAY.lon, DAY.lat, strict=True)
).take(np.arange(len(DAY) - 35))  # fmt: skip


def heard(fixes: Fixes, *, per_s: float = 20.0) -> Fixes:
    """Fixes of the last hours, in this order, so many a second up to now."""
    ago = np.arange(len(fixes))[::-1]
    received_us = NOW_US - (ago * S_US / per_s).astype(np.int64)
    columns = {name: getattr(fixes, name) for name in ("device", "lon", "lat", "content")}
    time_us = fixes.time_us - SHIFT.time_us[-1] + NOW_US - 5 * S_US
    return Fixes.of(fixes.ids, time_us=time_us, received_us=received_us, **columns)


def played(new_log: Callable[[], Log], url: str, work: Any) -> Any:
    """What `work` finds, with the stages running on a new log and an empty database, at the clock's beginning NOW."""

    async def body(log: Log) -> Any:
        async with await connect(url, max_size=6) as pool:
            await clear(pool)
            clock = ManualClock(NOW_US)
            async with running(log, pool, clock) as runtime:
                await tell(log, [*CONFIG, *ROUND, config_of_limits(300.0)])
                return await work(runtime, clock)

    return run_with(new_log(), body)


async def waits(runtime: Runtime) -> int:
    """How many device days wait to be rebuilt."""
    return (await late.counts(runtime.pool))["waiting"]


async def settled(runtime: Runtime) -> None:
    await archive_is_near(runtime, list(range(PARTITIONS)))


async def upload(runtime: Runtime, fixes: Fixes) -> None:
    """In messages of ten, in the order of the batch."""
    stream = f"in.{partition_of('d1', PARTITIONS)}"
    for at in range(0, len(fixes), 10):
        await runtime.log.append([(stream, encode(fixes.take(np.arange(at, min(at + 10, len(fixes))))))])
    await settled(runtime)


def test_a_shift_uploaded_newest_first_gives_the_tables_of_live(new_log: Callable[[], Log], postgres_url: str) -> None:
    """Also the stop that is open now; a quarter of a minute after the last fix."""

    async def after(runtime: Runtime, clock: ManualClock) -> Any:
        rebuilding = Rebuilding(runtime)
        await rebuilding.round()
        await upload(runtime, heard(SHIFT.take(np.arange(len(SHIFT))[::-1])))
        before = await tables(runtime.log, runtime.pool)
        early = await rebuilding.round()
        clock.advance(15 * S_US)
        assert (early, await rebuilding.round(), await waits(runtime)) == (0, 1, 0)
        assert before != await tables(runtime.log, runtime.pool)
        return await tables(runtime.log, runtime.pool)

    async def live(runtime: Runtime, _: ManualClock) -> Any:
        await upload(runtime, heard(SHIFT))
        return await tables(runtime.log, runtime.pool)

    in_time = played(new_log, postgres_url, live)
    assert played(new_log, postgres_url, after) == in_time
    assert [row for row in in_time["dwells"] if "open" in row]
    assert {row[1] for row in in_time["spells"]} >= {"trip", "visit"}


def test_while_somebody_uploads_what_is_there_is_rebuilt(new_log: Callable[[], Log], postgres_url: str) -> None:
    """After forty seconds for the first time, and once more when they are done."""

    async def work(runtime: Runtime, clock: ManualClock) -> list[Any]:
        rebuilding = Rebuilding(runtime)
        await rebuilding.round()
        parts = heard(SHIFT.take(np.arange(len(SHIFT))[::-1]), per_s=3)
        first, rest = parts.take(np.arange(150)), parts.take(np.arange(150, len(parts)))
        await upload(runtime, first)
        clock.set(int(first.received_us[-1]) + S_US)
        rounds = [await rebuilding.round()]
        clock.set(int(first.received_us[0]) + 56 * S_US)
        rounds.append(await rebuilding.round())
        left = await waits(runtime)
        await upload(runtime, rest)
        clock.set(NOW_US + 15 * S_US)
        last = await rebuilding.round()
        return [rounds, left, last, await waits(runtime), await tables(runtime.log, runtime.pool)]

    async def live(runtime: Runtime, _: ManualClock) -> Any:
        await upload(runtime, heard(SHIFT))
        return await tables(runtime.log, runtime.pool)

    rounds, left, last, waiting, late_tables = played(new_log, postgres_url, work)
    assert (rounds, left, last, waiting) == ([0, 1], 1, 1, 0)
    assert late_tables == played(new_log, postgres_url, live)


def test_a_new_schedule_goes_on_where_the_old_one_was(new_log: Callable[[], Log], postgres_url: str) -> None:
    """What waits is not forgotten by a kill; what is done is not done again."""

    async def work(runtime: Runtime, clock: ManualClock) -> list[Any]:
        await Rebuilding(runtime).round()
        await upload(runtime, heard(SHIFT.take(np.arange(len(SHIFT))[::-1])))
        killed = Rebuilding(runtime)
        await killed.round()
        clock.advance(15 * S_US)
        return [await waits(runtime), await Rebuilding(runtime).round(), await Rebuilding(runtime).round()]

    assert played(new_log, postgres_url, work) == [1, 1, 0]


def test_old_words_of_an_upgraded_installation_are_left(postgres_url: str, new_log: Callable[[], Log]) -> None:
    """The first look begins at the newest event there is."""

    async def work(runtime: Runtime, _: ManualClock) -> list[Any]:
        await upload(runtime, heard(SHIFT.take(np.arange(len(SHIFT))[::-1])))
        rebuilding = Rebuilding(runtime)
        return [await rebuilding.round(), await waits(runtime), await mark_of(runtime.pool)]

    rounds, waiting, (mark, newest) = played(new_log, postgres_url, work)
    assert (rounds, waiting, mark) == (0, 0, str(newest))


async def mark_of(pool: AsyncConnectionPool) -> tuple[str | None, int]:
    return await history.mark(pool, READER, STREAM), await history.newest_seq(pool)


async def told_late(runtime: Runtime, *devices: str) -> None:
    """Archive a few fixes of these devices, and the engine's words that they came late."""
    words: list[Event] = []
    for device in devices:
        await history.add_fixes(runtime.pool, fixes_of(device, *[(20.0 * i, 0.0, 0.01) for i in range(20)]))
        words.append(FixFlagged(at_us=T0_US, device=device, time_us=T0_US, reason="beyond_horizon"))
    async with transaction(runtime.pool) as cursor:
        await store_events(cursor, [("events.0", "9-0", words)])


def test_each_device_is_rebuilt_on_its_own(
    new_log: Callable[[], Log], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream of d2 has no engine: it waits ever longer. What the engine refuses is left; d1 is not held up."""
    monkeypatch.setattr(past, "WAIT_S", 0.3)

    async def work(runtime: Runtime, clock: ManualClock) -> list[Any]:
        rebuilding = Rebuilding(replace(runtime, partitions=3))
        await rebuilding.round()
        await told_late(runtime, "d1", "d2", "")
        await runtime.log.append([("in.2", b"nobody reads this")])
        rounds = [await rebuilding.round(), await rebuilding.round()]
        for wait_s in (15, 29, 1):
            clock.advance(wait_s * S_US)
            rounds.append(await rebuilding.round())
        return [rounds, rebuilding.counts, await late.touching(runtime.pool, T0_US, T0_US + 1)]

    rounds, counts, (stuck, refused) = played(new_log, postgres_url, work)
    assert rounds == [3, 0, 1, 0, 1]
    assert counts == {"waiting": 1, "refused": 1, "done": 1, "retries": 3}
    assert (stuck.device, stuck.tries, stuck.next_us) == ("d2", 3, NOW_US + (45 + 60) * S_US)
    assert (refused.device, refused.refused) == ("", True)
    assert "length >= 1" in refused.reason
    assert "The archive is behind the log" in stuck.reason


def test_what_was_refused_is_tried_again_with_more_fixes(new_log: Callable[[], Log], postgres_url: str) -> None:
    """Or settled, when somebody computes the day by hand."""

    async def work(runtime: Runtime, _: ManualClock) -> list[Any]:
        pool = runtime.pool
        await late.take(pool)
        await told_late(runtime, "d1")
        await late.take(pool)
        (day,) = await late.ripe(pool, NOW_US, quiet_us=NOW_US, long_us=NOW_US)
        await late.failed(pool, day, "no", next_us=NOW_US, refused=True)
        counts = [await late.counts(pool)]
        async with transaction(pool) as cursor:
            word = FixFlagged(at_us=T0_US + 1, device="d1", time_us=T0_US, reason="beyond_horizon")
            await store_events(cursor, [("events.0", "9-1", [word])])
        await late.take(pool)
        counts.append(await late.counts(pool))
        await late.failed(pool, day, "no", next_us=NOW_US, refused=True)
        await rebuild_day(runtime, dt.date(2026, 1, 5), "d1")
        return [*counts, await late.counts(pool)]

    refused, waiting, settled_ = played(new_log, postgres_url, work)
    assert [refused, waiting] == [{"waiting": 0, "refused": 1}, {"waiting": 1, "refused": 0}]
    assert settled_ == {"waiting": 0, "refused": 0}


def test_days_that_failed_together_are_tried_each_alone() -> None:
    """The fault may be in one of them."""
    days = [Late("d1", 0, 0, 0, 0), Late("d1", 1, 0, 0, 0), Late("d2", 0, 0, 0, 1), Late("d2", 1, 0, 0, 1)]
    assert together(days) == [days[:2], days[2:3], days[3:]]
