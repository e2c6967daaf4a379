"""Whether the archive is what the chain says: block by block, each entry against its digest, in one view of the data.

What is found is told as a sentence that names the row. Rows that were erased, forgotten or refused are none: the chain
itself says so (`erased`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec
from psycopg import AsyncCursor
from psycopg_pool import AsyncConnectionPool

from store.chain import (
    ACTS,
    DISPATCH_IN,
    ERASED,
    ORIGIN,
    SNAPSHOTS,
    Block,
    Erased,
    Head,
    Link,
    advanced,
    block_digest,
    erased_link,
    said_digest,
    text_digest,
    unpacked,
)
from store.log import id_key
from store.pg import queries, transaction

PAGE: Final = 5_000  # rows of events or erasures
FORGOTTEN: Final = "forgotten"


class Proved(NamedTuple):
    """One block: what is wrong with it, and how many entries were compared."""

    no: int
    compared: int
    erased: int
    wrong: tuple[str, ...]


class Part(NamedTuple):
    """A row of the table events."""

    seq: int
    ordinal: int
    digest: bytes


@dataclass(slots=True)
class Gone:
    """What the table `erased` says, by what it is about; the whole of it, whichever blocks are looked at."""

    rows: dict[int, tuple[Erased, int]] = field(default_factory=dict)
    about: dict[tuple[str, str], dict[int, list[Erased]]] = field(default_factory=dict)
    until_ms: int = 0  # kept entries and states of before were forgotten

    def add(self, n: int, row: Erased, at_us: int) -> None:
        self.rows[n] = (row, at_us)
        if row.why == FORGOTTEN:
            self.until_ms = max(self.until_ms, id_key(row.entry_id)[0])
        else:
            self.about.setdefault((row.stream, row.entry_id), {}).setdefault(row.ordinal, []).append(row)


@dataclass(slots=True)
class Reached:
    """How far the chain was followed."""

    no: int = -1
    digest: bytes = ORIGIN
    heads: dict[str, Head] = field(default_factory=dict)
    seq: int = 0
    early: dict[tuple[str, str], list[Part]] = field(
        default_factory=dict
    )  # parts of an entry that ends in a later block


@asynccontextmanager
async def view(pool: AsyncConnectionPool) -> AsyncIterator[AsyncCursor[Any]]:
    """One view of the database, however much is written meanwhile."""
    async with transaction(pool) as cursor:
        await cursor.execute(queries("chain.sql")["one_view"])
        yield cursor


async def prove(cursor: AsyncCursor[Any], from_no: int, to_no: int) -> AsyncIterator[Proved]:
    """Follow the chain over these blocks; the one before the first is believed, and so is the one after a gap."""
    gone = await _gone(cursor)
    reached: Reached | None = Reached()
    if from_no > 0:
        rows = await _block(cursor, from_no - 1)
        reached = _after(rows[0]) if rows else None
    for no in range(from_no, to_no + 1):
        rows = await _block(cursor, no)
        if not rows:
            yield Proved(no, 0, 0, (f"block {no} is missing",))
            reached = None
        elif reached is None:
            reached = _after(rows[0])
        else:
            yield await _prove(cursor, rows[0], reached, gone)
    if reached is not None:
        yield Proved(to_no, 0, 0, tuple(await _end(cursor, reached, gone, to_no)))


async def _block(cursor: AsyncCursor[Any], no: int) -> list[Any]:
    return await _ask(cursor, "blocks", {"from_no": no, "to_no": no, "limit": 1})


def _after(block: Any) -> Reached:
    return Reached(block.no, block.digest, {stream: Head(*head) for stream, head in block.heads.items()}, block.seq)


async def _gone(cursor: AsyncCursor[Any]) -> Gone:
    gone, after = Gone(), -1
    while True:
        page = await _ask(cursor, "erased", {"after": after, "limit": PAGE})
        for row in page:
            gone.add(row.n, Erased(row.stream, row.entry_id, row.ordinal, row.was, row.now, row.why), row.at_us)
        if len(page) < PAGE:
            return gone
        after = page[-1].n


async def _prove(cursor: AsyncCursor[Any], block: Any, reached: Reached, gone: Gone) -> Proved:
    wrong = _sealed(block, reached)
    if block.no == 0:  # what was said before the chain began
        _go_on(reached, block)
        return Proved(0, 0, 0, tuple(wrong))
    try:
        leaves = list(unpacked(block.leaves))
        kept = None if block.kept is None else list(unpacked(block.kept))
    except (ValueError, msgspec.MsgspecError) as error:
        return Proved(block.no, 0, 0, (*wrong, f"block {block.no}: its digests or entries cannot be read: {error}"))
    wrong += _headed(block, reached, leaves)
    said = await _said(cursor, reached, block.seq)
    found = _compare_said(leaves, said, gone, reached)
    found += _compare_kept(block, leaves, kept, gone)
    found += _compare_erased(leaves, gone)
    found += await _compare_snapshots(cursor, leaves, gone)
    erased = sum((stream, id_) in gone.about for stream, id_, _ in leaves)
    _go_on(reached, block, {key: parts for key, parts in said.items() if key not in reached.early})
    return Proved(block.no, len(leaves), erased, tuple(wrong + found))


def _go_on(reached: Reached, block: Any, early: dict[tuple[str, str], list[Part]] | None = None) -> None:
    after = _after(block)
    reached.no, reached.digest, reached.heads, reached.seq = after.no, after.digest, after.heads, after.seq
    reached.early = early or {}


def _sealed(block: Any, reached: Reached) -> list[str]:
    """The block itself: its digest, and that it follows the one before."""
    wrong = []
    if block_digest(Block(*(getattr(block, name) for name in Block._fields))) != block.digest:
        wrong.append(f"block {block.no} was changed: its digest is not that of what it says")
    if block.prev != reached.digest:
        wrong.append(f"block {block.no} does not follow block {block.no - 1}: that one was changed or put there")
    return wrong


def _headed(block: Any, reached: Reached, leaves: Sequence[tuple[str, str, bytes]]) -> list[str]:
    """Digests of entries against the heads that run over them, stream by stream; entries in order."""
    wrong, heads = [], {stream: Head(*head) for stream, head in block.heads.items()}
    told = {stream for stream, _, _ in leaves}
    ran = advanced({s: h for s, h in reached.heads.items() if s in told}, [Link(*leaf) for leaf in leaves])
    wrong += [
        f"block {block.no}, {stream}: the digests of its entries, or their order, were changed"
        for stream in sorted(told)
        if ran[stream] != heads.get(stream)
    ]
    for stream, head in heads.items():
        before = reached.heads.get(stream, Head("", 0, ORIGIN.hex()))
        if stream not in told and _told(stream) and head != before:
            wrong.append(f"block {block.no}, {stream}: digests of {head.entries - before.entries} entries were removed")
        if head.entries < before.entries:
            wrong.append(f"block {block.no}, {stream}: it counts fewer entries than the block before")
    return wrong


def _told(stream: str) -> bool:
    """Whether the archive has the text of a stream's entries."""
    return not stream.startswith("in.")


