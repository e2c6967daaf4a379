"""What holds of every dialect, and of their register."""

from __future__ import annotations

import typing
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fixes import COLUMNS
from core.rejects import Reason
from ingest.admit import Admission
from ingest.columns import judge
from ingest.dialects import DIALECTS, NAMES, SUBSCRIPTIONS, Dialect, Router, find_route
from ingest.dialects.dialect import SCALES, parse, truth
from ingest.directory import Listed
from tests.ingest.house import message

TIME = "2026-01-05T00:00:00Z"
VECTORS: dict[str, list[Any]] = {
    "native": [{"time": TIME, "lat": -10.17, "lon": 123.6, "speed": 1, "ignition": True}],
    "owntracks": [
        {"_type": "location", "tst": 1767571200, "lat": -10.17, "lon": 123.6, "vel": 3, "t": "p", "ign": 1},
        [{"_type": "location", "tst": "1767571200", "lat": -10.17, "lon": 123.6}, {"_type": "lwt"}],
        {"_type": "encrypted", "data": "AAAA"},
    ],
    "traccar": [
        {
            "position": {
                "fixTime": TIME, "deviceTime": TIME, "latitude": 1, "longitude": 2, "speed": 3, "valid": True,
                "attributes": {"alarm": "sos", "distance": 0, "ignition": True, "mock": False},
            },
            "device": {"uniqueId": "a"},
        }
    ],
    "osmand": [
        {
            "device_id": "a",
            "location": {
                "timestamp": TIME, "coords": {"latitude": 1, "longitude": 2, "speed": -1}, "battery": {"level": 0.5},
                "is_moving": True, "mock": True, "alarm": "sos", "extras": {},
            },
        }
    ],
    "teltonika": [{"state": {"reported": {"ts": 1767571200000, "latlng": "1,2", "sp": 3, "69": 1, "239": "1"}}}],
    "chirpstack": [
        {"time": TIME, "deviceInfo": {"devEui": "0A"}, "object": {"gps": {"lat": 1, "lng": 2}, "sos": 1}},
        {"time": TIME, "deviceInfo": {"devEui": "0A"}, "location": {"latitude": 1, "longitude": 2, "altitude": 3}},
    ],
}  # fmt: skip
QUERIES = [b"id=a&timestamp=1767571200&lat=1&lon=2&speed=3&alarm=sos", b"X0,695AFF00,v,-10170000,123600000,26,36,7,5,8"]
TOPICS = {
    "native": "ronda/v1/a/fix",
    "owntracks": "owntracks/a/b",
    "traccar": "traccar/positions",
    "osmand": "osmand/a",
    "teltonika": "a/b/teltonika/1/data",
    "chirpstack": "application/a/device/0A/event/up",
}
every_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
odd_values = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6), st.sampled_from(["", "0", "-1", "1e999", "nan", "inf", "\x00", "0,0", ",", "p", "٣", 10**300]),
    st.just([]), st.just({}), st.lists(st.integers(), max_size=2),
)  # fmt: skip


def mutate(value: Any, draw: Any) -> Any:
    """The same document with values here and there replaced, dropped or doubled."""
    if draw(st.integers(0, 9)) == 0:
        return draw(odd_values)
    if isinstance(value, dict):
        return {key: mutate(inner, draw) for key, inner in value.items() if draw(st.integers(0, 9))}
    if isinstance(value, list):
        return [mutate(inner, draw) for inner in value for _ in range(draw(st.integers(0, 2)))]
    return value


def check(dialect: Dialect, payload: bytes) -> None:
    """A payload ends in fixes and problems that everything after it can bear."""
    decoded = dialect.decode(payload)
    assert len(decoded.flags) in {0, len(decoded.fixes)}
    assert {problem.reason for problem in decoded.problems} <= set(typing.get_args(Reason))
    msgspec.json.encode([problem.detail for problem in decoded.problems])
    judge(decoded.fixes, np.full(len(decoded.fixes), 1_767_571_200_000_000, np.int64))
    assert isinstance(decoded.device, str)


@every_dialect
@given(payload=st.binary(max_size=200) | st.sampled_from(QUERIES))
def test_random_bytes_never_raise(dialect: Dialect, payload: bytes) -> None:
    """Whatever the bytes, there is an answer."""
    check(dialect, payload)


