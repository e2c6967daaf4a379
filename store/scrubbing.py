"""A person's name and ways out of what was kept of dispatch: its entries and its states, which stay readable.

A scrubbed entry is an entry still: positions of theirs are left out, their name is a word, what the register told of
them is gone. What was decided from it then cannot be decided again, and a replay says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final, Protocol

import msgspec
from psycopg import AsyncCursor
from psycopg_pool import AsyncConnectionPool

from core.codec import decode, encode
from core.entries import Command, Config, Sightings
from core.errors import DecodeError
from core.naming import ERASED
from store import chain
from store.chain import SNAPSHOTS, Erased, packed, unpacked
from store.pg import ask, queries, transaction

_TOLD: Final = frozenset({"name", "phone", "skills", "duty", "consent_us", "area"})  # of a row of the register


class Held(Protocol):
    """A device that somebody carried, from (inclusive) until (exclusive)."""

    @property
    def device(self) -> str: ...
    @property
    def from_us(self) -> int: ...
    @property
    def until_us(self) -> int: ...


def unnamed(value: Any, names: frozenset[str]) -> Any:
    """A value without these names: as texts of their own, and with all that is told of whoever bears one."""
    if isinstance(value, list | tuple):
        return [unnamed(each, names) for each in value]
    if not isinstance(value, dict):
        return ERASED if isinstance(value, str) and value in names else value
    bears = any(value.get(name) in names for name in ("id", "device") if isinstance(value.get(name), str))
    told = {key: each for key, each in value.items() if not (bears and key in (*_TOLD, "words"))}
    return {key: unnamed(each, names) for key, each in told.items()}


async def scrub_sealed(pool: AsyncConnectionPool, names: frozenset[str], carried: Sequence[Held], now_us: int) -> int:
    """Scrub what does not grow any more, block by block: the archive waits for one at a time.

    Returns the number of the block that is left to `scrub`.
    """
    newest = int((await ask("chain.sql", pool, "ends", {}))[0].last)
    for row in await ask("chain.sql", pool, "naming_blocks", {"names": list(names), "newest": newest}):
        async with transaction(pool) as cursor:
            await chain.lock(cursor)
            await chain.erase(cursor, await _scrub_kept(cursor, names, carried, row.no, row.no), now_us)
    return newest


async def scrub(
    cursor: AsyncCursor[Any], names: frozenset[str], carried: Sequence[Held], from_no: int = 0
) -> list[Erased]:
    """Scrub blocks from this one on and all states; what the chain is to be told of it."""
    gone = await _scrub_kept(cursor, names, carried, from_no, None)
    for row in await _run(cursor, "naming_snapshots", {"names": list(names)}):
        (state,) = await _run(cursor, "snapshot", {"entry_id": row.entry_id})
        body = scrubbed_state(state.body, names)
        if body != state.body:
            gone.append(_erased(SNAPSHOTS, row.entry_id, state.body, body))
            await cursor.execute(queries("chain.sql")["rewrite_snapshot"], {"entry_id": row.entry_id, "body": body})
    return gone


async def _scrub_kept(
    cursor: AsyncCursor[Any], names: frozenset[str], carried: Sequence[Held], from_no: int, to_no: int | None
) -> list[Erased]:
    gone = list[Erased]()
    for block in await _run(cursor, "naming_kept", {"names": list(names), "from_no": from_no, "to_no": to_no}):
        rows = list(unpacked(block.kept))
        after = [(stream, id_, scrubbed_entry(body, names, carried)) for stream, id_, body in rows]
        if after != rows:
            gone += [_erased(*a, b[2]) for a, b in zip(rows, after, strict=True) if a != b]
            name = "rewrite_kept" if block.part is None else "rewrite_part"
            named = {"no": block.no, "part": block.part, "kept": packed(after)}
            await cursor.execute(queries("chain.sql")[name], named)
    return gone


async def _run(cursor: AsyncCursor[Any], name: str, named: dict[str, Any]) -> list[Any]:
    await cursor.execute(queries("chain.sql")[name], named)
    return await cursor.fetchall()


def _erased(stream: str, entry_id: str, was: bytes, now: bytes) -> Erased:
    return Erased(stream, entry_id, 0, sha256(was).digest(), sha256(now).digest(), "erased")


def scrubbed_entry(body: bytes, names: frozenset[str], carried: Sequence[Held]) -> bytes:
    """An entry of dispatch without them."""
    try:
        value = decode(body)
    except DecodeError:
        return body
    after = _scrubbed(value, names, carried)
    return body if after is value or after == value else encode(after)


def _scrubbed(value: Any, names: frozenset[str], carried: Sequence[Held]) -> Any:
    if isinstance(value, Sightings):
        return _unseen(value, carried)
    if not isinstance(value, Command | Config):
        return value
    actor = ERASED if value.actor in names else value.actor
    if isinstance(value, Command):
        return msgspec.structs.replace(value, actor=actor, body=unnamed(value.body, names))
    rows = tuple(unnamed(list(value.rows), names)) if value.section in ("people", "assignments") else value.rows
    return msgspec.structs.replace(value, actor=actor, rows=rows)


def _unseen(value: Sightings, carried: Sequence[Held]) -> Sightings:
    theirs = {one.device for one in carried if one.from_us <= value.now_us < one.until_us}
    rows = tuple(row for row in value.rows if row[0] not in theirs)
    return msgspec.structs.replace(value, rows=rows, stood=tuple(row for row in value.stood if row[0] not in theirs))


def scrubbed_state(body: bytes, names: frozenset[str]) -> bytes:
    """State rows of dispatch without them: rows and fields under their names are left out."""
    rows = msgspec.msgpack.decode(body, type=dict[str, bytes])
    kept = {key: row for key, row in rows.items() if key.partition(":")[2] not in names}
    return msgspec.msgpack.encode({key: _scrubbed_row(row, names) for key, row in kept.items()})


def _scrubbed_row(row: bytes, names: frozenset[str]) -> bytes:
    if not any(name.encode() in row for name in names):
        return row
    return msgspec.msgpack.encode(unnamed(_without(msgspec.msgpack.decode(row), names), names))


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(each, names) for key, each in value.items() if key not in names}
    return [_without(each, names) for each in value] if isinstance(value, list | tuple) else value
