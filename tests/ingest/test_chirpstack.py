"""Uplinks and locations of ChirpStack v4."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fixes import Flag
from ingest.dialects import chirpstack, find_route
from tests.ingest.decoding import degrees, outcome, row
from tests.strategies import T0_US


def event(**fields: Any) -> bytes:
    """An event at T0 of one device; None leaves a field out."""
    base = {"deduplicationId": "d", "time": "2026-01-05T00:00:00.250000999+00:00", "deviceInfo": {"devEui": "0A0B"}}
    return json.dumps({key: value for key, value in (base | fields).items() if value is not None}).encode()


@pytest.mark.parametrize(
    "decoded",
    [
        {"latitude": -10.17, "longitude": 123.6, "altitude": 12, "accuracy": 5},
        {"lat": -10.17, "lng": 123.6, "alt": 12, "accuracy": 5},
        {"Latitude": "-10.17", "Longitude": "123.6", "Altitude": "12", "Accuracy": "5"},
        {"gps": {"lat": -10.17, "lon": 123.6, "alt": 12, "accuracy": 5}},
        {"gpsLocation": {"1": {"latitude": -10.17, "longitude": 123.6, "altitude": 12, "accuracy": 5}}},
    ],
)
def test_a_position_by_its_usual_names(decoded: dict[str, Any]) -> None:
    """Codecs name and nest it as they like; time is the gateway's, to the microsecond."""
    assert row(chirpstack.decode, event(object=decoded, fPort=2, data="qg==")) == {
        "time_us": T0_US + 250_000, "lat": -10.17, "lon": 123.6, "altitude_m": 12.0, "accuracy_m": 5.0, "flags": 0,
    }  # fmt: skip


def test_a_location_event() -> None:
    """Where the network itself worked out the place."""
    place = {"latitude": -10.17, "longitude": 123.6, "altitude": 0, "source": "GEO_RESOLVER_TDOA", "accuracy": 60}
    got = row(chirpstack.decode, event(location=place))
    assert (got["lat"], got["lon"], got["accuracy_m"]) == (-10.17, 123.6, 60.0)


def test_a_call_for_help() -> None:
    """The button of a tracker may stand anywhere in the object."""
    payload = event(object={"SOS": True, "gps": {"lat": -10.17, "lon": 123.6}})
    assert row(chirpstack.decode, payload)["flags"] == Flag.SOS


def test_a_speed_is_not_read() -> None:
    """Its unit is anybody's guess, and a wrong one is a factor of 3.6."""
    assert "speed_mps" not in row(chirpstack.decode, event(object={"lat": -10.17, "lon": 123.6, "speed": 36}))


@pytest.mark.parametrize(
    "fields",
    [
        {"data": "qg=="},
        {"object": {"temperature": 25.1}},
        {"object": {"lat": -10.17}},
        {"margin": 6, "batteryLevel": 75.5},  # status
        {"level": "ERROR", "code": "UPLINK_CODEC"},  # log
    ],
)
def test_an_event_without_a_position_is_ignored(fields: dict[str, Any]) -> None:
    """Join, status, log, and uplinks of other sensors."""
    assert outcome(chirpstack.decode, event(**fields)) == ([], [])


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\x0a\x24\x33", "not_json"),  # protobuf
        (b"{}", "missing_field"),
        (b"[]", "missing_field"),
        (event(deviceInfo={}), "missing_field"),
        (event(time=None, object={"lat": 1, "lon": 2}), "missing_field"),
        (event(time="soon", object={"lat": 1, "lon": 2}), "bad_time"),
        (event(object={"lat": 0, "lon": 0}), "bad_coordinate"),
        (event(object={"lat": "x", "lon": "y"}), "bad_coordinate"),
    ],
)
def test_bad_payloads(payload: bytes, reason: str) -> None:
    """Each kind of bad payload has its reason."""
    assert outcome(chirpstack.decode, payload) == ([], [reason])


@pytest.mark.parametrize("kind", ["up", "location", "join", "status"])
def test_the_topic_names_the_device(kind: str) -> None:
    """An EUI is written in small letters, whatever the topic has."""
    route = find_route(f"application/17c8/device/0A0B/event/{kind}")
    assert route.dialect is not None
    assert (route.dialect.name, route.device) == ("chirpstack", "0a0b")


@given(accuracy_m=st.floats(0.1, 5000), altitude_m=st.floats(-900, 9000), **degrees)
def test_no_unit_shifts_a_fix(accuracy_m: float, altitude_m: float, lat: float, lon: float) -> None:
    """Degrees and metres come back as what they were."""
    place = {"latitude": lat, "longitude": lon, "accuracy": accuracy_m, "altitude": altitude_m}
    got = row(chirpstack.decode, event(object=place))
    assert (got["lat"], got["lon"], got["accuracy_m"], got["altitude_m"]) == (lat, lon, accuracy_m, altitude_m)
