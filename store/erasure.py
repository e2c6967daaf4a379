"""What is kept of a volunteer, and its end: where they were goes, and their names in what stays.

How many were asked, came, and when stays, and the hourly sums of fixes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
from psycopg import AsyncCursor
from psycopg_pool import AsyncConnectionPool

from store.pg import ask, queries, transaction
from store.text import clean

WORD: Final = "terhapus"  # stands where a name was
_ask: Final = partial(ask, "erasure.sql")
_OF_DEVICE: Final = (
    "forget_fixes", "forget_dwells", "forget_spells", "forget_alerts", "forget_rejects_of", "forget_device_events",
)  # fmt: skip
_NAMING: Final = ("events", "plans", "incidents", "offers", "commands", "config_log")
_OF_PERSON: Final = (
    "forget_actor", "forget_pushes", "forget_photos", "unname_photos", "forget_invites", "forget_tokens",
    "forget_sessions", "forget_links",
)  # fmt: skip
_TOLD: Final = frozenset({"name", "phone", "skills", "duty", "consent_us", "area"})  # of a row of the register


class Carried(NamedTuple):
    """A device that somebody carried, from (inclusive) until (exclusive)."""

    device: str
    from_us: int
    until_us: int


async def joins_of_person(pool: AsyncConnectionPool, person: str) -> list[dict[str, Any]]:
    """Every assignment that names a person, past ones too."""
    return [row.body for row in await _ask(pool, "joins_of_person", {"person": clean(person)})]


async def carried_by(pool: AsyncConnectionPool, person: str, now_us: int) -> list[Carried]:
    """Which devices a person carried when, up to now."""
    joins = [join for join in await joins_of_person(pool, person) if join.get("device")]
    spans = [Carried(join["device"], join["from_us"], join.get("until_us") or now_us + 1) for join in joins]
    return [span for span in spans if span.from_us < span.until_us]


async def forget(pool: AsyncConnectionPool, person: str, carried: Sequence[Carried]) -> None:
    """All of it or nothing."""
    names = [clean(person), *{clean(one.device) for one in carried}]
    async with transaction(pool) as cursor:
        for one in carried:
            for name in _OF_DEVICE:
                await cursor.execute(queries("erasure.sql")[name], one._asdict())
        for table in _NAMING:
            await _unname(cursor, table, names)
        for name in _OF_PERSON:
            await cursor.execute(queries("erasure.sql")[name], {"person": names[0], "names": names, "word": WORD})


async def _unname(cursor: AsyncCursor[Any], table: str, names: Sequence[str]) -> None:
    await cursor.execute(queries("erasure.sql")[f"naming_{table}"], {"names": names})
    rows = await cursor.fetchall()
    bodies = [msgspec.json.encode(unnamed(row.body, frozenset(names))).decode() for row in rows]
    await cursor.execute(
        queries("erasure.sql")[f"unname_{table}"], {"keys": [row.key for row in rows], "bodies": bodies}
    )


def unnamed(value: Any, names: frozenset[str]) -> Any:
    """A value without these names: as texts of their own, and with all that is told of whoever bears one."""
    if isinstance(value, list):
        return [unnamed(each, names) for each in value]
    if not isinstance(value, dict):
        return WORD if isinstance(value, str) and value in names else value
    bears = any(value.get(name) in names for name in ("id", "device") if isinstance(value.get(name), str))
    told = {key: each for key, each in value.items() if not (bears and key in (*_TOLD, "words"))}
    return {key: unnamed(each, names) for key, each in told.items()}
