"""OwnTracks beyond the plain location: sealed messages, Greenwich's CSV and its text-only JSON, silent topics."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.secret import SecretBox

from core.fixes import Flag
from ingest.dialects import find_route, owntracks
from ingest.dialects.sealed import unseal
from ingest.raw import Problem
from tests.ingest.decoding import degrees, outcome, row, speeds_mps
from tests.strategies import T0_US

PLAIN = b'{"_type":"location","tst":1767571200,"lat":-10.17,"lon":123.6}'
SECRET = b"rahasia"
NONCE = bytes(range(24))


def sealed(plain: bytes = PLAIN, secret: bytes = SECRET) -> dict[str, Any]:
    """A message as an app with this secret seals it."""
    box = SecretBox(secret.ljust(32, b"\0")).encrypt(plain, NONCE)
    return {"_type": "encrypted", "data": b64encode(box).decode()}


def opened(payload: Any, key: bytes | None = SECRET) -> bytes | Problem:
    return unseal(msgspec.json.encode(payload), key)


def test_a_sealed_message_opens_with_its_key() -> None:
    """The key is the secret, filled up with NUL."""
    assert opened(sealed()) == PLAIN


def test_a_box_made_elsewhere_opens() -> None:
    """The format of libsodium, byte for byte: nonce, then authenticator and text."""
    data = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXHsVgmKk3ISGpK3dlXKtu8jH6l3uxPrzL0Qko5ivyJXlOrPsXrrJz"
    assert opened({"_type": "encrypted", "data": data}) == b'{"_type":"lwt","tst":1}'


def test_a_plain_message_passes() -> None:
    """A device with a key may speak openly too: its credential vouches for it."""
    assert unseal(PLAIN, SECRET) == PLAIN
    assert unseal(b'{"encrypted":1} x', SECRET) == b'{"encrypted":1} x'


def test_sealed_elements_of_an_array_are_opened() -> None:
    """An outbox may hold both kinds; what does not open is refused alone."""
    payload = opened([sealed(), msgspec.json.decode(PLAIN), sealed(secret=b"other")])
    assert isinstance(payload, bytes)
    rows, reasons = outcome(owntracks.decode, payload)
    assert (len(rows), reasons) == (2, ["unknown_type"])


@pytest.mark.parametrize(
    ("payload", "key", "says"),
    [
        (sealed(), None, "no key of this device is known"),
        (sealed(), b"", "no key of this device is known"),
        (sealed(), b"wrong", "does not open it"),
        (sealed(), b"x" * 33, "more than 32 bytes"),
        ({"_type": "encrypted", "data": "TestCipherText"}, SECRET, "no base64 text of a nonce and a box"),
        ({"_type": "encrypted", "data": "!"}, SECRET, "no base64 text of a nonce and a box"),
        ({"_type": "encrypted", "data": 7}, SECRET, "no base64 text of a nonce and a box"),
    ],
)
def test_what_does_not_open_says_why(payload: Any, key: bytes | None, says: str) -> None:
    """Whoever set it up reads which end to look at, and never a secret."""
    problem = opened(payload, key)
    assert isinstance(problem, Problem)
    assert problem.reason == "unknown_type"
    assert says in problem.detail
    assert "wrong" not in problem.detail


def test_a_box_within_a_box_is_refused() -> None:
    """Only one layer is opened."""
    plain = opened(sealed(msgspec.json.encode(sealed())))
    assert isinstance(plain, bytes)
    assert outcome(owntracks.decode, plain) == ([], ["unknown_type"])


@given(st.binary(max_size=60), st.binary(max_size=40) | st.none())
def test_random_boxes_never_raise(data: bytes, key: bytes | None) -> None:
    """Whatever is in it, there is an answer."""
    assert isinstance(opened({"_type": "encrypted", "data": b64encode(data).decode()}, key), Problem)
    unseal(b'"encrypted"' + data, key)


def test_a_line_of_csv_in_our_units() -> None:
    """Hexadecimal seconds, millionths of a degree, tens of degrees and of metres, km/h."""
    assert row(owntracks.decode, b"X0,695AFF00,v,-10170000,123600000,26,36,7,5,872") == {
        "time_us": T0_US, "lat": -10.17, "lon": 123.6, "course_deg": 260.0, "speed_mps": pytest.approx(10.0),
        "altitude_m": 70.0, "flags": 0,
    }  # fmt: skip


def test_a_line_without_satellites_is_a_heartbeat() -> None:
    """Trigger l: the tracker says where it was last."""
    assert row(owntracks.decode, b"X0,695AFF00,l,-10170000,123600000,26,36,7,5,872")["flags"] == Flag.HEARTBEAT


@pytest.mark.parametrize(
    "payload",
    [
        b"X0,695AFF00,v,-10170000,123600000,26,36,7,5",
        b"X0,695AFF0G,v,-10170000,123600000,26,36,7,5,872",
        b"X0,695AFF00,v,-10170000123,123600000,26,36,7,5,872",
        b"X0,695AFF00,v,-10.17,123.6,26,36,7,5,872",
    ],
)
def test_a_damaged_line_is_refused(payload: bytes) -> None:
    """A cut line is no fix somewhere else."""
    assert outcome(owntracks.decode, payload) == ([], ["not_json"])


def test_a_tracker_that_writes_text_only() -> None:
    """All values of older firmware are text."""
    payload = (
        b'{"_type":"location","tst":"1767571200","lat":"-10.17","lon":"123.6","vel":"36","cog":"90","alt":"12",'
        b'"batt":"80","acc":"5","odometer":"1.5","ign":"1","motion":"0","t":"t"}'
    )
    assert row(owntracks.decode, payload) == {
        "time_us": T0_US, "lat": -10.17, "lon": 123.6, "speed_mps": pytest.approx(10.0), "course_deg": 90.0,
        "altitude_m": 12.0, "battery_pct": 80.0, "accuracy_m": 5.0, "odometer_m": 1500.0, "ignition": 1, "moving": 0,
        "flags": 0,
    }  # fmt: skip


@pytest.mark.parametrize("topic", ["voltage/batt", "voltage/ext", "gpio/7", "hw", "sw"])
def test_silent_topics_are_ignored(topic: str) -> None:
    """What a tracker tells about itself is known, and no position."""
    route = find_route(f"owntracks/budi/x0/{topic}")
    assert route.dialect is not None
    assert (route.device, route.dialect.number) == ("budi-x0", 2)
    assert outcome(route.dialect.decode, b"12.4") == ([], [])


@given(speed_mps=speeds_mps, odometer_m=st.floats(0, 1e8), accuracy_m=st.floats(0, 5000), **degrees)
def test_no_unit_shifts_a_fix(speed_mps: float, odometer_m: float, accuracy_m: float, lat: float, lon: float) -> None:
    """Kilometres an hour and kilometres come back as what they were made of."""
    said = {"_type": "location", "tst": T0_US // 1_000_000, "lat": lat, "lon": lon, "acc": accuracy_m}
    got = row(owntracks.decode, msgspec.json.encode(said | {"vel": speed_mps * 3.6, "odometer": odometer_m / 1000}))
    assert (got["time_us"], got["lat"], got["lon"], got["accuracy_m"]) == (T0_US, lat, lon, accuracy_m)
    assert (got["speed_mps"], got["odometer_m"]) == (pytest.approx(speed_mps), pytest.approx(odometer_m))


@given(lat=st.integers(-89_000_000, 89_000_000), lon=st.integers(1, 179_000_000), speed=st.integers(0, 300))
def test_no_unit_shifts_a_line(lat: int, lon: int, speed: int) -> None:
    """Millionths of a degree come back exactly."""
    got = row(owntracks.decode, f"X0,695AFF00,v,{lat},{lon},26,{speed},7,5,872".encode())
    assert (round(got["lat"] * 1e6), round(got["lon"] * 1e6)) == (lat, lon)
    assert got["speed_mps"] == pytest.approx(speed / 3.6)
