"""One hash chain over all that decides or says something, written in the archive's own transactions.

Each entry of the log has a digest; over the digests of a stream runs a head, `head' = sha256(head, digest, id)`, which
does not know how entries were cut into batches. A block seals all heads at an instant with the digest of the block
before. The newest block grows for a minute, so that a quiet night costs no more than a row a minute.

What the archive has the text of is compared (`leaves`): events, and the entries that dispatch decided from, kept as
they were. Of fixes and ticks the head alone tells. `erased` says what is otherwise than the chain has it, and why.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec
from psycopg import AsyncCursor

from core.canonical import canonical, digest_of
from core.entries import DISPATCH_ONLY, Command, Config
from core.events import Event
from store.log import id_key
from store.pg import queries, query
from store.text import json_of

ERASED: Final = "erased"
SNAPSHOTS: Final = "snapshots"
ACTS: Final = "acts"  # what people commanded and configured beside dispatch, once: partitions all hear the same
DISPATCH_IN: Final = "dispatch.in"
ORIGIN: Final = bytes(32)  # before the first block, and before the first entry of a stream
SEAL_US: Final = 60_000_000  # in the log's own time
SEAL_LEAVES: Final = 64 * 1024  # bytes
SEAL_KEPT: Final = 256 * 1024
KEPT_MOST: Final = 64 * 1024  # bytes of an entry beside dispatch's own: a rebuild carries megabytes of fixes
_size: Final = struct.Struct(">I")


class Link(NamedTuple):
    """An entry as the chain takes it. `kept` is its body if it is kept; `told`: its text is in the archive.

    The text of a stream is in the archive for all of its entries, or for none.
    """

    stream: str
    id: str
    digest: bytes
    told: bool = False
    kept: bytes | None = None
    read_from: str = ""  # the stream of the log, where it has another name here

    @property
    def source(self) -> str:
        return self.read_from or self.stream


class Head(NamedTuple):
    """Of a stream: the last entry, how many there were, and what runs over them."""

    id: str
    entries: int
    digest: str  # hex


class Block(NamedTuple):
    """What the digest of a block is made of; `seq` is the newest event by then, and times are the log's."""

    no: int
    opened_us: int
    at_us: int
    version: str  # by what was decided
    seq: int
    heads: dict[str, Head]
    prev: bytes


class Erased(NamedTuple):
    """A part of an entry that is not as the chain has it; `now` is what stands there (None: nothing)."""

    stream: str
    entry_id: str
    ordinal: int
    was: bytes
    now: bytes | None
    why: str  # refused, erased, forgotten


def links_of(stream: str, entry_id: str, body: bytes, value: Any) -> tuple[Link, ...]:
    """The links of an entry; none for streams that decide and say nothing: what was refused, and strangers' fixes."""
    if stream in ("rejects", "held"):
        return ()
    if isinstance(value, list):
        return (Link(stream, entry_id, said_digest([event_digest(event) for event in value]), told=True),)
    digest = sha256(body).digest()
    if stream == DISPATCH_IN:
        return (Link(stream, entry_id, digest, told=True, kept=body),)
    link = Link(stream, entry_id, digest)
    if stream == "in.0" and _worth_keeping(body, value):
        return link, Link(ACTS, entry_id, digest, told=True, kept=body, read_from=stream)
    return (link,)


def _worth_keeping(body: bytes, value: Any) -> bool:
    """People's commands and the register, told to every partition: one copy. Roads are in dispatch's stream too."""
    roads = isinstance(value, Config) and value.section in DISPATCH_ONLY
    return isinstance(value, Command | Config) and not roads and len(body) <= KEPT_MOST


def event_digest(event: Event) -> bytes:
    """Of an event as its row has it."""
    return text_digest(json_of(event))


def text_digest(body: str | bytes) -> bytes:
    """Of the row's text, however the database writes it."""
    return sha256(canonical(body)).digest()


def said_digest(digests: Iterable[bytes]) -> bytes:
    """Of an entry of events, by theirs: so that the others still prove themselves when one is erased."""
    return sha256(b"".join(digests)).digest()


def erased_link(n: int, row: Erased, at_us: int) -> Link:
    """How the chain takes a row of `erased`."""
    told = {
        "n": n,
        "stream": row.stream,
        "entry": row.entry_id,
        "ordinal": row.ordinal,
        "was": row.was.hex(),
        "now": None if row.now is None else row.now.hex(),
        "why": row.why,
        "at_us": at_us,
    }
    return Link(ERASED, str(n), digest_of(told), told=True)


