"""Partitions, units, the clock and the errors."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import ManualClock
from core.errors import ConfigError, ConflictError, DecodeError, LeaseLostError, RondaError, UnavailableError
from core.partition import partition_of
from core.units import MPS_PER_KMH, MPS_PER_KNOT, seconds_to_us, us_to_seconds


@pytest.mark.parametrize(
    ("device", "of_4", "of_64"),
    [("123456789", 2, 38), ("t1", 3, 55), ("truck-07", 3, 35), ("truk-é", 3, 3), ("", 0, 0), ("TRUK-01", 3, 27)],
)
def test_partitions_written_out(device: str, of_4: int, of_64: int) -> None:
    """State lives under these numbers; the first is the check value of CRC-32, 0xCBF43926."""
    assert (partition_of(device, 4), partition_of(device, 64)) == (of_4, of_64)


@given(st.text(st.characters(codec="utf-8")), st.integers(1, 256))
def test_a_partition_is_one_of_them(device: str, partitions: int) -> None:
    """Any id has a partition, and one partition has all."""
    assert 0 <= partition_of(device, partitions) < partitions
    assert partition_of(device, 1) == 0


def test_partitions_are_about_even() -> None:
    """A thousand trucks spread over four partitions."""
    counts = Counter(partition_of(f"truck-{i:04}", 4) for i in range(1000))
    assert min(counts.values()) > 200


def test_speeds() -> None:
    """A knot is a nautical mile of 1852 m in an hour; 36 km/h are 10 m/s."""
    assert pytest.approx(0.5144444444444445, rel=1e-15) == MPS_PER_KNOT
    assert 36 * MPS_PER_KMH == 10.0


@pytest.mark.parametrize(
    ("value_s", "value_us"), [(0, 0), (1.5, 1_500_000), (-0.25, -250_000), (0.000_000_4, 0), (0.000_000_6, 1)]
)
def test_seconds_to_us(value_s: float, value_us: int) -> None:
    """Seconds become whole microseconds, the nearest ones."""
    assert seconds_to_us(value_s) == value_us


@given(st.integers(0, 2**53))
def test_us_to_seconds_is_exact_to_a_microsecond(value_us: int) -> None:
    """Until the year 2255 the float is less than a microsecond off."""
    assert abs(Fraction(us_to_seconds(value_us)) - Fraction(value_us, 1_000_000)) < Fraction(1, 1_000_000)


@given(st.integers(0, 2**33 * 1_000_000))
def test_us_survive_seconds(value_us: int) -> None:
    """Until the year 2242 microseconds come back as they were."""
    assert seconds_to_us(us_to_seconds(value_us)) == value_us


def test_a_manual_clock_moves_only_when_told() -> None:
    """It starts where it is put, and stands."""
    clock = ManualClock(5)
    assert [clock.now_us(), clock.now_us()] == [5, 5]
    clock.advance(3)
    assert clock.now_us() == 8
    clock.set(2)
    assert clock.now_us() == 2


@pytest.mark.parametrize("error", [DecodeError, ConfigError, LeaseLostError, ConflictError, UnavailableError])
def test_one_root_of_errors(error: type[Exception]) -> None:
    """Whoever wants to catch what Ronda raises on purpose names one class."""
    assert issubclass(error, RondaError)


def test_unavailable_is_a_connection_error() -> None:
    """Retry loops that know nothing of us catch it too."""
    assert issubclass(UnavailableError, ConnectionError)


def test_decode_error_says_why() -> None:
    """The reason is for counters, the detail for people."""
    error = DecodeError("bad_time", "year 1999")
    assert (error.reason, error.detail, str(error)) == ("bad_time", "year 1999", "bad_time: year 1999")
    assert str(DecodeError("not_json")) == "not_json"
