"""What nobody asks for and everybody needs: sums of fixes by hour, and forgetting what is older than it may be.

No scheduler of the database does it (TimescaleDB's Apache build has none): the stage `schedule` calls these.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from psycopg import AsyncCursor
from psycopg_pool import AsyncConnectionPool

from core.fixes import Flag
from core.units import DAY_US, HOUR_US
from store.pg import queries, transaction

DUE: Final = 1_000  # device hours counted in one transaction
FORGET: Final = 20_000  # rows deleted in one transaction
LATE: Final = Flag.STALE
FLAGGED: Final = Flag.MOCK | Flag.DUPLICATE | Flag.REPEAT | Flag.JUMP | Flag.STUCK | Flag.SPEED | Flag.ACCURACY
PLACELESS: Final = Flag.RETAINED | Flag.HEARTBEAT | Flag.MOCK | Flag.JUMP
_FLAGS: Final = {"late": int(LATE), "flagged": int(FLAGGED), "placeless": int(PLACELESS)}


class Hour(NamedTuple):
    """The fixes of one device in one hour of UTC, or in several: `hour_us` is the first of them."""

    device: str
    hour_us: int
    fixes: int
    first_us: int
    last_us: int
    late: int  # received beyond the lateness horizon
    flagged: int  # doubted by ingest or said to be made up
    metres: float  # by odometer or straight legs: an estimate


async def roll_up(pool: AsyncConnectionPool) -> int:
    """Bring the sums up to date with every fix stored; how many device hours were counted anew.

    An hour is counted whole, from its fixes, so that late ones, repeated calls and a kill in between do no harm. Each
    is counted once a call: what arrives meanwhile waits for the next.
    """
    done, after = 0, (0, 0)  # the hour counted last, and the device
    while True:
        async with transaction(pool) as cursor:
            taken = await _run(cursor, "take_due", {"limit": DUE, "after_us": after[0], "after_no": after[1]})
            if taken:
                hours_us = [row.hour_us for row in taken]
                bounds = {"from_us": min(hours_us), "to_us": max(hours_us) + 2 * HOUR_US}
                due = {"devices": [row.device_no for row in taken], "hours_us": hours_us}
                await cursor.execute(_query("roll_up"), due | bounds | _FLAGS)
                done += cursor.rowcount
        if len(taken) < DUE:
            return done
        after = max((row.hour_us, row.device_no) for row in taken)


async def hours(
    pool: AsyncConnectionPool, from_us: int, to_us: int, *, device: str | None = None, limit: int = 10_000
) -> list[Hour]:
    """Sums of each hour that begins in [from_us, to_us), oldest first."""
    named = {"from_us": from_us, "to_us": to_us, "device": device, "limit": limit}
    async with transaction(pool) as cursor:
        return [Hour(*row) for row in await _run(cursor, "hours", named)]


async def sums(pool: AsyncConnectionPool, from_us: int, to_us: int, *, limit: int = 10_000) -> list[Hour]:
    """Sums of each device over the hours that begin in [from_us, to_us), by device."""
    async with transaction(pool) as cursor:
        return [Hour(*row) for row in await _run(cursor, "sums", {"from_us": from_us, "to_us": to_us, "limit": limit})]


def forgotten_until_us(now_us: int, keep_days: int) -> int:
    """The first instant that is kept."""
    return now_us // DAY_US * DAY_US - keep_days * DAY_US


def kept_since_us(now_us: int, keep_days: int) -> int:
    """From when on a day can be computed anew: all of its fixes, and of the day before, are there for a day yet."""
    return forgotten_until_us(now_us, keep_days) + 2 * DAY_US if keep_days > 0 else 0


async def forget(pool: AsyncConnectionPool, now_us: int, keep_days: int) -> int:
    """Forget fixes of days (of UTC) that ended more than `keep_days` days ago; 0 keeps all. Sums and dwells stay.

    Returns the number of rows deleted, or of chunks dropped where the fixes are a hypertable.
    """
    if keep_days <= 0:
        return 0
    before_us = forgotten_until_us(now_us, keep_days)
    async with transaction(pool) as cursor:
        if await hypertable(cursor):
            return int((await _run(cursor, "drop_chunks", {"before_us": before_us}))[0].count)
    gone = 0
    while True:
        async with transaction(pool) as cursor:
            await cursor.execute(_query("forget_fixes"), {"before_us": before_us, "limit": FORGET})
            gone += cursor.rowcount
            if cursor.rowcount < FORGET:
                return gone


async def forgotten(pool: AsyncConnectionPool, device: str, from_us: int, to_us: int) -> int:
    """Until when the hours of a device that lie in the span lack fixes that they once had; 0: they have them all."""
    async with transaction(pool) as cursor:
        named = {"device": device, "from_us": from_us, "to_us": to_us}
        return int((await _run(cursor, "forgotten", named))[0].until_us)


async def hypertable(cursor: AsyncCursor[Any]) -> bool:
    """Whether the fixes lie in chunks of TimescaleDB."""
    there = (await _run(cursor, "timescale", {}))[0].exists
    return bool(there and (await _run(cursor, "hypertable", {}))[0].exists)


async def _run(cursor: AsyncCursor[Any], name: str, named: dict[str, Any]) -> list[Any]:
    await cursor.execute(_query(name), named)
    return await cursor.fetchall()


def _query(name: str) -> bytes:
    return queries("upkeep.sql")[name]
