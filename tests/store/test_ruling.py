"""Silences, read from the archive a few hours at a time."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from core.fixes import Fixes
from store import history, ruling
from tests.running import run_pool
from tests.strategies import T0_US, fixes_of

pytestmark = pytest.mark.service
HOUR = 3600.0


def test_silences_reach_over_the_stretches_that_are_read(postgres_url: str) -> None:
    """One within a stretch, one over the seam, one over whole stretches, and what nothing ended."""
    heard = [0.0, 0.5, 1.5, 2.9, 3.1, 4.9, 14.0, 14.2]

    async def body(pool: AsyncConnectionPool) -> list[list[Any]]:
        tracks = [fixes_of("d1", *[(hour * HOUR, 1.0, 2.0) for hour in heard]), fixes_of("d2", (0.0, 3.0, 4.0))]
        await history.add_fixes(pool, Fixes.concat(tracks))
        to_us = T0_US + int(20 * HOUR * 1e6)
        parts = ruling.silences(pool, T0_US, to_us, least_s=HOUR, devices=["d1", "d2"])
        return [[(s.device, hours(s.start_us), hours(s.until_us), s.lon) for s in part] async for part in parts if part]

    assert run_pool(postgres_url, body) == [
        [("d1", 0.5, 1.5, 1.0), ("d1", 1.5, 2.9, 1.0)],
        [("d1", 3.1, 4.9, 1.0)],
        [("d1", 4.9, 14.0, 1.0)],
        [("d1", 14.2, None, 1.0), ("d2", 0.0, None, 3.0)],
    ]


def hours(at_us: int | None) -> float | None:
    return None if at_us is None else (at_us - T0_US) / 3.6e9
