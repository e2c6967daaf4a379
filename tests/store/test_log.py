"""The conformance suite of the log: every promise of `store.log.Log`, on memory and on Valkey alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConflictError, LeaseLostError
from store.log import START, Commit, Entry, Lease, Log, Output, id_key
from tests.running import run_with
from tests.store.committing import LONG_MS, commit_of, lease_of


def test_append_gives_back_the_ids_under_which_entries_are_read(log: Log) -> None:
    """What was appended is read in order, under the ids that append returned."""

    async def body(log: Log) -> None:
        ids = await log.append([("in.0", b"one"), ("in.0", b"two")])
        entries = await log.read({"in.0": START}, count=10, block_ms=0)
        assert entries == {"in.0": [Entry(ids[0], b"one"), Entry(ids[1], b"two")]}

    run_with(log, body)


def test_appending_nothing_is_nothing(log: Log) -> None:
    """An empty append returns no ids and does not fail."""

    async def body(log: Log) -> None:
        assert await log.append([]) == []

    run_with(log, body)


def test_streams_are_apart(log: Log) -> None:
    """Entries of one partition, of events and of dispatch do not mix."""

    async def body(log: Log) -> None:
        streams = ["in.0", "in.1", "events.0", "dispatch.in", "dispatch.events", "rejects"]
        await log.append([(stream, stream.encode()) for stream in streams])
        found = await log.read(dict.fromkeys(streams, START), count=10, block_ms=0)
        assert {stream: [e.body for e in entries] for stream, entries in found.items()} == {
            stream: [stream.encode()] for stream in streams
        }

    run_with(log, body)


def test_ids_are_ordered_numerically() -> None:
    """ "9-1" comes before "10-0", and "0-0" before everything."""
    assert sorted(["10-0", "9-1", "9-0", START], key=id_key) == [START, "9-0", "9-1", "10-0"]


def test_ids_of_a_stream_grow(log: Log) -> None:
    """Each id is beyond the one before, also across calls."""

    async def body(log: Log) -> None:
        ids = [i for _ in range(5) for i in await log.append([("in.0", b"x")] * 3)]
        assert sorted(set(ids), key=id_key) == ids

    run_with(log, body)


def test_read_resumes_after_the_given_id(log: Log) -> None:
    """The entry of the given id is not seen again, the next one is."""

    async def body(log: Log) -> None:
        ids = await log.append([("in.0", b"1"), ("in.0", b"2"), ("in.0", b"3")])
        found = await log.read({"in.0": ids[0]}, count=1, block_ms=0)
        assert found == {"in.0": [Entry(ids[1], b"2")]}

    run_with(log, body)


def test_read_of_nothing_new_is_empty(log: Log) -> None:
    """Without entries there is no key in the answer, whether the stream exists or not."""

    async def body(log: Log) -> None:
        ids = await log.append([("in.0", b"1")])
        assert await log.read({"in.0": ids[0], "in.1": START}, count=9, block_ms=20) == {}

    run_with(log, body)


def test_a_waiting_read_wakes_for_an_append(log: Log) -> None:
    """A blocked read returns as soon as something is appended, not at its time limit."""

    async def body(log: Log) -> None:
        waiting = asyncio.create_task(log.read({"in.0": START}, count=9, block_ms=4_000))
        await asyncio.sleep(0.05)
        await log.append([("in.0", b"news")])
        assert [e.body for e in (await asyncio.wait_for(waiting, 2))["in.0"]] == [b"news"]

    run_with(log, body)


def test_a_waiting_read_wakes_for_an_output(log: Log) -> None:
    """A commit's outputs wake a blocked reader too."""

    async def body(log: Log) -> None:
        waiting = asyncio.create_task(log.read({"events.0": START}, count=9, block_ms=4_000))
        await asyncio.sleep(0.05)
        await log.commit(await lease_of(log), commit_of(outputs=[Output("events.0", "5-0", b"e")]))
        assert (await asyncio.wait_for(waiting, 2)) == {"events.0": [Entry("5-0", b"e")]}

    run_with(log, body)


def test_a_cancelled_read_does_no_harm(log: Log) -> None:
    """A stage that is stopped while it waits leaves a log that goes on working."""

    async def body(log: Log) -> None:
        waiting = asyncio.create_task(log.read({"in.0": START}, count=9, block_ms=5_000))
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.wait([waiting])
        ids = await log.append([("in.0", b"x")])
        assert await log.read({"in.0": START}, count=9, block_ms=0) == {"in.0": [Entry(ids[0], b"x")]}

    run_with(log, body)


