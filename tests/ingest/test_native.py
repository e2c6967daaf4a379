"""The native dialect."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fixes import Fixes, Flag
from ingest.admit import Admission
from ingest.dialects import native
from ingest.directory import Listed
from tests.ingest.house import FIX, message
from tests.strategies import T0_US, fixes_of

json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["time", "lat", "lon", "x"]), inner),
)


def test_one_object() -> None:
    """All fields of one object are read in our units."""
    decoded = native.decode(
        b'{"time":1767571200.5,"lat":-10.17,"lon":123.6,"speed":5.5,"course":90,"accuracy":4,"altitude":12,'
        b'"battery":80,"odometer":1200.5,"ignition":true,"moving":false,"sos":true,"id":"k","colour":"red"}'
    )
    (fix,) = decoded.fixes
    assert (fix.time, fix.lat, fix.lon, fix.speed, fix.course) == (1767571200.5, -10.17, 123.6, 5.5, 90)
    assert (fix.accuracy, fix.altitude, fix.battery, fix.odometer) == (4, 12, 80, 1200.5)
    assert (fix.ignition, fix.moving, fix.sos) == (True, False, True)


def test_a_bad_element_is_refused_alone() -> None:
    """The other elements of an array are kept, the bad one is shown in its problem."""
    decoded = native.decode(b'[{"time":1,"lat":1,"lon":2},{"lat":1,"lon":2},7,{"time":2,"lat":"x","lon":2}]')
    assert len(decoded.fixes) == 1
    assert [(p.reason, p.payload) for p in decoded.problems] == [
        ("missing_field", b'{"lat":1,"lon":2}'),
        ("unknown_type", b"7"),
        ("bad_coordinate", b'{"time":2,"lat":"x","lon":2}'),
    ]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not_json"),
        (b"\xff\xfe\x00", "not_json"),
        (b'{"time":1,"lat":1,"lon":2} x', "not_json"),
        (b'{"time":1,"lat":NaN,"lon":2}', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"5", "unknown_type"),
        (b'"hello"', "unknown_type"),
        (b"{}", "missing_field"),
        (b'{"time":null,"lat":1,"lon":2}', "missing_field"),
        (b'{"time":true,"lat":1,"lon":2}', "bad_time"),
        (b'{"time":[1],"lat":1,"lon":2}', "bad_time"),
        (b'{"time":1,"lat":true,"lon":2}', "bad_coordinate"),
        (b'{"time":1,"lat":"-10.1","lon":2}', "bad_coordinate"),
    ],
)
def test_bad_payloads(payload: bytes, reason: str) -> None:
    """Each kind of bad payload has its reason."""
    decoded = native.decode(payload)
    assert (decoded.fixes, [problem.reason for problem in decoded.problems]) == ([], [reason])


def test_an_optional_value_of_a_wrong_type_is_missing() -> None:
    """It does not spoil the fix."""
    (fix,) = native.decode(b'{"time":1,"lat":1,"lon":2,"speed":"fast","ignition":3,"battery":null}').fixes
    assert math.isnan(fix.speed or 0)
    assert fix.ignition is None


@given(st.binary(max_size=200))
def test_random_bytes_never_raise(payload: bytes) -> None:
    """Whatever the bytes, there is an answer."""
    decoded = native.decode(payload)
    assert decoded.fixes or decoded.problems or payload.strip() == b"[]"


@given(json_values)
def test_random_json_is_sorted_without_an_error(value: object) -> None:
    """Any JSON ends in fixes and rejects, one per element."""
    admitted = Admission(Listed(lambda _: True)).sort([message(json.dumps(value).encode())])
    elements = len(value) if isinstance(value, list) else 1
    assert len(admitted.fixes) + len(admitted.rejects) + admitted.ignored == max(elements, 1) or not elements


fragments = st.sampled_from(
    [b"[", b"]", b"{", b"}", b",", b'"', b" ", b'{"time":1,"lat":1,"lon":2}', b'"x":', b"7", b"\\"]
)
hostile = st.lists(st.lists(fragments, max_size=4).map(b"".join) | st.binary(max_size=8), max_size=6)
clean = st.sampled_from([FIX, b"[" + FIX + b"," + FIX + b"]", b"[]", b" " + FIX + b"\n"])


@given(st.lists(clean, max_size=6))
def test_a_clean_batch_is_decoded_at_once(payloads: list[bytes]) -> None:
    """One call gives what one call each would give."""
    assert native.decode_many(payloads) == [native.decode(payload) for payload in payloads]


@given(hostile)
def test_no_payload_can_reach_into_its_neighbour(payloads: list[bytes]) -> None:
    """Whatever is joined, the answer is that of each payload alone, or that they must be read one by one."""
    assert native.decode_many(payloads) in (None, [native.decode(payload) for payload in payloads])


@pytest.mark.parametrize(
    "payloads",
    [
        [b'{"time":1,"lat":1,"lon":2', b"}"],
        [b'{"time":1,"lat":1,"lon":2,"x":[', b"]}"],
        [FIX + b"," + FIX, FIX],
        [FIX + b",", b"," + FIX],
        [FIX, b""],
        [b"", FIX],
        [FIX, b"]"],
        [b'"', b'"'],
        [FIX, b'"a text"'],
        [FIX, b'{"time":1}'],
    ],
)
def test_a_batch_with_a_bad_payload_is_left_to_the_slow_way(payloads: list[bytes]) -> None:
    """Pieces that would fit together are not put together."""
    assert native.decode_many(payloads) is None


def test_encode_then_decode_gives_the_same_fixes() -> None:
    """What `publish` sends is what ingest reads, missing values included."""
    fixes = fixes_of("t1", (0, 123.6, -10.17), (0.123456, 123.61, -10.18), speed_mps=[3.25, math.nan], ignition=[1, -1])
    again = Admission(Listed(lambda _: True)).sort([message(native.encode(fixes))]).fixes
    given = {"dialect": [1, 1], "flags": [0, Flag.JUMP], "received_us": [T0_US + 1_000_000] * 2}
    assert again == Fixes.of(("t1",), **_columns(fixes) | given)


def test_encode_leaves_out_what_is_missing() -> None:
    """A bare fix is three keys, and a whole second stays a whole number."""
    assert native.encode(fixes_of("t1", (0, 123.6, -10.17))) == b'[{"time":1767571200,"lat":-10.17,"lon":123.6}]'


def _columns(fixes: Fixes) -> dict[str, object]:
    return {name: getattr(fixes, name) for name in fixes.__slots__ if name != "ids"}