@every_dialect
@given(data=st.data())
def test_mutated_messages_never_raise(dialect: Dialect, data: st.DataObject) -> None:
    """A message of its own, with anything anywhere in it."""
    vector = data.draw(st.sampled_from(VECTORS[dialect.name]))
    check(dialect, msgspec.json.encode(mutate(vector, data.draw)))


@every_dialect
@given(data=st.data())
def test_damaged_messages_never_raise(dialect: Dialect, data: st.DataObject) -> None:
    """A message of its own, cut, or with a byte changed."""
    known = [msgspec.json.encode(vector) for vector in VECTORS[dialect.name]] + QUERIES
    payload = bytearray(data.draw(st.sampled_from(known)))
    payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    check(dialect, bytes(payload))
    check(dialect, bytes(payload[: data.draw(st.integers(0, len(payload)))]))


@every_dialect
@pytest.mark.parametrize("text", [b"[", b'{"location":', b'{"position":', b'{"object":', b'{"_type":'])
def test_endless_nesting_is_no_json(dialect: Dialect, text: bytes) -> None:
    """A hundred thousand levels cost one reject; to OsmAnd a bracket begins a query."""
    (problem,) = dialect.decode(text * 100_000).problems
    assert problem.reason == ("missing_field" if (dialect.name, text) == ("osmand", b"[") else "not_json")


@every_dialect
def test_deep_nesting_is_borne(dialect: Dialect) -> None:
    """As deep as the parser goes, wherever it stands."""
    for levels in (100, 500, 900, 990, 1000):
        inner = b"[" * levels + b"]" * levels
        check(dialect, inner)
        check(dialect, b'{"location":' + inner + b',"object":' + inner + b',"deviceInfo":{"devEui":' + inner + b"}}")


@every_dialect
@given(data=st.data())
def test_admission_never_meets_a_fault_of_a_decoder(dialect: Dialect, data: st.DataObject) -> None:
    """Through admission, a mutated message is an answer too, and none that asks to be reported."""
    payload = msgspec.json.encode(mutate(data.draw(st.sampled_from(VECTORS[dialect.name])), data.draw))
    admitted = Admission(Listed(lambda _: True)).sort([message(payload, TOPICS[dialect.name])])
    assert not [reject.detail for reject in admitted.rejects if "our decoder failed" in reject.detail]


@every_dialect
def test_its_topic_leads_to_it(dialect: Dialect) -> None:
    """One topic, one dialect."""
    assert find_route(TOPICS[dialect.name]).dialect is dialect


def test_numbers_are_for_ever() -> None:
    """The archive stores them."""
    assert NAMES == {1: "native", 2: "owntracks", 3: "traccar", 4: "osmand", 5: "teltonika", 6: "chirpstack"}


def test_what_a_broker_is_asked_for() -> None:
    """Every dialect that comes by MQTT."""
    assert SUBSCRIPTIONS == (
        "ronda/v1/+/fix",
        "owntracks/+/+",
        "owntracks/+/+/event",
        "traccar/positions",
        "+/+/teltonika/+/data",
        "application/+/device/+/event/up",
        "application/+/device/+/event/location",
    )


def test_a_route_is_remembered() -> None:
    """Up to a bound; then the memory starts anew."""
    router = Router(limit=2)
    routes = [router(f"ronda/v1/{name}/fix") for name in "aabca"]
    assert [route.device for route in routes] == list("aabca")
    assert (routes[1] is routes[0], routes[4] is routes[0]) == (True, False)


@every_dialect
def test_every_field_fills_a_column(dialect: Dialect) -> None:
    """Columns are those of core, flags are named, numbers have a unit that is known."""
    import importlib

    for table in importlib.import_module(f"ingest.dialects.{dialect.name}").FIELDS.values():
        for field in table:
            assert all(name in COLUMNS for name in field.column.split()[0].rstrip(",").split(", ")), field
            if field.column.endswith(("_mps", "_deg", "_m", "_pct")):
                assert field.unit in SCALES, field


@pytest.mark.parametrize("payload", [b"1" * 5000, b"\xff", b'"\\ud800"', b"[1,]", b"NaN", b"1e999", b""])
def test_what_is_no_json_raises_one_kind_of_error(payload: bytes) -> None:
    """Every decoder catches the same."""
    with pytest.raises(ValueError):
        parse(payload)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (0, False), ("TRUE", True), ("0", False), (2, None), ("yes", None), (None, None), (1.0, None)],
)
def test_truth(value: Any, expected: bool | None) -> None:
    """JSON's own, 0 and 1, and both as text."""
    assert truth(value) is expected
