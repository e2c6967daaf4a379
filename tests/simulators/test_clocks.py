"""A time zone as a table of offsets."""

import datetime as dt
from zoneinfo import ZoneInfo

from simulators.clocks import offsets


def test_a_zone_without_changes():
    """Kupang's clock was never changed in all that time."""
    assert offsets("Asia/Makassar") == [(0, 28_800)]


def test_a_zone_with_summer_time():
    """Each change stands at its second: ten hours behind in winter, nine in summer."""
    found = [(t, offset) for t, offset in offsets("America/Adak") if t > 1_767_225_600_000_000][:2]
    changes = [dt.datetime(2026, 3, 8, 12, tzinfo=dt.UTC), dt.datetime(2026, 11, 1, 11, tzinfo=dt.UTC)]
    assert found == [(round(t.timestamp()) * 1_000_000, o) for t, o in zip(changes, (-32_400, -36_000), strict=True)]


def test_the_table_is_the_zone():
    """At the first and the last second of each offset the zone agrees."""
    zone, table = ZoneInfo("America/Adak"), offsets("America/Adak")
    ends = [t for t, _ in table[1:]] + [table[-1][0] + 1_000_000]
    for (from_us, offset), until_us in zip(table, ends, strict=True):
        for at_us in (from_us, until_us - 1_000_000):
            assert dt.datetime.fromtimestamp(at_us // 1_000_000, zone).utcoffset() == dt.timedelta(seconds=offset)
