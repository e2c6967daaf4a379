"""The past of a device: fixes that never went through the log, what was told of it, and what is still to be done.

The archive's writer goes on meanwhile: rows are identified by their content or id and version, and whoever comes
second changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from psycopg_pool import AsyncConnectionPool

from core.events import AlertChanged, Dwell, DwellChanged, Event, Spell, SpellChanged
from core.fixes import Fixes
from store.archive import storing
from store.log import START, id_key
from store.pg import ask, query
from store.read import fixes as read_fixes
from store.rows import dwell_of
from store.staging import device_numbers, stage
from store.text import clean

_ask: Final = partial(ask, "history.sql")
PAGE: Final = 20_000
_spell: Final = msgspec.json.Decoder(Spell).decode


class Told(NamedTuple):
    """The newest events of a device's rows and of their alerts; `seq`: no event after it is certainly among them."""

    seq: int
    events: list[Event]


async def add_fixes(pool: AsyncConnectionPool, fixes: Fixes) -> int:
    """Store fixes, each once; how many of them were new. One transaction: keep it to some ten thousand."""
    if not len(fixes):
        return 0
    ids = [clean(name) for name in fixes.ids]
    async with storing(pool) as cursor:
        known = await device_numbers(cursor, sorted(set(ids)))
        await stage(cursor, fixes, np.array([known[name] for name in ids], np.int32))
        await cursor.execute(query("store_fixes"))
        return int((await cursor.fetchall())[0].count)


async def told(pool: AsyncConnectionPool, device: str, from_us: int, to_us: int) -> Told:
    """Rows that overlap [from_us, to_us], as they were told last, retracted ones left out."""
    seq = int((await _ask(pool, "seq", {}))[0].seq)  # first: what is told meanwhile counts as not seen
    where = {"device": clean(device), "from_us": from_us, "to_us": to_us}
    dwells = [dwell_of(row._asdict()) for row in await _ask(pool, "told_dwells", where)]
    spells = [_spell(row.body) for row in await _ask(pool, "told_spells", where)]
    changed: list[Event] = [DwellChanged(at_us=row.last_us, cause="revise", row=row) for row in dwells]
    changed += [SpellChanged(at_us=row.last_us, cause="revise", row=row) for row in spells]
    return Told(seq, [*changed, *await alerts_of(pool, dwells)])


async def alerts_of(pool: AsyncConnectionPool, dwells: list[Dwell]) -> list[AlertChanged]:
    """Alerts at the limit of these dwells, as they were told last."""
    ids = [f"a{row.id}" for row in dwells]
    return [AlertChanged(**row._asdict()) for row in await _ask(pool, "told_alerts", {"ids": ids})] if ids else []


async def overtaken(pool: AsyncConnectionPool, device: str, seq: int, stream: str, entry_id: str) -> bool:
    """Whether rows of a device were told after `seq`, by entries of its stream before this one."""
    rows = await _ask(pool, "overtaken", {"seq": seq, "device": clean(device)})
    return any(row.stream == stream and id_key(row.entry_id) < id_key(entry_id) for row in rows)


async def fixes_of(pool: AsyncConnectionPool, device: str, from_us: int, to_us: int, limit: int) -> Fixes:
    """The first `limit` fixes of a device with from_us <= time < to_us, by time."""
    parts, after, left = list[Fixes](), None, limit
    while left > 0:
        page, after = await read_fixes(pool, device, from_us, to_us, after=after, limit=min(PAGE, left))
        parts.append(page)
        left -= len(page)
        if after is None:
            break
    return Fixes.concat(parts)


async def back(pool: AsyncConnectionPool, device: str, before_us: int, count: int) -> int | None:
    """The time so many fixes back from an instant, or of the first fix there is; None: there is none before."""
    row = (await _ask(pool, "back", {"device": clean(device), "before_us": before_us, "count": count}))[0]
    return None if row.time_us is None else int(row.time_us)


async def late_span(
    pool: AsyncConnectionPool, device: str, from_us: int, to_us: int, since_us: int
) -> tuple[int, int] | None:
    """First and last time of the fixes in [from_us, to_us) that were received at `since_us` or later."""
    named = {"device": clean(device), "from_us": from_us, "to_us": to_us, "since_us": since_us}
    row = (await _ask(pool, "late_span", named))[0]
    return None if row.from_us is None else (int(row.from_us), int(row.to_us))


async def devices_between(pool: AsyncConnectionPool, from_us: int, to_us: int) -> list[str]:
    """Devices with a fix in [from_us, to_us)."""
    return [row.id for row in await _ask(pool, "devices_between", {"from_us": from_us, "to_us": to_us})]


async def newest_seq(pool: AsyncConnectionPool) -> int:
    """Number of the newest event."""
    return int((await _ask(pool, "seq", {}))[0].seq)


async def mark(pool: AsyncConnectionPool, reader: str, stream: str) -> str | None:
    """How far a follower of the archive has come; None: it never was here."""
    rows = await _ask(pool, "mark", {"reader": reader, "stream": stream})
    return rows[0].last_id if rows else None


async def set_mark(pool: AsyncConnectionPool, reader: str, stream: str, last_id: str) -> None:
    """Note how far a follower has come."""
    await _ask(pool, "set_mark", {"reader": reader, "stream": stream, "last_id": last_id})


async def configs_after(pool: AsyncConnectionPool, entry_id: str = START) -> list[Any]:
    """Changes of configuration (`entry_id`, `section`, `at_us`, `ids` of labels) after an entry, in their order."""
    after = id_key(entry_id)
    rows = await _ask(pool, "newest_configs", {"after_ms": after[0]})
    return sorted((row for row in rows if id_key(row.entry_id) > after), key=lambda row: id_key(row.entry_id))


async def closed_dwells(pool: AsyncConnectionPool, from_us: int, to_us: int) -> dict[str, list[str]]:
    """Ids of the closed dwells that began in [from_us, to_us), by device."""
    found: dict[str, list[str]] = {}
    for row in await _ask(pool, "closed_dwells", {"from_us": from_us, "to_us": to_us}):
        found.setdefault(row.device, []).append(row.id)
    return found


async def closed_among(pool: AsyncConnectionPool, ids: Sequence[str]) -> Told:
    """The closed ones of these dwells, as they were told last, and their alerts."""
    seq = await newest_seq(pool)
    dwells = [dwell_of(row._asdict()) for row in await _ask(pool, "dwells", {"ids": list(ids)})]
    changed = [DwellChanged(at_us=row.last_us, cause="revise", row=row) for row in dwells]
    return Told(seq, [*changed, *await alerts_of(pool, dwells)])
