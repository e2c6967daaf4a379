"""Sums of fixes by hour, and forgetting old fixes: the same on plain Postgres and on TimescaleDB."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg_pool import AsyncConnectionPool

from core.fixes import Fixes, Flag
from core.units import DAY_US, HOUR_US
from store import read
from store.archive import Archive
from store.upkeep import Hour, forget, forgotten, hours, roll_up, sums
from tests.running import run_pool
from tests.strategies import T0_US, fixes_of

pytestmark = pytest.mark.service
DEGREE_M = 111_195.08  # of latitude
S_US = 1_000_000


async def archived(pool: AsyncConnectionPool, *batches: Fixes) -> None:
    archive = Archive(pool)
    at = int((await archive.offsets()).get("in.0", "0-0").partition("-")[0])
    for i, batch in enumerate(batches, at + 1):
        await archive.write({"in.0": f"{i}-0"}, batch)


async def counted(pool: AsyncConnectionPool) -> list[Hour]:
    await roll_up(pool)
    return await hours(pool, T0_US - 30 * DAY_US, T0_US + 30 * DAY_US)


def north(*points: tuple[float, float], **columns: Any) -> Fixes:
    """Fixes of d1 from (seconds after T0, metres north of the equator)."""
    return fixes_of("d1", *((at_s, 0.0, metres / DEGREE_M) for at_s, metres in points), **columns)


def test_an_hour_is_summed(postgres_url: str) -> None:
    """Count, first, last, late, flagged, metres; an hour without fixes has no row."""
    flags = [0, int(Flag.STALE), int(Flag.STUCK | Flag.STALE), int(Flag.MOCK), 0]
    batch = north((10, 0), (20, 100), (30, 200), (40, 9_000), (7200, 200), flags=flags)

    first, second = run_pool(postgres_url, lambda pool: _after(pool, batch))
    assert first == Hour("d1", T0_US, 4, T0_US + 10 * S_US, T0_US + 40 * S_US, 2, 2, pytest.approx(200, abs=0.1))
    assert second == Hour("d1", T0_US + 2 * HOUR_US, 1, T0_US + 7200 * S_US, T0_US + 7200 * S_US, 0, 0, 0.0)


async def _after(pool: AsyncConnectionPool, *batches: Fixes) -> list[Hour]:
    await archived(pool, *batches)
    return await counted(pool)


@pytest.mark.parametrize(
    ("batch", "metres"),
    [
        (north((0, 0), (10, 5), (20, 0), (30, 5)), 0.0),
        (north((0, 0), (10, 100), odometer_m=[5_000.0, 5_130.0]), 130.0),
        (north((0, 0), (10, 100), odometer_m=[5_000.0, 5_000.0]), 0.0),
        (north((0, 0), (10, 100), odometer_m=[5_000.0, 3.0]), 100.0),
        (north((0, 0), (10, 100), odometer_m=[0.0, 9e6]), 100.0),
        (north((0, 0), (10, 0), (10, 500), (20, 0)), 500.0),
        (north((0, 0), (10, 100), (20, 0), flags=[0, int(Flag.JUMP), 0]), 0.0),
    ],
    ids=["jitter", "odometer", "odometer-stands", "odometer-reset", "odometer-jump", "one-time-twice", "jump"],
)
def test_metres_are_of_legs_that_were_driven(postgres_url: str, batch: Fixes, metres: float) -> None:
    """An odometer that can be true counts, else the straight leg; noise and leaps do not."""
    (hour,) = run_pool(postgres_url, lambda pool: _after(pool, batch))
    assert hour.metres == pytest.approx(metres, abs=0.2)


def test_a_leg_belongs_to_the_hour_it_ends_in(postgres_url: str) -> None:
    """Also when the fix before it arrives later than the hour was summed."""

    async def body(pool: AsyncConnectionPool) -> list[list[float]]:
        found = [await _after(pool, north((3600, 1000))), await _after(pool, north((3590, 900)))]
        return [[round(hour.metres) for hour in some] for some in found]

    assert run_pool(postgres_url, body) == [[0], [0, 100]]


@given(cuts=st.lists(st.integers(0, 30), max_size=3), order=st.permutations(range(30)))
@settings(max_examples=10)
def test_sums_do_not_depend_on_when_they_are_made(postgres_url: str, cuts: list[int], order: list[int]) -> None:
    """Any order of arrival, any copies, any number of roll-ups in between: equal sums."""
    whole = north(*((i * 400, (i * i) % 37 * 50) for i in range(30)))
    bounds = [0, *sorted(cuts), 30]
    parts = [whole.take(np.array(order[a:b], int)) for a, b in pairwise(bounds)]

    async def body(pool: AsyncConnectionPool) -> list[list[Hour]]:
        await _emptied(pool)
        for part in parts:
            await archived(pool, part, part)
            await counted(pool)
        piecewise = await counted(pool)
        await _emptied(pool)
        await archived(pool, whole)
        return [piecewise, await counted(pool)]

    piecewise, at_once = run_pool(postgres_url, body)
    assert piecewise == at_once
    assert sum(hour.fixes for hour in at_once) == 30


async def _emptied(pool: AsyncConnectionPool) -> None:
    async with pool.connection() as connection:
        await connection.execute("TRUNCATE fixes, fix_hours, due_hours")


def test_nothing_new_is_no_work(postgres_url: str) -> None:
    """Known fixes that come again make no hour due; a second roll-up counts nothing."""

    async def body(pool: AsyncConnectionPool) -> list[int]:
        await archived(pool, north((0, 0), (3600, 0)))
        first = await roll_up(pool)
        await archived(pool, north((0, 0), (3600, 0)))
        return [first, await roll_up(pool)]

    assert run_pool(postgres_url, body) == [2, 0]


def test_a_long_backlog_is_taken_in_pieces(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After days without roll-ups all hours are counted, some at a time."""
    monkeypatch.setattr("store.upkeep.DUE", 3)
    batches = [north((i * 3600, 0), (i * 3600 + 5, 50)) for i in range(8)]

    found = run_pool(postgres_url, lambda pool: _after(pool, *batches))
    assert [(hour.hour_us, hour.fixes) for hour in found] == [(T0_US + i * HOUR_US, 2) for i in range(8)]


