"""LISTEN: rings when the archive committed events, so that nobody has to ask every second."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Final

import psycopg

from store.pg import query

QUIET_S: Final = 15.0  # it rings after this long all the same: a dead connection must not silence it for ever
RETRY_S: Final = 1.0
_log = logging.getLogger(__name__)


def event_bell(url: str, *, quiet_s: float = QUIET_S) -> AbstractAsyncContextManager[AsyncIterator[None]]:
    """Rings whenever events were committed, once at the start and once after each reconnect.

    `async with event_bell(url) as bell: async for _ in bell: ...`. It may ring in vain, and does when nothing was
    heard for `quiet_s`.
    """
    return aclosing(_rings(url, quiet_s))


async def _rings(url: str, quiet_s: float) -> AsyncGenerator[None, None]:
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                await connection.execute(query("listen"))
                while True:
                    yield
                    async with aclosing(connection.notifies(timeout=quiet_s, stop_after=1)) as notices:
                        async for _ in notices:
                            pass
        except psycopg.OperationalError as error:
            _log.warning("events are not announced: %s", error, extra={"action": "store.bell.retry"})
        await asyncio.sleep(RETRY_S)
