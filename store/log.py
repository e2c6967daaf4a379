"""The log between the stages: what a log promises, whoever implements it.

Streams: `in.{p}` is the input of partition p (fixes, ticks, commands, config in one order); `events.{p}` is what geo
made of it, each entry under the id of the input entry it came from; `dispatch.in` and `dispatch.events` likewise;
`rejects` holds what was refused, `held` the fixes of devices that nobody registered. An id is `"<ms>-<seq>"`, ordered
numerically, `"0-0"` before the first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

START: Final = "0-0"


def id_key(entry_id: str) -> tuple[int, int]:
    """What ids are ordered by: `"9-1"` comes before `"10-0"`."""
    ms, _, seq = entry_id.partition("-")
    return int(ms), int(seq)


class Entry(NamedTuple):
    """One entry as read: its id and its body (see `core.codec`)."""

    id: str
    body: bytes


class Output(NamedTuple):
    """One entry to write under an id that its writer chose, so that a repeated write is refused by the log."""

    stream: str
    id: str
    body: bytes


class Lease(NamedTuple):
    """The right to commit for `name`; `epoch` grows with each owner and fences the one before."""

    name: str
    owner: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Commit:
    """Everything that one step changed; written whole or not at all.

    `state` and `live` map a device id to new bytes (None deletes). `frame` is sent to whoever listens to
    `Log.frames` (lost on nobody's account: a listener that was away reads `live` again; so does one that hears an
    empty list of rows, for some row went).
    """

    reader: str
    stream: str
    offset: str
    outputs: Sequence[Output] = ()
    state: Mapping[str, bytes | None] = field(default_factory=dict)
    live: Mapping[str, bytes | None] = field(default_factory=dict)
    frame: bytes | None = None


class Log(Protocol):
    """An ordered, durable, trimmed log with the state of its readers beside it."""

    async def partitions(self, wanted: int) -> int:
        """The number of partitions of this log: `wanted` if it is new, else the one it was created with."""
        ...

    async def append(self, items: Sequence[tuple[str, bytes]], *, cap: int | None = None) -> list[str]:
        """Append (stream, body) pairs and return their ids. When this returns they are on disk.

        Pairs of one stream keep their order. If it raises, any of them may or may not have been written.
        `cap` bounds the stream's length (about); only for streams that may forget, such as `rejects`.
        """
        ...

    async def read(self, after: Mapping[str, str], *, count: int, block_ms: int) -> dict[str, list[Entry]]:
        """Entries after the given id of each stream, at most `count` a stream; waits up to `block_ms` for the first.

        A reader resumes with the id of the last entry it committed: that entry is not seen again. While the server
        does not answer, reading waits for it.
        """
        ...

    async def last_id(self, stream: str) -> str:
        """Id of the newest entry ever appended, START if none."""
        ...

    async def offset(self, reader: str, stream: str) -> str:
        """The offset of the last commit, START if none."""
        ...

    async def state(self, reader: str, stream: str) -> dict[str, bytes]:
        """All state rows of a reader on a stream, as of its last commit."""
        ...

    async def commit(self, lease: Lease, commit: Commit) -> None:
        """Write outputs, state, live rows, offset and frame in one transaction.

        Having written nothing, raises `LeaseLostError` when the lease has a newer epoch or has expired, and
        `ConflictError` when an output's id is not beyond the newest of its stream (somebody wrote it already).
        """
        ...

    async def acquire(self, name: str, owner: str, ttl_ms: int) -> Lease | None:
        """Take a free or expired lease, or renew one's own (same epoch); None while another owner holds it."""
        ...

    async def release(self, lease: Lease) -> None:
        """Give a lease back early; harmless when it is no longer ours."""
        ...

    async def live(self) -> dict[str, bytes]:
        """Latest position rows of all devices."""
        ...

    def frames(self) -> AsyncIterator[bytes]:
        """Frames committed from now on, without end; b"" at the start and after each gap: read `live` (again)."""
        ...

    async def note(self, notes: Mapping[str, bytes], ttl_s: int) -> None:
        """Keep short notes by key for `ttl_s` seconds; a newer one of the same key replaces the older.

        Notes decide nothing: they are no part of any commit, and after a crash the newest may be missing.
        """
        ...

    async def forget(self, keys: Sequence[str]) -> None:
        """Drop these notes."""
        ...

    async def notes(self, keys: Sequence[str]) -> list[bytes | None]:
        """The note of each key, None where there is none or it has expired."""
        ...

    async def trim(self, stream: str, before: str) -> None:
        """Forget the entries older than the id `before`; the caller sees to it that no reader needs them."""
        ...

    async def length(self, stream: str) -> int:
        """Number of entries held."""
        ...

    async def memory(self) -> tuple[int, int]:
        """Bytes that the server uses, and its limit, beyond which it refuses to write; 0: none."""
        ...

    async def close(self) -> None: ...
