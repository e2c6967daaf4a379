"""City days whose figures stand: closed with a copy of their rows and reports, which later corrections do not touch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Final, Literal, NamedTuple

import msgspec
from psycopg_pool import AsyncConnectionPool

from core.errors import ConflictError, UnavailableError
from core.events import AlertChanged, Dwell, Spell
from core.units import US_PER_S
from store.pg import ask, queries, transaction
from store.text import json_of

_ask: Final = partial(ask, "days.sql")
State = Literal["open", "closing", "closed"]
Report = Callable[[], Awaitable[Any]]  # read while no row can change
_dwell: Final = msgspec.json.Decoder(Dwell).decode
_spell: Final = msgspec.json.Decoder(Spell).decode
_alert: Final = msgspec.json.Decoder(AlertChanged).decode


class PendingError(UnavailableError):
    """What came late for a day is not rebuilt yet: try again when it is."""


class DayState(NamedTuple):
    """A day that is being closed, was closed, or was opened again; any other is open. `version` counts closings."""

    day: dt.date
    state: State
    closed_us: int | None
    version: int


class Span(NamedTuple):
    """From its first instant to the next day's."""

    from_us: int
    to_us: int


class Frozen(NamedTuple):
    """What a day was closed with: rows that overlap it and the hours of `tail_us` after it, as they then were."""

    state: DayState
    report: Any
    dwells: list[Dwell]
    spells: list[Spell]
    alerts: list[AlertChanged]


def day_of(at_us: int, zone: dt.tzinfo) -> dt.date:
    """The city day of an instant."""
    return dt.datetime.fromtimestamp(at_us / US_PER_S, zone).date()


def span_of(day: dt.date, zone: dt.tzinfo) -> Span:
    """A day's first instant and the next day's; 23 or 25 hours where the clock is put."""
    return Span(*(_midnight_us(each, zone) for each in (day, day + dt.timedelta(days=1))))


def _midnight_us(day: dt.date, zone: dt.tzinfo) -> int:
    return round(dt.datetime.combine(day, dt.time(), zone).timestamp()) * US_PER_S


async def listed(pool: AsyncConnectionPool, first: dt.date, last: dt.date) -> list[DayState]:
    """Days that somebody closed or began to, newest first."""
    return [DayState(*row) for row in await _ask(pool, "list", {"from": first, "to": last})]


async def state_of(pool: AsyncConnectionPool, day: dt.date) -> DayState:
    """How it stands with a day."""
    rows = await _ask(pool, "day", {"day": day})
    return DayState(*rows[0][:4]) if rows else DayState(day, "open", None, 0)


async def report_of(pool: AsyncConnectionPool, day: dt.date) -> Any:
    """The reports that a closed day was closed with; None while it is open."""
    rows = await _ask(pool, "day", {"day": day})
    return rows[0].report if rows and rows[0].state == "closed" else None


async def frozen(pool: AsyncConnectionPool, day: dt.date) -> Frozen | None:
    """All that a closed day was closed with; None while it is open."""
    rows = await _ask(pool, "day", {"day": day})
    if not rows or rows[0].state != "closed":
        return None
    dwells, spells, alerts = [
        [row.body for row in await _ask(pool, "rows", {"day": day, "kind": kind, "by": by})]
        for kind, by in (("dwell", "start_us"), ("spell", "start_us"), ("alert", "at_us"))
    ]
    return Frozen(
        DayState(*rows[0][:4]),
        rows[0].report,
        [_dwell(body) for body in dwells],
        [_spell(body) for body in spells],
        [_alert(body) for body in alerts],
    )


async def closed_among(pool: AsyncConnectionPool, days: Iterable[dt.date]) -> set[dt.date]:
    """Those of these days that are closed."""
    wanted = sorted(days)
    return {found.day for found in await listed(pool, wanted[0], wanted[-1]) if found.state == "closed"}


async def closing(pool: AsyncConnectionPool) -> list[dt.date]:
    """Days whose closing began and did not end."""
    return [row.day for row in await _ask(pool, "closing", {})]


async def begin_closing(pool: AsyncConnectionPool, day: dt.date) -> None:
    """Note that a day is to be closed. One that is closed stays so."""
    await _ask(pool, "begin", {"day": day})


async def close(
    pool: AsyncConnectionPool, day: dt.date, span: Span, report: Report, *, now_us: int, tail_us: int = 0
) -> DayState:
    """Freeze rows and reports in one transaction, during which no row changes; a closed day stays as it is.

    Rows of `tail_us` after the day are kept too, for rounds that end on the next.
    """
    where = {"day": day, "from_us": span.from_us, "to_us": span.to_us + tail_us}
    async with transaction(pool) as cursor:
        named = queries("days.sql")
        await cursor.execute(named["lock_rows"])
        await cursor.execute(named["lock_day"], where)
        found = await cursor.fetchall()
        if not found or found[0].state != "closing":  # closed by somebody, or opened again meanwhile
            return await state_of(pool, day)
        for name in ("thaw", "freeze_dwells", "freeze_spells", "freeze_alerts"):
            await cursor.execute(named[name], where)
        body = json_of(await report())
        await cursor.execute(named["close"], {"day": day, "closed_us": now_us, "report": body})
        version = (await cursor.fetchall())[0].version
    return DayState(day, "closed", now_us, version)


async def reopen(pool: AsyncConnectionPool, day: dt.date) -> DayState:
    """Open a day again: reports read the live rows until it is closed anew."""
    if not await _ask(pool, "reopen", {"day": day}):
        raise ConflictError(f"{day} is open")
    return await state_of(pool, day)


async def corrections(pool: AsyncConnectionPool, day: dt.date, span: Span) -> int:
    """How many rows of a closed day are not what they were, or are new, or gone."""
    where = {"day": day, "from_us": span.from_us, "to_us": span.to_us}
    return int((await _ask(pool, "corrections", where))[0].count)


async def pending(pool: AsyncConnectionPool, span: Span) -> bool:
    """Whether fixes of this time came late whose rebuild is still to be done."""
    return bool((await _ask(pool, "pending", {"from_us": span.from_us, "to_us": span.to_us}))[0].pending)
