"""Bytes of the log: round trips, versions that add, and damage."""

from __future__ import annotations

import struct
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.codec import decode, encode, kind_of
from core.entries import Command, Config, Sightings, Tick
from core.errors import DecodeError
from core.events import Event
from core.fixes import COLUMNS, Fixes
from core.rejects import Reject
from tests.core.records import records
from tests.strategies import fixes

ONE = Fixes.of(["t1"], device=[0], time_us=[1_767_571_200_000_000], lat=[-10.17], lon=[123.6], speed_mps=[8.5])
TICK = b"R1T\0\x82\xa6now_us\x05\xa7deaf_us\x07"
VALUES = st.one_of(
    fixes(),
    records(Tick),
    records(Command),
    records(Config),
    records(Sightings),
    st.lists(records(Event), max_size=3),
    st.lists(records(Reject), min_size=1, max_size=3),
)


def fixes_body(header: Any, columns: bytes = b"") -> bytes:
    """A fixes entry with a header of our own."""
    packed = msgspec.msgpack.encode(header)
    return b"R1F\0" + struct.pack("<I", len(packed)) + packed + columns


def readable(body: bytes) -> bool:
    """Whether the body decodes; any error but `DecodeError` comes through."""
    try:
        decode(body)
    except DecodeError:
        return False
    return True


@given(VALUES)
def test_round_trip(value: Any) -> None:
    """Every kind comes back as it went in."""
    assert decode(encode(value)) == value


@given(fixes())
def test_round_trip_is_bit_exact(batch: Fixes) -> None:
    """Columns come back with their dtypes and their very bytes."""
    back = decode(encode(batch))
    assert back.ids == batch.ids
    assert all(getattr(back, n).tobytes() == getattr(batch, n).tobytes() for n in COLUMNS)
    assert {n: getattr(back, n).dtype.str for n in COLUMNS} == {n: c.dtype for n, c in COLUMNS.items()}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (ONE, "fixes"),
        (Tick(now_us=1), "tick"),
        (Command(id="c", kind="alert.ack", actor="ana", at_us=1), "command"),
        (Config(section="areas"), "config"),
        (Sightings(now_us=1), "sightings"),
        ([], "events"),
        ([Reject(received_us=1, reason="future", dialect="native", topic="t")], "rejects"),
    ],
)
def test_kinds(value: Any, kind: str) -> None:
    """Each value travels under the kind of its type; an empty list is a list of no events."""
    assert kind_of(value) == kind


def test_bytes_of_a_tick() -> None:
    """Version 1 on the wire: magic, kind, packing, one msgpack map."""
    assert encode(Tick(now_us=5, deaf_us=7)) == TICK
    assert decode(TICK) == Tick(now_us=5, deaf_us=7)


def test_an_unknown_column_is_passed_over() -> None:
    """A later version may add a column between others: this one reads the rest."""
    header = {"n": 2, "ids": ["a"], "columns": [["time_us", "<i8"], ["mood", "<f4"], ["lat", "<f8"]]}
    body = np.array([5, 6]).tobytes() + np.zeros(2, np.float32).tobytes() + np.array([1.5, 2.5]).tobytes()
    batch = decode(fixes_body(header, body))
    assert (batch.time_us.tolist(), batch.lat.tolist(), batch.names()) == ([5, 6], [1.5, 2.5], ["a", "a"])


def test_a_missing_column_takes_its_missing_value() -> None:
    """An entry of an earlier version, without a column, still reads; its content is computed."""
    batch = decode(fixes_body({"n": 1, "ids": ["a"], "columns": [["time_us", "<i8"]]}, np.array([5]).tobytes()))
    assert batch == Fixes.of(["a"], device=[0], time_us=[5])


def test_unknown_record_fields_are_passed_over() -> None:
    """A later version may add a field to a record."""
    assert decode(b"R1T\0" + msgspec.msgpack.encode({"now_us": 5, "mood": [1, {}]})) == Tick(now_us=5)


def test_an_unknown_event_is_refused() -> None:
    """An event type that this version does not know cannot be passed over: it may decide something."""
    with pytest.raises(DecodeError, match="bad_entry"):
        decode(b"R1E\0" + msgspec.msgpack.encode([{"type": "party"}]))


