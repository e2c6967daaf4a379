"""The chain as the archive writes it: one, whoever writes at once; begun where it is; what is refused is on it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg_pool import AsyncConnectionPool

from core.codec import encode
from core.entries import Command, Config, Tick
from core.fixes import Fixes
from store import chain
from store.archive import Archive
from store.chain import Erased, Head, Link, advanced, links_of, packed, unpacked
from store.inputs import ends
from store.pg import transaction
from store.proving import prove, view
from tests.running import run_pool
from tests.store.test_archive import NONE, changed

LEAF = st.tuples(st.sampled_from(["events.0", "dispatch.in"]), st.integers(1, 99).map(lambda n: f"{n}-0"), st.binary())


async def wrong(pool: AsyncConnectionPool) -> list[str]:
    async with view(pool) as cursor:
        return [sentence async for one in prove(cursor, 0, (await ends(pool))[1]) for sentence in one.wrong]


async def said(archive: Archive, stream: str, number: int, count: int = 1) -> None:
    """An entry of events that the archive stores and links."""
    entry_id, events = f"{number}-0", [changed()] * count
    links = links_of(stream, entry_id, encode(events), events)
    await archive.write({stream: entry_id}, NONE, [(stream, entry_id, events)], links=links)


@given(st.lists(LEAF), st.integers(0, 9))
def test_what_is_packed_comes_back(rows: list[tuple[str, str, bytes]], cut: int) -> None:
    """However it was laid together."""
    assert list(unpacked(packed(rows[:cut]) + packed(rows[cut:]))) == rows


@given(st.binary())
def test_bytes_that_are_none_are_refused(body: bytes) -> None:
    """Damaged rows are one kind of error."""
    with suppress(ValueError):  # msgspec's are, too
        list(unpacked(body))


def test_a_head_can_be_computed_by_hand() -> None:
    """The digest before, the entry's, its id."""
    first, second = Link("s", "1-0", b"\1" * 32), Link("s", "2-0", b"\2" * 32)
    one = sha256(bytes(32) + b"\1" * 32 + b"1-0").digest()
    assert advanced({}, [first, second]) == {"s": Head("2-0", 2, sha256(one + b"\2" * 32 + b"2-0").hexdigest())}


@pytest.mark.parametrize(
    ("stream", "value", "linked"),
    [
        ("in.0", Tick(now_us=1), [("in.0", False)]),
        ("in.1", Command(id="c", kind="alert.ack", actor="ani", at_us=1), [("in.1", False)]),
        ("in.0", Command(id="c", kind="alert.ack", actor="ani", at_us=1), [("in.0", False), ("acts", True)]),
        (
            "in.0",
            Command(id="c", kind="device.rebuild", actor="", at_us=1, body={"f": b" " * 70_000}),
            [("in.0", False)],
        ),
        ("in.0", Config(section="places"), [("in.0", False), ("acts", True)]),
        ("in.0", Config(section="roads"), [("in.0", False)]),
        ("dispatch.in", Config(section="roads"), [("dispatch.in", True)]),
        ("in.0", Fixes.empty(), [("in.0", False)]),
        ("held", Fixes.empty(), []),
        ("rejects", [], []),
        ("events.0", [changed()], [("events.0", True)]),
    ],
)
def test_what_is_linked(stream: str, value: Any, linked: list[tuple[str, bool]]) -> None:
    """Everything that decides or speaks; the text of commands and configuration is kept once."""
    assert [(link.stream, link.told) for link in links_of(stream, "1-0", encode(value), value)] == linked


@pytest.mark.service
def test_writers_at_once_make_one_chain(postgres_url: str) -> None:
    """Four archives and somebody who is erased, all at the same time."""

    async def body(pool: AsyncConnectionPool) -> list[str]:
        async def writer(p: int) -> None:
            archive = Archive(pool)
            await archive.offsets()
            for number in range(1, 16):
                await said(archive, f"events.{p}", 60_000 * number, 3)

        async def eraser() -> None:
            for number in range(10):
                async with transaction(pool) as cursor:
                    await chain.lock(cursor)
                    await chain.begin(cursor)
                    await chain.erase(cursor, [Erased("events.9", f"{number}-0", 0, b"", None, "erased")])

        await asyncio.gather(*(writer(p) for p in range(4)), eraser())
        return await wrong(pool)

    assert run_pool(postgres_url, body) == []


@pytest.mark.service
def test_an_older_archive_begins_where_it_is(postgres_url: str) -> None:
    """What was said before there was a chain is on no block, and nothing wrong; what comes after is."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        archive = Archive(pool)
        await archive.offsets()
        await said(archive, "events.0", 1)
        async with pool.connection() as connection:
            await connection.execute("TRUNCATE blocks, block_parts")
        again = Archive(pool)
        await again.offsets()
        await said(again, "events.0", 2)
        before = await wrong(pool)
        async with pool.connection() as connection:
            await connection.execute("DELETE FROM events WHERE entry_id = '2-0'")
        return [before, await wrong(pool)]

    assert run_pool(postgres_url, body) == [[], ["entry 2-0 of events.0 was removed"]]


@pytest.mark.service
def test_a_quiet_night_is_a_row_a_minute(postgres_url: str) -> None:
    """A tick every half second for ten minutes: eleven blocks, with the one before the first."""

    async def body(pool: AsyncConnectionPool) -> Any:
        archive, value = Archive(pool), Tick(now_us=1)
        await archive.offsets()
        for number in range(1200):
            entry_id = f"{1_769_000_000_000 + 500 * number}-0"
            links = links_of("in.0", entry_id, encode(value), value)
            await archive.write({"in.0": entry_id}, NONE, links=links)
        return await ends(pool)

    assert run_pool(postgres_url, body) == (0, 10)
