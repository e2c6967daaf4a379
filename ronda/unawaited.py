"""Long work in a thread that the end of the process does not wait for.

A first compile of the kernels takes half a minute, and a thread of asyncio's own pool is joined at the end: a signal
meanwhile would seem to hang.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable
from threading import Thread
from threading import enumerate as threads
from typing import Final

PREFIX: Final = "unawaited-"


async def unawaited(work: Callable[[], None], name: str) -> None:
    """Run `work` in a thread of its own until it is done; when cancelled, leave it to itself."""
    loop, done = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

    def tell(error: BaseException | None) -> None:
        if not done.done():
            done.set_exception(error) if error is not None else done.set_result(None)

    def run() -> None:
        error = None
        try:
            work()
        except Exception as failure:  # noqa: BLE001 - whoever waits gets it
            error = failure
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, error)

    Thread(target=run, name=PREFIX + name, daemon=True).start()
    await done


def leave(code: int) -> int:
    """`code`, if no such work goes on; else the end of the process: no compiler is taken apart under its thread."""
    if any(thread.name.startswith(PREFIX) for thread in threads()):
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code
