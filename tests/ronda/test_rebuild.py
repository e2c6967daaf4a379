"""Days that never went through the log: the same dwells as if they had, and nothing changes twice."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from psycopg_pool import AsyncConnectionPool

from core.entries import Config
from core.events import AlertChanged, Dwell, DwellChanged
from core.fixes import Fixes
from ronda.past import add, rebuild_all
from ronda.rebuild import DAY_US, Span, spans
from store import read
from store.archive import Archive
from store.log import Log
from store.memory import MemoryLog
from store.read import DwellFilter
from store.upkeep import forget, roll_up
from tests.geo.tracks import journeys
from tests.ronda.pipeline import archive_all, clear, pump_all, running, tell
from tests.running import run_pool
from tests.strategies import T0_US, dwell_of, fixes_of

pytestmark = pytest.mark.service
S_US = 1_000_000
CONFIG = (
    Config(section="devices", op="set", rows=({"id": "d1"}, {"id": "d2", "cls": "phone"})),
    Config(
        section="places", op="set", rows=({"id": "tpa", "name": "TPA", "kind": "landfill", "lon": 0.0, "lat": 0.01},)
    ),
)
Point = tuple[float, float, float]


def tour(*stops_min: float, start_s: float = 0, drive_s: int = 600, every_s: int = 20) -> list[Point]:
    """Standing so many minutes at each stop, driving north at 8 m/s between them."""
    points, at_s, lat = list[Point](), start_s, 0.01
    for minutes in stops_min:
        for i in range(int(minutes * 60 / every_s)):
            points.append((at_s, 1e-5 * (i % 3), lat + 1e-5 * (i % 2)))
            at_s += every_s
        for _ in range(drive_s // every_s):
            lat += 8 * every_s / 111_000
            points.append((at_s, 0.0, lat))
            at_s += every_s
    return points


DAY = fixes_of("d1", *tour(10, 3, 40, 0, 8))


def plain(rows: list[Dwell]) -> list[Dwell]:
    """Rows without what may differ: ids and revisions."""
    return [msgspec.structs.replace(row, id="", revision=0) for row in rows]


async def rows_of(pool: AsyncConnectionPool) -> list[Dwell]:
    return [found.row for found in (await read.dwells(pool, DwellFilter())).rows]


async def engine(pool: AsyncConnectionPool, *entries: Any) -> Log:
    """A new log and an empty database with what the engine makes of entries."""
    await clear(pool)
    log = MemoryLog()
    await tell(log, [*CONFIG, *entries])
    await pump_all(log)
    await archive_all(log, pool)
    return log


async def rebuilt(log: Log, pool: AsyncConnectionPool, fixes: Fixes) -> dict[str, int]:
    """Import fixes as `ronda import fixes` does, while the engine works; what was counted."""
    async with running(log, pool) as runtime:
        await add(pool, fixes)
        return {what: n for what, n in (await rebuild_all(runtime, fixes)).items() if n}


@given(seed=st.integers(0, 999))
@settings(max_examples=3)
def test_imported_days_equal_days_heard_live(postgres_url: str, seed: int) -> None:
    """The same rows, labels and alerts, whatever the order of the file; the second time nothing changes."""
    order = np.random.default_rng(seed).permutation(len(DAY))

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        await engine(pool, DAY)
        heard = await rows_of(pool)
        log = await engine(pool)
        counts = await rebuilt(log, pool, DAY.take(order))
        imported = await rows_of(pool)
        again = await rebuilt(log, pool, DAY)
        return [heard, imported, counts, again, await rows_of(pool)]

    heard, imported, counts, again, after = run_pool(postgres_url, body)
    assert plain(imported) == plain(heard)
    assert [row.fixes > 0 and row.state for row in imported] == ["closed"] * 4
    assert (list(counts), list(again), after) == (["new"], ["same"], imported)


def test_a_file_in_pieces_gives_the_rows_of_the_whole(postgres_url: str) -> None:
    """A stay whose middle comes first grows to both sides under one id; two rows that meet become one."""
    parts = [DAY.take(np.arange(a, b)) for a, b in ((100, 115), (130, 200), (115, 130), (200, len(DAY)), (0, 100))]

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        log = await engine(pool)
        for part in parts:
            await rebuilt(log, pool, part)
        pieces = await rows_of(pool)
        await rebuilt(await engine(pool), pool, DAY)
        return [pieces, await rows_of(pool)]

    pieces, whole = run_pool(postgres_url, body)
    assert plain(pieces) == plain(whole)


def test_rows_that_meet_are_merged(postgres_url: str) -> None:
    """Fixes between show that the way out was a jump: the earlier id lives on, the later row says into which."""
    inside = [(i * 20, 0.0, 0.0) for i in range(100)]
    away = [(790, 0.01, 0.0), (840, 0.02, 0.0), (890, 0.02, 0.01), (940, 0.01, 0.01)]
    seen = fixes_of("d1", *inside[:40], *away, *inside[50:])
    between = fixes_of("d1", *[(i, 0.0, 0.0) for i in range(781, 1000, 5)])

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        log = await engine(pool)
        await rebuilt(log, pool, seen)
        first = await rows_of(pool)
        await rebuilt(log, pool, between)
        page = await read.dwells(pool, DwellFilter(retracted=True))
        return [[row.id for row in first], {r.row.id: (r.row.state, r.row.merged_into) for r in page.rows}]

    (early, late), now = run_pool(postgres_url, body)
    assert now == {early: ("closed", None), late: ("retracted", early)}


@given(data=st.data())
@settings(max_examples=5, phases=[Phase.explicit, Phase.generate])  # an example costs seconds: no shrinking
def test_any_parts_in_any_order_give_the_rows_of_the_whole(postgres_url: str, data: st.DataObject) -> None:
    """However a device's fixes are dealt out to files, and whichever file comes first."""
    whole = data.draw(journeys(devices=1))
    owners = np.array(data.draw(st.lists(st.integers(0, 2), min_size=len(whole), max_size=len(whole))))

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        log = await engine(pool)
        for part in range(3):
            await rebuilt(log, pool, whole.take(owners == part))
        pieces = await rows_of(pool)
        await rebuilt(await engine(pool), pool, whole)
        return [pieces, await rows_of(pool)]

    pieces, at_once = run_pool(postgres_url, body)
    assert plain(pieces) == plain(at_once)