@pytest.mark.parametrize("body", [b"", b"R", b"R1", b"R1T", b"R1T\1\x80", b"R2T\0\x80", b"R1X\0\x80", b"json"])
def test_not_ours(body: bytes) -> None:
    """Another version, kind or packing is named as such, with what may be the cause."""
    with pytest.raises(DecodeError, match="a newer Ronda wrote it or it is damaged"):
        decode(body)


def test_a_device_outside_the_dictionary_is_refused() -> None:
    """An index without an id would be somebody else's truck."""
    for index in (1, -1):
        with pytest.raises(DecodeError, match="points outside the dictionary"):
            decode(encode(Fixes.of(["a"], device=[index])))


@given(
    st.binary(max_size=80), st.sampled_from([b"", b"R1F\0", b"R1T\0", b"R1C\0", b"R1G\0", b"R1E\0", b"R1J\0", b"R1S\0"])
)
def test_random_bytes(noise: bytes, start: bytes) -> None:
    """Noise raises `DecodeError` and nothing else."""
    readable(start + noise)


@given(VALUES, st.data())
def test_truncated(value: Any, data: st.DataObject) -> None:
    """A body cut short is never read as a whole one."""
    body = encode(value)
    assert not readable(body[: data.draw(st.integers(0, len(body) - 1))])


@given(VALUES)
def test_with_a_tail(value: Any) -> None:
    """Bytes after the end are damage too."""
    assert not readable(encode(value) + b"\0")


@pytest.mark.filterwarnings("ignore")  # numpy warns of names that it will drop; a warning is no error
@given(VALUES, st.data())
def test_bits_flipped(value: Any, data: st.DataObject) -> None:
    """A damaged body reads as something else or raises `DecodeError`, nothing else."""
    body = bytearray(encode(value))
    for bit in data.draw(st.lists(st.integers(0, 8 * len(body) - 1), min_size=1, max_size=4)):
        body[bit // 8] ^= 1 << bit % 8
    readable(bytes(body))


@pytest.mark.filterwarnings("ignore")
def test_every_single_bit_of_a_batch() -> None:
    """No bit of a fixes entry can be flipped so that anything but `DecodeError` comes out."""
    body, bad = encode(ONE), []
    for bit in range(8 * len(body)):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            readable(bytes(flipped))
        except Exception as error:  # noqa: BLE001 - the test is about which ones come
            bad.append((bit, type(error).__name__))
    assert bad == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"R1T\0" + b"\x91" * 5000, id="tick"),
        pytest.param(b"R1C\0\x81\xa4body\x81\xa1a" + b"\x91" * 5000 + b"\x90", id="command"),
        pytest.param(b"R1F\0" + struct.pack("<I", 5000) + b"\x91" * 5000, id="fixes"),
    ],
)
def test_deep_nesting(body: bytes) -> None:
    """Arrays in arrays without end are refused like any other damage."""
    assert not readable(body)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"n": 10**13, "ids": ["a"], "columns": []}, id="more rows than memory"),
        pytest.param({"n": -1, "ids": ["a"], "columns": []}, id="fewer rows than none"),
        pytest.param({"n": 1, "ids": [5], "columns": []}, id="an id that is no text"),
        pytest.param({"n": 1, "ids": "ab", "columns": []}, id="ids that are no list"),
        pytest.param({"n": 1, "columns": []}, id="no ids"),
        pytest.param([], id="no map"),
        pytest.param({"n": 0, "ids": [], "columns": [["x", "object"]]}, id="a column of objects"),
        pytest.param({"n": 0, "ids": [], "columns": [["x", ",i4"]]}, id="a dtype that does not parse"),
    ],
)
def test_headers_that_nobody_wrote(header: Any) -> None:
    """A header that `encode` cannot have written is refused."""
    assert not readable(fixes_body(header))


def test_decoded_columns_are_like_those_that_are_made() -> None:
    """They may be written to; else each kernel would be compiled once more for them."""
    assert all(getattr(decode(encode(ONE)), name).flags.writeable for name in COLUMNS)
