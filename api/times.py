"""Time in and out. In: RFC 3339 with any offset, a city day or city time without one, or epoch seconds or
milliseconds. Out: RFC 3339 with the city's offset.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from api.problems import ParameterError

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MS_FROM: Final = 1e11  # a number this large is milliseconds
_SPACE_FOR_PLUS: Final = re.compile(r" (?=\d\d:?\d\d$)")  # an unescaped "+" of a query arrives as a space


def parse_us(text: str, name: str, zone: tzinfo) -> int:
    """Microseconds since the epoch; `name` is the parameter that the error names."""
    try:
        return _shown_us(_number_us(float(text)), zone)
    except OverflowError as error:
        raise ParameterError(name, "is not a time") from error
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(_SPACE_FOR_PLUS.sub("+", text.strip()))
        return _shown_us(to_us(moment if moment.tzinfo else moment.replace(tzinfo=zone)), zone)
    except (ValueError, OverflowError) as error:
        raise ParameterError(name, "must be RFC 3339, a day (2026-11-24) or seconds since 1970") from error


def _number_us(value: float) -> int:
    return round(value * 1_000) if abs(value) >= MS_FROM else round(value * 1_000_000)


def _shown_us(us: int, zone: tzinfo) -> int:
    """A time that can be shown: a year that no calendar of the city holds is refused here, not later."""
    from_us(us, zone)
    return us


def parse_day(text: str, name: str) -> date:
    """A city day; `name` is the parameter that the error names."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ParameterError(name, "must be a day, such as 2026-11-24") from error


def to_us(moment: datetime) -> int:
    """Microseconds since the epoch of an aware moment, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_us(us: int, zone: tzinfo) -> datetime:
    """The moment in a zone; exact, since no float is involved."""
    return (EPOCH + timedelta(microseconds=us)).astimezone(zone)


def rfc3339(us: int, zone: tzinfo) -> str:
    """The city's way to write an instant: no fraction when it is whole seconds."""
    moment = from_us(us, zone)
    if us % 1_000_000 == 0:
        return moment.isoformat(timespec="seconds")
    return moment.isoformat(timespec="milliseconds" if us % 1_000 == 0 else "microseconds")


def rfc3339_or_none(us: int | None, zone: tzinfo) -> str | None:
    return None if us is None else rfc3339(us, zone)
