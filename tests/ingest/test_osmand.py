"""The OsmAnd query and Traccar Client's JSON."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fixes import Flag
from ingest.dialects import find_route, osmand
from tests.ingest.decoding import degrees, outcome, row, speeds_mps
from tests.strategies import T0_US

QUERY = {"id": "hp-1", "timestamp": "1767571200", "lat": "-10.17", "lon": "123.6"}


def query(**changes: Any) -> bytes:
    """A query at T0 with what a test wants different; None leaves a key out."""
    return urlencode({key: value for key, value in (QUERY | changes).items() if value is not None}).encode()


def client(location: dict[str, Any] | None = None, **coords: Any) -> bytes:
    """A JSON report at T0 with what a test wants different."""
    places = {"latitude": -10.17, "longitude": 123.6, "accuracy": 5.0, "speed": 10.0, "heading": 90.0, "altitude": 3.0}
    base = {"timestamp": "2026-01-05T00:00:00.000Z", "coords": places | coords, "is_moving": True, "odometer": 1200.5}
    base |= {"battery": {"level": 0.42, "is_charging": False}, "activity": {"type": "still"}, "uuid": "u", "extras": {}}
    return json.dumps({"location": base | (location or {}), "device_id": "hp-1"}).encode()


def test_a_query_in_our_units() -> None:
    """Ten knots are 5.14 m/s; the rest needs no conversion."""
    payload = query(speed=10, bearing=90, altitude=12.5, accuracy=4, batt=80, ignition="true", motion="false", rpm=933)
    assert row(osmand.decode, payload) == {
        "time_us": T0_US, "lat": -10.17, "lon": 123.6, "speed_mps": pytest.approx(5.14444), "course_deg": 90.0,
        "accuracy_m": 4.0, "altitude_m": 12.5, "battery_pct": 80.0, "ignition": 1, "moving": 0, "flags": 0,
    }  # fmt: skip


def test_a_json_report_in_our_units() -> None:
    """Metres a second stay, and a battery of 0.42 is 42 percent."""
    assert row(osmand.decode, client()) == {
        "time_us": T0_US, "lat": -10.17, "lon": 123.6, "speed_mps": 10.0, "course_deg": 90.0, "accuracy_m": 5.0,
        "altitude_m": 3.0, "battery_pct": pytest.approx(42.0), "odometer_m": 1200.5, "moving": 1, "flags": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("timestamp", "time_us"),
    [
        ("1767571200", T0_US),
        ("1767571200.25", T0_US + 250_000),
        ("1767571200123", T0_US + 123_000),
        ("2026-01-05T00:00:00Z", T0_US),
        ("2026-01-05T08:00:00+08:00", T0_US),
        ("2026-01-05T00:00:00", T0_US),
        ("2026-01-05 00:00:00", T0_US),
        ("2147483646", 2_147_483_646_000_000),  # the last number of seconds
    ],
)
def test_forms_of_time(timestamp: str, time_us: int) -> None:
    """Seconds, milliseconds, ISO 8601, and text without an offset, which is UTC."""
    assert row(osmand.decode, query(timestamp=timestamp))["time_us"] == time_us


@pytest.mark.parametrize("timestamp", ["2147483647", "99999999999", "yesterday", "-5", "0"])
def test_times_that_cannot_be(timestamp: str) -> None:
    """From 2147483647 on a number counts milliseconds: a small one is 1970."""
    assert outcome(osmand.decode, query(timestamp=timestamp)) == ([], ["bad_time"])


def test_a_location_in_one_piece() -> None:
    """`location=lat,lon` stands for both."""
    got = row(osmand.decode, query(lat=None, lon=None, location="-10.17,123.6"))
    assert (got["lat"], got["lon"]) == (-10.17, 123.6)


def test_other_names() -> None:
    """`heading` is `bearing`, and a whole request line will do."""
    assert row(osmand.decode, b"/?" + query(heading=45))["course_deg"] == 45.0


@pytest.mark.parametrize("payload", [query(accuracy="0.0"), client(accuracy=0), client(accuracy=-1)])
def test_an_accuracy_of_nothing_is_unknown(payload: bytes) -> None:
    """An app that does not know it writes 0."""
    assert "accuracy_m" not in row(osmand.decode, payload)


def test_minus_one_is_unknown() -> None:
    """Speed, heading and battery of the JSON form."""
    got = row(osmand.decode, client({"battery": {"level": -1}}, speed=-1, heading=-1))
    assert {"speed_mps", "course_deg", "battery_pct"}.isdisjoint(got)


@pytest.mark.parametrize(
    ("payload", "flags"),
    [
        (query(alarm="sos"), Flag.SOS),
        (query(alarm="sos,lowBattery"), Flag.SOS),
        (query(alarm="lowBattery"), 0),
        (query(mock="true"), Flag.MOCK),
        (query(valid="false"), Flag.HEARTBEAT),
        (query(valid="true"), 0),
        (client({"alarm": "sos"}), Flag.SOS),
        (client({"extras": {"alarm": "sos"}}), Flag.SOS),
        (client({"mock": True}), Flag.MOCK),
    ],
)
def test_flags(payload: bytes, flags: int) -> None:
    """Alarm, mock location and an invalid position are marked."""
    assert row(osmand.decode, payload)["flags"] == flags


@pytest.mark.parametrize(
    "payload",
    [
        b"id=1&timestamp=1767571200&cell=257,02,16,2224&wifi=00-14-22-01-23-45,-80",
        client({"coords": None}),
        b'{"device_id":"a","location":{"timestamp":"2026-01-05T00:00:00Z"}}',
    ],
)
def test_a_report_without_a_place_is_ignored(payload: bytes) -> None:
    """The app is alive and does not know where it is."""
    assert outcome(osmand.decode, payload) == ([], [])


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "missing_field"),
        (b"hello", "missing_field"),
        (b"\xff\xfe", "not_json"),
        (b"{", "not_json"),
        (b"&".join([b"a=1"] * 1000), "not_json"),
        (b"{}", "missing_field"),
        (b'{"location":[]}', "missing_field"),
        (query(timestamp=None), "missing_field"),
        (query(lat=None), "missing_field"),
        (query(lat=None, lon=None, alarm="sos"), "missing_field"),
        (client({"coords": None, "alarm": "sos"}), "missing_field"),
        (client({"timestamp": None}), "missing_field"),
        (client({"timestamp": True}), "bad_time"),
        (query(location="here"), "bad_coordinate"),
        (query(lat="0", lon="0"), "bad_coordinate"),
        (query(lat="nan"), "bad_coordinate"),
        (client(latitude=91), "bad_coordinate"),
    ],
)
def test_bad_payloads(payload: bytes, reason: str) -> None:
    """Each kind of bad payload has its reason."""
    assert outcome(osmand.decode, payload) == ([], [reason])


def test_its_topic() -> None:
    """What HTTP hands in comes under a topic of its own."""
    route = find_route("osmand/hp-1")
    assert route.dialect is not None
    assert (route.dialect.name, route.device, route.valid) == ("osmand", "hp-1", True)


@given(speed_mps=speeds_mps, accuracy_m=st.floats(0.1, 5000), battery=st.floats(0, 100), **degrees)
def test_no_unit_shifts_a_query(speed_mps: float, accuracy_m: float, battery: float, lat: float, lon: float) -> None:
    """Knots come back as what they were made of."""
    got = row(osmand.decode, query(speed=speed_mps * 3600 / 1852, accuracy=accuracy_m, batt=battery, lat=lat, lon=lon))
    assert (got["lat"], got["lon"], got["accuracy_m"], got["battery_pct"]) == (lat, lon, accuracy_m, battery)
    assert got["speed_mps"] == pytest.approx(speed_mps)


@given(speed_mps=speeds_mps, level=st.floats(0, 1), odometer=st.floats(0, 1e8), **degrees)
def test_no_unit_shifts_a_json_report(speed_mps: float, level: float, odometer: float, lat: float, lon: float) -> None:
    """Metres a second stay, a share becomes percent."""
    payload = client({"battery": {"level": level}, "odometer": odometer}, speed=speed_mps, latitude=lat, longitude=lon)
    got = row(osmand.decode, payload)
    assert (got["lat"], got["lon"], got["speed_mps"], got["odometer_m"]) == (lat, lon, speed_mps, odometer)
    assert got["battery_pct"] == pytest.approx(level * 100)
