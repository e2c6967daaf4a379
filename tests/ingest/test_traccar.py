"""Positions as a Traccar server forwards them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fixes import Flag
from ingest.admit import Admission
from ingest.dialects import traccar
from ingest.directory import Listed
from tests.ingest.decoding import degrees, outcome, row, speeds_mps
from tests.ingest.house import message
from tests.strategies import T0_US

TIME = "2026-01-05T00:00:00.000+00:00"
LATER = "2026-01-05T00:05:00.000+00:00"


def forwarded(attributes: Any = None, device: Any = None, **position: Any) -> bytes:
    """A forwarded position at T0, with what a test wants different."""
    base = {
        "id": 0, "deviceId": 4, "protocol": "gt06", "serverTime": LATER, "deviceTime": TIME, "fixTime": TIME,
        "valid": True, "latitude": -10.17, "longitude": 123.6, "altitude": 12.5, "speed": 10.0, "course": 90.0,
        "address": None, "accuracy": 0.0, "network": None, "geofenceIds": None,
    }  # fmt: skip
    about = {"id": 4, "name": "Truk 17", "uniqueId": "truk-17", "attributes": {}} if device is None else device
    return json.dumps({"position": base | {"attributes": attributes or {}} | position, "device": about}).encode()


def test_a_position_in_our_units() -> None:
    """Ten knots are 5.14 m/s, metres stay metres, and an accuracy of 0 is unknown."""
    said = {"batteryLevel": 80, "ignition": True, "motion": False, "odometer": 6902740, "distance": 15.09}
    assert row(traccar.decode, forwarded(said)) == {
        "time_us": T0_US, "lat": -10.17, "lon": 123.6, "speed_mps": pytest.approx(5.14444), "course_deg": 90.0,
        "altitude_m": 12.5, "battery_pct": 80.0, "odometer_m": 6902740.0, "ignition": 1, "moving": 0, "flags": 0,
    }  # fmt: skip


def test_a_known_accuracy() -> None:
    """Anything but 0 is metres."""
    assert row(traccar.decode, forwarded(accuracy=7.5))["accuracy_m"] == 7.5


@pytest.mark.parametrize("time", [TIME, "2026-01-05T00:00:00.000+0000", "2026-01-05T00:00:00Z"])
def test_both_forms_of_an_offset(time: str) -> None:
    """Older versions write it without a colon."""
    assert row(traccar.decode, forwarded(fixTime=time, deviceTime=time))["time_us"] == T0_US


def test_the_payload_names_the_device() -> None:
    """One topic serves the whole fleet."""
    assert traccar.decode(forwarded()).device == "truk-17"


def test_admission_files_it_under_that_device() -> None:
    """The fix belongs to the device of the payload."""
    admitted = Admission(Listed(lambda _: True)).sort([message(forwarded(), "traccar/positions")])
    assert (admitted.fixes.names(), admitted.rejects) == (["truk-17"], [])


def test_odd_attributes_are_no_attributes() -> None:
    """Old versions write an empty list where there are none."""
    assert "battery_pct" not in row(traccar.decode, forwarded(attributes=[]))


def test_an_outdated_position_is_a_heartbeat() -> None:
    """Versions 4 and 5 say that they repeat the last fix."""
    assert outcome(traccar.decode, forwarded(outdated=True, deviceTime=LATER)) == ([], [])


def test_a_repeated_position_is_a_heartbeat() -> None:
    """Version 6 does not say it: the fix is older than the message, and nothing moved."""
    assert outcome(traccar.decode, forwarded({"distance": 0.0, "odometer": 1.0}, deviceTime=LATER)) == ([], [])


@pytest.mark.parametrize("position", [{"outdated": False}, {"attributes": {"distance": 23.5}}])
def test_a_stored_fix_is_no_heartbeat(position: dict[str, Any]) -> None:
    """A tracker that empties its store sends fixes older than the message, and they stay at their time."""
    assert row(traccar.decode, forwarded(deviceTime=LATER, **position))["time_us"] == T0_US


def test_a_report_may_leave_a_little_later_than_its_fix() -> None:
    """A few seconds between fix and message prove nothing."""
    payload = forwarded({"distance": 0.0}, deviceTime="2026-01-05T00:00:07.000+00:00")
    assert row(traccar.decode, payload)["time_us"] == T0_US


def test_a_call_for_help_counts_without_a_new_position() -> None:
    """It is as new as the message, at the last place known, and proves nothing about where the truck stands."""
    got = row(traccar.decode, forwarded({"alarm": "lowBattery,sos"}, outdated=True, deviceTime=LATER))
    assert (got["time_us"], got["flags"]) == (T0_US + 300_000_000, Flag.SOS | Flag.HEARTBEAT)


@pytest.mark.parametrize(
    ("change", "flags"),
    [
        ({"attributes": {"alarm": "powerCut, SOS"}}, Flag.SOS),
        ({"attributes": {"alarm": "overspeed"}}, 0),
        ({"attributes": {"mock": True}}, Flag.MOCK),
        ({"valid": False}, Flag.HEARTBEAT),
    ],
)
def test_flags(change: dict[str, Any], flags: int) -> None:
    """Alarm, mock location and an invalid position are marked."""
    assert row(traccar.decode, forwarded(**change))["flags"] == flags


def test_an_event_without_a_position_is_ignored() -> None:
    """Events may be forwarded to the same place; they say no position."""
    payload = b'{"event":{"type":"deviceOnline"},"device":{"uniqueId":"truk-17"}}'
    assert outcome(traccar.decode, payload) == ([], [])


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"id=4&gprmc=$GPRMC", "not_json"),
        (b"[]", "missing_field"),
        (b'{"position":{}}', "missing_field"),
        (b'{"device":{"uniqueId":"a"}}', "missing_field"),
        (b'{"device":{"uniqueId":"a"},"position":7}', "missing_field"),
        (forwarded(device={"uniqueId": " "}), "missing_field"),
        (forwarded(device={"uniqueId": 7}), "missing_field"),
        (forwarded(latitude=None), "missing_field"),
        (forwarded(fixTime=True, deviceTime=None), "bad_time"),
        (forwarded(fixTime="1970-01-01T00:00:00.000+00:00", deviceTime=None), "bad_time"),
        (forwarded(fixTime="2026-01-05T00:00:00", deviceTime=None), "bad_time"),
        (forwarded(latitude=0.0, longitude=0.0), "bad_coordinate"),
        (forwarded(latitude="north"), "bad_coordinate"),
    ],
)
def test_bad_payloads(payload: bytes, reason: str) -> None:
    """Each kind of bad payload has its reason."""
    assert outcome(traccar.decode, payload) == ([], [reason])


@given(speed_mps=speeds_mps, accuracy_m=st.floats(0.1, 5000), odometer_m=st.floats(0, 1e8), **degrees)
def test_no_unit_shifts_a_fix(speed_mps: float, accuracy_m: float, odometer_m: float, lat: float, lon: float) -> None:
    """Knots and metres come back as what they were made of."""
    payload = forwarded(
        {"odometer": odometer_m},
        speed=speed_mps * 3600 / 1852,
        accuracy=accuracy_m,
        latitude=lat,
        longitude=lon,
    )
    got = row(traccar.decode, payload)
    assert (got["lat"], got["lon"], got["accuracy_m"], got["odometer_m"]) == (lat, lon, accuracy_m, odometer_m)
    assert got["speed_mps"] == pytest.approx(speed_mps)
