"""What only a real server can show: durability settings, lost connections, a restart."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import redis

from core.errors import UnavailableError
from store.log import START, Commit, Lease, Log, Output
from store.valkey import ValkeyLog
from tests.running import run_with
from tests.servers import valkey_server

pytestmark = pytest.mark.service


def drop_connections(url: str, kind: str) -> None:
    """Close all connections of a kind, as a restart of the server or a fault of the network would."""
    with redis.Redis.from_url(url) as client:
        client.client_kill_filter(_type=kind, skipme=True)


def test_the_test_server_is_durable(clean_valkey_url: str) -> None:
    """A server that fsyncs every write has nothing to complain about."""
    log = ValkeyLog(clean_valkey_url)
    assert run_with(log, lambda _: log.check_durable()) == []


def test_a_server_that_forgets_is_named_so() -> None:
    """appendfsync everysec: one complaint that says what to set."""
    with valkey_server("--appendfsync", "everysec") as url:
        log = ValkeyLog(url)
        complaints = run_with(log, lambda _: log.check_durable())
    assert complaints == [
        "Valkey has appendfsync everysec: acknowledged fixes can be lost; set appendfsync always.",
    ]


def test_no_server_is_one_error(tmp_path: Any) -> None:
    """Without a server an append raises what callers retry on, at once."""
    log = ValkeyLog(f"unix://{tmp_path}/nothing.sock")

    async def body(_: Log) -> None:
        with pytest.raises(UnavailableError):
            await log.append([("in.0", b"x")])
        with pytest.raises(redis.ConnectionError):
            await log.last_id("in.0")

    run_with(log, body)


def test_an_append_on_a_lost_connection_is_not_repeated_by_itself(clean_valkey_url: str) -> None:
    """The caller decides: the first append after the loss raises or writes once, the next one works."""

    async def body(log: Log) -> None:
        await log.append([("in.0", b"1")])
        drop_connections(clean_valkey_url, "normal")
        written = 1
        for _ in range(2):
            try:
                written += len(await log.append([("in.0", b"2")]))
            except UnavailableError:
                continue
        assert await log.length("in.0") == written >= 2

    run_with(ValkeyLog(clean_valkey_url), body)


def test_a_blocked_read_survives_a_lost_connection(clean_valkey_url: str) -> None:
    """A reader that was waiting goes on waiting over a new connection, and misses nothing."""

    async def body(log: Log) -> None:
        waiting = asyncio.create_task(log.read({"in.0": START}, count=9, block_ms=5_000))
        await asyncio.sleep(0.1)
        drop_connections(clean_valkey_url, "normal")
        other = ValkeyLog(clean_valkey_url)
        await other.append([("in.0", b"x")])
        await other.close()
        assert [e.body for e in (await asyncio.wait_for(waiting, 3))["in.0"]] == [b"x"]

    run_with(ValkeyLog(clean_valkey_url), body)


def test_frames_go_on_after_a_lost_connection(clean_valkey_url: str) -> None:
    """The listener hears of the gap as b"", then of the next commit."""

    async def body(log: Log) -> None:
        lease = await log.acquire("geo.0", "a", 60_000)
        assert lease is not None
        async with aclosing(log.frames()) as frames:  # type: ignore[type-var]
            assert await anext(frames) == b""
            drop_connections(clean_valkey_url, "pubsub")
            assert await asyncio.wait_for(anext(frames), 5) == b""
            await log.commit(lease, Commit(reader="geo", stream="in.0", offset="1-0", frame=b"f"))
            assert await asyncio.wait_for(anext(frames), 2) == b"f"

    run_with(ValkeyLog(clean_valkey_url), body)


def test_two_processes_share_one_log(clean_valkey_url: str) -> None:
    """What one client commits another reads: partitions, state, live rows, offset and lease."""

    async def body(log: Log) -> None:
        await log.partitions(2)
        lease = await log.acquire("geo.1", "a", 60_000)
        assert lease is not None
        await log.commit(lease, Commit(reader="geo", stream="in.1", offset="7-0", state={"é": b"s"}, live={"é": b"l"}))
        other = ValkeyLog(clean_valkey_url)
        found = [await other.partitions(9), await other.offset("geo", "in.1"), await other.state("geo", "in.1")]
        found += [await other.live(), await other.acquire("geo.1", "b", 1000)]
        await other.close()
        assert found == [2, "7-0", {"é": b"s"}, {"é": b"l"}, None]

    run_with(ValkeyLog(clean_valkey_url), body)


def test_keys_of_a_partition_share_a_hash_tag(clean_valkey_url: str) -> None:
    """A commit touches keys of one tag only, so that a cluster can hold them together."""

    async def body(log: Log) -> None:
        lease = await log.acquire("geo.3", "a", 60_000)
        assert lease is not None
        await log.append([("in.3", b"x")])
        await log.commit(lease, Commit(reader="geo", stream="in.3", offset="1-0", state={"d": b"s"}, live={"d": b"l"}))

    run_with(ValkeyLog(clean_valkey_url), body)
    with redis.Redis.from_url(clean_valkey_url) as client:
        assert {key.partition(b"}")[0] for key in client.scan_iter()} == {b"ronda:{p3"}


async def commit_until_killed(url: str, after_s: float) -> tuple[int, int]:
    """Append and commit until the server is killed in the middle; returns how many of each were answered."""
    log, answered = ValkeyLog(url), [0, 0]
    lease = await log.acquire("geo.0", "a", 60_000)
    assert lease is not None
    with redis.Redis.from_url(url) as client:
        pid = client.info("server")["process_id"]

    async def appending() -> None:
        while True:
            await log.append([("in.0", b"%d" % (answered[0] + 1))])
            answered[0] += 1

    async def committing(lease: Lease) -> None:
        while True:
            n = answered[1] + 1
            rows = {f"d{i}": b"%d" % n for i in range(50)}
            outputs = [Output("events.0", f"{n}-{i}", b"e") for i in range(3)]
            await log.commit(lease, Commit("geo", "in.0", f"{n}-0", outputs, state=rows, live=rows, frame=b"f"))
            answered[1] = n

    running = [asyncio.create_task(appending()), asyncio.create_task(committing(lease))]
    await asyncio.sleep(after_s)
    os.kill(pid, signal.SIGKILL)
    outcomes = await asyncio.gather(*running, return_exceptions=True)
    assert all(isinstance(outcome, UnavailableError) for outcome in outcomes), outcomes
    await log.close()
    return answered[0], answered[1]


@pytest.mark.parametrize("after_s", [0.05, 0.13, 0.21])
def test_a_killed_server_kept_all_or_nothing_of_a_commit(tmp_path: Path, after_s: float) -> None:
    """After kill -9 every answered write is there, and state, live rows, outputs and offset are of one commit."""
    with valkey_server(data=tmp_path) as url:
        appended, committed = asyncio.run(commit_until_killed(url, after_s))

    async def body(log: Log) -> None:
        assert await log.partitions(1) == 1
        assert await log.length("in.0") in {appended, appended + 1}
        n = int((await log.offset("geo", "in.0")).partition("-")[0])
        assert n in {committed, committed + 1}
        rows = {f"d{i}": b"%d" % n for i in range(50)} if n else {}
        assert [await log.state("geo", "in.0"), await log.live()] == [rows, rows]
        assert [await log.last_id("events.0"), await log.length("events.0")] == [f"{n}-2" if n else START, 3 * n]

    with valkey_server(data=tmp_path) as url:
        run_with(ValkeyLog(url), body)
