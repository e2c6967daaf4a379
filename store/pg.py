"""Postgres: the pool, the migrations, the named queries.

SQL lives in .sql files: whole scripts, or named queries, each opened by a line `-- name: the_name`.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec
import psycopg
from psycopg.rows import AsyncRowFactory, namedtuple_row
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from core.errors import ConfigError, UnavailableError

CHECKOUT_S: Final = 10.0
TOO_MUCH: Final = "54"  # class of SQLSTATE: what was sent is too large for the server, now and ever
_log = logging.getLogger(__name__)


async def connect(url: str, *, max_size: int = 8) -> AsyncConnectionPool:
    """A pool with its first connection made, for use as a context manager."""
    pool = AsyncConnectionPool(
        url,
        min_size=1,
        max_size=max_size,
        open=False,
        timeout=CHECKOUT_S,
        configure=_configure,
        check=AsyncConnectionPool.check_connection,  # a restarted server costs no request
    )
    try:
        await pool.open(wait=True, timeout=CHECKOUT_S)
    except PoolTimeout as error:
        await pool.close()
        raise UnavailableError(f"Postgres does not answer: {error}. Check that it runs and its URL is right") from error
    return pool


async def _configure(connection: psycopg.AsyncConnection[Any]) -> None:
    set_json_loads(msgspec.json.decode, connection)
    await connection.execute(query("plan_each_time"))
    await connection.commit()


@asynccontextmanager
async def transaction(
    pool: AsyncConnectionPool, row_factory: AsyncRowFactory[Any] = namedtuple_row
) -> AsyncIterator[psycopg.AsyncCursor[Any]]:
    """A cursor in a transaction that commits at the end of the block; rows have named fields."""
    try:
        async with (
            pool.connection() as connection,
            connection.transaction(),
            connection.cursor(binary=True, row_factory=row_factory) as cursor,
        ):
            yield cursor
    except (psycopg.OperationalError, PoolTimeout) as error:
        if (error.sqlstate or "").startswith(TOO_MUCH):
            raise
        raise UnavailableError(f"Postgres does not answer or cannot write: {error}") from error


@cache
def queries(name: str) -> dict[str, bytes]:
    """The named queries of a file of this package."""
    blocks = files(__package__).joinpath(name).read_text("utf-8").split("-- name: ")[1:]
    return {head.strip(): body.strip().encode() for head, _, body in (block.partition("\n") for block in blocks)}


def query(name: str) -> bytes:
    """A named query of queries.sql."""
    return queries("queries.sql")[name]


async def ask(file: str, pool: AsyncConnectionPool, name: str, named: dict[str, Any]) -> list[Any]:
    """The rows that a named query of a file returns, in a transaction of its own."""
    async with transaction(pool) as cursor:
        await cursor.execute(queries(file)[name], named)
        return await cursor.fetchall() if cursor.description else []


def script(path: str) -> bytes:
    """A whole .sql file of this package."""
    return files(__package__).joinpath(path).read_bytes()


def migrations() -> list[tuple[int, str]]:
    """(version, path) of each migration, in order."""
    names = sorted(f.name for f in files(__package__).joinpath("migrations").iterdir() if f.name.endswith(".sql"))
    return [(int(name.partition("_")[0]), f"migrations/{name}") for name in names]


async def migrate(url: str) -> int:
    """Bring the schema up to date and return its version; safe when several processes start at once."""
    named = queries("migrate.sql")
    try:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute(named["lock"])
            try:
                return await _migrate(connection)
            finally:
                await connection.execute(named["unlock"])
    except psycopg.OperationalError as error:
        raise UnavailableError(f"Postgres does not answer: {error}. Check that it runs and its URL is right") from error


async def _migrate(connection: psycopg.AsyncConnection[Any]) -> int:
    """A new database gets the newest schema at once, an older one is led there step by step."""
    named, known = queries("migrate.sql"), migrations()
    newest = known[-1][0]
    await connection.execute(named["version_table"])
    version = await _value(connection, named["version"])
    if version > newest:
        raise ConfigError(f"The database has schema version {version}, this Ronda knows {newest}: install a newer one.")
    steps = known if version else [(newest, "schema.sql")]
    for step, path in steps:
        if step > version:
            async with connection.transaction():
                await connection.execute(script(path))
                await connection.execute(named["set_version"], [step])
            _log.info("schema is at version %d", step, extra={"action": "store.migrated"})
    await _use_timescale(connection)
    return newest


async def _use_timescale(connection: psycopg.AsyncConnection[Any]) -> None:
    """Make the fixes a hypertable when the extension is there and no fix is stored yet; else they stay as they are."""
    named = queries("migrate.sql")
    if not await _value(connection, named["timescale_offered"]):
        return
    try:
        async with connection.transaction():
            await connection.execute(named["timescale_create"])
            if await _value(connection, named["convertible"]):
                await connection.execute(script("timescale.sql"))
    except psycopg.Error as error:
        _log.warning("TimescaleDB is not used: %s", error, extra={"action": "store.timescale.unused"})


async def _value(connection: psycopg.AsyncConnection[Any], sql: bytes) -> Any:
    row = await (await connection.execute(sql)).fetchone()
    return row[0] if row else None
