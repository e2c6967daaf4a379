"""Chunks where TimescaleDB is, and older databases led to the newest schema with their rows."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from core.fixes import Fixes
from core.units import DAY_US
from store import pg, read
from store.archive import Archive
from store.credentials import list_tokens
from store.upkeep import forget, hours, hypertable, roll_up
from tests.running import run_pool
from tests.store.test_pg import described
from tests.strategies import T0_US, fixes_of

pytestmark = pytest.mark.service
DAYS = Fixes.concat([fixes_of("d1", (day * 86_400, 1, 1), (day * 86_400 + 60, 1, 1)) for day in range(3)])
VERSION_1_ROWS = """
INSERT INTO device_keys (id) VALUES ('d1');
INSERT INTO fixes
SELECT
    1, from_us(1767571200000000 + n * 1800000000::bigint), now(), 1, 2, 3.5, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    0, 1, n
FROM generate_series(0, 95) AS n;
INSERT INTO offsets VALUES ('archive', 'in.0', '7-0');
INSERT INTO rejects (received, reason, dialect, topic, device, detail, payload)
VALUES (now(), 'future', 'native', 't', 'd1', '', 'x');
INSERT INTO tokens (id, hash, role, subject, device, label, created) VALUES ('t1', 'h', 'device', 'd1', 'd1', '', now())
"""


def serves_timescale(url: str) -> bool:
    """Whether this server has the extension on offer."""
    with psycopg.connect(url) as connection:
        row = connection.execute(pg.queries("migrate.sql")["timescale_offered"]).fetchone()
    return bool(row and row[0])


def at_version_1(url: str) -> None:
    """A database as the first version left it, with rows in it."""
    named = pg.queries("migrate.sql")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(named["version_table"])
        connection.execute(pg.script("migrations/0001_archive.sql"))
        connection.execute(named["set_version"], [1])
        if serves_timescale(url):
            connection.execute(named["timescale_create"])
            connection.execute(pg.script("timescale.sql"))
        connection.execute(VERSION_1_ROWS)


async def archived(pool: AsyncConnectionPool, fixes: Fixes) -> None:
    archive = Archive(pool)
    await archive.offsets()
    await archive.write({"in.0": "1-0"}, fixes)


async def chunked(pool: AsyncConnectionPool) -> bool:
    async with pg.transaction(pool) as cursor:
        return await hypertable(cursor)


def test_fixes_lie_in_chunks_of_a_day_where_they_can(postgres_url: str) -> None:
    """One chunk a day on the server with TimescaleDB, one table on the other."""

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        await archived(pool, DAYS)
        if not await chunked(pool):
            return [False, 0]
        async with pool.connection() as connection:
            row = await (await connection.execute("SELECT count(*) FROM show_chunks('fixes')")).fetchone()
        return [True, row and row[0]]

    there = serves_timescale(postgres_url)
    assert run_pool(postgres_url, body) == [there, 3 if there else 0]


def test_it_is_the_build_that_debian_ships(postgres_url: str) -> None:
    """What works here works without the features of the other licence."""
    if serves_timescale(postgres_url):
        with psycopg.connect(postgres_url) as connection:
            assert connection.execute("SHOW timescaledb.license").fetchone() == ("apache",)


def test_a_database_of_version_1_is_led_on_with_its_rows(empty_postgres_url: str, postgres_url: str) -> None:
    """Same schema as a new one; fixes, offsets, rejects and tokens are there, and the stored hours are counted."""
    at_version_1(empty_postgres_url)
    assert asyncio.run(pg.migrate(empty_postgres_url)) == pg.migrations()[-1][0]
    assert described(empty_postgres_url) == described(postgres_url)

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        fixes, _ = await read.fixes(pool, "d1", 0, T0_US + 9 * DAY_US)
        counted = await roll_up(pool)
        found = await hours(pool, 0, T0_US + 9 * DAY_US)
        tokens = [token.id for token in await list_tokens(pool)]
        rejects = [row.reject.reason for row in (await read.rejects(pool)).rows]
        return [len(fixes), await Archive(pool).offsets(), counted, {hour.fixes for hour in found}, tokens, rejects]

    assert run_pool(empty_postgres_url, body) == [96, {"in.0": "7-0"}, 48, {2}, ["t1"], ["future"]]
    assert run_pool(empty_postgres_url, chunked) == serves_timescale(empty_postgres_url)


def test_an_extension_that_comes_later_changes_nothing(empty_postgres_url: str) -> None:
    """With fixes in it a plain table stays one: it is read, written and emptied as before."""
    with psycopg.connect(empty_postgres_url, autocommit=True) as connection:
        connection.execute(pg.queries("migrate.sql")["version_table"])
        connection.execute(pg.script("schema.sql"))
        connection.execute(pg.queries("migrate.sql")["set_version"], [pg.migrations()[-1][0]])
    run_pool(empty_postgres_url, lambda pool: archived(pool, DAYS))
    asyncio.run(pg.migrate(empty_postgres_url))

    async def body(pool: AsyncConnectionPool) -> list[Any]:
        gone = await forget(pool, T0_US + 2 * DAY_US, 1)
        left, _ = await read.fixes(pool, "d1", 0, T0_US + 9 * DAY_US)
        return [await chunked(pool), gone, len(left)]

    assert run_pool(empty_postgres_url, body) == [False, 2, 4]


def test_the_version_is_told(postgres_url: str) -> None:
    """`ping` names the version of TimescaleDB where it is used."""
    assert (run_pool(postgres_url, read.ping).timescale != "") == serves_timescale(postgres_url)