def advanced(heads: dict[str, Head], links: Iterable[Link]) -> dict[str, Head]:
    """The heads after these links."""
    after = dict(heads)
    for link in links:
        head = after.get(link.stream, Head("", 0, ORIGIN.hex()))
        running = sha256(bytes.fromhex(head.digest) + link.digest + link.id.encode()).hexdigest()
        after[link.stream] = Head(link.id, head.entries + 1, running)
    return after


def block_digest(block: Block) -> bytes:
    """What the next block begins with."""
    return digest_of(block._asdict() | {"prev": block.prev.hex()})


def packed(rows: Sequence[tuple[str, str, bytes]]) -> bytes:
    """Rows as bytes that can be laid one after another."""
    body = msgspec.msgpack.encode(rows)
    return _size.pack(len(body)) + body if rows else b""


def unpacked(body: bytes) -> Iterator[tuple[str, str, bytes]]:
    """Rows of `packed`, laid one after another; raises `ValueError` for anything else."""
    at = 0
    while at < len(body):
        if at + 4 > len(body) or at + 4 + (size := _size.unpack_from(body, at)[0]) > len(body):
            raise ValueError("cut off")
        yield from msgspec.msgpack.decode(body[at + 4 : at + 4 + size], type=list[tuple[str, str, bytes]])
        at += 4 + size


async def lock(cursor: AsyncCursor[Any]) -> None:
    """Until the end of the transaction nobody else writes to the chain. Take it before any row: all do."""
    await cursor.execute(query("lock_events"))


async def begin(cursor: AsyncCursor[Any]) -> None:
    """Begin the chain, under `lock`, unless somebody did: what was said before is on no block."""
    newest = await _newest(cursor)
    if newest.no is None:
        await _write(cursor, Block(0, 0, 0, "", newest.newest_seq, {}, ORIGIN), [], fresh=True)


async def extend(cursor: AsyncCursor[Any], links: Sequence[Link], version: str | None = None, at_us: int = 0) -> None:
    """Put links on the chain, in order, under `lock`. Without a `version` it is the newest block's."""
    if not links:
        return
    newest = await _newest(cursor)
    times_us = [id_key(link.id)[0] * 1000 for link in links if "-" in link.id]
    at_us = max(newest.at_us, at_us, *times_us, 0)
    version = newest.version if version is None else version
    heads = advanced({stream: Head(*head) for stream, head in newest.heads.items()}, links)
    seq = newest.newest_seq
    if _sealed(newest, at_us, version):
        await cursor.execute(queries("chain.sql")["seal"], {"no": newest.no})
        block = Block(newest.no + 1, at_us, at_us, version, seq, heads, newest.digest)
        await _write(cursor, block, links, fresh=True)
    else:
        block = Block(newest.no, newest.opened_us, at_us, version, seq, heads, newest.prev)
        await _write(cursor, block, links, fresh=False)


async def _write(cursor: AsyncCursor[Any], block: Block, links: Sequence[Link], *, fresh: bool) -> None:
    kept = packed([(link.stream, link.id, link.kept) for link in links if link.kept is not None])
    leaves = packed([(link.stream, link.id, link.digest) for link in links if link.told])
    named = block._asdict() | {"heads": json_of(block.heads), "digest": block_digest(block)}
    await cursor.execute(queries("chain.sql")["new_block" if fresh else "longer_block"], named)
    if leaves:
        await cursor.execute(queries("chain.sql")["new_part"], {"no": block.no, "leaves": leaves, "kept": kept or None})


def _sealed(block: Any, at_us: int, version: str) -> bool:
    """Whether the newest block is long enough; the first holds nothing."""
    long: bool = block.no == 0 or block.leaves_size >= SEAL_LEAVES or block.kept_size >= SEAL_KEPT
    return long or at_us - block.opened_us >= SEAL_US or bool(block.version != version)


async def erase(cursor: AsyncCursor[Any], rows: Sequence[Erased], now_us: int = 0) -> None:
    """Say on the chain what is otherwise than it has it, under `lock` and in the transaction that makes it so."""
    if not rows:
        return
    newest = await _newest(cursor)
    begun = Head(*newest.heads[ERASED]).entries if ERASED in newest.heads else 0
    at_us = max(now_us, newest.at_us)
    numbers = range(begun + 1, begun + 1 + len(rows))
    columns = dict(zip(Erased._fields, map(list, zip(*rows, strict=True)), strict=True))
    await cursor.execute(
        queries("chain.sql")["new_erased"], {"n": list(numbers), "at_us": [at_us] * len(rows)} | columns
    )
    await extend(cursor, [erased_link(n, row, at_us) for n, row in zip(numbers, rows, strict=True)], at_us=at_us)


async def _newest(cursor: AsyncCursor[Any]) -> Any:
    """The newest block, its columns None before the first, and the newest event."""
    await cursor.execute(queries("chain.sql")["newest"])
    return await cursor.fetchone()
