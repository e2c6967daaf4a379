"""Which devices are registered: read from the archive once, then kept up to date from the log."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from core.codec import decode
from core.entries import Config
from core.errors import DecodeError
from ronda.runtime import AWAY
from store import read
from store.archive import Archive
from store.cancel import heed_cancel
from store.log import START, Log

log = logging.getLogger(__name__)

STREAM: Final = "in.0"  # configuration is told to every partition
PAGE: Final = 5000
RETRY_S: Final = 0.5


class Devices:
    """Ids of registered devices. `load` before use, `follow` for as long as it is used."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._offset = START

    def __contains__(self, device: object) -> bool:
        return device in self._ids

    async def load(self, pool: Any) -> None:
        """What the archive knows, and how far in the log that is."""
        self._offset = (await Archive(pool).offsets()).get(STREAM, START)
        after: str | None = None
        while True:
            page = await read.registry(pool, "devices", after=after, limit=PAGE)
            self._ids |= {str(row["id"]) for row in page.rows}
            after = page.next
            if after is None:
                return

    async def follow(self, stream_log: Log) -> None:
        """Apply what the log says from there on, until cancelled."""
        while True:
            try:
                entries = (await stream_log.read({STREAM: self._offset}, count=500, block_ms=1000)).get(STREAM, [])
            except AWAY as error:
                log.warning("registry: %s", error, extra={"action": "registry.retry"})
                await asyncio.sleep(RETRY_S)
                continue
            heed_cancel()
            for entry in entries:
                self._offset = entry.id
                if entry.body[2:3] == b"G":  # most entries are fixes and ticks: not worth decoding here
                    self._apply(entry.body)

    def _apply(self, body: bytes) -> None:
        try:
            change = decode(body)
        except DecodeError:
            return  # the pump reports it
        if isinstance(change, Config) and change.section == "devices":
            ids = {str(row.get("id")) for row in change.rows}
            if change.op == "set":
                self._ids = ids
            else:
                self._ids = self._ids - ids if change.op == "delete" else self._ids | ids
