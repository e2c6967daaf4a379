"""From bytes to packets: the part of a connection that knows where a packet ends, and when not to read at all.

What may be held of one connection is bounded: one read of the socket and one unfinished packet of at most
`PACKET_MAX`. While there is a reason to hold, nothing is read and nothing parsed.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from typing import Final

from ingest import wire
from ingest.opening import PAYLOAD_MAX
from ingest.properties import PROTOCOL_ERROR, WireError, read_varint

CONNECT_MAX: Final = 16 * 1024  # bytes of a CONNECT: nobody has shown a credential yet
PACKET_MAX: Final = PAYLOAD_MAX + 66 * 1024  # bytes that we hold of one packet: payload, topic, properties
_AT_QOS_1: Final = wire.PUBLISH << 4 | 0x02  # first byte of a PUBLISH, its DUP and RETAIN aside


class Framed(asyncio.Protocol):
    """A connection whose bytes are packets of MQTT. What they mean is the subclass's business."""

    def __init__(self, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._need = 2  # bytes without which the buffer cannot be read on
        self._skip = 0  # bytes still to come of a packet that is too large
        self._holds: set[str] = set()  # why we do not read
        self._received_us = 0
        self.version = 0  # of MQTT, once its CONNECT was read
        self.lively = False  # something came since somebody last looked

    @property
    def held(self) -> bool:
        return bool(self._holds)

    @property
    def stuck(self) -> bool:
        """The client does not take what we write."""
        return "writing" in self._holds

    @abstractmethod
    def _packet(self, first: int, data: bytes, start: int, stop: int) -> None:
        """Handle a packet whose first byte is `first` and whose body is `data[start:stop]`."""

    @abstractmethod
    def _is_usual(self, data: bytes, start: int, stop: int) -> bool:
        """Handle the body of a PUBLISH at QoS 1 if there is nothing special about it; False: `_packet` is to."""

    @abstractmethod
    def _oversize(self, data: bytes, at: int, start: int, stop: int) -> int:
        """Begin to pass over a packet that is too large; where to go on."""

    @abstractmethod
    def _pass_over(self, available: int) -> int:
        """Take bytes of such a packet; how many."""

    @abstractmethod
    def _broken(self, error: WireError) -> None:
        """What came is not MQTT, or not what we speak."""

    def pause_writing(self) -> None:
        self.hold("writing")

    def resume_writing(self) -> None:
        self.release("writing")

    def data_received(self, data: bytes) -> None:
        self.lively = True
        if self._buffer or self._holds:
            self._buffer += data
            if self._holds or len(self._buffer) < self._need:
                return
            data = bytes(self._buffer)
            self._buffer.clear()
        self._read(data)

    def hold(self, why: str) -> None:
        """Stop reading for a reason; several may hold at once."""
        if not self._holds and self._transport is not None:
            self._transport.pause_reading()
        self._holds.add(why)

    def release(self, why: str) -> None:
        """Drop a reason; when none is left, read on."""
        if why not in self._holds:
            return
        self._holds.discard(why)
        if self._holds or self._transport is None:
            return
        self.lively = True
        data = bytes(self._buffer)
        self._buffer.clear()
        self._read(data)
        if not self._holds and self._transport is not None:
            self._transport.resume_reading()

    def _read(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return  # closed by a takeover or by us; what it still had in its buffer is nobody's
        self._received_us = self._now_us()
        try:
            rest = self._packets(data)
        except WireError as error:
            self._broken(error)
        else:
            if rest and self._transport is not None:
                self._buffer += rest

    def _packets(self, data: bytes) -> bytes:
        """Handle the whole packets of `data`; what is left over."""
        at, end, self._need = 0, len(data), 2
        if self._skip:
            at = self._pass_over(end)
        while end - (at := self._usual(data, at, end)) >= 2 and not self._holds:
            if not self.version and data[at] != wire.CONNECT << 4:
                raise WireError("the first packet is not CONNECT", PROTOCOL_ERROR)
            size, start = data[at + 1], at + 2
            if size > 0x7F:
                if end - at < 5 and data[end - 1] > 0x7F:
                    break  # the length itself is not whole yet
                size, start = read_varint(data, at + 1)
            stop = start + size
            if size > (PACKET_MAX if self.version else CONNECT_MAX):
                at = self._oversize(data, at, start, stop)
                if self._need > end - at:
                    return data[at:]
            elif stop > end:
                self._need = stop - at
                return data[at:]
            else:
                self._packet(data[at], data, start, stop)
                at = stop
            if self._transport is None or self._transport.is_closing():
                return b""
        return data[at:]

    def _usual(self, data: bytes, at: int, end: int) -> int:
        """Handle whole packets from `at` on as long as they are what a fleet sends all day; where to go on."""
        while end - at > 2 and data[at] & 0xF6 == _AT_QOS_1 and not self._holds:
            size, start = data[at + 1], at + 2
            if size > 0x7F:
                if data[start] > 0x7F:
                    break
                size, start = size & 0x7F | data[start] << 7, start + 1
            stop = start + size
            if stop > end or not self._is_usual(data, start, stop):
                break
            at = stop
        return at
