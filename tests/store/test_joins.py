"""What belongs to what, as Postgres tells it; one writer of the registry at a time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from core.entries import Config
from core.errors import UnavailableError
from core.fixes import Fixes
from store import joins
from store.archive import Archive
from store.pg import queries
from tests.running import run_pool
from tests.strategies import fixes_of

pytestmark = pytest.mark.service
ROWS = (
    {"id": "a", "device": "g1", "vehicle": "t1", "from_us": 0, "until_us": 10},
    {"id": "b", "device": "g1", "vehicle": "t2", "from_us": 10},
    {"id": "c", "vehicle": "t2", "person": "ana", "from_us": 50, "until_us": 60},
)


async def configured(pool: AsyncConnectionPool, *configs: Config, held: Fixes | None = None) -> None:
    archive = Archive(pool)
    await archive.offsets()
    named = [(f"1-{i}", config) for i, config in enumerate(configs)]
    await archive.write({"in.0": "1-9"}, Fixes.empty(), configs=named, held=held)


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


def test_joins_of_devices_and_of_what_they_name(postgres_url: str) -> None:
    """Of devices all of them; of anything those that still hold or will."""

    async def body(pool: AsyncConnectionPool) -> list[list[str]]:
        await configured(pool, Config(section="assignments", rows=ROWS))
        return [
            ids(await joins.joins_of(pool, ["g1", "g\0"])),
            ids(await joins.joins_naming(pool, "vehicle", "t1", at_us=9)),
            ids(await joins.joins_naming(pool, "vehicle", "t1", at_us=10)),
            ids(await joins.joins_naming(pool, "vehicle", "t2", at_us=0)),
            ids(await joins.joins_naming(pool, "person", "ana", at_us=60)),
        ]

    assert run_pool(postgres_url, body) == [["a", "b"], ["a"], [], ["b", "c"], []]


def test_rows_that_exist(postgres_url: str) -> None:
    """By id, each once; what is not there is not in it."""

    async def body(pool: AsyncConnectionPool) -> dict[str, Any]:
        await configured(pool, Config(section="vehicles", rows=({"id": "t1", "plate": "DH"}, {"id": "t2"})))
        return await joins.rows_of(pool, "vehicles", ["t1", "t1", "t9"])

    found = run_pool(postgres_url, body)
    assert {row_id: row["plate"] for row_id, row in found.items()} == {"t1": "DH"}


def test_held_devices_that_are_registered_by_now(postgres_url: str) -> None:
    """However many fixes each has, and whatever is held of strangers beside them."""
    held = Fixes.concat(fixes_of(name, *((s, 1, 1) for s in range(3))) for name in ("z", "a", "m"))

    async def body(pool: AsyncConnectionPool) -> list[list[str]]:
        none = await joins.held_registered(pool)
        await configured(pool, Config(section="devices", rows=({"id": "a"}, {"id": "z"}, {"id": "q"})), held=held)
        return [none, await joins.held_registered(pool), await joins.held_registered(pool, limit=1)]

    assert run_pool(postgres_url, body) == [[], ["a", "z"], ["a"]]


def test_the_lock_is_waited_for_within_bounds(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second writer waits; one that waits too long is told to come back, and the lock goes with its holder."""
    monkeypatch.setitem(queries("joins.sql"), "patience", b"SET LOCAL lock_timeout = '100ms'")

    async def body(pool: AsyncConnectionPool) -> None:
        async with joins.alone(pool):
            with pytest.raises(UnavailableError):
                async with joins.alone(pool):
                    pass
        async with joins.alone(pool):
            await asyncio.sleep(0)

    run_pool(postgres_url, body)
