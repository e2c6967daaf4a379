"""The MQTT codec: exact packets, and whatever bytes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import wire
from ingest.properties import WireError, read_properties, read_varint, write_properties, write_varint
from tests.ingest.house import text

READERS: dict[str, Callable[[bytes, int], Any]] = {
    "connect": lambda body, _: wire.read_connect(body),
    "publish": lambda body, version: wire.read_publish(2, body, 0, len(body), version),
    "subscribe": wire.read_subscribe,
    "unsubscribe": wire.read_unsubscribe,
    "puback": wire.read_puback,
    "disconnect": wire.read_disconnect,
}
GOOD = {
    "connect": text("MQTT") + b"\x05\xc6\x00\x3c\x05\x11\x00\x00\x0e\x10" + text("c") + b"\0" + text("t") + text("w")
    + text("u") + text("p"),
    "publish": text("ronda/v1/t1/fix") + b"\0\7\0" + b"{}",
    "subscribe": b"\0\1\0" + text("ronda/v1/t1/offer") + b"\1",
    "unsubscribe": b"\0\1\0" + text("ronda/v1/t1/offer"),
    "puback": b"\0\1\x10\0",
    "disconnect": b"\0\5\x11\0\0\0\0",
}  # fmt: skip


def test_connect_311() -> None:
    """User, password, will and clean session of MQTT 3.1.1."""
    body = text("MQTT") + b"\x04\xe6\x00\x0a" + text("c1") + text("will/t") + text("bye") + text("u") + text("p")
    will = wire.Will("will/t", b"bye", 0, retain=True)
    assert wire.read_connect(body) == wire.Connect(4, "c1", True, 10, "u", b"p", will, {})


def test_connect_5() -> None:
    """Properties of MQTT 5 are read by name."""
    connect = wire.read_connect(GOOD["connect"])
    assert (connect.version, connect.username, connect.password) == (5, "u", b"p")
    assert connect.properties == {"session_expiry": 3600}


def test_connect_31() -> None:
    """Old trackers still speak MQTT 3.1."""
    assert wire.read_connect(text("MQIsdp") + b"\x03\x02\x00\x00" + text("c")).version == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (text("HTTP") + b"\x04\x02\0\0" + text("c"), 0x81),
        (text("MQTT") + b"\x06\x02\0\0" + text("c"), 0x84),
        (text("MQTT") + b"\x04\x03\0\0" + text("c"), 0x81),  # reserved flag
        (text("MQTT") + b"\x04\x1e\0\0" + text("c"), 0x81),  # will QoS 3
        (text("MQTT") + b"\x04\x42\0\0" + text("c") + text("p"), 0x81),  # password without a user
        (text("MQTT") + b"\x04\x02\0\0" + text("c") + b"x", 0x81),  # bytes left over
        (text("MQTT") + b"\x04\x02\0\0\0\x05c", 0x81),  # ends early
        (text("MQTT") + b"\x04\x02\0\0" + text("a\0b"), 0x81),
        (text("MQTT") + b"\x04\x02\0\0" + text(b"\xff"), 0x81),
        (text("MQTT") + b"\x05\x02\0\0\x02\x24\x01" + text("c"), 0x82),  # maximum QoS is the server's to say
        (text("MQTT") + b"\x05\x02\0\0\x06\x21\0\1\x21\0\2" + text("c"), 0x82),  # twice
        (text("MQTT") + b"\x05\x02\0\0\x01\x7f" + text("c"), 0x81),  # no such property
    ],
)
def test_bad_connect(body: bytes, code: int) -> None:
    """Each breach has its reason code."""
    with pytest.raises(WireError) as caught:
        wire.read_connect(body)
    assert caught.value.code == code


def test_publish() -> None:
    """Topic, packet id and payload, of both versions."""
    old = text("a/b") + b"\x01\x02hello"
    assert wire.read_publish(0b0010, old, 0, len(old), 4) == (b"a/b", b"hello", 1, 0x0102, False, None)
    new = text("a/b") + b"\x03\x23\x00\x05hello"
    assert wire.read_publish(0b0001, new, 0, len(new), 5) == (b"a/b", b"hello", 0, 0, True, 5)


@pytest.mark.parametrize(
    ("flags", "body"),
    [
        (2, text("a") + b"\0\0"),  # packet id 0
        (2, text("a")),  # no packet id
        (6, text("a") + b"\0\1"),  # QoS 3
        (8, text("a")),  # a duplicate of QoS 0
        (0, b"\0\x09a"),
        (0, b"\0"),
        (0, b""),
    ],
)
def test_bad_publish(flags: int, body: bytes) -> None:
    """A PUBLISH that ends early or has impossible flags."""
    with pytest.raises(WireError):
        wire.read_publish(flags, body, 0, len(body), 4)


@pytest.mark.parametrize("topic", [b"", b"a/+", b"a/#", b"\xff", b"a\0"])
def test_bad_topics(topic: bytes) -> None:
    """No wildcards, no NUL, UTF-8."""
    with pytest.raises(WireError):
        wire.read_topic(topic)


@given(st.sampled_from(sorted(READERS)), st.binary(max_size=60), st.sampled_from([3, 4, 5]))
def test_random_bytes_raise_only_wire_errors(name: str, body: bytes, version: int) -> None:
    """Nothing else may come out of a reader."""
    with contextlib.suppress(WireError):
        READERS[name](body, version)


@given(st.sampled_from(sorted(READERS)), st.data())
def test_mutated_packets_raise_only_wire_errors(name: str, data: st.DataObject) -> None:
    """A good packet with bytes changed, cut off or added."""
    body = bytearray(GOOD[name])
    for at in data.draw(st.lists(st.integers(0, len(body) - 1), max_size=4)):
        body[at] = data.draw(st.integers(0, 255))
    body = body[: data.draw(st.integers(0, len(body)))] + data.draw(st.binary(max_size=4))
    with contextlib.suppress(WireError):
        READERS[name](bytes(body), 5)


@given(st.integers(0, 268_435_455))
def test_lengths(value: int) -> None:
    """What is written is read again, and four bytes suffice."""
    written = write_varint(value)
    assert (len(written) <= 4, read_varint(written, 0)) == (True, (value, len(written)))


def test_a_length_of_five_bytes() -> None:
    """It is malformed."""
    with pytest.raises(WireError, match="four bytes"):
        read_varint(b"\x80\x80\x80\x80\x01", 0)


def test_properties() -> None:
    """Numbers and texts, with their length before them."""
    written = write_properties({"session_expiry": 5, "reason": "no"})
    assert written == b"\x0a\x11\0\0\0\5\x1f\0\2no"
    assert read_properties(written, 0, "disconnect") == ({"session_expiry": 5, "reason": "no"}, 11)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (wire.connack(4, 0, present=True), b"\x20\x02\x01\x00"),
        (wire.connack(4, 0x87), b"\x20\x02\x00\x05"),
        (wire.connack(3, 0x84), b"\x20\x02\x00\x01"),
        (wire.connack(5, 0, properties={"maximum_qos": 1}), b"\x20\x05\x00\x00\x02\x24\x01"),
        (wire.puback(258), b"\x40\x02\x01\x02"),
        (wire.puback(258, 0x87), b"\x40\x03\x01\x02\x87"),
        (wire.suback(4, 1, [1, 0x87]), b"\x90\x04\0\1\x01\x80"),
        (wire.suback(5, 1, [1, 0x87]), b"\x90\x05\0\1\0\x01\x87"),
        (wire.unsuback(4, 1, [0]), b"\xb0\x02\0\1"),
        (wire.unsuback(5, 1, [0]), b"\xb0\x04\0\1\0\0"),
        (wire.publish(5, "t", b"p", qos=1, mid=3, dup=True), b"\x3a\x07\0\1t\0\3\0p"),
        (wire.disconnect(0x8E), b"\xe0\x01\x8e"),
    ],
)
def test_written_packets(written: bytes, expected: bytes) -> None:
    """Byte for byte."""
    assert written == expected
