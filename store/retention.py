"""How long it is known where volunteers were: what their phones did goes, and places in plans become coarse.

Who was asked, who came, when and how far away they were stays, and the hourly sums of fixes.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from psycopg import AsyncCursor
from psycopg_pool import AsyncConnectionPool

from store import chain
from store.chain import Erased, text_digest
from store.history import mark, set_mark
from store.pg import queries, transaction
from store.upkeep import FORGET, forgotten_until_us

READER: Final = "retention"  # of the table `offsets`
EVENTS: Final = 2_000  # looked through in one transaction, while the archive waits
COARSE: Final = 2  # decimals of a degree that a place keeps: 1.1 km
_ROWS: Final = ("forget_fixes", "forget_dwells", "forget_spells", "forget_alerts", "forget_day_rows")
_json: Final = msgspec.json.Decoder().decode


async def forget_phones(pool: AsyncConnectionPool, now_us: int, keep_days: int) -> int:
    """One round; 0 days keep all. How many rows went or became coarse."""
    if keep_days <= 0:
        return 0
    before_us = forgotten_until_us(now_us, keep_days)
    return await _rows(pool, before_us) + await _events(pool, before_us, now_us)


async def _rows(pool: AsyncConnectionPool, before_us: int) -> int:
    """Once a day, when the limit moves, for trucks' rows are looked through, too. What comes late goes the next day."""
    if before_us <= int(await mark(pool, READER, "rows") or 0):
        return 0
    gone = sum([await _in_parts(pool, name, before_us) for name in _ROWS])
    await set_mark(pool, READER, "rows", str(before_us))
    return gone


async def _in_parts(pool: AsyncConnectionPool, name: str, before_us: int) -> int:
    gone = 0
    while True:
        async with transaction(pool) as cursor:
            await cursor.execute(_query(name), {"before_us": before_us, "limit": FORGET})
            gone += cursor.rowcount
            if cursor.rowcount < FORGET:
                return gone


async def _events(pool: AsyncConnectionPool, before_us: int, now_us: int) -> int:
    """In their order, up to the first that is kept; a plan's row with its event, of which it is a copy."""
    gone, after = 0, int(await mark(pool, READER, "events") or 0)
    async with transaction(pool) as cursor:
        last = (await _run(cursor, "first_kept", {"after": after, "before_us": before_us}))[0].seq or after
    while after < last:
        to = min(last, after + EVENTS)
        async with transaction(pool) as cursor:
            await chain.lock(cursor)
            await chain.begin(cursor)
            gone += await _forget_events(cursor, await _run(cursor, "old_events", {"after": after, "to": to}), now_us)
        await set_mark(pool, READER, "events", str(to))
        after = to
    return gone


async def _forget_events(cursor: AsyncCursor[Any], rows: list[Any], now_us: int) -> int:
    bodies = {row.seq: _coarse(row.body) for row in rows if row.kind == "plan"}
    plans = {"seqs": list(bodies), "bodies": list(bodies.values())}
    await cursor.execute(_query("coarsen_plans"), plans)
    await cursor.execute(_query("coarsen_events"), plans)
    await cursor.execute(_query("drop_events"), {"seqs": [row.seq for row in rows if row.seq not in bodies]})
    await chain.erase(cursor, [_erased(row, bodies.get(row.seq)) for row in rows], now_us)
    return len(rows)


def _erased(row: Any, now: str | None) -> Erased:
    """What the chain is told; one word for all that goes by itself."""
    digest = None if now is None else text_digest(now)
    return Erased(row.stream, row.entry_id, row.ordinal, text_digest(row.body), digest, "erased")


def _coarse(body: str) -> str:
    return msgspec.json.encode(coarse(_json(body))).decode()


def coarse(value: Any) -> Any:
    """A value in which no device's place is known better than to a kilometre."""
    if isinstance(value, list):
        return [coarse(each) for each in value]
    if not isinstance(value, dict):
        return value
    of_device = "device" in value
    return {k: round(v, COARSE) if of_device and k in ("lon", "lat") else coarse(v) for k, v in value.items()}


async def _run(cursor: AsyncCursor[Any], name: str, named: dict[str, Any]) -> list[Any]:
    await cursor.execute(_query(name), named)
    return await cursor.fetchall()


def _query(name: str) -> bytes:
    return queries("retention.sql")[name]
