"""One client of the door: packets handled, acknowledgements out in the order of the messages.

A session stops reading (and parsing) while its credential is being checked, while the sink is full, while too many of
its own messages are not on disk yet, and while it does not read what we write. What it may hold is therefore bounded:
what `ingest.framing` holds, and `RECEIVE_MAXIMUM` messages in the sink.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from core.identity import Identity
from core.rejects import PAYLOAD_LIMIT, Reason
from ingest import wire
from ingest.framing import Framed
from ingest.mailbox import INFLIGHT_LIMIT, Mailbox, may_subscribe
from ingest.message import Message
from ingest.properties import PROTOCOL_ERROR, WireError

SKIP_MAX: Final = 16 << 20  # bytes of an oversized packet that we read past; a longer one ends the connection
RECEIVE_MAXIMUM: Final = 4096
TOPICS_MAX: Final = 64  # subscriptions of one session
_ROUTES_MAX: Final = 1000  # topics that a session remembers
_ROUTE_BYTES: Final = 512  # a longer topic is judged anew each time
_WRITE_HIGH: Final = 64 * 1024
_HEAD: Final = 70_000  # the longest topic and packet id


class House(Protocol):
    """What a session needs of the door."""

    @property
    def now_us(self) -> Callable[[], int]: ...
    @property
    def put(self) -> Callable[[Message], None]: ...
    def now_s(self) -> float: ...
    def arrive(self, session: Session) -> bool:
        """Take a new connection in; False when the house is full."""
        ...

    def enter(self, session: Session, connect: wire.Connect) -> None:
        """Check the credential in the background, then `welcome` or `refuse` the session."""

    def leave(self, session: Session) -> None: ...
    def sink_full(self) -> bool: ...
    def flush_soon(self, session: Session) -> None: ...
    def forbids(self, identity: Identity | None, topic: str) -> bool: ...
    def subscribe(self, session: Session, topic: str, qos: int) -> None: ...
    def unsubscribe(self, session: Session, topic: str) -> bool: ...
    def count(self, event: str) -> None: ...


class Session(Framed):
    """A connection from its first byte to its last."""

    def __init__(self, house: House) -> None:
        super().__init__(house.now_us)
        self._house = house
        self._put = house.put  # at hand: called for every message
        self._skipped: Message | None = None
        self._out = bytearray()
        self._pending = 0
        self._routes: dict[bytes, tuple[str, Reason | None]] = {}
        self._handlers: dict[int, Callable[[int, bytes], None]] = {
            wire.SUBSCRIBE: self._on_subscribe,
            wire.UNSUBSCRIBE: self._on_unsubscribe,
            wire.PUBACK: self._on_puback,
            wire.DISCONNECT: self._on_disconnect,
        }
        self.identity: Identity | None = None
        self.mailbox: Mailbox | None = None
        self.keep_alive_s = 0
        self.active_s = house.now_s()
        self.opened_s = self.active_s
        self.peer_inflight = INFLIGHT_LIMIT
        self.credential: tuple[str, str, str] | None = None  # client id, user, password: asked again now and then
        self.checked_s = self.active_s
        self.ended_s: float | None = None  # when we closed it; the client may still be taking our last words

    @property
    def open(self) -> bool:
        """Welcomed and not yet gone."""
        return self.mailbox is not None and self._transport is not None

    # transport callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # a stream server makes no other
        self._transport = transport
        transport.set_write_buffer_limits(high=_WRITE_HIGH)
        if not self._house.arrive(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None
        self._buffer.clear()
        self._skipped = None
        self._house.leave(self)

    def _packet(self, first: int, data: bytes, start: int, stop: int) -> None:
        kind = first >> 4
        if not self.version:
            self._on_connect(data[start:stop])
        elif kind == wire.PUBLISH:
            self._on_publish(wire.read_publish(first & 15, data, start, stop, self.version))
        elif first == wire.PINGREQ << 4:
            self._send(wire.PINGRESP)
        elif kind in self._handlers and first & 15 == (2 if kind in {wire.SUBSCRIBE, wire.UNSUBSCRIBE} else 0):
            self._handlers[kind](first, data[start:stop])
        else:
            raise WireError(f"a packet of type {kind} is not expected here", PROTOCOL_ERROR)

    def _broken(self, error: WireError) -> None:
        self._house.count("protocol_errors")
        self.close(error.code)

    # packets

    def _on_connect(self, body: bytes) -> None:
        try:
            connect = wire.read_connect(body)
        except WireError as error:
            if error.code == wire.UNSUPPORTED_VERSION:
                self._send(wire.connack(wire.V311, error.code))
            raise
        self.version = connect.version
        self.keep_alive_s = connect.keep_alive_s
        if connect.version == wire.V5:
            self.peer_inflight = min(connect.properties.get("receive_maximum", INFLIGHT_LIMIT), INFLIGHT_LIMIT)
        self.hold("entering")
        self._house.enter(self, connect)

    def welcome(self, identity: Identity | None, mailbox: Mailbox, answer: bytes) -> None:
        """The credential is good: answer, then read what came after CONNECT."""
        self.identity, self.mailbox = identity, mailbox
        self._send(answer)
        if self._house.sink_full():  # it became so before we were there to be told
            self.hold("sink")
        self.release("entering")

    def refuse(self, code: int) -> None:
        """The credential is not good, or cannot be checked now."""
        self._house.count("refused_connects")
        self._send(wire.connack(self.version, code))
        self._end()

    def _is_usual(self, data: bytes, start: int, stop: int) -> bool:
        """Take a PUBLISH at QoS 1 on a topic that this session used before, without properties; False: look closer."""
        at = start + 2 + (data[start] << 8 | data[start + 1]) if stop - start > 1 else stop
        body = at + 2 if self.version != wire.V5 else at + 3
        if body > stop or (body - at == 3 and data[at + 2]):
            return False
        route, mid = self._routes.get(data[start + 2 : at]), data[at : at + 2]
        if route is None or route[1] is not None or mid == b"\0\0":
            return False
        self._pending += 1
        if self._pending >= RECEIVE_MAXIMUM:
            self.hold("pending")
        done = partial(self._acknowledge, b"\x40\x02" + mid)
        self._put(Message(route[0], data[body:stop], self._received_us, 1, False, self.identity, done))
        return True

    def _on_publish(self, packet: wire.Publish) -> None:
        if packet.qos == 2:
            raise WireError("QoS 2 is not offered; use QoS 1", wire.NO_QOS_2)
        if packet.alias is not None:
            raise WireError("topic aliases are not offered", wire.BAD_ALIAS)
        topic, refused = self._routes.get(packet.topic) or self._route(packet.topic)
        self._pending += 1
        if self._pending >= RECEIVE_MAXIMUM:
            self.hold("pending")
        self._put(self._message(topic, packet.payload, packet.qos, packet.mid, refused))

    def _message(self, topic: str, payload: bytes, qos: int, mid: int, refused: Reason | None) -> Message:
        code = wire.NOT_AUTHORIZED if refused == "forbidden" and self.version == wire.V5 else 0
        done = partial(self._acknowledge, wire.puback(mid, code) if mid else b"")
        return Message(topic, payload, self._received_us, qos, False, self.identity, done, refused)

    def _route(self, raw: bytes) -> tuple[str, Reason | None]:
        topic = wire.read_topic(raw)
        route: tuple[str, Reason | None] = (topic, "forbidden" if self._house.forbids(self.identity, topic) else None)
        if len(raw) > _ROUTE_BYTES:
            return route  # not worth remembering
        if len(self._routes) >= _ROUTES_MAX:
            self._routes.clear()
        self._routes[raw] = route
        return route

    def _acknowledge(self, puback: bytes) -> None:
        """All that a message said is on disk: say so (nothing for QoS 0: nobody waits)."""
        self._pending -= 1
        if puback and self._transport is not None:
            if not self._out:
                self._house.flush_soon(self)
            self._out += puback
        if self._holds and self._pending < RECEIVE_MAXIMUM // 2:
            self.release("pending")

    def _on_subscribe(self, first: int, body: bytes) -> None:
        del first
        packet = wire.read_subscribe(body, self.version)
        codes = [self._grant(topic, qos) for topic, qos in packet.filters]
        self._send(wire.suback(self.version, packet.mid, codes))

    def _grant(self, topic: str, qos: int) -> int:
        assert self.mailbox is not None  # noqa: S101  # nothing is read before the welcome
        if "+" in topic or "#" in topic:
            return wire.NO_WILDCARDS
        if not may_subscribe(self.identity, topic) or len(self.mailbox.topics) >= TOPICS_MAX:
            return wire.NOT_AUTHORIZED
        granted = min(qos, 1)
        self._house.subscribe(self, topic, granted)
        return granted

    def _on_unsubscribe(self, first: int, body: bytes) -> None:
        del first
        packet = wire.read_unsubscribe(body, self.version)
        codes = [0 if self._house.unsubscribe(self, topic) else 0x11 for topic in packet.filters]
        self._send(wire.unsuback(self.version, packet.mid, codes))

    def _on_puback(self, first: int, body: bytes) -> None:
        del first
        assert self.mailbox is not None  # noqa: S101  # nothing is read before the welcome
        self.mailbox.acknowledged(wire.read_puback(body, self.version))
        self.deliver()

    def _on_disconnect(self, first: int, body: bytes) -> None:
        del first
        packet = wire.read_disconnect(body, self.version)
        if self.mailbox is not None and "session_expiry" in packet.properties:
            self.mailbox.lasting_s = min(self.mailbox.lasting_s, packet.properties["session_expiry"])
        self._end()

    # packets that are too large

    def _oversize(self, data: bytes, at: int, start: int, stop: int) -> int:
        """Begin to pass over a packet that is too large; where to go on. An oversized PUBLISH becomes a reject."""
        if not self.version or data[at] >> 4 != wire.PUBLISH or stop - at > SKIP_MAX:
            self._house.count("oversize")
            raise WireError("a packet is too large", wire.PACKET_TOO_LARGE)
        if len(data) - at < _HEAD:  # wait for its topic
            self._need = _HEAD
            return at
        self._house.count("oversize")
        head = wire.read_publish(data[at] & 15, data, start, min(len(data), start + _HEAD - 8), self.version)
        if head.qos == 2:
            raise WireError("QoS 2 is not offered; use QoS 1", wire.NO_QOS_2)
        topic, _ = self._route(head.topic)
        self._skipped = self._message(topic, head.payload[:PAYLOAD_LIMIT], head.qos, head.mid, "too_large")
        self._skip = stop - at
        return at + self._pass_over(len(data) - at)

    def _pass_over(self, available: int) -> int:
        taken = min(self._skip, available)
        self._skip -= taken
        if not self._skip and self._skipped is not None:
            message, self._skipped = self._skipped, None
            self._pending += 1
            self._put(message)
        return taken

    # writing

    def deliver(self) -> None:
        """Send what waits in the mailbox, as far as the client has acknowledged what it got before."""
        box = self.mailbox
        while box is not None and len(box.inflight) < self.peer_inflight and not self.stuck:
            notice = box.next(self._house.now_s())
            if notice is None:
                return
            qos = box.topics.get(notice.topic, 0)
            mid = 0
            if qos:
                mid = box.next_mid()
                box.inflight[mid] = notice
            self._send(wire.publish(self.version, notice.topic, notice.payload, qos=qos, mid=mid))

    def deliver_again(self) -> None:
        """After a reconnect: first what was sent and not acknowledged, then what waits."""
        for mid, notice in self.mailbox.again(self._house.now_s()) if self.mailbox else ():
            self._send(wire.publish(self.version, notice.topic, notice.payload, qos=1, mid=mid, dup=True))
        self.deliver()

    def flush(self) -> None:
        """Write the acknowledgements gathered since the last flush, in one go."""
        out, self._out = self._out, bytearray()
        transport = self._transport
        if out and transport is not None and not transport.is_closing():
            transport.write(out)

    def _send(self, data: bytes | bytearray) -> None:
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def close(self, code: int) -> None:
        """End the connection for a reason; a client of MQTT 5 is told."""
        if self.version == wire.V5 and self.open:
            self._send(wire.disconnect(code))
        self._end()

    def _end(self) -> None:
        if self._transport is not None:
            self.flush()
            self.ended_s = self._house.now_s()
            self._transport.close()

    def abort(self) -> None:
        """End the connection at once, without waiting for the client to take what was written."""
        if self._transport is not None:
            self._transport.abort()
