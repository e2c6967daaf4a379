"""A log in memory with the promises of the real one, durability aside: for tests, replays and `ronda detect`."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

from core.errors import ConflictError, LeaseLostError
from store.log import START, Commit, Entry, Lease, id_key

FRAME_BACKLOG: Final = 256  # frames that a slow listener may have waiting; then it hears of a gap instead


@dataclass(slots=True)
class _Stream:
    """Entries and their keys side by side, so that a position is found by bisection."""

    keys: list[tuple[int, int]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    last: str = START

    def push(self, entry_id: str, body: bytes) -> None:
        self.keys.append(id_key(entry_id))
        self.entries.append(Entry(entry_id, body))
        self.last = entry_id

    def after(self, entry_id: str, count: int) -> list[Entry]:
        at = bisect_right(self.keys, id_key(entry_id))
        return self.entries[at : at + count]

    def drop_first(self, n: int) -> None:
        del self.keys[:n], self.entries[:n]


@dataclass(slots=True)
class _Holder:
    owner: str = ""
    epoch: int = 0
    until_s: float = 0.0


class MemoryLog:
    """See `store.log.Log`. Ids count appends: "1-0", "2-0", ... over all streams."""

    def __init__(self) -> None:
        self._streams: defaultdict[str, _Stream] = defaultdict(_Stream)
        self._offsets: dict[tuple[str, str], str] = {}
        self._state: defaultdict[tuple[str, str], dict[str, bytes]] = defaultdict(dict)
        self._live: dict[str, bytes] = {}
        self._notes: dict[str, tuple[float, bytes]] = {}  # until when, and what; the oldest write first
        self._leases: defaultdict[str, _Holder] = defaultdict(_Holder)
        self._listeners: list[tuple[deque[bytes], asyncio.Event]] = []
        self._news = asyncio.Event()
        self._appended = 0
        self._partitions: int | None = None

    async def partitions(self, wanted: int) -> int:
        self._partitions = self._partitions or wanted
        return self._partitions

    async def append(self, items: Sequence[tuple[str, bytes]], *, cap: int | None = None) -> list[str]:
        ids = []
        for name, body in items:
            stream = self._streams[name]
            self._appended = max(self._appended, id_key(stream.last)[0]) + 1
            stream.push(f"{self._appended}-0", body)
            ids.append(stream.last)
            if cap is not None:
                stream.drop_first(max(0, len(stream.keys) - cap))
        self._tell()
        return ids

    async def read(self, after: Mapping[str, str], *, count: int, block_ms: int) -> dict[str, list[Entry]]:
        deadline_s = asyncio.get_running_loop().time() + block_ms / 1000
        while True:
            news = self._news
            found = {name: entries for name, at in after.items() if (entries := self._streams[name].after(at, count))}
            left_s = deadline_s - asyncio.get_running_loop().time()
            if found or left_s <= 0:
                return found
            try:
                await asyncio.wait_for(news.wait(), left_s)
            except TimeoutError:
                return {}

    async def last_id(self, stream: str) -> str:
        return self._streams[stream].last

    async def offset(self, reader: str, stream: str) -> str:
        return self._offsets.get((reader, stream), START)

    async def state(self, reader: str, stream: str) -> dict[str, bytes]:
        return dict(self._state[reader, stream])

    async def commit(self, lease: Lease, commit: Commit) -> None:
        holder = self._leases[lease.name]
        if (holder.owner, holder.epoch) != (lease.owner, lease.epoch) or _loop_s() >= holder.until_s:
            raise LeaseLostError(f"the lease {lease.name} is no longer held by {lease.owner}: stop this stage")
        self._refuse_repeated(commit)
        for output in commit.outputs:
            self._streams[output.stream].push(output.id, output.body)
        _update(self._state[commit.reader, commit.stream], commit.state)
        _update(self._live, commit.live)
        self._offsets[commit.reader, commit.stream] = commit.offset
        if commit.frame:
            self._send(commit.frame)
        self._tell()

    def _refuse_repeated(self, commit: Commit) -> None:
        newest = {output.stream: id_key(self._streams[output.stream].last) for output in commit.outputs}
        for output in commit.outputs:
            if id_key(output.id) <= newest[output.stream]:
                raise ConflictError(f"{output.stream} already has {output.id} or a newer entry: read its state again")
            newest[output.stream] = id_key(output.id)

    async def acquire(self, name: str, owner: str, ttl_ms: int) -> Lease | None:
        holder = self._leases[name]
        if _loop_s() >= holder.until_s:
            holder.owner, holder.epoch = owner, holder.epoch + 1
        elif holder.owner != owner:
            return None
        holder.until_s = _loop_s() + ttl_ms / 1000
        return Lease(name, owner, holder.epoch)

    async def release(self, lease: Lease) -> None:
        holder = self._leases[lease.name]
        if (holder.owner, holder.epoch) == (lease.owner, lease.epoch):
            holder.until_s = 0.0

    async def live(self) -> dict[str, bytes]:
        return dict(self._live)

    async def frames(self) -> AsyncIterator[bytes]:
        backlog: deque[bytes] = deque([b""])
        listener = (backlog, asyncio.Event())
        self._listeners.append(listener)
        try:
            while True:
                while backlog:
                    yield backlog.popleft()
                listener[1].clear()
                await listener[1].wait()
        finally:
            self._listeners.remove(listener)

    async def note(self, notes: Mapping[str, bytes], ttl_s: int) -> None:
        now_s = _loop_s()
        for key, body in notes.items():
            self._notes.pop(key, None)
            self._notes[key] = (now_s + ttl_s, body)
        for key in list(takewhile(lambda key: self._notes[key][0] <= now_s, self._notes)):
            del self._notes[key]

    async def forget(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._notes.pop(key, None)

    async def notes(self, keys: Sequence[str]) -> list[bytes | None]:
        now_s = _loop_s()
        found = [self._notes.get(key) for key in keys]
        return [note[1] if note and now_s < note[0] else None for note in found]

    async def trim(self, stream: str, before: str) -> None:
        held = self._streams[stream]
        held.drop_first(len([key for key in held.keys if key < id_key(before)]))

    async def length(self, stream: str) -> int:
        return len(self._streams[stream].keys)

    async def memory(self) -> tuple[int, int]:
        return sum(len(entry.body) for held in self._streams.values() for entry in held.entries), 0

    async def close(self) -> None:
        """Nothing to give back; the content stays, as a server's would."""

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _send(self, frame: bytes) -> None:
        for backlog, bell in self._listeners:
            if len(backlog) >= FRAME_BACKLOG:
                backlog.clear()
                backlog.append(b"")
            backlog.append(frame)
            bell.set()


def _update(rows: dict[str, bytes], changes: Mapping[str, bytes | None]) -> None:
    for key, value in changes.items():
        if value is None:
            rows.pop(key, None)
        else:
            rows[key] = value


def _loop_s() -> float:
    return asyncio.get_running_loop().time()
