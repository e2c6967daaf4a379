"""Runs asynchronous test bodies; a log or pool is closed in the loop that used it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from psycopg_pool import AsyncConnectionPool

from store.log import Log
from store.pg import connect

T = TypeVar("T")


def run_with(log: Log, body: Callable[[Log], Awaitable[T]]) -> T:
    """Run `body(log)` to its end, then close the log."""

    async def main() -> T:
        try:
            return await body(log)
        finally:
            await log.close()

    return asyncio.run(main())


def run_pool(url: str, body: Callable[[AsyncConnectionPool], Awaitable[T]]) -> T:
    """Run `body(pool)` to its end, then close the pool."""

    async def main() -> T:
        async with await connect(url) as pool:
            return await body(pool)

    return asyncio.run(main())