def test_partitions_are_fixed_by_the_first_who_asks(log: Log) -> None:
    """A log keeps the number of partitions it was created with."""

    async def body(log: Log) -> None:
        assert [await log.partitions(4), await log.partitions(8)] == [4, 4]

    run_with(log, body)


def test_a_commit_writes_everything(log: Log) -> None:
    """Outputs under their own ids, state, live rows and the offset are there after a commit."""

    async def body(log: Log) -> None:
        await log.partitions(1)
        outputs = [Output("events.0", "5-0", b"e"), Output("dispatch.in", "5-0", b"d")]
        commit = commit_of("5-0", outputs=outputs, state={"d1": b"\x00s"}, live={"d1": b"l", "d2": b""})
        await log.commit(await lease_of(log), commit)
        assert await log.offset("geo", "in.0") == "5-0"
        assert await log.state("geo", "in.0") == {"d1": b"\x00s"}
        assert await log.live() == {"d1": b"l", "d2": b""}
        found = await log.read({"events.0": START, "dispatch.in": START}, count=9, block_ms=0)
        assert found == {"events.0": [Entry("5-0", b"e")], "dispatch.in": [Entry("5-0", b"d")]}

    run_with(log, body)


def test_a_commit_deletes_rows_given_as_none(log: Log) -> None:
    """None takes a state or live row away; the other rows stay."""

    async def body(log: Log) -> None:
        await log.partitions(1)
        lease = await lease_of(log)
        await log.commit(lease, commit_of("1-0", state={"a": b"1", "b": b"2"}, live={"a": b"1"}))
        await log.commit(lease, commit_of("2-0", state={"a": None, "x": None}, live={"a": None}))
        assert await log.state("geo", "in.0") == {"b": b"2"}
        assert await log.live() == {}

    run_with(log, body)


def test_state_and_offset_belong_to_reader_and_stream(log: Log) -> None:
    """Another reader, and another stream, start from nothing."""

    async def body(log: Log) -> None:
        await log.commit(await lease_of(log), commit_of("5-0", state={"a": b"1"}))
        assert await log.offset("geo", "in.1") == START
        assert await log.offset("trips", "in.0") == START
        assert await log.state("trips", "in.0") == {}

    run_with(log, body)


def test_live_rows_of_all_partitions_are_read_together(log: Log) -> None:
    """`live` gathers what each partition's owner wrote."""

    async def body(log: Log) -> None:
        await log.partitions(3)
        for p in range(3):
            lease = await log.acquire(f"geo.{p}", "a", LONG_MS)
            assert lease is not None
            await log.commit(lease, Commit(reader="geo", stream=f"in.{p}", offset="1-0", live={f"d{p}": b"x"}))
        assert await log.live() == {"d0": b"x", "d1": b"x", "d2": b"x"}

    run_with(log, body)


def test_a_repeated_output_is_refused_and_nothing_is_written(log: Log) -> None:
    """A commit whose output id is not beyond the stream's newest changes nothing at all."""

    async def body(log: Log) -> None:
        lease = await lease_of(log)
        await log.commit(lease, commit_of("5-1", outputs=[Output("events.0", "5-1", b"first")]))
        again = [Output("dispatch.in", "9-0", b"new"), Output("events.0", "5-1", b"again")]
        with pytest.raises(ConflictError):
            await log.commit(lease, commit_of("9-0", outputs=again, state={"a": b"1"}))
        assert await log.offset("geo", "in.0") == "5-1"
        assert await log.state("geo", "in.0") == {}
        assert [await log.length("events.0"), await log.length("dispatch.in")] == [1, 0]

    run_with(log, body)


def test_a_repeat_within_one_commit_is_refused(log: Log) -> None:
    """Two outputs of one commit may not share an id."""

    async def body(log: Log) -> None:
        twice = [Output("events.0", "5-1", b"a"), Output("events.0", "5-1", b"b")]
        with pytest.raises(ConflictError):
            await log.commit(await lease_of(log), commit_of(outputs=twice))
        assert await log.last_id("events.0") == START

    run_with(log, body)


def test_a_repeat_is_refused_after_trimming(log: Log) -> None:
    """A stream remembers its newest id when it holds no entry any more."""

    async def body(log: Log) -> None:
        lease = await lease_of(log)
        await log.commit(lease, commit_of(outputs=[Output("events.0", "5-0", b"e")]))
        await log.trim("events.0", "6-0")
        assert [await log.length("events.0"), await log.last_id("events.0")] == [0, "5-0"]
        with pytest.raises(ConflictError):
            await log.commit(lease, commit_of(outputs=[Output("events.0", "5-0", b"e")]))

    run_with(log, body)


