"""A cancellation must not get lost."""

from __future__ import annotations

import asyncio


def check_cancelled() -> None:
    """Raise the cancellation that somebody asked for and a library swallowed.

    Drivers wrap their waits in timeouts; one that ends in the same moment as a cancellation can take it for its own
    (seen with blocking reads of redis-py and with psycopg before Python 3.12). Loops that read for ever ask here.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
