"""What rules ask of the archive: silences of devices, and the story of one thread of alerts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
from psycopg_pool import AsyncConnectionPool

from core.events import AlertChanged
from core.fixes import UNUSED
from core.units import HOUR_US, US_PER_S
from store.pg import ask
from store.text import clean

_ask: Final = partial(ask, "ruling.sql")
STRETCH_US: Final = 3 * HOUR_US  # of fixes that are sorted at once
_decode_alert: Final = msgspec.json.Decoder(AlertChanged).decode


class SilenceRow(NamedTuple):
    """From a fix to the next; None: no other came. Where the device was before."""

    device: str
    start_us: int
    until_us: int | None
    lon: float
    lat: float


async def silences(
    pool: AsyncConnectionPool, from_us: int, to_us: int, *, least_s: float, devices: Sequence[str]
) -> AsyncIterator[list[SilenceRow]]:
    """Silences of at least so long between the fixes of a window, a few hours at a time; `devices` empty: of all.

    Those that nothing ended come last.
    """
    named: dict[str, Any] = {"unused": UNUSED, "least_s": least_s, "devices": [clean(d) for d in devices] or None}
    least_us, newest = least_s * US_PER_S, dict[str, Any]()  # by device
    for at_us in range(from_us, to_us, STRETCH_US):
        stretch = {"from_us": at_us, "to_us": min(at_us + STRETCH_US, to_us)}
        found = []
        for row in await _ask(pool, "silences", named | stretch):
            before = newest.get(row.device) if row.first else None
            if before is not None and row.at_us - before.at_us >= least_us:
                found.append(_silence(before, row.at_us))
            if row.next_us is None:
                newest[row.device] = row
            elif row.next_us - row.at_us >= least_us:
                found.append(_silence(row, row.next_us))
        yield found
    yield [_silence(row, None) for row in newest.values()]


def _silence(row: Any, until_us: int | None) -> SilenceRow:
    return SilenceRow(row.device, row.at_us, until_us, row.lon, row.lat)


async def thread(pool: AsyncConnectionPool, thread_id: str, *, limit: int = 500) -> list[AlertChanged]:
    """What was said of the alerts of a thread, in order; of more than `limit` the newest."""
    rows = await _ask(pool, "thread_events", {"thread": clean(thread_id), "limit": limit})
    return [_decode_alert(msgspec.json.encode(row.body)) for row in reversed(rows)]
