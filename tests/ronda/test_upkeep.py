"""One round of the archive's upkeep."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from core.entries import Tick
from core.fixes import Fixes
from ronda.upkeep import keep, keep_volunteers
from store import read
from store.archive import Archive
from store.chain import Link, links_of
from store.held import held_devices
from store.inputs import blocks
from store.upkeep import hours
from tests.running import run_pool
from tests.strategies import T0_US, fixes_of

pytestmark = pytest.mark.service
DAY_US = 86_400_000_000


def test_a_round_counts_expires_and_forgets(postgres_url: str) -> None:
    """Old fixes are gone and their sums remain; a stranger's fixes wait a day and no longer."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        archive = Archive(pool)
        await archive.offsets()
        fixes = Fixes.concat([fixes_of("a", (0, 1, 1)), fixes_of("a", (3 * 86_400, 1, 1))])
        strangers = Fixes.concat([fixes_of("x", (0, 1, 1)), fixes_of("y", (3 * 86_400, 1, 1))])
        await archive.write({"in.0": "1-0"}, fixes, held=strangers)
        await keep(pool, T0_US + 3 * DAY_US + 3_600_000_000, 1)
        left, _ = await read.fixes(pool, "a", 0, T0_US + 9 * DAY_US)
        counted = [hour.fixes for hour in await hours(pool, 0, T0_US + 9 * DAY_US)]
        return [list(left.time_us), counted, [stranger.device for stranger in await held_devices(pool)]]

    assert run_pool(postgres_url, body) == [[T0_US + 3 * DAY_US], [1, 1], ["y"]]


def test_what_dispatch_decided_from_is_kept_for_its_days(postgres_url: str) -> None:
    """Its text goes after ninety days, not before, and not at all for 0."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        archive, entry_id = Archive(pool), f"{T0_US // 1000}-0"
        await archive.offsets()
        links = links_of("dispatch.in", entry_id, b"x", Tick(now_us=T0_US))
        await archive.write({"dispatch.in": entry_id}, Fixes.empty(), links=links)
        await archive.write({"in.0": f"{T0_US // 1000 + 90_000}-0"}, Fixes.empty(), links=_tick(T0_US // 1000 + 90_000))
        kept = list[Any]()
        for day, keep_days in ((91, 0), (90, 90), (92, 90)):
            await keep_volunteers(pool, T0_US + day * DAY_US, keep_days)
            kept += [[block.kept is not None async for block in blocks(pool, 1, 1)]]
        return kept

    assert run_pool(postgres_url, body) == [[True], [True], [False]]


def _tick(at_ms: int) -> tuple[Link, ...]:
    return links_of("in.0", f"{at_ms}-0", b"y", Tick(now_us=1))