def test_append_goes_beyond_chosen_ids(log: Log) -> None:
    """An append to a stream that also gets outputs comes after them."""

    async def body(log: Log) -> None:
        far = "99999999999999-7"
        await log.commit(await lease_of(log), commit_of(outputs=[Output("dispatch.in", far, b"e")]))
        ids = await log.append([("dispatch.in", b"c")])
        assert id_key(ids[0]) > id_key(far)

    run_with(log, body)


def test_trim_forgets_what_is_older(log: Log) -> None:
    """Entries before the id are gone, the id itself and later ones stay."""

    async def body(log: Log) -> None:
        ids = await log.append([("in.0", b"%d" % i) for i in range(5)])
        await log.trim("in.0", ids[3])
        found = await log.read({"in.0": START}, count=9, block_ms=0)
        assert [e.body for e in found["in.0"]] == [b"3", b"4"]
        assert await log.length("in.0") == 2

    run_with(log, body)


def test_trimming_a_stream_that_is_not_there_is_harmless(log: Log) -> None:
    """Trimming and measuring an unknown stream answer with nothing."""

    async def body(log: Log) -> None:
        await log.trim("in.9", "5-0")
        assert [await log.length("in.9"), await log.last_id("in.9")] == [0, START]

    run_with(log, body)


def test_cap_bounds_a_stream_about(log: Log) -> None:
    """A capped stream keeps its newest entries and not many more than the cap."""

    async def body(log: Log) -> None:
        for _ in range(10):
            ids = await log.append([("rejects", b"x")] * 100, cap=100)
        assert 100 <= await log.length("rejects") <= 300
        assert await log.last_id("rejects") == ids[-1]

    run_with(log, body)


def test_frames_start_with_a_gap_and_follow_commits(log: Log) -> None:
    """A listener first hears b"" (read `live` now), then each commit's frame in order; no frame, no message."""

    async def body(log: Log) -> None:
        lease = await lease_of(log)
        async with aclosing(log.frames()) as frames:  # type: ignore[type-var]
            heard = [await anext(frames)]
            for offset, frame in (("1-0", b"f1"), ("2-0", None), ("3-0", b"f3")):
                await log.commit(lease, commit_of(offset, frame=frame))
            heard += [await asyncio.wait_for(anext(frames), 2) for _ in range(2)]
        assert heard == [b"", b"f1", b"f3"]

    run_with(log, body)


def test_a_refused_commit_sends_no_frame(log: Log) -> None:
    """Nobody hears of a position that was not committed."""

    async def body(log: Log) -> None:
        lease = await lease_of(log)
        async with aclosing(log.frames()) as frames:  # type: ignore[type-var]
            await anext(frames)
            with pytest.raises(LeaseLostError):
                await log.commit(Lease("geo.0", "z", 7), commit_of("1-0", frame=b"false"))
            await log.commit(lease, commit_of("1-0", frame=b"true"))
            assert await asyncio.wait_for(anext(frames), 2) == b"true"

    run_with(log, body)


@given(bodies=st.lists(st.binary(max_size=200), max_size=12), chunk=st.integers(1, 5))
def test_any_bytes_come_back_whole_however_read(new_log: Callable[[], Log], bodies: list[bytes], chunk: int) -> None:
    """Bodies are opaque: whatever was appended comes back equal and in order, in pieces of any size."""

    async def body(log: Log) -> None:
        await log.append([("in.0", b) for b in bodies])
        heard: list[Entry] = []
        while found := await log.read({"in.0": heard[-1].id if heard else START}, count=chunk, block_ms=0):
            assert len(found["in.0"]) <= chunk
            heard += found["in.0"]
        assert [e.body for e in heard] == bodies

    run_with(new_log(), body)


def test_a_large_commit_is_one_commit(log: Log) -> None:
    """Thousands of rows and outputs fit in one commit."""

    async def body(log: Log) -> None:
        rows: dict[str, bytes | None] = {f"d{i}": b"x" * 100 for i in range(5_000)}
        outputs = [Output("events.0", f"7-{i}", b"e") for i in range(1, 3_001)]
        await log.commit(await lease_of(log), commit_of("7-0", outputs=outputs, state=rows))
        assert len(await log.state("geo", "in.0")) == 5_000
        assert await log.length("events.0") == 3_000

    run_with(log, body)
