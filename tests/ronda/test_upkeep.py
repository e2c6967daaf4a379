"""One round of the archive's upkeep."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from core.fixes import Fixes
from ronda.upkeep import keep
from store import read
from store.archive import Archive
from store.held import held_devices
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
