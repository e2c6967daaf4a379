"""Fixes into the archive and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg_pool import AsyncConnectionPool

from core.fixes import Fixes
from store.archive import Archive
from store.read import fixes as read_fixes
from store.rows import copy_bytes
from tests.running import run_pool
from tests.strategies import T0_US, fixes, fixes_of

DAY_US = 86_400_000_000


def test_copy_bytes_of_no_fixes_is_a_whole_empty_copy() -> None:
    """Header and trailer, and nothing between."""
    assert copy_bytes(Fixes.empty(), np.empty(0, np.int32)) == b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\xff\xff"


@pytest.mark.service
@given(batch=fixes(ids=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)))
def test_fixes_come_back_equal(postgres_url: str, batch: Fixes) -> None:
    """Every column survives the archive bit for bit, missing values too; one row per device, time and content."""

    async def body(pool: AsyncConnectionPool) -> Any:
        archive = Archive(pool)
        offsets = await archive.offsets()
        ms = int(offsets.get("in.0", "0-0").partition("-")[0])
        async with pool.connection() as connection:
            await connection.execute("TRUNCATE fixes")
        await archive.write({"in.0": f"{ms + 1}-0"}, batch)
        for part in batch.split():
            (name,) = part.ids
            back, more = await read_fixes(pool, name, T0_US, T0_US + DAY_US + 1)
            assert more is None
            first = first_deliveries(part)
            assert back == first

    run_pool(postgres_url, body)


def first_deliveries(part: Fixes) -> Fixes:
    """Rows by (time, content), of equal ones the first delivered."""
    order = np.lexsort((np.arange(len(part)), part.content, part.time_us))
    part = part.take(order)
    keys = list(zip(part.time_us.tolist(), part.content.tolist(), strict=True))
    return part.take(np.array([i for i, key in enumerate(keys) if i == 0 or keys[i - 1] != key], np.int64))


@pytest.mark.service
def test_a_redelivered_fix_is_stored_once(postgres_url: str) -> None:
    """The same fix in two batches, and twice in one, is one row; another content at the same time is another."""

    async def body(pool: AsyncConnectionPool) -> Any:
        archive = Archive(pool)
        await archive.offsets()
        fix, other = fixes_of("d1", (0, 123.6, -10.2)), fixes_of("d1", (0, 123.7, -10.2))
        await archive.write({"in.0": "1-0"}, Fixes.concat([fix, fix]))
        await archive.write({"in.0": "2-0"}, Fixes.concat([fix, other]))
        back, _ = await read_fixes(pool, "d1", T0_US, T0_US + 1)
        assert sorted(back.lon.tolist()) == [123.6, 123.7]

    run_pool(postgres_url, body)


@pytest.mark.service
def test_history_is_paged_without_loss(postgres_url: str) -> None:
    """Pages of any size, put together, are the whole history in order of time."""

    async def body(pool: AsyncConnectionPool) -> Any:
        archive = Archive(pool)
        await archive.offsets()
        await archive.write({"in.0": "1-0"}, fixes_of("d1", *((t // 2, 123 + t, -10) for t in range(7))))
        lons, after = [], None
        while True:
            page, after = await read_fixes(pool, "d1", T0_US, T0_US + 10_000_000, after=after, limit=3)
            lons.append(sorted(page.lon.tolist()))
            if after is None:
                return lons

    pages = run_pool(postgres_url, body)
    assert sorted(lon for page in pages for lon in page) == [123, 124, 125, 126, 127, 128, 129]
    assert [len(page) for page in pages] == [3, 3, 1]


@pytest.mark.service
def test_history_is_half_open_and_of_one_device(postgres_url: str) -> None:
    """From is inclusive, to is exclusive, other and unknown devices are not in it."""

    async def body(pool: AsyncConnectionPool) -> Any:
        archive = Archive(pool)
        await archive.offsets()
        batch = Fixes.concat([fixes_of("d1", (0, 1, 1), (1, 2, 1), (2, 3, 1)), fixes_of("d2", (1, 9, 1))])
        await archive.write({"in.0": "1-0"}, batch)
        some, _ = await read_fixes(pool, "d1", T0_US, T0_US + 2_000_000)
        none, _ = await read_fixes(pool, "unknown", T0_US, T0_US + 2_000_000)
        return some.lon.tolist(), len(none)

    assert run_pool(postgres_url, body) == ([1, 2], 0)
