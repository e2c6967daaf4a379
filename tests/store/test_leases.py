"""Leases of the log: one owner, epochs that fence the one before; on memory and on Valkey alike."""

from __future__ import annotations

import asyncio

import pytest

from core.errors import LeaseLostError
from store.log import Lease, Log, Output
from tests.running import run_with
from tests.store.committing import LONG_MS, commit_of, lease_of


def test_a_lease_has_one_owner(log: Log) -> None:
    """While a lease is held, others get None and the owner renews under the same epoch."""

    async def body(log: Log) -> None:
        first = await lease_of(log, "a")
        assert await log.acquire("geo.0", "b", LONG_MS) is None
        assert await lease_of(log, "a") == first
        assert (await log.acquire("geo.1", "b", LONG_MS)) == Lease("geo.1", "b", 1)

    run_with(log, body)


def test_a_released_lease_is_free_under_a_new_epoch(log: Log) -> None:
    """Giving a lease back lets the next owner in at once, fenced by a higher epoch."""

    async def body(log: Log) -> None:
        first = await lease_of(log, "a")
        await log.release(first)
        second = await lease_of(log, "b")
        assert (second.owner, second.epoch) == ("b", first.epoch + 1)

    run_with(log, body)


def test_releasing_a_lost_lease_harms_nobody(log: Log) -> None:
    """A former owner cannot give away what is another's."""

    async def body(log: Log) -> None:
        first = await lease_of(log, "a")
        await log.release(first)
        second = await lease_of(log, "b")
        await log.release(first)
        await log.commit(second, commit_of("1-0"))
        assert await log.offset("geo", "in.0") == "1-0"

    run_with(log, body)


def test_an_expired_lease_commits_nothing(log: Log) -> None:
    """An owner that was paused beyond its lease writes nothing, even if nobody took over."""

    async def body(log: Log) -> None:
        lease = await lease_of(log, ttl_ms=30)
        await asyncio.sleep(0.08)
        with pytest.raises(LeaseLostError):
            await log.commit(lease, commit_of(outputs=[Output("events.0", "1-0", b"e")], state={"a": b"1"}))
        assert await log.state("geo", "in.0") == {}
        assert await log.length("events.0") == 0

    run_with(log, body)


def test_a_new_owner_fences_the_old_one(log: Log) -> None:
    """After a take-over the former owner's commit is refused, the new one's is written."""

    async def body(log: Log) -> None:
        old = await lease_of(log, "a", ttl_ms=30)
        await asyncio.sleep(0.08)
        new = await lease_of(log, "b")
        assert new.epoch == old.epoch + 1
        with pytest.raises(LeaseLostError):
            await log.commit(old, commit_of("1-0"))
        await log.commit(new, commit_of("2-0"))
        assert await log.offset("geo", "in.0") == "2-0"

    run_with(log, body)


def test_an_owner_that_lost_its_lease_to_itself_is_fenced_too(log: Log) -> None:
    """The same owner name after expiry gets a new epoch; commits under the old one are refused."""

    async def body(log: Log) -> None:
        old = await lease_of(log, "a", ttl_ms=30)
        await asyncio.sleep(0.08)
        await lease_of(log, "a")
        with pytest.raises(LeaseLostError):
            await log.commit(old, commit_of("1-0"))

    run_with(log, body)


def test_renewing_keeps_a_lease_alive(log: Log) -> None:
    """A renewed lease outlives its first time to live."""

    async def body(log: Log) -> None:
        lease = await lease_of(log, ttl_ms=80)
        await lease_of(log, ttl_ms=LONG_MS)
        await asyncio.sleep(0.12)
        await log.commit(lease, commit_of("1-0"))

    run_with(log, body)