async def _said(cursor: AsyncCursor[Any], reached: Reached, to_seq: int) -> dict[tuple[str, str], list[Part]]:
    """Rows of events since the block before, by entry, in their order."""
    said, after = dict(reached.early), reached.seq
    while True:
        page = await _ask(cursor, "said", {"after": after, "to": to_seq, "limit": PAGE})
        for row in page:
            part = Part(row.seq, row.ordinal, text_digest(row.body))
            said.setdefault((row.stream, row.entry_id), []).append(part)
        if len(page) < PAGE:
            return said
        after = page[-1].seq


def _compare_said(
    leaves: Sequence[tuple[str, str, bytes]], said: dict[tuple[str, str], list[Part]], gone: Gone, reached: Reached
) -> list[str]:
    """Events against their entries; takes those that it knows out of `said`."""
    wrong, last = list[str](), dict[str, int]()
    for stream, entry_id, digest in leaves:
        if stream.partition(".")[0] != "events" and stream != "dispatch.events":
            continue
        key = (stream, entry_id)
        parts = said.pop(key, [])
        wrong += _compare_entry(key, parts, digest, gone.about.get(key, {}))
        first = min((part.seq for part in parts), default=0)
        if parts and first < last.get(stream, 0):
            wrong.append(f"entry {entry_id} of {stream} stands before one that came earlier: their order was changed")
        last[stream] = max([last.get(stream, 0), *(part.seq for part in parts)])
    late = [key for key in said if key in reached.early]
    wrong += [f"entry {entry_id} of {stream} is on no block: somebody put it there" for stream, entry_id in late]
    return wrong


