"""The reports of a day: rows of the archive and the registry put together, judged by `geo` in a thread of its own.

A day that is closed answers with what it was closed with; an open one is looked at anew.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from psycopg_pool import AsyncConnectionPool

from api.hub import Hub
from api.spellrows import overlaid
from core.calendar import day_number
from core.entries import Config, Section
from core.events import Spell
from core.units import US_PER_S
from geo.config import GeoConfig
from geo.reports.closing import over_us
from geo.reports.daybook import GRACE_US, Book, Heard, Seen
from geo.reports.dayreport import DayReport, day_report, rollcall_us
from geo.reports.honesty import Honesty, honesty
from geo.reports.planned import LATE_US
from geo.reports.recurrent import Haunt, Least, Stop, recurrent
from store import days, reports
from store.reports import Edges, Flagged, Place

SECTIONS: Final[tuple[Section, ...]] = (
    "city", "calendar", "profiles", "devices", "vehicles", "routes", "shifts", "assignments", "places", "areas",
    "streets",
)  # fmt: skip
PLANNED: Final[tuple[Section, ...]] = ("city", "calendar", "profiles", "vehicles", "routes", "shifts", "assignments")
TAIL_US: Final = 24 * 3600 * US_PER_S + LATE_US  # a round that begins on a day may end on the next
AT_ONCE: Final = 2  # a day's rows are many: who asks third waits


class Reporter:
    """Answers about days. Its methods may be called from many requests at once."""

    def __init__(self, pool: AsyncConnectionPool, hub: Hub | None = None) -> None:
        """With `hub`, trips that go on count as far as they are driven by now."""
        self._pool, self._hub = pool, hub
        self._room = asyncio.Semaphore(AT_ONCE)

    async def shown(self, day: dt.date, now_us: int) -> tuple[DayReport, bool]:
        """The reports of a day, and whether they are those that it was closed with."""
        frozen = await days.report_of(self._pool, day)
        if frozen:
            return msgspec.convert(frozen, DayReport), True
        return await self.made(day, now_us), False

    async def made(self, day: dt.date, now_us: int, *, closing: bool = False) -> DayReport:
        """The reports of a day from the rows as they are now, or (`closing`) from the copy that is to be frozen."""
        async with self._room:
            book = await self._book(day, now_us, closing=closing)
            seen = await self.seen(book.config, rollcall_us(book))
            flagged = await reports.flagged(self._pool, *book.span)
            return await asyncio.to_thread(_made, book, seen, flagged)

    async def book(self, day: dt.date, now_us: int) -> Book:
        """All that is known of a day by now; of a closed day, what was known when it was closed."""
        async with self._room:
            return await self._book(day, now_us)

    async def _book(self, day: dt.date, now_us: int, *, closing: bool = False) -> Book:
        frozen = await days.frozen(self._pool, day, closing=closing)
        config, number = await self.config(frozen.registry if frozen else {}), day_number(day.isoformat())
        known_us = await reports.known_us(self._pool)
        now_us = now_us if known_us is None else min(now_us, known_us)  # our own outage is nobody's silence
        if frozen is not None and not closing and frozen.state.closed_us is not None:
            now_us = min(now_us, frozen.state.closed_us)
        from_us, to_us = Book(config=config, day=number, now_us=now_us).span
        window = from_us - GRACE_US, max(from_us - GRACE_US, min(to_us + TAIL_US, now_us))
        edges = await reports.heard(self._pool, devices_of(config), *window)
        return Book(
            config=config,
            day=number,
            now_us=now_us,
            dwells=frozen.dwells if frozen else await reports.dwells(self._pool, *window),
            spells=frozen.spells if frozen else self._grown(await reports.spells(self._pool, *window)),
            heard={edge.device: _heard(edge) for edge in edges},
        )

    def _grown(self, spells: list[Spell]) -> list[Spell]:
        live = self._hub.rows if self._hub else {}
        return [overlaid(row, live.get(row.device)) for row in spells]

    async def config(self, frozen: Mapping[str, list[dict[str, Any]]] | None = None) -> GeoConfig:
        """The registry as the detectors read it; of a closed day, with the sections that were frozen."""
        now = await reports.sections(self._pool, SECTIONS)
        return await asyncio.to_thread(config_of, {name: (frozen or {}).get(name, rows) for name, rows in now.items()})

    async def over_us(self, day: dt.date) -> int:
        """From when on a day can be closed."""
        config = config_of(await reports.sections(self._pool, PLANNED))
        return over_us(config, day_number(day.isoformat()))

    async def seen(self, config: GeoConfig, at_us: int, known_us: int | None = None) -> dict[str, Seen]:
        """The newest fix of each tracker by then, of those that had come by `known_us`."""
        found = await reports.seen(self._pool, devices_of(config), at_us, known_us)
        return {device: Seen(*place) for device, place in found.items()}

    async def haunts(self, first: dt.date, last: dt.date, now_us: int, least: Least) -> list[Haunt]:
        """Places that recur between two days, both included."""
        numbers = day_number(first.isoformat()), day_number(last.isoformat()) + 1
        async with self._room:
            config = await self.config()
            window = tuple(config.calendar.bounds(number)[0] for number in numbers)
            found = await reports.unexplained(self._pool, *window)
            return await asyncio.to_thread(_haunts, config, found, numbers, now_us, least)


def config_of(sections: Mapping[Section, list[dict[str, Any]]]) -> GeoConfig:
    """Rows of the registry; one that the detectors refuse is left out, as they do."""
    config = GeoConfig()
    for section, rows in sections.items():
        if not _applied(config, section, rows):
            for row in rows:
                _applied(config, section, [row])
    return config


def _applied(config: GeoConfig, section: Section, rows: Iterable[dict[str, Any]]) -> bool:
    try:
        config.apply(Config(section=section, rows=tuple(rows)))
    except ValueError:  # msgspec's errors are such, too
        return False
    return True


def devices_of(config: GeoConfig) -> list[str]:
    """Trackers: registered ones that are no phones, and whatever an assignment has in a vehicle."""
    trucks = {device.id for device in config.entities("devices").values() if device.cls != "phone"}
    joined = {join.device for join in config.entities("assignments").values() if join.device and join.vehicle}
    return sorted(trucks | joined)


def _made(book: Book, seen: Mapping[str, Seen], flagged: Iterable[Flagged]) -> DayReport:
    noon_us = min(sum(book.span) // 2, book.now_us)
    trackers: list[Honesty] = [
        honesty(row.device, book.config.duties.of(row.device, noon_us).vehicle, row.fixes, row.flags, row.prompt_s)
        for row in flagged
    ]
    return day_report(book, seen, trackers)


def _haunts(config: GeoConfig, rows: Iterable[Any], numbers: tuple[int, int], now_us: int, least: Least) -> list[Haunt]:
    stops = [Stop(row=row, vehicle=config.duties.of(row.device, row.start_us).vehicle) for row in rows]
    return recurrent(stops, config.calendar, numbers, now_us, least)


def _heard(edge: Edges) -> Heard:
    return Heard(
        device=edge.device,
        before=_seen(edge.before),
        first=_seen(edge.first),
        last=_seen(edge.last),
        after=_seen(edge.after),
    )


def _seen(place: Place | None) -> Seen | None:
    return Seen(*place) if place else None
