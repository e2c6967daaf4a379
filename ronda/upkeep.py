"""The archive's upkeep, by our own scheduler: sums of fixes; what is older than it may be is forgotten."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from psycopg_pool import AsyncConnectionPool

from ronda.runtime import AWAY, Runtime
from store import photos
from store.held import expire_held
from store.inputs import forget_inputs
from store.retention import forget_phones
from store.upkeep import forget, forgotten_until_us, roll_up

log = logging.getLogger(__name__)

EVERY_S: Final = 120.0  # about how old the sums of the running hour are; counting it anew costs its fixes
HELD_US: Final = 24 * 3600 * 1_000_000  # how long a stranger's fixes wait to be adopted


async def keep_for_ever(runtime: Runtime) -> None:
    """Every two minutes; not while the clock is in doubt, for a wrong one would forget what is still wanted."""
    while True:
        await asyncio.sleep(EVERY_S)
        await runtime.holds.free_of("clock")
        try:
            now_us, settings = runtime.clock.now_us(), runtime.settings
            await keep(runtime.pool, now_us, settings.keep_fixes_days)
            await keep_volunteers(runtime.pool, now_us, settings.keep_volunteers_days)
            await photos.expire(runtime.pool, now_us, settings.keep_photos_days)
        except AWAY as error:
            log.warning("upkeep: %s", error, extra={"action": "schedule.upkeep_retry"})


async def keep(pool: AsyncConnectionPool, now_us: int, keep_fixes_days: int) -> None:
    """One round. Sums come first: what is forgotten has been counted."""
    await roll_up(pool)
    expired = await expire_held(pool, now_us - HELD_US)
    forgotten = await forget(pool, now_us, keep_fixes_days)
    if expired or forgotten:
        text = "%d held fixes expired; %d rows or chunks of old fixes forgotten"
        log.info(text, expired, forgotten, extra={"action": "schedule.forgot"})


async def keep_volunteers(pool: AsyncConnectionPool, now_us: int, keep_days: int) -> None:
    """Where volunteers were is known no longer than promised: from their phones, and from what dispatch decided by."""
    if keep_days <= 0:
        return
    if forgotten := await forget_phones(pool, now_us, keep_days):
        log.info("%d rows of where volunteers were forgotten", forgotten, extra={"action": "schedule.forgot_places"})
    await forget_inputs(pool, now_us, forgotten_until_us(now_us, keep_days))
