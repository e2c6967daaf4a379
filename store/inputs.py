"""What dispatch decided from, as the archive keeps it: its state now and then, and its entries as they were."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import partial
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec
from psycopg_pool import AsyncConnectionPool

from store import chain
from store.chain import SNAPSHOTS, Erased, Link
from store.log import id_key
from store.pg import ask, queries, transaction

PAGE: Final = 200  # blocks at a time
NOWHERE: Final = "kept"  # the stream in whose name forgetting is told
_ask: Final = partial(ask, "chain.sql")


class Snapshot(NamedTuple):
    """The state rows of dispatch after an entry; `rows` is None once they are forgotten."""

    entry_id: str
    at_us: int
    version: str
    digest: bytes
    rows: dict[str, bytes] | None


class Anchor(NamedTuple):
    """A block that will not change any more: whoever noted it down can tell later whether it still is there."""

    no: int
    at_us: int
    version: str
    digest: bytes
    prev: bytes
    entries: int  # on the chain by then


async def anchor(pool: AsyncConnectionPool, no: int | None = None) -> Anchor | None:
    """The newest block that does not grow any more, or the one of this number."""
    rows = await _ask(pool, "anchors", {"no": no})
    (end,) = await _ask(pool, "ends", {})
    rows = [row for row in rows if row.no < end.last]
    return Anchor(*_figures(rows[0])) if rows else None


def _figures(row: Any) -> tuple[Any, ...]:
    entries = sum(head[1] for head in row.heads.values())
    return row.no, row.at_us, row.version, row.digest, row.prev, entries


def body_of(rows: Mapping[str, bytes]) -> bytes:
    return msgspec.msgpack.encode(dict(sorted(rows.items())))


async def keep_snapshot(pool: AsyncConnectionPool, entry_id: str, rows: Mapping[str, bytes], version: str) -> None:
    """Store the state as of an entry, and say so on the chain; once."""
    body = body_of(rows)
    digest = sha256(body).digest()
    named = {
        "entry_id": entry_id,
        "at_us": id_key(entry_id)[0] * 1000,
        "version": version,
        "digest": digest,
        "body": body,
    }
    async with transaction(pool) as cursor:
        await chain.lock(cursor)
        await chain.begin(cursor)
        await cursor.execute(queries("chain.sql")["keep_snapshot"], named)
        if cursor.rowcount:
            await chain.extend(cursor, [Link(SNAPSHOTS, entry_id, digest, told=True)], version)


async def newest_snapshot(pool: AsyncConnectionPool) -> Any:
    """Of the newest one: `entry_id`, `at_us`, `version`; None before the first."""
    rows = await _ask(pool, "newest_snapshot", {})
    return rows[0] if rows else None


async def snapshot_before(pool: AsyncConnectionPool, at_us: int) -> Snapshot | None:
    """The newest one that is not after an instant and not forgotten."""
    rows = await _ask(pool, "snapshot_before", {"at_us": at_us})
    return _snapshot(rows[0]) if rows else None


async def snapshot_ids(pool: AsyncConnectionPool, from_us: int, to_us: int) -> set[str]:
    """The entries after which a state is kept."""
    return {row.entry_id for row in await _ask(pool, "snapshot_ids", {"from_us": from_us, "to_us": to_us})}


async def snapshot(pool: AsyncConnectionPool, entry_id: str) -> Snapshot | None:
    rows = await _ask(pool, "snapshot", {"entry_id": entry_id})
    return _snapshot(rows[0]) if rows else None


def _snapshot(row: Any) -> Snapshot:
    rows = None if row.body is None else msgspec.msgpack.decode(row.body, type=dict[str, bytes])
    return Snapshot(row.entry_id, row.at_us, row.version, row.digest, rows)


async def blocks(pool: AsyncConnectionPool, from_no: int, to_no: int) -> AsyncIterator[Any]:
    """Blocks by number, read page by page."""
    while from_no <= to_no:
        page = await _ask(pool, "blocks", {"from_no": from_no, "to_no": to_no, "limit": PAGE})
        for row in page:
            yield row
        if len(page) < PAGE:
            return
        from_no = page[-1].no + 1


async def block_at(pool: AsyncConnectionPool, at_us: int) -> int | None:
    """Number of the block in which an instant lies, None before the first."""
    rows = await _ask(pool, "block_at", {"at_us": at_us})
    return rows[0].no if rows else None


async def ends(pool: AsyncConnectionPool) -> tuple[int, int]:
    """Numbers of the first and the newest block, zeros before the first."""
    (row,) = await _ask(pool, "ends", {})
    return row.first, row.last


async def forget_inputs(pool: AsyncConnectionPool, now_us: int, before_us: int) -> int:
    """Forget entries and states of before an instant; their digests stay, and the chain says what was forgotten.

    Returns the number of blocks and states that lost their text.
    """
    async with transaction(pool) as cursor:
        await chain.lock(cursor)
        await chain.begin(cursor)
        gone = 0
        for name in ("forget_kept", "forget_snapshots"):
            await cursor.execute(queries("chain.sql")[name], {"before_us": before_us})
            gone += cursor.rowcount
        if gone:
            told = Erased(NOWHERE, f"{before_us // 1000}-0", 0, b"", None, "forgotten")
            await chain.erase(cursor, [told], now_us)
    return gone
