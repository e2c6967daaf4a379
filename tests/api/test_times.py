"""Time in: whatever the contract allows. Time out: RFC 3339 with the city's offset."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.problems import ParameterError
from api.times import parse_us, rfc3339

KUPANG = ZoneInfo("Asia/Makassar")
NOON_US = 1_767_585_600_000_000  # 2026-01-05T12:00:00+08:00


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05T12:00:00+08:00",
        "2026-01-05T12:00:00 08:00",  # an unescaped plus in a query
        "2026-01-05T04:00:00Z",
        "2026-01-05T05:00:00.000+01:00",
        "2026-01-05 12:00",  # no offset: the city's time
        "1767585600",
        "1767585600.0",
        "1767585600000",
    ],
)
def test_every_way_to_write_an_instant_is_understood(text):
    """RFC 3339 with any offset, city time, seconds and milliseconds name the same instant."""
    assert parse_us(text, "from", KUPANG) == NOON_US


def test_a_day_is_a_city_day():
    """A date alone is the midnight with which the city's day begins."""
    assert parse_us("2026-01-05", "from", KUPANG) == NOON_US - 12 * 3_600_000_000


@pytest.mark.parametrize(
    "text", ["", "yesterday", "nan", "inf", "1e300", "-1e300", "2026-13-01", "9999-12-31T23:59:59Z"]
)
def test_what_is_no_time_is_refused_by_name(text):
    """The error names the parameter, so that the caller knows which one to correct."""
    with pytest.raises(ParameterError, match=r"^from ") as refused:
        parse_us(text, "from", KUPANG)

    assert refused.value.name == "from"


@pytest.mark.parametrize(
    ("us", "text"),
    [
        (NOON_US, "2026-01-05T12:00:00+08:00"),
        (NOON_US + 250_000, "2026-01-05T12:00:00.250+08:00"),
        (NOON_US + 1, "2026-01-05T12:00:00.000001+08:00"),
    ],
)
def test_an_instant_is_written_as_short_as_it_is_exact(us, text):
    """Whole seconds have no fraction; microseconds are not lost."""
    assert rfc3339(us, KUPANG) == text


@given(st.integers(0, 4_000_000_000_000_000), st.sampled_from([UTC, KUPANG, ZoneInfo("Europe/Berlin")]))
def test_what_is_written_reads_back_exactly(us, zone):
    """Out and in again is the identity, in summer time and its end too."""
    assert parse_us(rfc3339(us, zone), "at", zone) == us