def _compare_entry(
    key: tuple[str, str], parts: Sequence[Part], digest: bytes, erased: Mapping[int, Sequence[Erased]]
) -> list[str]:
    """One entry: what is there, with what was there where it was erased."""
    there = {part.ordinal: part.digest for part in parts}
    name = f"entry {key[1]} of {key[0]}"
    wrong = [
        f"{name}, event {ordinal}: it was erased, and what stands there now is something else"
        for ordinal, rows in erased.items()
        if there.get(ordinal) != rows[-1].now
    ]
    if [part.ordinal for part in parts] != sorted(there):
        wrong.append(f"{name}: the order of its events was changed")
    whole = there | {ordinal: rows[0].was for ordinal, rows in erased.items()}
    gaps = [ordinal for ordinal in range(max(whole, default=-1) + 1) if ordinal not in whole]
    if not whole:
        wrong.append(f"{name} was removed")
    elif gaps:
        wrong.append(f"{name}: event {gaps[0]} was removed")
    elif said_digest([whole[ordinal] for ordinal in sorted(whole)]) != digest:
        wrong.append(f"{name} was changed, or an event at its end was removed or added")
    return wrong


def _compare_kept(
    block: Any, leaves: Sequence[tuple[str, str, bytes]], kept: Sequence[tuple[str, str, bytes]] | None, gone: Gone
) -> list[str]:
    """Entries that were kept as they were."""
    there = any(stream in (DISPATCH_IN, ACTS) for stream, _, _ in leaves)
    if kept is None:
        early = there and block.opened_us // 1000 > gone.until_ms
        return [f"block {block.no}: the entries that it kept were removed before their time"] if early else []
    wrong, bodies = [], {(stream, entry_id): body for stream, entry_id, body in kept}
    for stream, entry_id, digest in leaves:
        if stream not in (DISPATCH_IN, ACTS):
            continue
        body = bodies.pop((stream, entry_id), None)
        rows = gone.about.get((stream, entry_id), {}).get(0)
        want = rows[-1].now if rows else digest
        if body is None:
            wrong.append(f"entry {entry_id} of {stream} was removed from block {block.no}")
        elif sha256(body).digest() != want or (rows and rows[0].was != digest):
            wrong.append(f"entry {entry_id} of {stream} was changed in block {block.no}")
    return wrong + [f"entry {id_} of {stream} was put into block {block.no}" for stream, id_ in bodies]


def _compare_erased(leaves: Sequence[tuple[str, str, bytes]], gone: Gone) -> list[str]:
    wrong = []
    for stream, number, digest in leaves:
        if stream == ERASED:
            row = gone.rows.get(int(number))
            if row is None:
                wrong.append(f"row {number} of the table erased was removed")
            elif erased_link(int(number), *row).digest != digest:
                wrong.append(f"row {number} of the table erased was changed")
    return wrong


async def _compare_snapshots(
    cursor: AsyncCursor[Any], leaves: Sequence[tuple[str, str, bytes]], gone: Gone
) -> list[str]:
    wrong = []
    for stream, entry_id, digest in leaves:
        if stream != SNAPSHOTS:
            continue
        rows = await _ask(cursor, "snapshot", {"entry_id": entry_id})
        erased = gone.about.get((stream, entry_id), {}).get(0)
        want = erased[-1].now if erased else digest
        if not rows:
            wrong.append(f"the state after entry {entry_id} was removed")
        elif rows[0].digest != digest or (rows[0].body is not None and sha256(rows[0].body).digest() != want):
            wrong.append(f"the state after entry {entry_id} was changed")
        elif rows[0].body is None and rows[0].at_us // 1000 > gone.until_ms:
            wrong.append(f"the state after entry {entry_id} was removed before its time")
    return wrong


async def _end(cursor: AsyncCursor[Any], reached: Reached, gone: Gone, to_no: int) -> list[str]:
    """What stands behind the newest block, or beside the chain."""
    wrong = [
        f"entry {entry_id} of {stream} is on no block: somebody put it there" for stream, entry_id in reached.early
    ]
    (ends,) = await _ask(cursor, "ends", {})
    if to_no < ends.last:
        return []  # what is early here ends there
    beyond = await _ask(cursor, "said_beyond", {"after": reached.seq})
    wrong += [f"entry {row.entry_id} of {row.stream} is on no block: somebody put it there" for row in beyond]
    known = reached.heads.get(ERASED, Head("", 0, "")).entries
    wrong += [f"row {n} of the table erased is on no block: somebody put it there" for n in gone.rows if n > known]
    for name in ("strange_incidents", "strange_offers", "strange_plans"):
        wrong += [f"{row.what} {row.id} is not what was said of it" for row in await _ask(cursor, name, {})]
    return wrong


async def _ask(cursor: AsyncCursor[Any], name: str, named: dict[str, Any]) -> list[Any]:
    await cursor.execute(queries("chain.sql")[name], named)
    return await cursor.fetchall()
