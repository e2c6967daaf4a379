"""The schedule rebuilds what came late by itself: on real parts, with the archive and the engine at work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from psycopg_pool import AsyncConnectionPool

from core.clock import ManualClock
from core.codec import encode
from core.entries import Config
from core.fixes import Fixes
from core.partition import partition_of
from ronda.past import archive_is_near
from ronda.rebuilding import READER, STREAM, Rebuilding
from ronda.runtime import Runtime
from store import history
from store.log import Log
from store.pg import connect
from tests.ronda.pipeline import NOW_US, PARTITIONS, clear, config_of_limits, running, tables, tell
from tests.ronda.test_rebuild import CONFIG, DAY, S_US
from tests.running import run_with
from tests.strategies import fixes_of

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

    async def late(runtime: Runtime, clock: ManualClock) -> Any:
        rebuilding = Rebuilding(runtime)
        await rebuilding.round()
        await upload(runtime, heard(SHIFT.take(np.arange(len(SHIFT))[::-1])))
        before = await tables(runtime.log, runtime.pool)
        early = await rebuilding.round()
        clock.advance(15 * S_US)
        assert (early, await rebuilding.round(), rebuilding.waiting) == (0, 1, {})
        assert before != await tables(runtime.log, runtime.pool)
        return await tables(runtime.log, runtime.pool)

    async def live(runtime: Runtime, _: ManualClock) -> Any:
        await upload(runtime, heard(SHIFT))
        return await tables(runtime.log, runtime.pool)

    in_time = played(new_log, postgres_url, live)
    assert played(new_log, postgres_url, late) == in_time
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
        waits = len(rebuilding.waiting)
        await upload(runtime, rest)
        clock.set(NOW_US + 15 * S_US)
        return [rounds, waits, await rebuilding.round(), rebuilding.waiting, await tables(runtime.log, runtime.pool)]

    async def live(runtime: Runtime, _: ManualClock) -> Any:
        await upload(runtime, heard(SHIFT))
        return await tables(runtime.log, runtime.pool)

    rounds, waits, last, waiting, late = played(new_log, postgres_url, work)
    assert (rounds, waits, last, waiting) == ([0, 1], 1, 1, {})
    assert late == played(new_log, postgres_url, live)


def test_a_new_schedule_goes_on_where_the_old_one_was(new_log: Callable[[], Log], postgres_url: str) -> None:
    """What waits is not forgotten by a kill; what is done is not done again."""

    async def work(runtime: Runtime, clock: ManualClock) -> list[Any]:
        await Rebuilding(runtime).round()
        await upload(runtime, heard(SHIFT.take(np.arange(len(SHIFT))[::-1])))
        killed = Rebuilding(runtime)
        await killed.round()
        clock.advance(15 * S_US)
        return [len(killed.waiting), await Rebuilding(runtime).round(), await Rebuilding(runtime).round()]

    assert played(new_log, postgres_url, work) == [1, 1, 0]


def test_old_words_of_an_upgraded_installation_are_left(postgres_url: str, new_log: Callable[[], Log]) -> None:
    """The first look begins at the newest event there is."""

    async def work(runtime: Runtime, _: ManualClock) -> list[Any]:
        await upload(runtime, heard(SHIFT.take(np.arange(len(SHIFT))[::-1])))
        rebuilding = Rebuilding(runtime)
        return [await rebuilding.round(), rebuilding.waiting, await mark_of(runtime.pool)]

    rounds, waiting, (mark, newest) = played(new_log, postgres_url, work)
    assert (rounds, waiting, mark) == (0, {}, str(newest))


async def mark_of(pool: AsyncConnectionPool) -> tuple[str | None, int]:
    return await history.mark(pool, READER, STREAM), await history.newest_seq(pool)