def test_what_the_live_engine_holds_is_rebuilt_too(postgres_url: str) -> None:
    """The engine's own state follows: what it hears next, it tells as if all had come in time."""
    missing = DAY.take(np.r_[0:60, 120 : len(DAY)])
    after = fixes_of("d1", *tour(20, start_s=float(DAY.time_us[-1] - T0_US) / 1e6 + 20))

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        log = await engine(pool, missing)
        await rebuilt(log, pool, DAY)
        await tell(log, [after])
        await pump_all(log)
        await archive_all(log, pool)
        late = await rows_of(pool)
        await engine(pool, DAY, after)
        return [late, await rows_of(pool)]

    late, in_time = run_pool(postgres_url, body)
    assert plain(late) == plain(in_time)


def test_an_alert_that_the_past_disproves_is_cleared(postgres_url: str) -> None:
    """A stay that turns out to be two loses its alert; nothing is raised anew."""
    row = dwell_of(
        "w1", start_us=T0_US, last_us=T0_US + 3600 * S_US, end_us=T0_US + 3600 * S_US, alert=True, revision=4
    )
    alert = AlertChanged(
        at_us=T0_US, id="aw1", kind="dwell_limit", device="d1", state="raised", revision=2, lon=1, lat=1, dwell="w1"
    )

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        log = await engine(pool)
        archive = Archive(pool)
        await archive.offsets()
        said = [DwellChanged(at_us=T0_US, cause="close", row=row), alert]
        await archive.write({"events.9": "1-0"}, Fixes.empty(), [("events.9", "1-0", said)])
        await rebuilt(log, pool, fixes_of("d1", *tour(10, 10)))
        told = await read.alert(pool, "aw1")
        assert told is not None
        return [told.alert.state, told.alert.revision, [r.id == "w1" for r in await rows_of(pool)]]

    assert run_pool(postgres_url, body) == ["cleared", 3, [True, False]]


def test_time_is_cut_at_long_pauses() -> None:
    """Days apart are rebuilt apart."""
    times = np.array([T0_US + 5, T0_US, T0_US + 3 * DAY_US, T0_US + 4 * DAY_US - 1], np.int64)
    assert spans(times) == [Span(T0_US, T0_US + 5), Span(T0_US + 3 * DAY_US, T0_US + 4 * DAY_US - 1)]
    assert spans(times[:0]) == []


def test_scraps_of_a_forgotten_day_change_no_dwell(postgres_url: str) -> None:
    """Whatever the setting says by now; the whole day imported anew is computed again, and is the same."""
    scraps = DAY.take(np.arange(0, len(DAY), 40))

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        log = await engine(pool)
        await rebuilt(log, pool, DAY)
        before = await rows_of(pool)
        await roll_up(pool)
        await forget(pool, T0_US + 100 * DAY_US, 30)
        counts = await rebuilt(log, pool, scraps)
        await roll_up(pool)
        again, same = await rebuilt(log, pool, scraps), before == await rows_of(pool)
        return [list(counts), list(again), same, list(await rebuilt(log, pool, DAY)), before == await rows_of(pool)]

    assert run_pool(postgres_url, body) == [["forgotten"], ["forgotten"], True, ["same"], True]


def test_a_dwell_that_began_in_forgotten_days_keeps_its_start(postgres_url: str) -> None:
    """It stood for three days, two of which are forgotten; new fixes of the third do not make it begin there."""
    stand = fixes_of("d1", *((i * 600, 0.0, 0.01) for i in range(3 * 144)), *tour(5, start_s=3 * 86_400))
    new = fixes_of("d1", (2 * 86_400 + 77, 0.0, 0.01))

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        log = await engine(pool)
        await rebuilt(log, pool, stand)
        before = await rows_of(pool)
        await roll_up(pool)
        await forget(pool, T0_US // DAY_US * DAY_US + 3 * DAY_US, 1)
        counts = await rebuilt(log, pool, new)
        return ["forgotten" in counts, before == await rows_of(pool)]

    assert run_pool(postgres_url, body) == [True, True]
