"""Conventions, stated once.

Degrees are WGS84 in float64, pairs are (lon, lat), lengths are metres, speeds metres per second, courses
degrees clockwise from true north. An instant is int64 microseconds since 1970-01-01T00:00:00Z (suffix `_us`);
a duration is seconds (suffix `_s`). Missing floats are NaN, missing three-valued flags are -1.
"""

from typing import Final

US_PER_S: Final = 1_000_000
MINUTE_US: Final = 60 * US_PER_S
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US  # of UTC; a city's day may have an hour more or less, see `core.calendar`
TIMES_US: Final = (0, 4_291_747_200_000_000)  # 1970 to 2106: what our instants hold exactly
MPS_PER_KNOT: Final = 1852.0 / 3600.0
MPS_PER_KMH: Final = 1000.0 / 3600.0


def seconds_to_us(value_s: float) -> int:
    """Seconds to whole microseconds, rounded to nearest."""
    return round(value_s * US_PER_S)


def us_to_seconds(value_us: int) -> float:
    """Microseconds to seconds; exact to a microsecond until the year 2255."""
    return value_us / US_PER_S
