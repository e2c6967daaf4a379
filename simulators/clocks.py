"""A city's clock as a table of UTC offsets, which is all that the pure rooms know of time zones."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from core.units import US_PER_S

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2100
_STEP_S: Final = 86_400  # no clock is changed twice within a day


def offsets(tz: str) -> list[tuple[int, int]]:
    """Since when (microseconds) the clock of a zone is how many seconds ahead of UTC, from 1970 to 2100."""
    zone = ZoneInfo(tz)
    span = [dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (FIRST_YEAR, LAST_YEAR)]
    first_s, last_s = (round(day.timestamp()) for day in span)
    table = [(first_s * US_PER_S, _ahead_s(zone, first_s))]
    for before_s, after_s in pairwise(range(first_s, last_s + 1, _STEP_S)):
        if _ahead_s(zone, before_s) != _ahead_s(zone, after_s):
            changed_s = _change(zone, before_s, after_s)
            table.append((changed_s * US_PER_S, _ahead_s(zone, changed_s)))
    return table


def _ahead_s(zone: ZoneInfo, at_s: int) -> int:
    offset = dt.datetime.fromtimestamp(at_s, zone).utcoffset()
    return round(offset.total_seconds()) if offset is not None else 0


def _change(zone: ZoneInfo, before_s: int, after_s: int) -> int:
    """The first second of the new offset."""
    old_s = _ahead_s(zone, before_s)
    while after_s - before_s > 1:
        middle_s = (before_s + after_s) // 2
        if _ahead_s(zone, middle_s) == old_s:
            before_s = middle_s
        else:
            after_s = middle_s
    return after_s
