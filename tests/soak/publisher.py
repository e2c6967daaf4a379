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

WINDOW: Final = 20_000  # unacknowledged messages of a connection: devices have memory
AGAIN_S: Final = 0.5
ANSWER_S: Final = 15.0  # no answer to a connect for so long: begin anew
KEEPALIVE_S: Final = 60


def remaining(length: int) -> bytes:
    """MQTT's own way to write a length."""
    out = bytearray()
    while True:
        length, low = divmod(length, 128)
        out.append(low | (128 if length else 0))
        if not length:
            return bytes(out)


def text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack(">H", len(raw)) + raw


def connect_packet(client: str, user: str, password: str, *, clean: bool = True) -> bytes:
    flags = 0x02 * clean | (0xC0 if user else 0)
    body = text("MQTT") + bytes([4, flags]) + struct.pack(">H", KEEPALIVE_S) + text(client)
    body += text(user) + text(password) if user else b""
    return b"\x10" + remaining(len(body)) + body


def publish_packet(topic: bytes, mid: int, payload: bytes, *, again: bool = False, qos: int = 1) -> bytes:
    body = struct.pack(">H", len(topic)) + topic + (struct.pack(">H", mid) if qos else b"") + payload
    return bytes([0x30 | qos << 1 | (8 if again else 0)]) + remaining(len(body)) + body


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
                await self._serve()
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self.losses += 1
            await asyncio.sleep(AGAIN_S)

    async def _serve(self) -> None:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(connect_packet(self.client, self.user, self.password))
            answer = await reader.readexactly(4)
        if answer[3] != 0:
            writer.close()
            raise OSError(f"refused: {answer[3]}")
        await self._send_open(writer)
        self._writer = writer  # from here on `put` writes by itself
        pinging = asyncio.create_task(self._ping(writer))
        try:
            await self._read(reader)
        finally:
            pinging.cancel()

    async def _send_open(self, writer: asyncio.StreamWriter) -> None:
        """What nobody acknowledged, oldest first; more may come meanwhile."""
        sent: set[int] = set()
        while unsent := sorted((said[0], mid) for mid, said in self._waiting.items() if mid not in sent):
            for _, mid in unsent:
                _, topic, payload = self._waiting[mid]
                writer.write(publish_packet(topic, mid, payload, again=True))
                sent.add(mid)
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
