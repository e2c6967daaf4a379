"""When the state of dispatch is kept, and that real stages keep what a replay needs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from core.codec import encode
from ronda.deciding import decider
from ronda.replaying import replay, span_between, span_of
from ronda.snapshots import EVERY_US, take
from store.archive import Archive
from store.inputs import newest_snapshot, snapshot
from store.log import START
from store.memory import MemoryLog
from tests.dispatch.town import tick
from tests.ronda.floods import decided, flood, wrong
from tests.ronda.pipeline import archive_all
from tests.ronda.test_dispatching import REGISTER, command, fire, has, put, seen, so, working
from tests.running import run_pool

pytestmark = pytest.mark.service
HOUR_US = 3_600_000_000


def test_a_state_is_kept_when_it_is_time(postgres_url: str) -> None:
    """At first; then not for a day, unless another version decides; never twice of one entry."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        log = MemoryLog()
        kept = [await take(log, pool, HOUR_US, "a"), await take(log, pool, 2 * HOUR_US, "b")]
        await decided(log, flood()[:3])
        kept += [await take(log, pool, 0, "a"), await take(log, pool, 1, "b"), await take(log, pool, 1, "b")]
        await decided(log, [tick(500)])
        kept += [await take(log, pool, EVERY_US, "b"), await take(log, pool, EVERY_US + HOUR_US, "b")]
        newest, first = await newest_snapshot(pool), await snapshot(pool, START)
        return [kept, newest.entry_id, newest.version, first and first.rows, await wrong(pool)]

    kept = [True, False, False, True, False, False, True]
    assert run_pool(postgres_url, body) == [kept, "4-0", "b", {}, []]


def test_no_state_is_kept_that_lacks_what_follows(postgres_url: str) -> None:
    """An older archive that was ahead of dispatch kept no entries: the first state waits until dispatch is there."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        log = MemoryLog()
        await log.append([("dispatch.in", encode(tick(1)))])
        await archive_all(log, pool)
        before = await take(log, pool, HOUR_US, "a")
        await decided(log, [])
        return [before, await take(log, pool, HOUR_US, "a")]

    assert run_pool(postgres_url, body) == [False, True]


def test_stages_keep_what_a_replay_needs(clean_valkey_url: str, postgres_url: str) -> None:
    """From the report to the promise, on real servers: proved, and decided again from the log's beginning."""

    async def main() -> Any:
        async with working(clean_valkey_url, postgres_url, "archive") as (runtime, _):
            await so(lambda: there(runtime.pool))
        async with working(clean_valkey_url, postgres_url, "dispatch", "archive") as (runtime, _):
            await put(runtime.log, *REGISTER, seen(0), *fire())
            await so(lambda: has(runtime.log, ("ana", "offered")))
            await put(runtime.log, command("offer.answer_for", 4, "yes", offer="i.1", answer="accept"))
            await so(lambda: has(runtime.log, ("ana", "accepted")))
            await so(lambda: all_archived(runtime))
            whole = await replay(runtime.pool, await span_between(runtime.pool, 0, 1 << 60))
            return await wrong(runtime.pool), whole, await replay(runtime.pool, await span_of(runtime.pool, "i"))

    bad, whole, incident = asyncio.run(main())
    assert bad == []
    assert (whole.verdict, whole.since, whole.versions) == ("same", START, {decider()})
    assert (incident.verdict, incident.compared >= 3) == ("same", True)


async def there(pool: AsyncConnectionPool) -> bool:
    return await newest_snapshot(pool) is not None


async def all_archived(runtime: Any) -> bool:
    offsets = await Archive(runtime.pool).offsets()
    return bool(offsets.get("dispatch.events") == await runtime.log.last_id("dispatch.events"))
