"""How far a reader of notices is, and what it finds again."""

from __future__ import annotations

import asyncio

from ronda.channels.cursor import Cursor
from store.log import Log
from tests.running import run_with

STREAM = "dispatch.events"


async def loaded(log: Log) -> Cursor:
    lease = await log.acquire("n:dispatch.events", "me", 60_000)
    assert lease is not None
    return await Cursor.load(log, lease, "n", STREAM)


async def kept(cursor: Cursor) -> None:
    """What `keep` writes when it is woken."""
    keeping = asyncio.create_task(cursor.keep())
    await asyncio.sleep(0.05)
    await cursor._write()
    keeping.cancel()


def test_it_stands_before_the_oldest_that_waits(log: Log) -> None:
    """A restart begins there, and finds what after it is acknowledged."""

    async def body(log: Log) -> tuple[str, list[bool], str]:
        cursor = await loaded(log)
        for entry, letters in (("1-0", ["a"]), ("2-0", ["b", "c"]), ("3-0", [])):
            assert all(cursor.open(letter, entry) for letter in letters)
            cursor.pass_by(entry)
        cursor.close("a", acknowledged=True)
        cursor.close("c", acknowledged=True)
        await kept(cursor)
        again = await loaded(log)
        at = again.read
        found = [again.open(letter, "2-0") for letter in ("b", "c")]
        again.pass_by("3-0")
        again.close("b", acknowledged=False)
        await kept(again)
        return at, found, (await loaded(log)).read

    assert run_with(log, body) == ("1-0", [True, False], "3-0")


def test_names_behind_it_are_forgotten(log: Log) -> None:
    """What is kept is bounded by what waits."""

    async def body(log: Log) -> dict[str, bytes]:
        cursor = await loaded(log)
        for n in range(1, 9):
            cursor.open(f"a{n}", f"{n}-0")
            cursor.pass_by(f"{n}-0")
            cursor.close(f"a{n}", acknowledged=True)
        await kept(cursor)
        return await log.state("n", STREAM)

    assert run_with(log, body) == {}


def test_an_acknowledgement_is_written_at_once(log: Log) -> None:
    """Not with the next stride."""

    async def body(log: Log) -> dict[str, bytes]:
        cursor = await loaded(log)
        keeping = asyncio.create_task(cursor.keep())
        cursor.open("slow", "1-0")
        cursor.open("a", "1-0")
        cursor.pass_by("1-0")
        cursor.close("a", acknowledged=True)
        await asyncio.sleep(0.1)
        keeping.cancel()
        return await log.state("n", STREAM)

    assert run_with(log, body) == {"a": b"1-0"}
