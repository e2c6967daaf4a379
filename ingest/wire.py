"""The MQTT packets that a door needs, versions 3.1, 3.1.1 and 5: bytes to records and back, no I/O.

Every reader takes the flags of the fixed header and the body, and raises `WireError` for anything that the standard
forbids; nothing else may come out of it, whatever the bytes (the tests throw random and mutated packets at it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from ingest.properties import (
    PROTOCOL_ERROR,
    WireError,
    read_binary,
    read_properties,
    read_text,
    to_text,
    write_binary,
    write_properties,
    write_varint,
)

CONNECT: Final = 1
CONNACK: Final = 2
PUBLISH: Final = 3
PUBACK: Final = 4
SUBSCRIBE: Final = 8
SUBACK: Final = 9
UNSUBSCRIBE: Final = 10
UNSUBACK: Final = 11
PINGREQ: Final = 12
DISCONNECT: Final = 14

V31: Final = 3
V311: Final = 4
V5: Final = 5
PINGRESP: Final = b"\xd0\x00"

# reason codes of MQTT 5
UNSPECIFIED: Final = 0x80
UNSUPPORTED_VERSION: Final = 0x84
BAD_CLIENT_ID: Final = 0x85
BAD_CREDENTIALS: Final = 0x86
NOT_AUTHORIZED: Final = 0x87
UNAVAILABLE: Final = 0x88
SHUTTING_DOWN: Final = 0x8B
BAD_AUTHENTICATION: Final = 0x8C
KEEP_ALIVE_TIMEOUT: Final = 0x8D
TAKEN_OVER: Final = 0x8E
BAD_FILTER: Final = 0x8F
BAD_TOPIC: Final = 0x90
BAD_ALIAS: Final = 0x94
PACKET_TOO_LARGE: Final = 0x95
NO_QOS_2: Final = 0x9B
NO_WILDCARDS: Final = 0xA2
_CONNACK_311: Final = {
    UNSUPPORTED_VERSION: 1,
    BAD_CLIENT_ID: 2,
    UNAVAILABLE: 3,
    BAD_CREDENTIALS: 4,
    NOT_AUTHORIZED: 5,
}
_NAMES: Final = {b"MQTT": (V311, V5), b"MQIsdp": (V31,)}


class Will(NamedTuple):
    topic: str
    payload: bytes
    qos: int
    retain: bool


class Connect(NamedTuple):
    version: int
    client_id: str
    clean: bool
    keep_alive_s: int
    username: str | None
    password: bytes | None
    will: Will | None
    properties: dict[str, Any]


class Publish(NamedTuple):
    """`topic` is raw: its reader remembers the few that it has seen."""

    topic: bytes
    payload: bytes
    qos: int
    mid: int
    retain: bool
    alias: int | None  # of MQTT 5; None: none given


class Subscribe(NamedTuple):
    mid: int
    filters: list[tuple[str, int]]  # with the QoS asked for


class Unsubscribe(NamedTuple):
    mid: int
    filters: list[str]


class Disconnect(NamedTuple):
    code: int
    properties: dict[str, Any]


def read_connect(body: bytes) -> Connect:
    """A CONNECT; a version that we do not speak raises with `UNSUPPORTED_VERSION`."""
    name, at = read_binary(body, 0)
    if name not in _NAMES:
        raise WireError("not an MQTT client")
    if at + 4 > len(body):
        raise WireError("CONNECT ends early")
    version, flags = body[at], body[at + 1]
    if version not in _NAMES[name]:
        raise WireError(f"MQTT version {version} is not spoken here", UNSUPPORTED_VERSION)
    keep_alive_s = int.from_bytes(body[at + 2 : at + 4], "big")
    at += 4
    _check_connect_flags(flags, version)
    properties: dict[str, Any] = {}
    if version == V5:
        properties, at = read_properties(body, at, "connect")
    client_id, at = read_text(body, at)
    will, at = _read_will(body, at, flags, version)
    username, password = None, None
    if flags & 0x80:
        username, at = read_text(body, at)
    if flags & 0x40:
        password, at = read_binary(body, at)
    if at != len(body):
        raise WireError("CONNECT has bytes left over")
    return Connect(version, client_id, bool(flags & 2), keep_alive_s, username, password, will, properties)


def _check_connect_flags(flags: int, version: int) -> None:
    will, qos = flags & 0x04, flags >> 3 & 3
    if flags & 1 or qos == 3 or (not will and flags & 0x38):
        raise WireError("CONNECT flags make no sense")
    if version != V5 and flags & 0x40 and not flags & 0x80:
        raise WireError("a password without a user name")


def _read_will(body: bytes, at: int, flags: int, version: int) -> tuple[Will | None, int]:
    if not flags & 0x04:
        return None, at
    if version == V5:
        _, at = read_properties(body, at, "will")
    topic, at = read_text(body, at)
    payload, at = read_binary(body, at)
    check_topic(topic)
    return Will(topic, payload, flags >> 3 & 3, bool(flags & 0x20)), at


def check_topic(topic: str) -> None:
    """A topic to publish to: not empty, no wildcards."""
    if not topic or "+" in topic or "#" in topic:
        raise WireError("a topic name is empty or has a wildcard", BAD_TOPIC)


def read_topic(raw: bytes) -> str:
    topic = to_text(raw)
    check_topic(topic)
    return topic


def read_publish(flags: int, data: bytes, at: int, end: int, version: int) -> Publish:
    """A PUBLISH whose body is `data[at:end]`."""
    qos = flags >> 1 & 3
    topic_end = at + 2 + (data[at] << 8 | data[at + 1]) if at + 2 <= end else end + 1
    topic, at = data[at + 2 : topic_end], topic_end
    mid = 0
    if qos:
        mid = data[at] << 8 | data[at + 1] if at + 2 <= end else 0
        at += 2
        if not mid and at <= end:
            raise WireError("a packet id of 0", PROTOCOL_ERROR)
    if at > end or qos == 3 or (flags & 8 and not qos):
        raise WireError("PUBLISH ends early or has impossible flags")
    if version != V5:
        return Publish(topic, data[at:end], qos, mid, bool(flags & 1), None)
    if at < end and not data[at]:  # no properties: the usual case
        return Publish(topic, data[at + 1 : end], qos, mid, bool(flags & 1), None)
    body = data[at:end]
    properties, at = read_properties(body, 0, "publish")
    return Publish(topic, body[at:], qos, mid, bool(flags & 1), properties.get("topic_alias"))


def read_subscribe(body: bytes, version: int) -> Subscribe:
    mid, at = _read_mid(body, version, "subscribe")
    filters: list[tuple[str, int]] = []
    while at < len(body):
        topic, at = read_text(body, at)
        if at >= len(body):
            raise WireError("a subscription has no options")
        options = body[at]
        if options & 3 == 3 or options & (0xC0 if version == V5 else 0xFC) or options & 0x30 == 0x30:
            raise WireError("subscription options make no sense", PROTOCOL_ERROR)
        filters.append((topic, options & 3))
        at += 1
    if not filters:
        raise WireError("SUBSCRIBE names no topic", PROTOCOL_ERROR)
    return Subscribe(mid, filters)


def read_unsubscribe(body: bytes, version: int) -> Unsubscribe:
    mid, at = _read_mid(body, version, "unsubscribe")
    filters: list[str] = []
    while at < len(body):
        topic, at = read_text(body, at)
        filters.append(topic)
    if not filters:
        raise WireError("UNSUBSCRIBE names no topic", PROTOCOL_ERROR)
    return Unsubscribe(mid, filters)


def _read_mid(body: bytes, version: int, packet: str) -> tuple[int, int]:
    mid, at = int.from_bytes(body[:2], "big"), 2
    if len(body) < 2 or not mid:
        raise WireError("a packet without a packet id", PROTOCOL_ERROR)
    if version == V5:
        _, at = read_properties(body, at, packet)
    return mid, at


def read_puback(body: bytes, version: int) -> int:
    """The packet id that a PUBACK acknowledges; its reason changes nothing for us."""
    if len(body) < 2 or (version != V5 and len(body) != 2):
        raise WireError("PUBACK has a wrong length")
    if len(body) > 3:
        read_properties(body, 3, "puback")
    return int.from_bytes(body[:2], "big")


def read_disconnect(body: bytes, version: int) -> Disconnect:
    if version != V5 or not body:
        if body:
            raise WireError("DISCONNECT has a wrong length")
        return Disconnect(0, {})
    properties: dict[str, Any] = {}
    if len(body) > 1:
        properties, _ = read_properties(body, 1, "disconnect")
    return Disconnect(body[0], properties)


def packet(first: int, body: bytes) -> bytes:
    """A whole packet: first byte, length, body."""
    return bytes((first,)) + write_varint(len(body)) + body


def connack(
    version: int, code: int, *, present: bool = False, properties: Mapping[str, int | str] | None = None
) -> bytes:
    """The answer to CONNECT; `code` is that of MQTT 5 and is translated for older clients."""
    if version == V5:
        return packet(CONNACK << 4, bytes((present, code)) + write_properties(properties or {}))
    old = _CONNACK_311.get(code, 5 if code else 0)
    return packet(CONNACK << 4, bytes((present and version == V311, old)))


def puback(mid: int, code: int = 0) -> bytes:
    """An acknowledgement; a code other than 0 only to a client that speaks MQTT 5."""
    if code:
        return b"\x40\x03" + mid.to_bytes(2, "big") + bytes((code,))
    return b"\x40\x02" + mid.to_bytes(2, "big")


def suback(version: int, mid: int, codes: Sequence[int]) -> bytes:
    head = mid.to_bytes(2, "big") + (b"\0" if version == V5 else b"")
    shown = codes if version == V5 else [min(UNSPECIFIED, code) for code in codes]
    return packet(SUBACK << 4, head + bytes(shown))


def unsuback(version: int, mid: int, codes: Sequence[int]) -> bytes:
    head = mid.to_bytes(2, "big")
    return packet(UNSUBACK << 4, head + b"\0" + bytes(codes) if version == V5 else head)


def publish(version: int, topic: str, payload: bytes, *, qos: int = 0, mid: int = 0, dup: bool = False) -> bytes:
    head = write_binary(topic.encode()) + (mid.to_bytes(2, "big") if qos else b"") + (b"\0" if version == V5 else b"")
    return packet(PUBLISH << 4 | dup << 3 | qos << 1, head + payload)


def disconnect(code: int) -> bytes:
    """A server's goodbye; only MQTT 5 has one."""
    return packet(DISCONNECT << 4, bytes((code,)))
