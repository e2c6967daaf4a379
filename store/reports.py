"""What reports are made from: a day's rows, when each device was heard, and the registry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from psycopg_pool import AsyncConnectionPool

from core.entries import Section
from core.errors import DecodeError
from core.events import Dwell, Spell
from core.fixes import UNUSED, Flag
from store.pg import ask, queries, transaction
from store.rows import dwell_of
from store.text import clean

_ask: Final = partial(ask, "reports.sql")
ROWS_MAX: Final = 1_000_000  # of a day: more than ten thousand trucks make
UNEXPLAINED_MAX: Final = 50_000
DEVICES_MAX: Final = 100_000
PART: Final = 2000
T = TypeVar("T")
COUNTED: Final = ("mock", "stale", "duplicate", "repeat", "jump", "stuck", "speed", "accuracy")
_spell: Final = msgspec.json.Decoder(Spell).decode


class Place(NamedTuple):
    """Time and place of a fix."""

    at_us: int
    lon: float
    lat: float


class Edges(NamedTuple):
    """The fixes of a device before a window, its first and last in it, and the one after it."""

    device: str
    before: Place | None
    first: Place | None
    last: Place | None
    after: Place | None


class Flagged(NamedTuple):
    """Fixes of a device, how many of them bear which flag, and the least delay of one in seconds."""

    device: str
    fixes: int
    flags: dict[str, int]
    prompt_s: float | None


async def sections(pool: AsyncConnectionPool, wanted: Iterable[Section]) -> dict[Section, list[dict[str, Any]]]:
    """The rows of these sections of the registry."""
    found: dict[Section, list[dict[str, Any]]] = {section: [] for section in wanted}
    for row in await _ask(pool, "sections", {"sections": list(found)}):
        found[row.section].append(row.body)
    return found


async def known_us(pool: AsyncConnectionPool) -> int | None:
    """Until when the archive knows what came in; None when nothing ever did."""
    rows = await _ask(pool, "known", {})
    return None if rows[0].known_us is None else int(rows[0].known_us)


async def dwells(pool: AsyncConnectionPool, from_us: int, to_us: int) -> list[Dwell]:
    """Dwells that overlap [from, to) and stand, in no order."""
    return await _rows(pool, "dwells", (from_us, to_us), ROWS_MAX, _dwell)


async def spells(pool: AsyncConnectionPool, from_us: int, to_us: int) -> list[Spell]:
    """Spells that overlap [from, to) and stand, but visits of areas and zones, in no order."""
    return await _rows(pool, "spells", (from_us, to_us), ROWS_MAX, lambda row: _spell(row.body))


async def unexplained(pool: AsyncConnectionPool, from_us: int, to_us: int) -> list[Dwell]:
    """Dwells without explanation that began in [from, to), by start."""
    return await _rows(pool, "unexplained", (from_us, to_us), UNEXPLAINED_MAX, _dwell)


async def heard(pool: AsyncConnectionPool, devices: Iterable[str], from_us: int, to_us: int) -> list[Edges]:
    """Each of these devices that was ever heard."""
    named = {"devices": list(map(clean, devices)), "from_us": from_us, "to_us": to_us, "unused": UNUSED}
    return [_edges(row) for row in await _ask(pool, "heard", named)]


async def seen(
    pool: AsyncConnectionPool, devices: Iterable[str], at_us: int, known_us: int | None = None
) -> dict[str, Place]:
    """The newest fix of each of these devices that is not later than a moment, and was received by `known_us`."""
    named = {"devices": list(map(clean, devices)), "at_us": at_us, "known_us": known_us, "unused": UNUSED}
    rows = await _ask(pool, "seen", named)
    return {row.device: Place(row.at_us, row.lon, row.lat) for row in rows}


async def flagged(pool: AsyncConnectionPool, from_us: int, to_us: int) -> list[Flagged]:
    """Every device heard in the hours that begin in [from, to), as far as they are summed up."""
    bits = {name: int(Flag[name.upper()]) for name in COUNTED}
    named = {"from_us": from_us, "to_us": to_us, "limit": DEVICES_MAX} | bits
    rows = await _ask(pool, "honesty", named)
    return [Flagged(r.device, r.fixes, {name: getattr(r, name) for name in COUNTED}, r.prompt_s) for r in rows]


async def _rows(
    pool: AsyncConnectionPool, name: str, window: tuple[int, int], most: int, decode: Callable[[Any], T]
) -> list[T]:
    """Rows of a window, read in parts so that others get their turn.

    Too many are refused, for half of them would be a wrong report.
    """
    found: list[T] = []
    async with transaction(pool) as cursor:
        named = {"from_us": window[0], "to_us": window[1], "limit": most + 1}
        await cursor.execute(queries("reports.sql")[name], named)
        while rows := await cursor.fetchmany(PART):
            found += map(decode, rows)
            await asyncio.sleep(0)
    if len(found) > most:
        raise DecodeError("too_many", f"more than {most:,} rows: ask for a shorter time")
    return found


def _dwell(row: Any) -> Dwell:
    return dwell_of(row._asdict())


def _edges(row: Any) -> Edges:
    places = [
        None
        if getattr(row, f"{edge}_us") is None
        else Place(*(getattr(row, f"{edge}_{c}") for c in ("us", "lon", "lat")))
        for edge in ("before", "first", "last", "after")
    ]
    return Edges(row.device, *places)
