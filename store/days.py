"""City days whose figures stand: closed with a copy of their rows and reports, which later corrections do not touch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Sequence
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
Report = Callable[[], Awaitable[Any]]  # made of the copy
REGISTRY: Final = ("city", "calendar", "profiles", "devices", "vehicles", "routes", "shifts", "assignments")
_dwell: Final = msgspec.json.Decoder(Dwell).decode
_spell: Final = msgspec.json.Decoder(Spell).decode
_alert: Final = msgspec.json.Decoder(AlertChanged).decode


class PendingError(UnavailableError):
    """What came late for a day is not rebuilt yet: try again when it is."""


class DayState(NamedTuple):
    """A day that is being closed, was closed, or was opened again; any other is open. `version` counts closings.

    `refused` are devices whose late fixes it was closed without, as `{device, reason}`.
    """

    day: dt.date
    state: State
    closed_us: int | None
    version: int
    refused: Sequence[dict[str, str]] = ()


class Span(NamedTuple):
    """From its first instant to the next day's."""

    from_us: int
    to_us: int


class Frozen(NamedTuple):
    """What a day was closed with: rows that overlap it, and a little before and after it, as they then were.

    So is `registry`: its sections `REGISTRY`, none of a day that was closed before they were kept.
    """

    state: DayState
    report: Any
    dwells: list[Dwell]
    spells: list[Spell]
    alerts: list[AlertChanged]
    registry: dict[str, list[dict[str, Any]]]


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
    return DayState(*rows[0][:5]) if rows else DayState(day, "open", None, 0)


async def report_of(pool: AsyncConnectionPool, day: dt.date) -> Any:
    """The reports that a closed day was closed with; None while it is open."""
    rows = await _ask(pool, "day", {"day": day})
    return rows[0].report if rows and rows[0].state == "closed" else None


async def frozen(pool: AsyncConnectionPool, day: dt.date, *, closing: bool = False) -> Frozen | None:
    """All that a closed day was closed with, or (`closing`) is about to be; None while it is open."""
    rows = await _ask(pool, "day", {"day": day})
    if not rows or rows[0].state != ("closing" if closing else "closed"):
        return None
    dwells, spells, alerts = [
        [row.body for row in await _ask(pool, "rows", {"day": day, "kind": kind, "by": by})]
        for kind, by in (("dwell", "start_us"), ("spell", "start_us"), ("alert", "at_us"))
    ]
    registry: dict[str, list[dict[str, Any]]] = {}
    for row in await _ask(pool, "registry", {"day": day}):
        registry.setdefault(row.section, []).append(row.body)
    return Frozen(
        DayState(*rows[0][:5]),
        rows[0].report,
        [_dwell(body) for body in dwells],
        [_spell(body) for body in spells],
        [_alert(body) for body in alerts],
        registry,
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
    pool: AsyncConnectionPool, day: dt.date, span: Span, report: Report, *, now_us: int, lead_us: int = 0,
    tail_us: int = 0, refused: Sequence[dict[str, str]] = (),
) -> DayState | None:  # fmt: skip
    """Freeze rows, then the report that is made of them; a closed day stays as it is. None: somebody is closing it now.

    Rows of `lead_us` before the day and of `tail_us` after it are kept too, for rounds that begin early, or end on the
    next. While the report is made only the day's own row is locked.
    """
    copied = {"day": day, "from_us": span.from_us - lead_us, "to_us": span.to_us + tail_us, "day_us": span.from_us}
    async with transaction(pool) as cursor:
        named = queries("days.sql")
        await cursor.execute(named["lock_day"], {"day": day})
        found = await cursor.fetchall()
        if not found or found[0].state != "closing":  # closed by somebody, or opened again meanwhile
            return DayState(*found[0]) if found else None
        await _freeze(pool, copied)
        body = json_of(await report())
        where = {"day": day, "closed_us": now_us, "report": body, "refused": json_of(refused)}
        await cursor.execute(named["close"], where)
        version = (await cursor.fetchall())[0].version
    return DayState(day, "closed", now_us, version, refused)


async def _freeze(pool: AsyncConnectionPool, where: dict[str, Any]) -> None:
    """Copy rows in a transaction of its own, during which no row changes."""
    async with transaction(pool) as cursor:
        named = queries("days.sql")
        await cursor.execute(named["lock_rows"])
        for name in ("thaw", "freeze_dwells", "freeze_spells", "freeze_alerts", "freeze_registry"):
            await cursor.execute(named[name], where | {"sections": list(REGISTRY)})


async def reopen(pool: AsyncConnectionPool, day: dt.date) -> DayState:
    """Open a day again: reports read the live rows until it is closed anew."""
    if not await _ask(pool, "reopen", {"day": day}):
        raise ConflictError(f"{day} is open")
    return await state_of(pool, day)


async def corrections(pool: AsyncConnectionPool, day: dt.date, span: Span) -> int:
    """How many rows of a closed day are not what they were, or are new, or gone."""
    where = {"day": day, "from_us": span.from_us, "to_us": span.to_us}
    return int((await _ask(pool, "corrections", where))[0].count)
