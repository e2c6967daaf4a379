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
    "forget_fixes", "forget_dwells", "forget_spells", "forget_alerts", "forget_rejects_of",
)  # fmt: skip
_NAMING: Final = ("incidents", "offers")
_BESIDE: Final = ("plans", "commands", "config_log", "day_rows", "days")  # large, and nobody waits for them
EVENTS: Final = 5_000  # looked through in one transaction, while the archive waits
_OF_PERSON: Final = (
    "forget_actor", "forget_pushes", "forget_photos", "unname_photos", "forget_invites",
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
    """What is large part by part, so that the archive goes on; the rest at once. Cut short, it can be asked again."""
    names = [clean(person), *{clean(one.device) for one in carried}]
    await _forget_beside(pool, names, carried)
    seq = await _unname_old_events(pool, names, now_us)
    block = await scrubbing.scrub_sealed(pool, frozenset(names), carried, now_us)
    async with transaction(pool) as cursor:
        await chain.lock(cursor)
        await chain.begin(cursor)
        gone = list[Erased]()
        for one in carried:
            for name in _OF_DEVICE:
                await cursor.execute(_query(name), one._asdict())
            gone += await _forget_events(cursor, one)
        for name in _OF_PERSON:
            await cursor.execute(_query(name), {"person": names[0], "names": names, "word": ERASED})
        gone += await _unname_events(cursor, names, seq, None)
        for table in _NAMING:
            await _unname(cursor, table, {"names": names})
        gone += await scrubbing.scrub(cursor, frozenset(names), carried, block)
        await chain.erase(cursor, gone, now_us)


async def _forget_beside(pool: AsyncConnectionPool, names: Sequence[str], carried: Sequence[Carried]) -> None:
    async with transaction(pool) as cursor:
        for one in carried:
            await cursor.execute(_query("forget_day_rows"), one._asdict())
        await cursor.execute(_query("forget_day_joins"), {"person": names[0]})
        for table in _BESIDE:
            await _unname(cursor, table, {"names": names})


async def _unname_old_events(pool: AsyncConnectionPool, names: Sequence[str], now_us: int) -> int:
    """All that are there now; up to which `seq`."""
    last = int((await ask("history.sql", pool, "seq", {}))[0].seq)
    for after in range(0, last, EVENTS):
        async with transaction(pool) as cursor:
            await chain.lock(cursor)
            await chain.begin(cursor)
            await chain.erase(cursor, await _unname_events(cursor, names, after, min(after + EVENTS, last)), now_us)
    return last


async def _forget_events(cursor: AsyncCursor[Any], one: Carried) -> list[Erased]:
    await cursor.execute(_query("forget_device_events"), one._asdict())
    return [
        Erased(row.stream, row.entry_id, row.ordinal, text_digest(row.body), None, "erased")
        for row in await cursor.fetchall()
    ]


async def _unname_events(cursor: AsyncCursor[Any], names: Sequence[str], after: int, to: int | None) -> list[Erased]:
    return [
        Erased(row.stream, row.entry_id, row.ordinal, text_digest(row.text), text_digest(body), "erased")
        for row, body in await _unname(cursor, "events", {"names": names, "after": after, "to": to})
    ]


async def _unname(cursor: AsyncCursor[Any], table: str, named: dict[str, Any]) -> list[tuple[Any, str]]:
    """The rows that name them, as they were, and each as it is now."""
    await cursor.execute(_query(f"naming_{table}"), named)
    rows = await cursor.fetchall()
    names = frozenset(named["names"])
    bodies = [msgspec.json.encode(unnamed(row.body, names)).decode() for row in rows]
    await cursor.execute(_query(f"unname_{table}"), {"keys": [row.key for row in rows], "bodies": bodies})
    return [*zip(rows, bodies, strict=True)]


def _query(name: str) -> bytes:
    return queries("erasure.sql")[name]
