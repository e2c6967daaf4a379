"""How far a reader of notices is: the entry before which nothing waits, and what after it is acknowledged already."""

from __future__ import annotations

import asyncio
from typing import Final, Self

from store.log import Commit, Lease, Log, id_key

STRIDE_S: Final = 1.0  # progress without an acknowledgement is written this often at most


class Cursor:
    """Kept in the log by `keep`; made by `load`. `read` is the last entry that was read."""

    def __init__(self, log: Log, lease: Lease, reader: str, stream: str) -> None:
        self._log, self._lease, self._reader, self._stream = log, lease, reader, stream
        self.read = self._written = ""
        self._waiting: dict[str, str] = {}  # letter → the last entry before its own, the oldest first
        self._acknowledged: dict[str, str] = {}  # letter → its entry
        self._at: dict[str, str] = {}
        self._unwritten: set[str] = set()
        self._news = asyncio.Event()

    @classmethod
    async def load(cls, log: Log, lease: Lease, reader: str, stream: str) -> Self:
        """As the last commit left it."""
        cursor = cls(log, lease, reader, stream)
        cursor.read = cursor._written = await log.offset(reader, stream)
        rows = await log.state(reader, stream)
        cursor._acknowledged = {letter: entry.decode() for letter, entry in rows.items()}
        return cursor

    def open(self, letter: str, entry_id: str) -> bool:
        """A letter of this entry wants to go out: whether it still has to."""
        if letter in self._acknowledged:
            return False
        self._waiting[letter] = self.read
        self._at[letter] = entry_id
        return True

    def pass_by(self, entry_id: str) -> None:
        """All letters of the entry are known."""
        self.read = entry_id

    def close(self, letter: str, *, acknowledged: bool) -> None:
        """It waits no more; if a channel acknowledged it, that is written at once."""
        self._waiting.pop(letter, None)
        entry_id = self._at.pop(letter)
        if acknowledged:
            self._acknowledged[letter] = entry_id
            self._unwritten.add(letter)
            self._news.set()

    @property
    def low(self) -> str:
        """The newest entry before which nothing waits."""
        return next(iter(self._waiting.values()), self.read)

    async def keep(self) -> None:
        """Write it whenever it changed, until cancelled; raises when the lease is lost."""
        while True:
            try:
                async with asyncio.timeout(STRIDE_S):
                    await self._news.wait()
            except TimeoutError:
                pass
            await self._write()

    async def _write(self) -> None:
        low, fresh = self.low, self._unwritten
        self._news.clear()
        if low == self._written and not fresh:
            return
        behind = [letter for letter, entry in self._acknowledged.items() if id_key(entry) <= id_key(low)]
        state: dict[str, bytes | None] = {letter: self._acknowledged[letter].encode() for letter in fresh}
        state |= dict.fromkeys(behind)
        self._unwritten = set()
        await self._log.commit(self._lease, Commit(self._reader, self._stream, low, state=state))
        self._written = low
        for letter in behind:
            del self._acknowledged[letter]
