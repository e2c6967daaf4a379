"""Notes: short texts beside the log that expire, on memory and on Valkey alike."""

from __future__ import annotations

import asyncio

from store.log import Log
from tests.running import run_with


def test_notes_are_read_back_by_key(log: Log) -> None:
    """Each key has its note, a key without one has None, in the order asked."""

    async def body(log: Log) -> None:
        await log.note({"heard:d1": b"one", "heard:d2": b"\0two"}, 60)
        assert await log.notes(["heard:d2", "heard:d9", "heard:d1"]) == [b"\0two", None, b"one"]

    run_with(log, body)


def test_the_newer_note_replaces_the_older(log: Log) -> None:
    """Only the newest note of a key is kept."""

    async def body(log: Log) -> None:
        await log.note({"k": b"old"}, 60)
        await log.note({"k": b"new"}, 60)
        assert await log.notes(["k"]) == [b"new"]

    run_with(log, body)


def test_a_note_is_dropped(log: Log) -> None:
    """At once, and those that are not there likewise."""

    async def body(log: Log) -> None:
        await log.note({"k": b"one", "l": b"two"}, 60)
        await log.forget(["k", "nothing"])
        await log.forget([])
        assert await log.notes(["k", "l"]) == [None, b"two"]

    run_with(log, body)


def test_a_note_expires(log: Log) -> None:
    """After its time a note is gone; one written again lives from then on."""

    async def body(log: Log) -> None:
        await log.note({"short": b"1", "again": b"1"}, 1)
        await log.note({"again": b"2", "long": b"3"}, 60)
        await asyncio.sleep(1.1)
        assert await log.notes(["short", "again", "long"]) == [None, b"2", b"3"]

    run_with(log, body)


def test_no_notes_are_no_work(log: Log) -> None:
    """Writing and asking for nothing is allowed."""

    async def body(log: Log) -> None:
        await log.note({}, 60)
        assert await log.notes([]) == []

    run_with(log, body)


def test_many_notes_at_once(log: Log) -> None:
    """More notes than go into one round trip are all kept, whatever their keys are made of."""

    async def body(log: Log) -> None:
        written = {f"knock:truk {i}:ß{{}}": str(i).encode() for i in range(1_203)}
        await log.note(written, 60)
        assert await log.notes(list(written)) == list(written.values())

    run_with(log, body)
