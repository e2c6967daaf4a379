"""The loop of what looks every so often at what is to be done, and waits while a server is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from ronda.runtime import AWAY

log = logging.getLogger(__name__)


async def look_for_ever(
    name: str, every_s: float, look: Callable[[], Awaitable[Any]], held: Callable[[], str | None]
) -> None:
    """Look every so many seconds, until cancelled; not while something holds."""
    while True:
        await asyncio.sleep(every_s)
        if held() is not None:
            continue
        try:
            await look()
        except* AWAY as errors:
            log.warning("%s: %s", name, errors.exceptions[0], extra={"action": f"{name}.retry"})
