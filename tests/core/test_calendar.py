"""Civil time by arithmetic: days, a clock that is put forward and back, shifts, holidays."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendar import Calendar, CityZone, day_id, day_number, weekday
from core.entities import Day, Shift
from simulators.clocks import offsets
from tests.made_up_city.city import city

ADAK = ZoneInfo(city().tz)  # UTC-10, in summer UTC-9
CALENDAR = Calendar(CityZone(offsets(city().tz)))
FORWARD, BACK = day_number("2026-03-08"), day_number("2026-11-01")  # the clock is put forward, and back, at 2:00
HOUR_US = 3_600_000_000


def us(text: str) -> int:
    """Microseconds of an instant in UTC."""
    return round(dt.datetime.fromisoformat(text + "+00:00").timestamp()) * 1_000_000


def hours(shift: Shift, day: str, calendar: Calendar = CALENDAR) -> float:
    """How long a shift that begins on a day lasts."""
    start_us, end_us = calendar.span(shift, day_number(day))
    return (end_us - start_us) / HOUR_US


@given(st.dates(dt.date(1600, 1, 1), dt.date(2400, 1, 1)))
def test_days_have_numbers(date: dt.date) -> None:
    """Numbers, names and weekdays of days are those of the Gregorian calendar."""
    number = (date - dt.date(1970, 1, 1)).days
    assert (day_number(date.isoformat()), day_id(number), weekday(number)) == (
        number,
        date.isoformat(),
        date.isoweekday(),
    )


@pytest.mark.parametrize("text", ["2026-02-29", "2026-13-01", "2026-1-01", "٢٠٢٦-01-01", "today", ""])
def test_what_is_no_day(text: str) -> None:
    """A text that names no day is refused with the text."""
    with pytest.raises(ValueError, match=r"no day|not in the calendar"):
        day_number(text)


@given(st.integers(0, 4_102_444_799))
def test_a_moment_has_the_day_and_minute_of_the_wall(second: int) -> None:
    """In every hour of 130 years the wall shows what the time zone says."""
    wall = dt.datetime.fromtimestamp(second, ADAK)
    at_us = second * 1_000_000
    assert day_id(CALENDAR.day(at_us)) == wall.date().isoformat()
    assert CALENDAR.minute(at_us) == wall.hour * 60 + wall.minute


@pytest.mark.parametrize(("number", "length_h"), [(FORWARD - 1, 24), (FORWARD, 23), (BACK, 25), (BACK + 1, 24)])
def test_days_on_which_the_clock_is_changed(number: int, length_h: int) -> None:
    """A day is as long as it is, and the next begins where it ends."""
    start_us, end_us = CALENDAR.bounds(number)
    assert (end_us - start_us) / HOUR_US == length_h
    assert [CALENDAR.day(t) for t in (start_us - 1, start_us, end_us - 1, end_us)] == [
        number - 1, number, number, number + 1
    ]  # fmt: skip


def test_an_hour_that_is_skipped_and_one_that_comes_twice() -> None:
    """What the wall never shows begins when the hour is over; what it shows twice, the first time."""
    assert CALENDAR.instant_us(FORWARD, 150) == us("2026-03-08T12:00") == CALENDAR.instant_us(FORWARD, 180)
    assert CALENDAR.instant_us(BACK, 90) == us("2026-11-01T10:30")


def test_a_clock_put_back_past_midnight() -> None:
    """The hour before midnight comes twice; the second time it belongs to the day that has begun."""
    zone = CityZone([(0, 7200), (us("2026-10-24T22:01"), 3600)])  # a minute past midnight it becomes 23:01 again
    calendar = Calendar(zone)
    assert day_id(calendar.day(us("2026-10-24T21:59"))) == "2026-10-24"
    assert day_id(calendar.day(us("2026-10-24T22:30"))) == "2026-10-25"
    assert calendar.bounds(day_number("2026-10-25"))[0] == us("2026-10-24T22:00")


def test_a_shift_is_by_the_wall() -> None:
    """Six to fourteen o'clock is eight hours; a night over the change is an hour shorter, or longer."""
    assert hours(Shift(id="day", start_min=360, end_min=840), "2026-03-08") == 8
    night = Shift(id="night", start_min=22 * 60, end_min=30 * 60)
    assert [hours(night, day) for day in ("2026-03-07", "2026-10-31", "2026-06-01")] == [7, 9, 8]


def test_a_shift_past_midnight_belongs_to_the_day_it_began() -> None:
    """Saturday's early hours are Friday's night shift, and Friday's are nobody's."""
    calendar = Calendar(CityZone([(0, 0)]))
    night = Shift(id="night", start_min=21 * 60, end_min=29 * 60, days=(5,))
    times = ("2026-06-05T04:00", "2026-06-05T21:00", "2026-06-06T04:59", "2026-06-06T05:00")
    assert [calendar.works(night, us(t)) for t in times] == [False, True, True, False]


SUNDAY, MONDAY, TUESDAY = "2026-06-07T10:00", "2026-06-08T10:00", "2026-06-09T10:00"


def test_holidays_and_workdays() -> None:
    """Nobody works on a holiday unless the shift does; a Sunday that is declared a workday is one."""
    days = {"2026-06-08": Day(id="2026-06-08"), "2026-06-07": Day(id="2026-06-07", kind="workday")}
    calendar = Calendar(CityZone([(0, 0)]), days)
    week = Shift(id="a", start_min=360, end_min=840, days=(1, 2, 3, 4, 5))
    always = Shift(id="b", start_min=360, end_min=840, days=(1, 2, 3, 4, 5), holidays=True)
    assert [calendar.works(week, us(t)) for t in (SUNDAY, MONDAY, TUESDAY)] == [True, False, True]
    assert calendar.works(always, us(MONDAY))


def test_a_weekly_round() -> None:
    """A round of Mondays is driven on Mondays, in the shift's hours."""
    calendar, shift = Calendar(CityZone([(0, 0)])), Shift(id="a", start_min=360, end_min=840)
    assert [calendar.works(shift, us(t), (1,)) for t in (SUNDAY, MONDAY, TUESDAY)] == [False, True, False]


def test_spans_of_a_window() -> None:
    """The parts of a window within the hours, cut at its ends, hours of a day and a half once."""
    calendar, long = Calendar(CityZone([(0, 0)])), Shift(id="a", start_min=720, end_min=720 + 2160)
    shift = Shift(id="b", start_min=360, end_min=840)
    from_us, to_us = us("2026-06-01T12:00"), us("2026-06-03T07:00")
    assert list(calendar.spans(shift, from_us, to_us)) == [
        (from_us, us("2026-06-01T14:00")),
        (us("2026-06-02T06:00"), us("2026-06-02T14:00")),
        (us("2026-06-03T06:00"), to_us),
    ]
    assert sum(b - a for a, b in calendar.spans(long, from_us, to_us)) == to_us - from_us
    assert list(calendar.spans(shift, to_us, from_us)) == []


def test_without_a_clock_shifts_always_work() -> None:
    """Until the city told its clock nobody is off duty, and days are those of UTC."""
    shift = Shift(id="a", start_min=360, end_min=840)
    assert Calendar().works(shift, us("2026-06-01T03:00"))
    assert list(Calendar().spans(shift, 5, 9)) == [(5, 9)]
    assert day_id(Calendar().day(us("2026-06-01T23:59"))) == "2026-06-01"


def test_a_clock_without_an_offset() -> None:
    """An empty table is an error that says what is missing."""
    with pytest.raises(ValueError, match="at least one offset"):
        CityZone([])
