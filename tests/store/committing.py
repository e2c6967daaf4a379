"""A lease and a commit with nothing special about them."""

from __future__ import annotations

from store.log import Commit, Lease, Log

LONG_MS = 60_000


async def lease_of(log: Log, owner: str = "a", ttl_ms: int = LONG_MS) -> Lease:
    lease = await log.acquire("geo.0", owner, ttl_ms)
    assert lease is not None
    return lease


def commit_of(offset: str = "5-0", **changes: object) -> Commit:
    return Commit(reader="geo", stream="in.0", offset=offset, **changes)  # type: ignore[arg-type]
