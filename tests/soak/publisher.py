"""A fleet on a few MQTT connections: QoS 1, a window of unacknowledged messages, sends again after a loss.

Small and quick on purpose: the generator shares two cores with what it tests.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from tests.soak.packets import KEEPALIVE_S, connect_packet, publish_packet

WINDOW: Final = 20_000  # unacknowledged messages of a connection: devices have memory
AGAIN_S: Final = 0.5
ANSWER_S: Final = 15.0  # no answer to a connect for so long: begin anew


@dataclass(slots=True)
class Publisher:
    """One connection that lives through every loss. `put` a message; `acknowledged` is told its number."""

    port: int
    client: str
    user: str
    password: str
    acknowledged: Callable[[int], None]
    losses: int = 0
    repeats: int = 0
    _waiting: dict[int, tuple[int, bytes, bytes]] = field(default_factory=dict)  # mid: number, topic, payload
    _mid: int = 0
    _room: asyncio.Event = field(default_factory=asyncio.Event)
    _writer: asyncio.StreamWriter | None = None

    async def put(self, number: int, topic: str, payload: bytes) -> None:
        """Send when the window has room."""
        while len(self._waiting) >= WINDOW:
            self._room.clear()
            await self._room.wait()
        self._mid = self._free()
        self._waiting[self._mid] = (number, topic.encode(), payload)
        if self._writer is not None:
            self._writer.write(publish_packet(topic.encode(), self._mid, payload))

    @property
    def open(self) -> int:
        """Messages that nobody acknowledged yet."""
        return len(self._waiting)

    async def run(self) -> None:
        """Connect, send again what is open, read acknowledgements; for ever."""
        while True:
            with suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                await self._connected()
            self.losses += 1
            await asyncio.sleep(AGAIN_S)

    async def _connected(self) -> None:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            await self._serve(reader, writer)
        finally:
            self._writer = None
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(connect_packet(self.client, self.user, self.password))
        async with asyncio.timeout(ANSWER_S):
            answer = await reader.readexactly(4)
        if answer[3] != 0:
            raise OSError(f"refused: {answer[3]}")
        reading = asyncio.create_task(self._read(reader))  # while we send: neither side may block on the other
        pinging = asyncio.create_task(self._ping(writer))
        try:
            await self._send_open(writer)
            self._writer = writer  # from here on `put` writes by itself
            await reading
        finally:
            for task in (reading, pinging):
                task.cancel()
            await asyncio.gather(reading, pinging, return_exceptions=True)

    async def _send_open(self, writer: asyncio.StreamWriter) -> None:
        """What nobody acknowledged, oldest first; more may come meanwhile."""
        sent: set[int] = set()
        while unsent := sorted((said[0], mid) for mid, said in self._waiting.items() if mid not in sent):
            for _, mid in unsent:
                sent.add(mid)
                if said := self._waiting.get(mid):
                    writer.write(publish_packet(said[1], mid, said[2], again=True))
                    await writer.drain()
        self.repeats += len(sent)

    async def _ping(self, writer: asyncio.StreamWriter) -> None:
        while True:
            await asyncio.sleep(KEEPALIVE_S / 4)
            writer.write(b"\xc0\x00")

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """PUBACKs are four bytes, PINGRESPs two; nothing else is sent to us."""
        rest = b""
        while True:
            data = await reader.read(65_536)
            if not data:
                return
            rest = self._take(rest + data)

    def _take(self, data: bytes) -> bytes:
        at = 0
        while at + 2 <= len(data):
            size = 2 + data[at + 1]
            if at + size > len(data):
                break
            if data[at] >> 4 == 4:
                said = self._waiting.pop(struct.unpack_from(">H", data, at + 2)[0], None)
                if said is not None:
                    self.acknowledged(said[0])
            at += size
        self._room.set()
        return data[at:]

    def _free(self) -> int:
        mid = self._mid
        while True:
            mid = mid % 65_535 + 1
            if mid not in self._waiting:
                return mid
