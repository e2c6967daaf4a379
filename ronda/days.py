"""City days: closed when nothing more is expected of them, and rebuilt when somebody asks.

Closing drains first: what came late for the day and is not rebuilt yet. Then rows and reports are frozen in one
transaction (`store/days.py`).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final
from zoneinfo import ZoneInfo

from psycopg_pool import AsyncConnectionPool

import cities
from api.reporting import Reporter
from core.errors import RondaError
from core.units import US_PER_S
from ronda.past import rebuild
from ronda.rebuild import Span as Stretch
from ronda.runtime import AWAY, Runtime
from ronda.settings import Settings
from store import days, history
from store.days import DayState, PendingError, Span, day_of, span_of

log = logging.getLogger(__name__)

LOOK_S: Final = 20.0
DRAIN_S: Final = 90.0  # how long a closing waits for rebuilds
ASK_S: Final = 0.5
TAIL_US: Final = 6 * 3600 * US_PER_S  # a round may end so long after its day
CATCH_UP: Final = 31  # days closed after we were away for long
AT_ONCE: Final = 4
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
    """What the routes of reports show of the day."""
    return await Reporter(runtime.pool).made(day, runtime.clock.now_us())


async def close_day(runtime: Runtime, day: dt.date, report: ReportOf = all_reports) -> DayState:
    """Drain, then freeze. Raises `UnavailableError` while rebuilds of the day are still to be done."""
    span = span_of(day, zone_of(runtime.settings))
    await days.begin_closing(runtime.pool, day)
    await _drained(runtime, day, span)

    async def frozen_report() -> Any:
        return await report(runtime, day)

    now_us = runtime.clock.now_us()
    done = await days.close(runtime.pool, day, span, frozen_report, now_us=now_us, tail_us=TAIL_US)
    log.info("%s is closed, version %d", day, done.version, extra={"action": "days.closed"})
    return done


async def _drained(runtime: Runtime, day: dt.date, span: Span) -> None:
    deadline_s = asyncio.get_running_loop().time() + DRAIN_S
    while await days.pending(runtime.pool, span):
        if asyncio.get_running_loop().time() > deadline_s:
            raise PendingError(
                f"Fixes of {day} came late and are not rebuilt yet; see whether the stage `schedule` runs. "
                "The day is closed as soon as they are."
            )
        await asyncio.sleep(ASK_S)


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
        self.zone = zone_of(runtime.settings)

    async def round(self) -> list[DayState]:
        """Close what is due, and what somebody began to close and did not finish."""
        pool, due = self.runtime.pool, self._due()
        seen = await history.mark(pool, READER, STREAM)
        if seen is None:  # a new installation, or one that never closed days: from now on
            seen = due.isoformat()
            await history.set_mark(pool, READER, STREAM, seen)
        begun = set(await days.closing(pool))
        missed = (due - dt.date.fromisoformat(seen)).days if self.runtime.settings.close_days_after_min >= 0 else 0
        late = [due - dt.timedelta(days=n) for n in range(min(missed, CATCH_UP))]
        # one that was opened again is closed by whoever did it
        fresh = {day for day in late if (await days.state_of(pool, day)).version == 0}
        done = [state for day in sorted(begun | fresh) if (state := await self._close(day)) is not None]
        if late:
            await history.set_mark(pool, READER, STREAM, due.isoformat())
        return done

    async def _close(self, day: dt.date) -> DayState | None:
        """None while rebuilds of the day are to be done: it stays `closing`, and holds up no other day."""
        try:
            return await close_day(self.runtime, day, self.report)
        except PendingError as error:
            log.warning("closing %s: %s", day, error, extra={"action": "days.pending"})
            return None

    def _due(self) -> dt.date:
        """The newest day whose time to be closed has come."""
        after = dt.timedelta(minutes=self.runtime.settings.close_days_after_min)
        now = dt.datetime.fromtimestamp(self.runtime.clock.now_us() / US_PER_S, self.zone)
        return (now - after).date() - dt.timedelta(days=1)


async def close_for_ever(runtime: Runtime, report: ReportOf = all_reports) -> None:
    """Look every few seconds, until cancelled; not while the clock is in doubt."""
    closing = Closing(runtime, report)
    while True:
        await asyncio.sleep(LOOK_S)
        await runtime.holds.free_of("clock")
        try:
            await closing.round()
        except AWAY as error:
            log.warning("closing a day: %s", error, extra={"action": "days.retry"})
