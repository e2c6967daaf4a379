"""Fixes of devices that nobody registered yet: shown, adopted with the device, or forgotten after a day.

Adopting is the caller's: read the fixes, append them to the log as the device's own, then drop what was read.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from psycopg_pool import AsyncConnectionPool

from core.fixes import Fixes
from store.pg import query, transaction
from store.rows import content_of, fixes_of
from store.text import clean

BATCH: Final = 20_000  # rows deleted in one transaction


class HeldDevice(NamedTuple):
    """A stranger: how many fixes wait, when they were heard, and where the newest of them says it is."""

    device: str
    dialect: int  # number of the dialect heard last, see `ingest.dialects`
    fixes: int
    first_us: int
    last_us: int
    lon: float
    lat: float


async def held_devices(pool: AsyncConnectionPool, *, limit: int = 1000) -> list[HeldDevice]:
    """Devices with fixes waiting, those heard last first."""
    async with transaction(pool) as cursor:
        await cursor.execute(query("held_devices"), {"limit": limit})
        return [HeldDevice(*row) for row in await cursor.fetchall()]


async def held_fixes(pool: AsyncConnectionPool, device: str, *, limit: int = 100_000) -> Fixes:
    """The oldest fixes of a device by (time, content), as they were heard."""
    async with transaction(pool) as cursor:
        await cursor.execute(query("held_fixes"), {"device": clean(device), "limit": limit})
        return fixes_of(device, await cursor.fetchall())


async def drop_held(pool: AsyncConnectionPool, device: str, fixes: Fixes) -> None:
    """Forget these fixes of the device, as `held_fixes` gave them; what came in meanwhile stays."""
    named = {"times_us": fixes.time_us.tolist(), "contents": content_of(fixes).tolist()}
    async with transaction(pool) as cursor:
        await cursor.execute(query("drop_held"), named | {"device": clean(device)})


async def expire_held(pool: AsyncConnectionPool, before_us: int) -> int:
    """Forget what was received before an instant; how many fixes that were."""
    gone = 0
    while True:
        async with transaction(pool) as cursor:
            await cursor.execute(query("expire_held"), {"before_us": before_us, "limit": BATCH})
            gone += cursor.rowcount
            if cursor.rowcount < BATCH:
                return gone
