"""What is kept of a volunteer, and its end: where they were goes, and their names in what stays.

How many were asked, came, and when stays, and the hourly sums of fixes. The chain says of each row of events, of each
entry that dispatch decided from, and of each of its states what stands there instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
from psycopg import AsyncCursor
from psycopg_pool import AsyncConnectionPool

from core.naming import ERASED
from store import chain, scrubbing
from store.chain import Erased, text_digest
from store.pg import ask, queries, transaction
from store.scrubbing import unnamed
from store.text import clean

_ask: Final = partial(ask, "erasure.sql")
_OF_DEVICE: Final = (
    "forget_fixes", "forget_dwells", "forget_spells", "forget_alerts", "forget_rejects_of", "forget_day_rows",
)  # fmt: skip
_NAMING: Final = ("events", "plans", "incidents", "offers", "commands", "config_log", "day_rows", "days")
_OF_PERSON: Final = (
    "forget_actor", "forget_day_joins", "forget_pushes", "forget_photos", "unname_photos", "forget_invites",
    "forget_tokens", "forget_sessions", "forget_links",
)  # fmt: skip


class Carried(NamedTuple):
    """A device that somebody carried, from (inclusive) until (exclusive)."""

    device: str
    from_us: int
    until_us: int


class Word(NamedTuple):
    """Something that a person said: a command of theirs. An incident bears the id of the report that opened it."""

    id: str
    kind: str
    at_us: int
    body: dict[str, Any]


async def words_of(pool: AsyncConnectionPool, person: str) -> list[Word]:
    """What a person reported, answered and did, oldest first."""
    return [Word(*row) for row in await _ask(pool, "words_of", {"person": clean(person)})]


async def joins_of_person(pool: AsyncConnectionPool, person: str) -> list[dict[str, Any]]:
    """Every assignment that names a person, past ones too."""
    return [row.body for row in await _ask(pool, "joins_of_person", {"person": clean(person)})]


async def carried_by(pool: AsyncConnectionPool, person: str, now_us: int) -> list[Carried]:
    """Which devices a person carried when, up to now."""
    joins = [join for join in await joins_of_person(pool, person) if join.get("device")]
    spans = [Carried(join["device"], join["from_us"], join.get("until_us") or now_us + 1) for join in joins]
    return [span for span in spans if span.from_us < span.until_us]


async def forget(pool: AsyncConnectionPool, person: str, carried: Sequence[Carried], now_us: int = 0) -> None:
    """All of it or nothing."""
    names = [clean(person), *{clean(one.device) for one in carried}]
    async with transaction(pool) as cursor:
        await chain.lock(cursor)
        await chain.begin(cursor)
        gone = list[Erased]()
        for one in carried:
            for name in _OF_DEVICE:
                await cursor.execute(queries("erasure.sql")[name], one._asdict())
            gone += await _forget_events(cursor, one)
        for name in _OF_PERSON:
            await cursor.execute(queries("erasure.sql")[name], {"person": names[0], "names": names, "word": ERASED})
        for table in _NAMING:
            gone += await _unname(cursor, table, names)
        gone += await scrubbing.scrub(cursor, frozenset(names), carried)
        await chain.erase(cursor, gone, now_us)


async def _forget_events(cursor: AsyncCursor[Any], one: Carried) -> list[Erased]:
    await cursor.execute(queries("erasure.sql")["forget_device_events"], one._asdict())
    return [
        Erased(row.stream, row.entry_id, row.ordinal, text_digest(row.body), None, "erased")
        for row in await cursor.fetchall()
    ]


async def _unname(cursor: AsyncCursor[Any], table: str, names: Sequence[str]) -> list[Erased]:
    await cursor.execute(queries("erasure.sql")[f"naming_{table}"], {"names": names})
    rows = await cursor.fetchall()
    bodies = [msgspec.json.encode(unnamed(row.body, frozenset(names))).decode() for row in rows]
    await cursor.execute(
        queries("erasure.sql")[f"unname_{table}"], {"keys": [row.key for row in rows], "bodies": bodies}
    )
    if table != "events":
        return []
    return [
        Erased(row.stream, row.entry_id, row.ordinal, text_digest(row.text), text_digest(body), "erased")
        for row, body in zip(rows, bodies, strict=True)
    ]
