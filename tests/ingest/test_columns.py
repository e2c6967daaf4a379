"""What can be true and what cannot."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.columns import judge, read_times
from ingest.raw import RawFix
from tests.strategies import T0_US

T0_S = T0_US // 1_000_000
RECEIVED = np.array([T0_US], np.int64)


@pytest.mark.parametrize(
    ("value", "us"),
    [
        (T0_S, T0_US),
        (T0_S + 0.5, T0_US + 500_000),
        (T0_S * 1000 + 7, T0_US + 7_000),
        (str(T0_S), T0_US),
        ("2026-01-05T00:00:00Z", T0_US),
        ("2026-01-05t08:00:00.25+08:00", T0_US + 250_000),
        ("2026-01-04T19:30:00-04:30", T0_US),
        ("2026-01-05T00:00:00", -1),  # no offset: which city's midnight?
        ("20260105", 20_260_105_000_000),  # digits are a number of seconds
        ("yesterday", -1),
        ("", -1),
        ("nan", -1),
        (1e300, -1),
        (-5.0, -5_000_000),
        (10**400, -1),
    ],
)
def test_times(value: float | str, us: int) -> None:
    """RFC 3339 with an offset, seconds, or milliseconds from 1e11 on."""
    assert read_times([value]).tolist() == [us]
    assert read_times([value, "2026-01-05T00:00:00Z"]).tolist() == [us, T0_US]


def test_a_naive_time_may_be_utc_in_a_file() -> None:
    """Files are read with that rule, devices are not."""
    assert read_times(["2026-01-05 00:00:00"], naive_is_utc=True).tolist() == [T0_US]


@given(st.integers(T0_US, T0_US + 10**15))
def test_microseconds_survive_as_seconds(us: int) -> None:
    """A float of seconds is exact to the microsecond, alone and beside text."""
    assert read_times([us / 1e6]).tolist() == read_times([us / 1e6, "x"]).tolist()[:1] == [us]


@pytest.mark.parametrize(
    ("time", "lat", "lon", "reason"),
    [
        (T0_S, 90.0, 180.0, None),
        (T0_S, 91.0, 0.5, "bad_coordinate"),
        (T0_S, -90.1, 0.5, "bad_coordinate"),
        (T0_S, 1.0, 180.5, "bad_coordinate"),
        (T0_S, 0.0, -0.0, "bad_coordinate"),
        (T0_S, 0.0, 123.6, None),
        (T0_S, math.nan, 1.0, "bad_coordinate"),
        (T0_S, math.inf, 1.0, "bad_coordinate"),
        (1_262_303_999, 1.0, 1.0, "bad_time"),
        (1_262_304_000, 1.0, 1.0, None),
        ("2004-03-01T00:00:00Z", 1.0, 1.0, "bad_time"),
        (T0_S + 120, 1.0, 1.0, None),
        (T0_S + 121, 1.0, 1.0, "future"),
        ("2099-01-01T00:00:00Z", 1.0, 1.0, "future"),
        (0, 0.0, 0.0, "bad_time"),
    ],
)
def test_a_fix_needs_a_true_place_and_time(time: float | str, lat: float, lon: float, reason: str | None) -> None:
    """What cannot be true is refused with its reason, at the edges exactly."""
    judged = judge([RawFix(time, lat, lon)], RECEIVED)
    assert (judged.reason(0) if judged.verdict[0] >= 0 else None) == reason


@pytest.mark.parametrize(
    ("name", "column", "value", "kept"),
    [
        ("speed", "speed_mps", 100.0, 100.0),
        ("speed", "speed_mps", 100.5, math.nan),
        ("speed", "speed_mps", -1.0, math.nan),
        ("course", "course_deg", 360.0, 0.0),
        ("course", "course_deg", 361.0, math.nan),
        ("accuracy", "accuracy_m", -3.0, math.nan),
        ("accuracy", "accuracy_m", 1e300, math.nan),
        ("battery", "battery_pct", 101.0, math.nan),
        ("altitude", "altitude_m", math.inf, math.nan),
        ("odometer", "odometer_m", None, math.nan),
        ("speed", "speed_mps", 10**400, math.nan),
    ],
)
def test_an_impossible_option_is_missing(name: str, column: str, value: float | None, kept: float) -> None:
    """The fix stays, the value goes."""
    judged = judge([RawFix(T0_S, 1.0, 2.0, **{name: value})], RECEIVED)
    assert judged.verdict.tolist() == [-1]
    np.testing.assert_array_equal(judged.columns[column], [kept])


def test_a_file_has_no_future() -> None:
    """Without a time of receipt nothing is too far ahead."""
    assert judge([RawFix("2099-01-01T00:00:00Z", 1.0, 2.0)], None).verdict.tolist() == [-1]
