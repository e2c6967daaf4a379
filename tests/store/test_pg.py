"""The schema: made at once, led there by migrations, made by several at once; and its hot queries."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from core.errors import ConfigError, UnavailableError
from store import pg
from tests.running import run_pool

pytestmark = pytest.mark.service

DESCRIBE = """
SELECT 'column', table_name, column_name, data_type || coalesce(' ' || generation_expression, ''), is_nullable,
    coalesce(column_default, '')
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT 'index', tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'view', viewname, definition, '', '', '' FROM pg_views WHERE schemaname = 'public'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'function', proname, pg_get_functiondef(oid), '', '', '' FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""


def described(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return sorted(connection.execute(DESCRIBE).fetchall())


def test_the_schema_is_the_same_either_way(postgres_url: str, empty_postgres_url: str) -> None:
    """schema.sql and the migrations one after another build equal databases."""
    with psycopg.connect(empty_postgres_url) as connection:
        connection.execute(pg.queries("migrate.sql")["version_table"])
        for _, path in pg.migrations():
            connection.execute(pg.script(path))
    assert described(empty_postgres_url) == described(postgres_url)


def test_migrating_again_changes_nothing(postgres_url: str) -> None:
    """An up-to-date database keeps its version and schema."""
    before = described(postgres_url)
    assert asyncio.run(pg.migrate(postgres_url)) == pg.migrations()[-1][0]
    assert described(postgres_url) == before


def test_several_stages_may_migrate_at_once(empty_postgres_url: str) -> None:
    """Stages that start together wait for each other; all see the newest version."""

    async def main() -> list[int]:
        return await asyncio.gather(*(pg.migrate(empty_postgres_url) for _ in range(4)))

    assert asyncio.run(main()) == [pg.migrations()[-1][0]] * 4


def test_a_newer_database_is_refused(postgres_url: str) -> None:
    """An older Ronda does not touch a schema that it does not know."""
    with psycopg.connect(postgres_url) as connection:
        connection.execute("INSERT INTO schema_version (version) VALUES (9999)")
    with pytest.raises(ConfigError, match="install a newer one"):
        asyncio.run(pg.migrate(postgres_url))


def test_a_server_that_is_not_there_is_named_so(tmp_path: Any) -> None:
    """No server: one error that says what to check, from the pool and from the migration."""
    url = f"postgresql://ronda@/ronda?host={tmp_path}&connect_timeout=1"
    with pytest.raises(UnavailableError, match="Check that it runs"):
        asyncio.run(pg.migrate(url))


def test_instants_are_exact_to_the_microsecond(postgres_url: str) -> None:
    """from_us and to_us are inverse for every microsecond of the years that matter."""
    instants = [0, 1, 946_684_799_999_999, 1_767_571_200_000_001, 2_147_483_648_123_457, 4_102_444_800_999_999]

    async def body(pool: Any) -> list[int]:
        async with pg.transaction(pool) as cursor:
            await cursor.execute(
                "SELECT to_us(from_us(us)) FROM unnest(%s::bigint[]) WITH ORDINALITY AS t (us, n) ORDER BY n",
                [instants],
            )
            return [row[0] for row in await cursor.fetchall()]

    assert run_pool(postgres_url, body) == instants


def test_a_pool_outlives_a_lost_connection(postgres_url: str) -> None:
    """When the server drops its connections, the next question is answered over a new one."""

    async def body(pool: Any) -> int:
        async with pg.transaction(pool) as cursor:
            await cursor.execute("SELECT pg_backend_pid()")
            pid = (await cursor.fetchone())[0]
        with psycopg.connect(postgres_url) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])
        async with pg.transaction(pool) as cursor:
            await cursor.execute("SELECT 7")
            return (await cursor.fetchone())[0]

    assert run_pool(postgres_url, body) == 7
