"""Writing to the past: fixes that never went through the log, and what they make of dwells told before.

The archive's writer goes on meanwhile: rows are identified by their content or id and version, and whoever comes
second changes nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import numpy as np
from psycopg_pool import AsyncConnectionPool

from core.events import Event
from core.fixes import Fixes
from store.archive import store_events, storing
from store.pg import query, transaction
from store.staging import device_numbers, stage
from store.text import clean

STREAM: Final = "rebuild"  # the stream that rewritten rows are said to come from


async def add_fixes(pool: AsyncConnectionPool, fixes: Fixes) -> int:
    """Store fixes, each once; how many of them were new. One transaction: keep it to some ten thousand."""
    if not len(fixes):
        return 0
    ids = [clean(name) for name in fixes.ids]
    async with storing(pool) as cursor:
        known = await device_numbers(cursor, sorted(set(ids)))
        await stage(cursor, fixes, np.array([known[name] for name in ids], np.int32))
        await cursor.execute(query("store_fixes"))
        return int((await cursor.fetchall())[0].count)


async def tell(pool: AsyncConnectionPool, entry_id: str, events: Sequence[Event]) -> None:
    """Store events and the rows they change, in one transaction; the same entry told again changes nothing."""
    async with storing(pool) as cursor:
        await store_events(cursor, [(STREAM, entry_id, events)])
        await cursor.execute(query("ring"))


@asynccontextmanager
async def alone(pool: AsyncConnectionPool) -> AsyncIterator[None]:
    """Nobody else rewrites the past meanwhile; waits for whoever does. Holds a connection."""
    async with transaction(pool) as cursor:
        await cursor.execute(query("rewrite_alone"))
        yield
