"""The few MQTT packets that a fleet needs, written by hand."""

from __future__ import annotations

import struct

KEEPALIVE_S = 60


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
