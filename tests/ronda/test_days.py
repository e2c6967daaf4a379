"""Closing a day drains what came late, freezes rows and reports, and counts what is corrected afterwards."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from core.clock import ManualClock
from core.entries import Config
from core.errors import ConflictError, UnavailableError
from core.events import FixFlagged
from ronda import days as desk
from ronda.days import Closing, close_day, rebuild_day
from ronda.past import add, rebuild_all
from ronda.rebuilding import Rebuilding
from ronda.runtime import Runtime
from store import days, history
from store.archive import store_events
from store.days import Span, day_of, span_of
from store.log import Log
from store.pg import transaction
from tests.ronda.pipeline import NOW_US, tell
from tests.ronda.test_rebuild import DAY, S_US, rows_of
from tests.ronda.test_rebuilding import played, settled, told_late, upload
from tests.strategies import T0_US

pytestmark = pytest.mark.service
ZONE = ZoneInfo("Asia/Makassar")
MONDAY = dt.date(2026, 1, 5)  # T0 is its 08:00 in Kupang
HALF = DAY.take(np.r_[0:60, 120 : len(DAY)])


def test_a_closed_day_keeps_its_rows_and_counts_corrections(new_log: Callable[[], Log], postgres_url: str) -> None:
    """Live tables change, the copy does not; opened and closed again it is the copy of then."""

    async def work(runtime: Runtime, _: ManualClock) -> list[Any]:
        pool, span = runtime.pool, span_of(MONDAY, ZONE)
        await upload(runtime, HALF)
        before = await rows_of(pool)
        closed = await close_day(runtime, MONDAY, report)
        counts = [await days.corrections(pool, MONDAY, span)]
        await add(pool, DAY)
        await rebuild_all(runtime, DAY)
        counts.append(await days.corrections(pool, MONDAY, span))
        copy = await days.frozen(pool, MONDAY)
        assert copy is not None
        assert (closed.state, closed.version, copy.dwells, copy.report) == ("closed", 1, before, {"of": "2026-01-05"})
        await days.reopen(pool, MONDAY)
        assert await days.frozen(pool, MONDAY) is None
        again = await close_day(runtime, MONDAY)
        return [again.version, counts[0], counts[1] > 0, await days.corrections(pool, MONDAY, span)]

    assert played(new_log, postgres_url, work) == [2, 0, True, 0]


async def report(_: Runtime, day: dt.date) -> Any:
    return {"of": day.isoformat()}


def test_what_came_late_is_rebuilt_first(
    new_log: Callable[[], Log], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then the day is not closed, and it is said why."""
    monkeypatch.setattr(desk, "DRAIN_S", 0.1)

    async def work(runtime: Runtime, clock: ManualClock) -> list[Any]:
        rebuilding = Rebuilding(runtime)
        await rebuilding.round()
        await upload(runtime, HALF)
        await upload(runtime, DAY.take(np.arange(60, 120)))
        with pytest.raises(UnavailableError, match="came late and are not rebuilt yet"):
            await close_day(runtime, MONDAY)
        closing = await days.closing(runtime.pool)
        clock.set(NOW_US)
        await rebuilding.round()
        done = await Closing(runtime).round()
        corrections = await days.corrections(runtime.pool, MONDAY, span_of(MONDAY, ZONE))
        return [closing, [found.state for found in done], corrections]

    assert played(new_log, postgres_url, work) == [[MONDAY], ["closed"], 0]


def test_what_the_engine_refuses_is_left_out_and_named(new_log: Callable[[], Log], postgres_url: str) -> None:
    """A device without a name is none to it; the day is closed without its late fixes, and says so."""

    async def work(runtime: Runtime, _: ManualClock) -> list[Any]:
        rebuilding = Rebuilding(runtime)
        await rebuilding.round()
        await told_late(runtime, "")
        await rebuilding.round()
        await close_day(runtime, MONDAY)
        return [await days.state_of(runtime.pool, MONDAY), await days.listed(runtime.pool, MONDAY, MONDAY)]

    found, listed = played(new_log, postgres_url, work)
    assert listed == [found]
    assert (found.state, [each["device"] for each in found.refused]) == ("closed", [""])
    assert "refused to rebuild" in found.refused[0]["reason"]


