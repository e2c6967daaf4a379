"""City days: closed when nothing more is expected of them, and rebuilt when somebody asks.

A day is closed once its shifts are over. Closing drains first: what came late for the day and is not rebuilt yet.
Then rows are frozen, and the reports that are made of them (`store/days.py`).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg_pool import AsyncConnectionPool

import cities
from api.reporting import TAIL_US, Reporter
from core.errors import ConflictError, RondaError
from core.units import US_PER_S
from geo.reports.daybook import GRACE_US
from ronda.looking import look_for_ever
from ronda.past import rebuild
from ronda.rebuild import Span as Stretch
from ronda.runtime import Runtime
from ronda.settings import Settings
from store import days, history, late
from store.days import DayState, PendingError, Span, day_of, span_of

log = logging.getLogger(__name__)

LOOK_S: Final = 20.0
DRAIN_S: Final = 90.0  # how long a closing waits for rebuilds
ASK_S: Final = 0.5
CATCH_UP: Final = 31  # days closed after we were away for long
AT_ONCE: Final = 4
NAMED: Final = 5  # devices in a sentence
READER: Final = "days"  # of the table `offsets`
STREAM: Final = "closed"
ReportOf = Callable[[Runtime, dt.date], Awaitable[Any]]


def zone_of(settings: Settings) -> ZoneInfo:
    """The city's time zone."""
    return ZoneInfo(cities.load(settings.city).tz)


async def open_spans(pool: AsyncConnectionPool, now_us: int, count: int, zone: ZoneInfo) -> list[Span]:
    """The open ones among today and the days before it, `count` in all, oldest first."""
    today = day_of(now_us, zone)
    wanted = [today - dt.timedelta(days=n) for n in range(count)]
    closed = await days.closed_among(pool, wanted)
    return [span_of(day, zone) for day in reversed(wanted) if day not in closed]


async def all_reports(runtime: Runtime, day: dt.date) -> Any:
    """What the routes of reports show of the day, made of the rows that are copied for it."""
    return await Reporter(runtime.pool).made(day, runtime.clock.now_us(), closing=True)


async def close_day(runtime: Runtime, day: dt.date, report: ReportOf = all_reports) -> DayState:
    """Drain, then freeze; what the engine refused to rebuild is left out, and noted.

    Raises `UnavailableError` while rebuilds of the day are still to be done, `ConflictError` while its shifts go on.
    """
    pool, span = runtime.pool, span_of(day, zone_of(runtime.settings))
    if (over_us := await Reporter(pool).over_us(day)) > runtime.clock.now_us():
        over = dt.datetime.fromtimestamp(over_us / US_PER_S, zone_of(runtime.settings))
        raise ConflictError(f"Shifts of {day} may go on; it can be closed from {over:%Y-%m-%d %H:%M} on.")
    await days.begin_closing(pool, day)
    refused = await _drained(runtime, day, span)
    made, now_us = partial(report, runtime, day), runtime.clock.now_us()
    close = partial(days.close, now_us=now_us, lead_us=GRACE_US, tail_us=TAIL_US, refused=refused)
    while True:
        if (done := await close(pool, day, span, made)) is not None:
            without = f", without late fixes of {told_few([each['device'] for each in refused])}" if refused else ""
            log.info("%s is closed, version %d%s", day, done.version, without, extra={"action": "days.closed"})
            return done
        await asyncio.sleep(ASK_S)  # somebody else closes it just now


async def _drained(runtime: Runtime, day: dt.date, span: Span) -> list[dict[str, str]]:
    """Wait for rebuilds of a day; what was refused, by device."""
    deadline_s = asyncio.get_running_loop().time() + DRAIN_S
    while True:
        found = await late.touching(runtime.pool, *span)
        waiting = [each.device for each in found if not each.refused]
        if not waiting:
            return [{"device": each.device, "reason": each.reason} for each in found]
        if asyncio.get_running_loop().time() > deadline_s:
            raise PendingError(
                f"Fixes of {day} came late and are not rebuilt yet ({told_few(waiting)}); see why at "
                f"/api/v1/days/{day}, and whether the stage `schedule` runs. The day is closed as soon as they are."
            )
        await asyncio.sleep(ASK_S)


def told_few(names: list[str]) -> str:
    """The first names, and how many more."""
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


async def rebuild_day(
    runtime: Runtime, day: dt.date, device: str | None = None, progress: Callable[[int, int], Any] = lambda _a, _b: None
) -> Counter[str]:
    """Compute a day anew for one device, or for all that were heard on it; `progress` is told how many of how many."""
    from_us, to_us = span_of(day, zone_of(runtime.settings))
    wanted = [device] if device else await history.devices_between(runtime.pool, from_us, to_us)
    counts, room, done = Counter[str](), asyncio.Semaphore(AT_ONCE), 0

    async def one(name: str) -> None:
        nonlocal done
        async with room:
            counts.update(await rebuild(runtime, name, Stretch(from_us, to_us - 1)))
            await late.settle(runtime.pool, name, from_us, to_us)
            done += 1
            progress(done, len(wanted))

    try:
        async with asyncio.TaskGroup() as group:
            for name in wanted:
                group.create_task(one(name))
    except* RondaError as errors:
        raise errors.exceptions[0] from errors  # callers know the first, not a group
    return counts


class Closing:
    """Closes each day at its time: so many minutes after the midnight that ends it."""

    def __init__(self, runtime: Runtime, report: ReportOf = all_reports) -> None:
        self.runtime, self.report = runtime, report
        self.zone, self.reporter = zone_of(runtime.settings), Reporter(runtime.pool)

    async def round(self) -> list[DayState]:
        """Close what is due, and what somebody began to close and did not finish."""
        pool, due = self.runtime.pool, self._due()
        seen = await history.mark(pool, READER, STREAM)
        if seen is None:  # a new installation, or one that never closed days: from now on
            seen = due.isoformat()
            await history.set_mark(pool, READER, STREAM, seen)
        begun = set(await days.closing(pool))
        missed = (due - dt.date.fromisoformat(seen)).days if self.runtime.settings.close_days_after_min >= 0 else 0
        wanted = [due - dt.timedelta(days=n) for n in reversed(range(min(missed, CATCH_UP)))]
        over = list[dt.date]()
        for day in wanted:
            if await self.reporter.over_us(day) > self.runtime.clock.now_us():
                break
            over.append(day)
        # one that was opened again is closed by whoever did it
        fresh = {day for day in over if (await days.state_of(pool, day)).version == 0}
        done = [state for day in sorted(begun | fresh) if (state := await self._close(day)) is not None]
        if over:
            await history.set_mark(pool, READER, STREAM, over[-1].isoformat())
        return done

    async def _close(self, day: dt.date) -> DayState | None:
        """None while its shifts go on or rebuilds are to be done: it stays `closing`, and holds up no other day."""
        try:
            return await close_day(self.runtime, day, self.report)
        except (PendingError, ConflictError) as error:
            log.warning("closing %s: %s", day, error, extra={"action": "days.pending"})
            return None

    def _due(self) -> dt.date:
        """The newest day whose time to be closed has come."""
        after = dt.timedelta(minutes=self.runtime.settings.close_days_after_min)
        now = dt.datetime.fromtimestamp(self.runtime.clock.now_us() / US_PER_S, self.zone)
        return (now - after).date() - dt.timedelta(days=1)


async def close_for_ever(runtime: Runtime, report: ReportOf = all_reports) -> None:
    """Look every few seconds, until cancelled; not while the clock is in doubt."""
    await look_for_ever("days", LOOK_S, Closing(runtime, report).round, partial(runtime.holds.of, "clock"))
