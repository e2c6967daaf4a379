"""Days of devices of which fixes came beyond the horizon: who waits to be computed anew, since when, and why still."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any, Final, NamedTuple

from psycopg_pool import AsyncConnectionPool

from core.units import US_PER_S
from store.pg import ask, queries, transaction
from store.text import clean

_ask: Final = partial(ask, "late.sql")
READER: Final = "rebuild"  # of the table `offsets`
STREAM: Final = "fix_flagged"
WORDS: Final = 1_000  # read in one transaction
SHOWN: Final = 1_000  # device days of one answer
REASON: Final = 500  # characters


class Late(NamedTuple):
    """A device and day of UTC: from when to when its late fixes were heard, how often it was tried in vain."""

    device: str
    day_us: int
    first_us: int
    last_us: int
    tries: int

    @property
    def key(self) -> dict[str, Any]:
        return {"device": self.device, "day": dt.datetime.fromtimestamp(self.day_us / US_PER_S, dt.UTC).date()}


class Waiting(NamedTuple):
    """As people are told of it. `next_us`: when it is tried again; None: at its time. Refused: not again by itself."""

    device: str
    since_us: int
    tries: int
    next_us: int | None
    refused: bool
    reason: str


async def take(pool: AsyncConnectionPool) -> bool:
    """Read on in the engine's words; whether there may be more. What is read waits until it is `done`.

    The first time it begins with the newest event there is.
    """
    async with transaction(pool) as cursor:
        named = queries("history.sql")
        where = {"reader": READER, "stream": STREAM}
        await cursor.execute(named["mark"], where)
        mark = await cursor.fetchall()
        if not mark:
            await cursor.execute(named["seq"])
            await cursor.execute(named["set_mark"], where | {"last_id": str((await cursor.fetchall())[0].seq)})
            return False
        await cursor.execute(queries("late.sql")["take"], {"seq": int(mark[0].last_id), "limit": WORDS})
        found = (await cursor.fetchall())[0]
        if found.words:
            await cursor.execute(named["set_mark"], where | {"last_id": str(found.seq)})
        return bool(found.words == WORDS)


async def ripe(
    pool: AsyncConnectionPool, now_us: int, *, quiet_us: int, long_us: int, limit: int = SHOWN
) -> list[Late]:
    """Those heard last at `quiet_us` or before, or first at `long_us`, unless they are to be tried later."""
    named = {"now_us": now_us, "quiet_us": quiet_us, "long_us": long_us, "limit": limit}
    return [Late(*row) for row in await _ask(pool, "ripe", named)]


async def done(pool: AsyncConnectionPool, late: Late, *, quiet: bool) -> None:
    """It was computed with all that was heard up to `last_us`; not `quiet`: more is to come."""
    await _ask(pool, "done", late.key | {"last_us": late.last_us, "quiet": quiet})


async def failed(pool: AsyncConnectionPool, late: Late, reason: str, *, next_us: int, refused: bool) -> None:
    """It was tried in vain."""
    named = {"next_us": next_us, "refused": refused, "reason": clean(reason)[:REASON]}
    await _ask(pool, "failed", late.key | named)


async def settle(pool: AsyncConnectionPool, device: str, from_us: int, to_us: int) -> None:
    """Somebody computed this time anew: what was refused before and lies in it waits no more."""
    await _ask(pool, "settle", {"device": clean(device), "from_us": from_us, "to_us": to_us})


async def counts(pool: AsyncConnectionPool) -> dict[str, int]:
    """How many device days wait, and how many were refused."""
    row = (await _ask(pool, "counts", {}))[0]
    return {"waiting": row.waiting, "refused": row.refused}


async def touching(pool: AsyncConnectionPool, from_us: int, to_us: int) -> list[Waiting]:
    """Devices whose late fixes of [from, to) are not in the rows: those that wait, then those refused."""
    return [Waiting(*row) for row in await _ask(pool, "touching", {"from_us": from_us, "to_us": to_us, "limit": SHOWN})]