CITY = Config(section="city", rows=({"id": "city", "offsets": [[0, 28800]]},))
NIGHT = (
    CITY,
    Config(section="shifts", rows=({"id": "malam", "start_min": 1200, "end_min": 2040},)),  # 20:00 to 10:00
    Config(section="assignments", rows=({"id": "a", "device": "d1", "vehicle": "v1", "shift": "malam", "from_us": 0},)),
)


def test_no_day_is_closed_while_its_shifts_go_on(new_log: Callable[[], Log], postgres_url: str) -> None:
    """Not at six, nor by hand: at ten, and three quarters of an hour for what may still be in time."""

    async def work(runtime: Runtime, clock: ManualClock) -> list[Any]:
        clock.set(T0_US)
        closing, ten_us = Closing(runtime), span_of(MONDAY, ZONE).to_us + 10 * 3600 * S_US
        await tell(runtime.log, NIGHT)
        await settled(runtime)
        looks = [await closing.round()]
        for at_us in (ten_us - 4 * 3600 * S_US, ten_us + 45 * 60 * S_US - 1, ten_us + 45 * 60 * S_US):
            clock.set(at_us)
            looks.append([found.day for found in await closing.round()])
            if at_us < ten_us:
                with pytest.raises(ConflictError, match="from 2026-01-06 10:45 on"):
                    await close_day(runtime, MONDAY)
        return looks

    assert played(new_log, postgres_url, work) == [[], [], [], [MONDAY]]


def test_who_closes_a_day_holds_up_nobody(new_log: Callable[[], Log], postgres_url: str) -> None:
    """While the reports are made rows are written; a second closer waits for the first, and does nothing twice."""

    async def work(runtime: Runtime, _: ManualClock) -> list[Any]:
        made = list[dt.date]()

        async def slow(_: Runtime, day: dt.date) -> Any:
            async with asyncio.timeout(5), transaction(runtime.pool) as cursor:
                await store_events(cursor, [("events.0", f"9-{len(made)}", [word])])
            await asyncio.sleep(0.2)
            made.append(day)

        closers = [close_day(runtime, MONDAY, slow), close_day(runtime, MONDAY, slow)]
        return [[found.version for found in await asyncio.gather(*closers)], made]

    word = FixFlagged(at_us=NOW_US, device="d1", time_us=NOW_US, reason="beyond_horizon")
    assert played(new_log, postgres_url, work) == [[1, 1], [MONDAY]]


def test_days_are_closed_at_their_time(new_log: Callable[[], Log], postgres_url: str) -> None:
    """At six in the morning, from the first look on; also after some days away, but none that was opened again."""

    async def work(runtime: Runtime, clock: ManualClock) -> list[list[str]]:
        closing, six = Closing(runtime), span_of(MONDAY, ZONE).to_us + 6 * 3600 * 1_000_000
        looks = []
        for at_us in (T0_US, six - 1, six, six + 1, six + 3 * 86_400 * 1_000_000):
            clock.set(at_us)
            looks.append([found.day.isoformat() for found in await closing.round()])
            if at_us == six:
                await days.reopen(runtime.pool, MONDAY)
        return looks

    week = ["2026-01-06", "2026-01-07", "2026-01-08"]
    assert played(new_log, postgres_url, work) == [[], [], ["2026-01-05"], [], week]


def test_a_day_can_be_computed_anew(new_log: Callable[[], Log], postgres_url: str) -> None:
    """All devices that were heard on it; what is right already stays."""

    async def work(runtime: Runtime, _: ManualClock) -> list[Any]:
        await upload(runtime, DAY)
        told = list[tuple[int, int]]()
        counts = await rebuild_day(runtime, MONDAY, None, lambda done, of: told.append((done, of)))
        return [{what for what, n in counts.items() if n}, told, await history.devices_between(runtime.pool, 0, T0_US)]

    assert played(new_log, postgres_url, work) == [{"same"}, [(1, 1)], []]


def test_a_city_day_has_the_length_that_its_clock_gives_it() -> None:
    """23 hours where summer time begins, 25 where it ends."""
    spans = [span_of(dt.date(2026, *day), ZoneInfo("Europe/London")) for day in ((3, 29), (10, 25))]
    assert [(span.to_us - span.from_us) / 3.6e9 for span in spans] == [23, 25]
    assert day_of(span_of(MONDAY, ZONE).from_us, ZONE) == MONDAY
    assert span_of(MONDAY, ZONE) == Span(T0_US - 8 * 3_600_000_000, T0_US + 16 * 3_600_000_000)
