"""What rules ask of the archive: silences of devices, and the story of one thread of alerts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

import msgspec
from psycopg_pool import AsyncConnectionPool

from core.events import AlertChanged
from core.fixes import UNUSED
from store.pg import ask
from store.text import clean

_ask: Final = partial(ask, "ruling.sql")
_decode_alert: Final = msgspec.json.Decoder(AlertChanged).decode


class SilenceRow(NamedTuple):
    """From a fix to the next; None: no other came. Where the device was before."""

    device: str
    start_us: int
    until_us: int | None
    lon: float
    lat: float


async def silences(
    pool: AsyncConnectionPool, from_us: int, to_us: int, *, least_s: float, devices: Sequence[str], limit: int
) -> list[SilenceRow]:
    """Silences of at least so long between the fixes of a window, by device and time; `devices` empty: of all."""
    named = {"from_us": from_us, "to_us": to_us, "unused": UNUSED, "least_s": least_s, "limit": limit}
    asked = [clean(device) for device in devices] or None
    return [SilenceRow(*row) for row in await _ask(pool, "silences", named | {"devices": asked})]


async def thread(pool: AsyncConnectionPool, thread_id: str, *, limit: int = 500) -> list[AlertChanged]:
    """What was said of the alerts of a thread, in order; of more than `limit` the newest."""
    rows = await _ask(pool, "thread_events", {"thread": clean(thread_id), "limit": limit})
    return [_decode_alert(msgspec.json.encode(row.body)) for row in reversed(rows)]
