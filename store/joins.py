"""What belongs to what in the registry, and who may change it now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from psycopg_pool import AsyncConnectionPool

from core.assigning import Joined
from core.entries import Section
from store.pg import ask, queries, transaction
from store.text import clean

_ask: Final = partial(ask, "joins.sql")
SHOWN: Final = 20  # joins that one answer names at most


@asynccontextmanager
async def alone(pool: AsyncConnectionPool) -> AsyncIterator[None]:
    """Of all processes only this one changes the registry meanwhile. Holds a connection: keep it short."""
    async with transaction(pool) as cursor:
        await cursor.execute(queries("joins.sql")["patience"])
        await cursor.execute(queries("joins.sql")["alone"])
        yield


async def joins_of(pool: AsyncConnectionPool, devices: Iterable[str]) -> list[dict[str, Any]]:
    """The assignments, past ones too, of these devices."""
    return [row.body for row in await _ask(pool, "joins_of", {"devices": [clean(name) for name in devices]})]


async def joins_naming(
    pool: AsyncConnectionPool, what: Joined, row_id: str, *, at_us: int, limit: int = SHOWN
) -> list[dict[str, Any]]:
    """Assignments in force at `at_us` or later that name this device, vehicle, person, route or shift."""
    named = {"what": what, "id": clean(row_id), "at_us": at_us, "limit": limit}
    return [row.body for row in await _ask(pool, "joins_naming", named)]


async def rows_of(pool: AsyncConnectionPool, section: Section, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Those rows of a section that exist, by id."""
    found = await _ask(pool, "rows_of", {"section": section, "ids": sorted({clean(name) for name in ids})})
    return {row.id: row.body for row in found}


async def held_registered(pool: AsyncConnectionPool, *, limit: int = 100) -> list[str]:
    """Devices with held fixes that are registered by now."""
    return [row.device for row in await _ask(pool, "held_registered", {"limit": limit})]
