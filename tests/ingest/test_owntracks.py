"""The OwnTracks dialect, on payloads as its apps send them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fixes import Flag
from ingest.admit import Admission
from ingest.dialects import find_route, owntracks
from ingest.directory import Listed
from ingest.raw import IGNORED, RawFix
from tests.ingest.house import message
from tests.strategies import T0_US

LOCATION = b'{"_type":"location","tst":1767571200,"lat":-10.17,"lon":123.6'


def decode_one(rest: bytes) -> RawFix:
    (fix,) = owntracks.decode(LOCATION + rest + b"}").fixes
    return fix


def test_speed_is_in_kilometres_an_hour() -> None:
    """36 km/h are 10 m/s."""
    assert decode_one(b',"vel":36').speed == pytest.approx(10.0)


@pytest.mark.parametrize(("key", "name"), [("vel", "speed"), ("cog", "course"), ("batt", "battery")])
def test_minus_one_is_unknown(key: str, name: str) -> None:
    """An app writes -1 for what it does not know."""
    assert math.isnan(getattr(decode_one(f',"{key}":-1'.encode()), name))


def test_numbers_may_come_as_text() -> None:
    """Older devices send every value as a string."""
    (fix,) = owntracks.decode(b'{"_type":"location","tst":"1767571200","lat":"-10.17","lon":"123.6","vel":"72"}').fixes
    assert (fix.time, fix.lat, fix.lon, fix.speed) == ("1767571200", -10.17, 123.6, 20.0)


def test_a_trackers_extras() -> None:
    """Kilometres on the clock become metres; ignition and motion are read."""
    fix = decode_one(b',"odometer":12.5,"ign":1,"motion":false')
    assert (fix.odometer, fix.ignition, fix.moving) == (12_500.0, True, False)


def test_a_ping_is_a_heartbeat() -> None:
    """A ping may carry an old position under a new time, so it is flagged."""
    admitted = Admission(Listed(lambda _: True)).sort([message(LOCATION + b',"t":"p"}', "owntracks/budi/hp")])
    assert admitted.fixes.flags.tolist() == [Flag.HEARTBEAT]


def test_only_the_ping_of_an_outbox_is_flagged() -> None:
    """An array keeps one flag per fix."""
    payload = b"[" + LOCATION + b',"t":"p"},' + LOCATION + b',"lat":-10.2}]'
    admitted = Admission(Listed(lambda _: True)).sort([message(payload, "owntracks/budi/hp")])
    assert admitted.fixes.flags.tolist() == [Flag.HEARTBEAT, Flag.JUMP]  # 3 km in no time


@pytest.mark.parametrize("kind", sorted(owntracks.KNOWN_AND_IGNORED))
def test_known_types_are_ignored(kind: str) -> None:
    """What is not a position is no reject either."""
    payload = f'{{"_type":"{kind}","tst":1,"lat":1,"lon":2}}'.encode()
    admitted = Admission(Listed(lambda _: True)).sort([message(payload, "owntracks/budi/hp/event")])
    assert (len(admitted.fixes), admitted.rejects, admitted.ignored) == (0, [], 1)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"X0,542A46AA,k,30365854", "not_json"),
        (b'{"some":"invalid message"}', "missing_field"),
        (b'{"_type":"location"}', "missing_field"),
        (b'{"_type":"encrypted","data":"TestCipherText"}', "unknown_type"),
        (b'{"_type":"sandwich"}', "unknown_type"),
        (b"7", "unknown_type"),
        (b'{"_type":"location","tst":0,"lat":0.0,"lon":0.0}', "bad_time"),
        (b'{"_type":"location","tst":123456789,"lat":50.1,"lon":60.2}', "bad_time"),
        (b'{"_type":"location","tst":[],"lat":50.1,"lon":60.2}', "bad_time"),
        (b'{"_type":"location","tst":1767571200,"lat":0.000,"lon":0.000}', "bad_coordinate"),
        (b'{"_type":"location","tst":1767571200,"lat":"north","lon":1}', "bad_coordinate"),
    ],
)
def test_bad_payloads(payload: bytes, reason: str) -> None:
    """Each kind of bad payload has its reason."""
    admitted = Admission(Listed(lambda _: True)).sort([message(payload, "owntracks/budi/hp")])
    assert (len(admitted.fixes), [reject.reason for reject in admitted.rejects]) == (0, [reason])


def test_an_empty_payload_is_ignored() -> None:
    """It clears a retained message and says nothing."""
    assert owntracks.decode(b"") == IGNORED


@pytest.mark.parametrize("topic", ["owntracks/budi/hp", "/owntracks/budi/hp", "owntracks/budi/hp/event"])
def test_the_topic_names_the_device(topic: str) -> None:
    """User and device are joined by a hyphen."""
    route = find_route(topic)
    assert route.dialect is not None
    assert (route.dialect.name, route.device) == ("owntracks", "budi-hp")


def test_a_topic_of_one_level_is_the_device() -> None:
    """A phone that names nobody is the device of its credential."""
    route = find_route("owntracks/hp-7")
    assert route.dialect is not None
    assert (route.dialect.name, route.device) == ("owntracks", "hp-7")


@given(st.dictionaries(st.sampled_from(["_type", "tst", "lat", "lon", "vel", "t"]), st.text(max_size=4) | st.floats()))
def test_random_values_never_raise(value: dict[str, object]) -> None:
    """Whatever an app sends, there is an answer."""
    import msgspec

    payload = msgspec.json.encode({"_type": "location", "tst": T0_US // 1_000_000, "lat": 1.0, "lon": 2.0} | value)
    admitted = Admission(Listed(lambda _: True)).sort([message(payload, "owntracks/budi/hp")])
    assert len(admitted.fixes) + len(admitted.rejects) + admitted.ignored == 1
