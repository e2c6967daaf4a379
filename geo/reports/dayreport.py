"""All reports of one city day: what the routes show of an open day, and what a closed one is frozen with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from core.calendar import day_id
from geo.reports.coverage import Coverage, coverage
from geo.reports.daybook import Book, Seen
from geo.reports.honesty import Honesty
from geo.reports.rollcall import AT, Answer, rollcall
from geo.reports.rounds import Order, Ritase, order, ritase
from geo.reports.totals import Totals, totals


class DayReport(msgspec.Struct, frozen=True, kw_only=True):
    """`now_us` is when it was made; `rollcall` is that of a quarter past six, or of now while that is to come."""

    day: str
    now_us: int
    coverage: Coverage
    orders: tuple[Order, ...]
    ritase: tuple[Ritase, ...]
    totals: tuple[Totals, ...]
    rollcall_us: int
    rollcall: tuple[Answer, ...]
    honesty: tuple[Honesty, ...]


def rollcall_us(book: Book) -> int:
    """When the day's roll is called."""
    return min(book.config.calendar.instant_us(book.day, AT), book.now_us)


def day_report(book: Book, seen: Mapping[str, Seen], trackers: Sequence[Honesty]) -> DayReport:
    """The reports of a book's day. `seen` is the newest fix of each device by `rollcall_us`."""
    done, to_landfill, called_us = coverage(book), ritase(book), rollcall_us(book)
    return DayReport(
        day=day_id(book.day),
        now_us=book.now_us,
        coverage=done,
        orders=tuple(order(one) for one in done.rounds if one.points),
        ritase=tuple(to_landfill),
        totals=tuple(totals(book, done, to_landfill)),
        rollcall_us=called_us,
        rollcall=tuple(rollcall(book, called_us, seen)),
        honesty=tuple(trackers),
    )