def test_a_busy_fleet_gets_its_turn(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each hour is due again before a round comes to the next: the round ends all the same, with every device."""
    monkeypatch.setattr("store.upkeep.DUE", 3)
    busy = "INSERT INTO due_hours SELECT no, from_us(%s) FROM device_keys"

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        async def drive() -> None:
            while True:
                async with pool.connection() as connection:
                    await connection.execute(busy, (T0_US,))

        await archived(pool, *(fixes_of(f"d{i}", (0, 1, 1)) for i in range(10)))
        driving = asyncio.create_task(drive())
        done = await asyncio.wait_for(roll_up(pool), 20)
        driving.cancel()
        await asyncio.wait([driving])
        return [done, [hour.device for hour in await hours(pool, T0_US, T0_US + HOUR_US)]]

    assert run_pool(postgres_url, body) == [10, [f"d{i}" for i in range(10)]]


def test_all_marks_of_an_hour_go_at_once(postgres_url: str) -> None:
    """However often an hour was due, it is counted once."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        await archived(pool, *(north((i, 0)) for i in range(20)))
        return [await roll_up(pool), await roll_up(pool)]

    assert run_pool(postgres_url, body) == [1, 0]


def test_it_is_known_until_when_fixes_are_forgotten(postgres_url: str) -> None:
    """By the hours whose sums count more than there is: scraps do not hide it, all of the hour does."""
    old = north((10, 0), (20, 0), (30, 0))

    async def body(pool: AsyncConnectionPool) -> list[int]:
        async def until() -> int:
            await roll_up(pool)
            return await forgotten(pool, "d1", T0_US + 15 * S_US, T0_US + 9 * HOUR_US)

        await archived(pool, old, north((5 * DAY_US // S_US, 0)))
        found = [await until()]
        await forget(pool, T0_US + 4 * DAY_US, 2)
        found.append(await until())
        await archived(pool, old.take(np.array([0, 2])), north((3700, 0)))
        found.append(await until())
        await archived(pool, old)
        return [*found, await until()]

    assert run_pool(postgres_url, body) == [0, T0_US + HOUR_US, T0_US + HOUR_US, 0]


def test_hours_and_sums_by_device(postgres_url: str) -> None:
    """Hours of one device or of all in a span; sums over it."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        await archived(pool, fixes_of("a", (0, 1, 1), (3600, 1, 1), (9000, 1, 1)), fixes_of("b", (1, 1, 1)))
        await roll_up(pool)
        mine = await hours(pool, T0_US + HOUR_US, T0_US + 9 * HOUR_US, device="a")
        total = await sums(pool, T0_US, T0_US + 2 * HOUR_US)
        return [[hour.fixes for hour in mine], [(s.device, s.fixes, s.hour_us, s.last_us) for s in total]]

    assert run_pool(postgres_url, body) == [
        [1, 1],
        [("a", 2, T0_US, T0_US + 3600 * S_US), ("b", 1, T0_US, T0_US + S_US)],
    ]


@pytest.mark.parametrize(
    ("keep_days", "kept"), [(0, [-3, -2, -1, 0]), (1, [-1, 0]), (2, [-2, -1, 0]), (99, [-3, -2, -1, 0])]
)
def test_whole_days_are_forgotten(postgres_url: str, keep_days: int, kept: list[int]) -> None:
    """Days older than asked go, on both servers the same ones; their sums stay, also when the hour is summed again."""
    days = [-3, -2, -1, 0]

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        await archived(pool, *(_day(day) for day in days))
        before = await counted(pool)
        await forget(pool, T0_US + 7 * HOUR_US, keep_days)
        left, _ = await read.fixes(pool, "d1", T0_US - 9 * DAY_US, T0_US + DAY_US)
        await archived(pool, north((-3 * 86_400 + 99, 0)))
        return [[int(us - T0_US) // DAY_US for us in left.time_us[::2]], before == await counted(pool), len(before)]

    assert run_pool(postgres_url, body) == [kept, keep_days not in (0, 99), 4]


def _day(day: int) -> Fixes:
    return north((day * 86_400, 0), (day * 86_400 + 60, 0))


def test_forgetting_is_done_in_pieces(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one transaction's worth of rows goes all the same; of devices with none nothing is asked."""
    monkeypatch.setattr("store.upkeep.FORGET", 3)
    old = fixes_of("a", *((-9 * 86_400 + i, 1, 1) for i in range(7)))

    async def body(pool: AsyncConnectionPool) -> list[int]:
        await archived(pool, old, fixes_of("b", *((-8 * 86_400 + i, 1, 1) for i in range(4)), (0, 1, 1)))
        gone = await forget(pool, T0_US, 2)
        left = [len((await read.fixes(pool, name, 0, T0_US + DAY_US))[0]) for name in "ab"]
        return [gone in (11, 2), *left]

    assert run_pool(postgres_url, body) == [True, 0, 1]
