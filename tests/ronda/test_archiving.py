"""The archive's loop over a real log and Postgres: strangers' fixes, and entries that Postgres refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg_pool import AsyncConnectionPool

from core.codec import encode
from core.entries import Command
from core.events import DwellChanged
from core.fixes import Fixes
from core.rejects import Reject
from ronda.archiving import streams_of, write
from ronda.isolating import Item
from store import read
from store.archive import Archive
from store.chain import links_of
from store.held import held_fixes
from store.memory import MemoryLog
from store.read import DwellFilter
from tests.ronda.floods import wrong
from tests.ronda.pipeline import archive_all
from tests.running import run_pool
from tests.strategies import T0_US, dwell_of, fixes_of

pytestmark = pytest.mark.service
NEVER_US = -(2**62)  # a time that Postgres cannot count
ALL = {"from_us": 0, "to_us": 4_000_000_000_000_000}


def stained(fixes: Fixes, *rows: int) -> Fixes:
    """The same fixes, some with a receiving time that cannot be stored; their content stays."""
    received_us = fixes.received_us.copy()
    received_us[list(rows)] = NEVER_US
    columns = {name: getattr(fixes, name) for name in fixes.__dataclass_fields__ if name != "ids"}
    return Fixes(ids=fixes.ids, **(columns | {"received_us": received_us}))


def line(n: int, start_s: float = 0) -> Fixes:
    return fixes_of("d1", *((start_s + i, 1, 1) for i in range(n)))


def dwell(dwell_id: str, last_us: int = T0_US) -> DwellChanged:
    return DwellChanged(at_us=T0_US, cause="open", row=dwell_of(dwell_id, last_us=last_us))


async def archived(pool: AsyncConnectionPool, *items: Item) -> Archive:
    archive = Archive(pool)
    await archive.offsets()
    await write(archive, items, {item.stream: item.id for item in items})
    return archive


def test_held_fixes_reach_their_table(postgres_url: str) -> None:
    """What ingest appends to `held` waits in Postgres and is not among the fixes."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        log = MemoryLog()
        await log.append([("held", encode(fixes_of("x", (0, 1, 1)))), ("in.0", encode(fixes_of("a", (0, 2, 2))))])
        await archive_all(log, pool)
        return [await held_fixes(pool, "x"), len((await read.fixes(pool, "x", **ALL))[0])]

    assert run_pool(postgres_url, body) == [fixes_of("x", (0, 1, 1)), 0]


def test_one_bad_fix_costs_itself_alone(postgres_url: str) -> None:
    """Of three entries the one fix that Postgres refuses becomes a reject; all others are stored, offsets move."""
    items = [Item("in.0", f"{1000 + i}-0", line(50, 100 * i)) for i in range(3)]
    items[1] = items[1]._replace(value=stained(line(50, 100), 17))

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        archive = await archived(pool, *items)
        stored, _ = await read.fixes(pool, "d1", **ALL)
        rejects = [row.reject for row in (await read.rejects(pool)).rows]
        return [len(stored), T0_US + 117_000_000 in stored.time_us, await archive.offsets(), rejects]

    n, there, offsets, (reject,) = run_pool(postgres_url, body)
    assert (n, there, offsets) == (149, False, {"in.0": "1002-0"})
    assert (reject.reason, reject.topic, reject.device, reject.received_us) == ("bad_time", "in.0", "d1", 1_001_000)
    assert b'"time_us":1767571317000000' in reject.payload
    assert "the archive cannot store this" in reject.detail


@given(bad=st.sets(st.integers(0, 11), max_size=5))
@settings(max_examples=12)
def test_exactly_the_bad_ones_are_left_out(postgres_url: str, bad: set[int]) -> None:
    """Whichever fixes of whichever entries are refused: the archive has the others, a reject tells of each."""
    whole = stained(line(12), *bad)
    items = [Item("in.0", f"{9 + i}-0", whole.take(np.arange(3 * i, 3 * i + 3))) for i in range(4)]

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        async with pool.connection() as connection:
            await connection.execute("TRUNCATE fixes, offsets, rejects")
        await archived(pool, *items)
        stored, _ = await read.fixes(pool, "d1", **ALL)
        return [stored, len((await read.rejects(pool)).rows)]

    stored, rejects = run_pool(postgres_url, body)
    assert stored == line(12).take([i for i in range(12) if i not in bad])  # type: ignore[arg-type]
    assert rejects == len(bad)


def test_the_neighbours_of_a_bad_event_keep_their_places(postgres_url: str) -> None:
    """An event that cannot be stored leaves a gap in its entry; the rows of the others are there."""
    said = [dwell("a"), dwell("b", NEVER_US), dwell("c")]

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        await archived(pool, Item("events.0", "5-0", said), Item("in.0", "5-0", line(2)))
        rows = [found.row.id for found in (await read.dwells(pool, DwellFilter())).rows]
        async with pool.connection() as connection:
            places = await (await connection.execute("SELECT ordinal FROM events ORDER BY seq")).fetchall()
        return [rows, [place[0] for place in places], (await read.rejects(pool)).rows[0].reject.device]

    assert run_pool(postgres_url, body) == [["a", "c"], [0, 2], ""]


def test_an_event_that_was_refused_is_no_gap_in_the_chain(postgres_url: str) -> None:
    """The chain has the whole entry, and says which of its events the archive never had."""
    said = [dwell("a"), dwell("b", NEVER_US), dwell("c"), dwell("d", NEVER_US)]
    links = links_of("events.0", "5-0", encode(said), said)

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        await archived(pool, Item("events.0", "5-0", said, links))
        async with pool.connection() as connection:
            gone = await (await connection.execute("SELECT ordinal, now, why FROM erased ORDER BY n")).fetchall()
        return [gone, await wrong(pool)]

    assert run_pool(postgres_url, body) == [[(1, None, "refused"), (3, None, "refused")], []]


def test_commands_and_rejects_that_cannot_be_stored_are_passed_over(postgres_url: str) -> None:
    """Entries without parts are refused whole; of a list of rejects only the bad one."""
    rejects = [Reject(received_us=us, reason="future", dialect="n", topic="t") for us in (T0_US, NEVER_US, T0_US)]
    command = Command(id="c", kind="alert.ack", actor="ani", at_us=NEVER_US)

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        archive = await archived(pool, Item("rejects", "7-0", rejects), Item("in.0", "8-0", command))
        kept = [row.reject.topic for row in (await read.rejects(pool)).rows]
        return [sorted(kept), await archive.offsets(), await read.command(pool, "c")]

    assert run_pool(postgres_url, body) == [["in.0", "rejects", "t", "t"], {"in.0": "8-0", "rejects": "7-0"}, None]


def test_a_name_too_long_for_an_index_does_not_stop_the_archive(postgres_url: str) -> None:
    """What is too large for Postgres is refused content, not a server that is away."""
    rng = np.random.default_rng(1)
    name = "".join(chr(0x4E00 + i) for i in rng.integers(0, 20_000, 4_000))  # does not compress below the limit

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        await archived(pool, Item("in.0", "1-0", fixes_of(name, (0, 1, 1))), Item("in.1", "1-0", line(2)))
        return [len((await read.fixes(pool, "d1", **ALL))[0]), len((await read.rejects(pool)).rows)]

    assert run_pool(postgres_url, body) == [2, 1]


def test_strangers_have_a_stream() -> None:
    """The archive reads every stream, that of held fixes too."""
    assert streams_of(1) == ["in.0", "events.0", "dispatch.in", "dispatch.events", "rejects", "held"]
