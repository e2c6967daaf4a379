"""Cancels that are not lost. Before Python 3.12 the drivers' own timeouts may swallow one that comes with their result.

Seen with blocking reads of redis-py and with psycopg; every loop that reads for ever asks here.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

AGAIN_S: Final = 0.2


def heed_cancel() -> None:
    """For a loop that has just asked the database: raise the cancel that the driver may have swallowed."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def ended(tasks: set[asyncio.Task[Any]]) -> None:
    """Cancel tasks until they end."""
    while tasks:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=AGAIN_S)
