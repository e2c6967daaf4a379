"""Civil time of one city, by arithmetic alone: days, wall clock, shifts, holidays. Pure; time is an argument.

Instants are microseconds since 1970 UTC, spans of them half open. A city's clock is a table of UTC offsets, so that a
replay knows the same summer time as the run before it. A day's number counts days since 1970-01-01, a Thursday.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from core.entities import Day, Hours, Shift
from core.units import DAY_US, MINUTE_US, US_PER_S

Span = tuple[int, int]
DAY_MIN: Final = 1440


class Week(NamedTuple):
    """Minutes after midnight on some weekdays: what shifts and hours have in common."""

    start_min: int = 0
    end_min: int = DAY_MIN
    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    holidays: bool = True


def day_number(day: str) -> int:
    """Number of a day such as 2026-12-25 in the Gregorian calendar; raises `ValueError` for what is no day.

    Days from civil, after Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms".
    """
    parts = day.split("-")
    if [len(part) for part in parts] != [4, 2, 2] or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"{day!r} is no day such as 2026-12-25")
    y, m, d = map(int, parts)
    year = y - (m <= 2)
    era, of_era = divmod(year, 400)
    of_year = (153 * ((m + 9) % 12) + 2) // 5 + d - 1
    number = era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468
    if not 1 <= m <= 12 or day_id(number) != day:
        raise ValueError(f"{day!r} is not in the calendar")
    return number


def day_id(number: int) -> str:
    """The day of a number, as 2026-12-25 (civil from days, same source)."""
    era, of_era = divmod(number + 719468, 146097)
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    m = month + 3 if month < 10 else month - 9
    return f"{year + era * 400 + (m <= 2):04d}-{m:02d}-{of_year - (153 * month + 2) // 5 + 1:02d}"


def weekday(number: int) -> int:
    """ISO weekday, 1 Monday to 7 Sunday."""
    return (number + 3) % 7 + 1


class CityZone:
    """A clock: from each instant on, so many seconds ahead of UTC; before the first, as from it on."""

    def __init__(self, offsets: Iterable[Sequence[int]]) -> None:
        table = sorted((from_us, offset_s * US_PER_S) for from_us, offset_s in offsets)
        if not table:
            raise ValueError("a clock needs at least one offset: [[from_us, offset_s], ...]")
        self._from = [from_us for from_us, _ in table]
        self._ahead = [ahead_us for _, ahead_us in table]
        pairs = zip(self._from[1:], self._ahead, strict=False)
        self._ends = [until_us + ahead_us for until_us, ahead_us in pairs]  # of each offset but the last, on its clock

    def local_us(self, at_us: int) -> int:
        """What the wall shows, as microseconds since its own 1970-01-01 00:00."""
        return at_us + self._ahead[max(0, bisect_right(self._from, at_us) - 1)]

    def instant_us(self, local_us: int) -> int:
        """When the wall first shows this or later: the first of two moments, the end of an hour that is skipped."""
        i = bisect_right(self._ends, local_us)
        at_us = local_us - self._ahead[i]
        return at_us if i == 0 else max(self._from[i], at_us)


UTC: Final = CityZone([(0, 0)])


class Calendar:
    """The days of one city: its clock, and days that are not like others.

    Without a zone nothing is known of shifts: they always work, and days are those of UTC.
    """

    def __init__(self, zone: CityZone | None = None, days: Mapping[str, Day] | None = None) -> None:
        self.known = zone is not None
        self.zone = zone or UTC
        self.days = days or {}

    def day(self, at_us: int) -> int:
        """Number of the day of an instant."""
        number = self.zone.local_us(at_us) // DAY_US
        return number + 1 if at_us >= self.instant_us(number + 1) else number  # a clock put back past midnight

    def minute(self, at_us: int) -> int:
        """Minutes after midnight on the wall, 0 to 1439."""
        return self.zone.local_us(at_us) % DAY_US // MINUTE_US

    def instant_us(self, number: int, minute: int = 0) -> int:
        """When the wall shows a minute of a day, counted from its midnight (from 1440 on: of the next)."""
        return self.zone.instant_us(number * DAY_US + minute * MINUTE_US)

    def bounds(self, number: int) -> Span:
        """A day's first instant, and the next day's."""
        return self.instant_us(number), self.instant_us(number + 1)

    def holiday(self, number: int) -> bool:
        """Whether a day is one."""
        day = self.days.get(day_id(number))
        return day is not None and day.kind == "holiday"

    def falls_on(self, week: Week | Shift | Hours, number: int, also: tuple[int, ...] = ()) -> bool:
        """Whether hours of the week are of this day; a weekly round (`also`) must agree, if it names days.

        A holiday needs `holidays`; a day that is declared a workday counts as any weekday of theirs.
        """
        day = self.days.get(day_id(number))
        if day is not None and day.kind == "workday":
            return True
        if day is not None and not week.holidays:
            return False
        today = weekday(number)
        return today in week.days and (not also or today in also)

    def span(self, week: Week | Shift | Hours, number: int) -> Span:
        """From when to when hours that begin on a day last."""
        return self.instant_us(number, week.start_min), self.instant_us(number, week.end_min)

    def spans(self, week: Week | Shift | Hours, from_us: int, to_us: int, also: tuple[int, ...] = ()) -> Iterator[Span]:
        """The parts of [from, to) within the hours, in order; all of it while no clock is known."""
        if not self.known:
            yield from [(from_us, to_us)] if from_us < to_us else []
            return
        after_us = from_us
        for number in range(self.day(from_us) - (week.end_min - 1) // DAY_MIN, self.day(max(from_us, to_us - 1)) + 1):
            if self.falls_on(week, number, also):
                start_us, end_us = self.span(week, number)
                if max(start_us, after_us) < min(end_us, to_us):
                    yield max(start_us, after_us), min(end_us, to_us)
                    after_us = end_us

    def works(self, week: Week | Shift | Hours, at_us: int, also: tuple[int, ...] = ()) -> bool:
        """Whether an instant lies within the hours."""
        return any(True for _ in self.spans(week, at_us, at_us + 1, also))
