"""MQTT 5 properties: which exist, how they are written, and in which packet they may stand."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, Final, Literal

from core.errors import RondaError

MALFORMED: Final = 0x81
PROTOCOL_ERROR: Final = 0x82

Shape = Literal["byte", "u16", "u32", "varint", "text", "binary", "pair"]

SHAPES: Final[dict[int, tuple[str, Shape]]] = {
    0x01: ("payload_format", "byte"),
    0x02: ("message_expiry", "u32"),
    0x03: ("content_type", "text"),
    0x08: ("response_topic", "text"),
    0x09: ("correlation_data", "binary"),
    0x0B: ("subscription_id", "varint"),
    0x11: ("session_expiry", "u32"),
    0x12: ("assigned_client_id", "text"),
    0x13: ("server_keep_alive", "u16"),
    0x15: ("authentication_method", "text"),
    0x16: ("authentication_data", "binary"),
    0x17: ("request_problem", "byte"),
    0x18: ("will_delay", "u32"),
    0x19: ("request_response", "byte"),
    0x1A: ("response_information", "text"),
    0x1C: ("server_reference", "text"),
    0x1F: ("reason", "text"),
    0x21: ("receive_maximum", "u16"),
    0x22: ("topic_alias_maximum", "u16"),
    0x23: ("topic_alias", "u16"),
    0x24: ("maximum_qos", "byte"),
    0x25: ("retain_available", "byte"),
    0x26: ("user", "pair"),
    0x27: ("maximum_packet", "u32"),
    0x28: ("wildcards_available", "byte"),
    0x29: ("subscription_ids_available", "byte"),
    0x2A: ("shared_available", "byte"),
}
NUMBERS: Final = {name: (number, shape) for number, (name, shape) in SHAPES.items()}
_MESSAGE: Final = frozenset({
    "payload_format", "message_expiry", "content_type", "response_topic", "correlation_data", "user",
})  # fmt: skip
ALLOWED: Final[dict[str, frozenset[str]]] = {
    "connect": frozenset({
        "session_expiry", "receive_maximum", "maximum_packet", "topic_alias_maximum", "request_response",
        "request_problem", "user", "authentication_method", "authentication_data",
    }),
    "will": _MESSAGE | {"will_delay"},
    "publish": _MESSAGE | {"topic_alias"},
    "puback": frozenset({"reason", "user"}),
    "subscribe": frozenset({"subscription_id", "user"}),
    "unsubscribe": frozenset({"user"}),
    "disconnect": frozenset({"session_expiry", "reason", "user", "server_reference"}),
}  # fmt: skip
_FIXED: Final = {"byte": struct.Struct(">B"), "u16": struct.Struct(">H"), "u32": struct.Struct(">I")}


class WireError(RondaError):
    """A packet breaks the rules of MQTT; `code` is the reason code of MQTT 5 for it."""

    def __init__(self, text: str, code: int = MALFORMED) -> None:
        super().__init__(text)
        self.code = code


def read_varint(body: bytes, at: int) -> tuple[int, int]:
    """A variable byte integer and the place after it."""
    value = 0
    for i in range(4):
        if at + i >= len(body):
            raise WireError("a length ends early")
        byte = body[at + i]
        value |= (byte & 0x7F) << (7 * i)
        if byte < 0x80:
            return value, at + i + 1
    raise WireError("a length has more than four bytes")


def write_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_binary(body: bytes, at: int) -> tuple[bytes, int]:
    """Bytes with a 16-bit length before them."""
    end = at + 2 + int.from_bytes(body[at : at + 2], "big")
    if at + 2 > len(body) or end > len(body):
        raise WireError("a string ends early")
    return body[at + 2 : end], end


def read_text(body: bytes, at: int) -> tuple[str, int]:
    raw, at = read_binary(body, at)
    return to_text(raw), at


def to_text(raw: bytes) -> str:
    """UTF-8 as MQTT wants it: strict and without NUL."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise WireError("a string is not UTF-8") from error
    if "\0" in text:
        raise WireError("a string holds NUL")
    return text


def write_binary(raw: bytes) -> bytes:
    return len(raw).to_bytes(2, "big") + raw


def read_properties(body: bytes, at: int, packet: str) -> tuple[dict[str, Any], int]:
    """The properties at a place, and the place after them."""
    size, at = read_varint(body, at)
    end = at + size
    if end > len(body):
        raise WireError("properties end early")
    found: dict[str, Any] = {}
    area = body[:end]
    while at < end:
        number, at = read_varint(area, at)
        name, shape = SHAPES.get(number, ("", "byte"))
        if name not in ALLOWED[packet]:
            raise WireError(f"property {number} may not stand here", PROTOCOL_ERROR if name else MALFORMED)
        value, at = _read_value(area, at, shape)
        if name in found and shape != "pair":
            raise WireError(f"property {name} stands twice", PROTOCOL_ERROR)
        found[name] = value
    return found, at


def _read_value(area: bytes, at: int, shape: Shape) -> tuple[Any, int]:
    if shape == "varint":
        return read_varint(area, at)
    if shape == "text":
        return read_text(area, at)
    if shape == "binary":
        return read_binary(area, at)
    if shape == "pair":
        key, at = read_text(area, at)
        value, at = read_text(area, at)
        return (key, value), at
    fixed = _FIXED[shape]
    if at + fixed.size > len(area):
        raise WireError("a property ends early")
    return fixed.unpack_from(area, at)[0], at + fixed.size


def write_properties(values: Mapping[str, int | str | bytes]) -> bytes:
    """Bytes of properties with their length; numbers, texts and binaries."""
    out = bytearray()
    for name, value in values.items():
        number, shape = NUMBERS[name]
        out.append(number)
        if isinstance(value, int):
            out += write_varint(value) if shape == "varint" else _FIXED[shape].pack(value)
        else:
            out += write_binary(value.encode() if isinstance(value, str) else value)
    return write_varint(len(out)) + bytes(out)
