"""What becomes known later is known of closed dwells too: on real parts, with the archive and the engine at work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from core.clock import ManualClock
from core.entries import Config
from core.events import Dwell
from ronda.days import close_day
from ronda.judging import Judging
from ronda.runtime import Runtime
from store import read
from store.days import day_of
from store.log import Log
from tests.ronda.pipeline import NOW_US, tell
from tests.ronda.test_rebuild import S_US, plain, rows_of
from tests.ronda.test_rebuilding import SHIFT, heard, played, settled, upload

pytestmark = pytest.mark.service
TODAY = heard(SHIFT)
TODAY_DAY = day_of(NOW_US, ZoneInfo("Asia/Makassar"))


def place_at(row: Dwell, kind: str = "fuel") -> Config:
    """A place where a dwell is, told now."""
    rows = ({"id": "new", "name": "SPBU", "kind": kind, "lon": row.lon, "lat": row.lat},)
    return Config(section="places", rows=rows, at_us=NOW_US)


async def longest(runtime: Runtime) -> Dwell:
    rows = [row for row in await rows_of(runtime.pool) if row.state == "closed"]
    return max(rows, key=lambda row: row.last_us - row.start_us)


async def begun(runtime: Runtime) -> Judging:
    """One that follows what comes from now on."""
    judging = Judging(runtime)
    await settled(runtime)
    await judging.round()
    return judging


async def followed(runtime: Runtime, judging: Judging, clock: ManualClock, *changes: Config) -> list[int]:
    """Changes told; how many rows were judged at once, and two seconds later."""
    await tell(runtime.log, changes)
    await settled(runtime)
    at_once = await judging.round()
    clock.advance(2 * S_US)
    return [at_once, await judging.round()]


def test_a_new_place_is_known_of_stops_that_are_over(new_log: Callable[[], Log], postgres_url: str) -> None:
    """As if it had been known all day; the alert that it explains is cleared. Ids stay, revisions grow."""

    async def work(runtime: Runtime, clock: ManualClock) -> list[Any]:
        judging = await begun(runtime)
        await upload(runtime, TODAY)
        before = await longest(runtime)
        judged = await followed(runtime, judging, clock, place_at(before))
        after = await longest(runtime)
        alert = await read.alert(runtime.pool, f"a{before.id}")
        assert (before.purpose, before.alert, after.purpose, after.alert) == ("unexplained", True, "allowed", False)
        assert (after.id, after.revision) == (before.id, before.revision + 1)
        return [judged[0], judged[1] > 0, alert and alert.alert.state, await judging.round()]

    assert played(new_log, postgres_url, work) == [0, True, "cleared", 0]


def test_the_rows_are_those_of_an_engine_that_knew(new_log: Callable[[], Log], postgres_url: str) -> None:
    """The same labels, whether the place was told before the day or after it."""

    async def after(runtime: Runtime, clock: ManualClock) -> list[Any]:
        judging = await begun(runtime)
        await upload(runtime, TODAY)
        change = place_at(await longest(runtime))
        await followed(runtime, judging, clock, change)
        return [change, await rows_of(runtime.pool)]

    change, late = played(new_log, postgres_url, after)

    async def before(runtime: Runtime, _: ManualClock) -> list[Dwell]:
        await tell(runtime.log, [change])
        await upload(runtime, TODAY)
        return await rows_of(runtime.pool)

    assert [labels(row) for row in late] == [labels(row) for row in played(new_log, postgres_url, before)]


def labels(row: Dwell) -> Any:
    (same,) = plain([row])
    return msgspec.structs.replace(same, last_us=0, observed_s=0, silent_s=0, fixes=0) if row.end_us is None else same


def test_rows_of_closed_days_stand(new_log: Callable[[], Log], postgres_url: str) -> None:
    """Except those that somebody labels by hand."""

    async def work(runtime: Runtime, clock: ManualClock) -> list[Any]:
        judging = await begun(runtime)
        await upload(runtime, TODAY)
        for day in (TODAY_DAY, TODAY_DAY - dt.timedelta(days=1)):
            await close_day(runtime, day)
        before = await longest(runtime)
        place = await followed(runtime, judging, clock, place_at(before))
        stands = await longest(runtime)
        label = {"id": before.id, "purpose": "planned", "reason": "pasar"}
        by_hand = await followed(runtime, judging, clock, Config(section="labels", rows=(label,), at_us=clock.now_us()))
        after = await longest(runtime)
        return [place, stands == before, by_hand, (after.purpose, after.why, after.reason)]

    assert played(new_log, postgres_url, work) == [[0, 0], True, [0, 1], ("planned", "label", "pasar")]


def test_what_decides_nothing_is_passed_over(new_log: Callable[[], Log], postgres_url: str) -> None:
    """A person's row judges no stop."""

    async def work(runtime: Runtime, clock: ManualClock) -> list[int]:
        judging = await begun(runtime)
        await upload(runtime, TODAY)
        return await followed(runtime, judging, clock, Config(section="people", rows=({"id": "ani"},), at_us=NOW_US))

    assert played(new_log, postgres_url, work) == [0, 0]
