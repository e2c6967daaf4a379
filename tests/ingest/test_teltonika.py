"""Teltonika's JSON codec."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fixes import Flag
from ingest.dialects import find_route, teltonika
from tests.ingest.decoding import degrees, outcome, row, speeds_mps
from tests.strategies import T0_US

RECORD = {
    "ts": 1767571200250, "pr": 0, "latlng": "-10.170000,123.600000", "alt": 12, "ang": 90, "sat": 11, "sp": 36,
    "evt": 0, "239": 1, "240": 0, "16": 6870, "113": 95, "69": 1, "66": 12400, "238": "0x0000000000000000",
}  # fmt: skip


times_ms = st.integers(T0_US // 1000, T0_US // 1000 + 10**9)


def record(**changes: Any) -> bytes:
    """A record with what a test wants different, as a shadow document."""
    return json.dumps({"state": {"reported": RECORD | {k.lstrip("_"): v for k, v in changes.items()}}}).encode()


def test_a_record_in_our_units() -> None:
    """36 km/h are 10 m/s, time counts milliseconds, inputs have numbers."""
    assert row(teltonika.decode, record()) == {
        "time_us": T0_US + 250_000, "lat": -10.17, "lon": 123.6, "speed_mps": pytest.approx(10.0), "course_deg": 90.0,
        "altitude_m": 12.0, "battery_pct": 95.0, "odometer_m": 6870.0, "ignition": 1, "moving": 0, "flags": 0,
    }  # fmt: skip


def test_a_flat_record() -> None:
    """Without the shadow's shell it is the same."""
    assert row(teltonika.decode, json.dumps(RECORD).encode()) == row(teltonika.decode, record())


def test_numbers_may_come_as_text() -> None:
    """Firmwares differ."""
    text = {key: str(value) for key, value in RECORD.items()}
    assert row(teltonika.decode, json.dumps(text).encode()) == row(teltonika.decode, record())


@pytest.mark.parametrize(
    ("change", "flags"),
    [
        ({"_69": 1}, 0),
        ({"_69": 0}, Flag.HEARTBEAT),
        ({"_69": 2}, Flag.HEARTBEAT),
        ({"_69": "3"}, Flag.HEARTBEAT),
        ({"_69": None, "sat": 0}, Flag.HEARTBEAT),
        ({"_69": None, "sat": 4}, 0),
    ],
)
def test_without_satellites_the_position_is_old(change: dict[str, Any], flags: int) -> None:
    """The box repeats where it was last."""
    assert row(teltonika.decode, record(**change))["flags"] == flags


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not_json"),
        (b"[]", "unknown_type"),
        (b"{}", "missing_field"),
        (b'{"state":7}', "missing_field"),
        (record(latlng=None), "missing_field"),
        (record(ts=None), "missing_field"),
        (record(latlng="0.000000,0.000000", _69=2), "bad_coordinate"),
        (record(latlng="0,0"), "bad_coordinate"),
        (record(latlng="-10.17"), "bad_coordinate"),
        (record(latlng="a,b"), "bad_coordinate"),
        (record(latlng=[-10.17, 123.6]), "bad_coordinate"),
        (record(ts="soon"), "bad_time"),
        (record(ts=0), "bad_time"),
        (record(ts=1_000), "bad_time"),
        (record(ts=50_000_000_000), "bad_time"),  # a box started in 1970, and 50 million seconds later
        (record(ts=946_684_800_000), "bad_time"),  # 2000
    ],
)
def test_bad_payloads(payload: bytes, reason: str) -> None:
    """Each kind of bad payload has its reason; a clock that was never set is one."""
    assert outcome(teltonika.decode, payload) == ([], [reason])


def test_a_box_without_a_position_says_why() -> None:
    """Whoever asks why it is not on the map reads what to look at."""
    (problem,) = teltonika.decode(record(latlng="0.000000,0.000000", _69=2)).problems
    assert problem.detail == "latlng '0.000000,0.000000' is no position: look at the antenna (GNSS no fix)"


def test_the_topic_names_the_box() -> None:
    """Two levels before it are the installer's."""
    route = find_route("master/client1/teltonika/356307042441013/data")
    assert route.dialect is not None
    assert (route.dialect.name, route.device) == ("teltonika", "356307042441013")


@given(speed_mps=speeds_mps, odometer_m=st.floats(0, 1e8), time_ms=times_ms, **degrees)
def test_no_unit_shifts_a_fix(speed_mps: float, odometer_m: float, time_ms: int, lat: float, lon: float) -> None:
    """Kilometres an hour and milliseconds come back as what they were made of."""
    got = row(teltonika.decode, record(sp=speed_mps * 3.6, _16=odometer_m, ts=time_ms, latlng=f"{lat!r},{lon!r}"))
    assert (got["time_us"], got["lat"], got["lon"], got["odometer_m"]) == (time_ms * 1000, lat, lon, odometer_m)
    assert got["speed_mps"] == pytest.approx(speed_mps)
