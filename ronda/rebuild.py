"""Dwells of the past, computed anew from the archive by the kernel of the live engine.

For days that the live engine never saw: old trips that were imported, fixes that came after the lateness horizon. It
reads from before the span, so that the kernel knows where the device stood, to after it, until the device drives on.
What the live engine may still change is left to it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from psycopg_pool import AsyncConnectionPool

from core.events import Dwell, DwellChanged, Event
from core.fixes import Fixes
from geo.config import USED, GeoConfig
from geo.live import open_rows
from geo.partition import GeoState
from geo.step import step
from ronda.reconcile import Changes, Reach, reconcile
from store import history, read
from store.read import DwellFilter
from store.upkeep import DAY_US, HOUR_US, forgotten

FOR_EVER_US: Final = 4_102_444_800_000_000  # 2100
PAGE: Final = 20_000  # fixes a step
TAIL_US: Final = 2 * HOUR_US  # beyond the span: longer than any shortest dwell


class Span(NamedTuple):
    """A stretch of a device's time, both ends included."""

    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True)
class Live:
    """What of a device belongs to the live engine: from its newest fix there, back as far as it may still revise.

    `active`: it will speak again, and perhaps send what it has stored, so that all later time is the engine's too.
    """

    time_us: int
    horizon_us: int
    active: bool

    def owns(self, row: Dwell) -> bool:
        if row.start_us > self.time_us:
            return self.active
        return row.state == "open" or row.last_us >= self.time_us - self.horizon_us


def spans(times_us: NDArray[np.int64]) -> list[Span]:
    """Stretches without a pause of a day or more."""
    times = np.sort(times_us)
    if not len(times):
        return []
    breaks = np.flatnonzero(np.diff(times) >= DAY_US)
    starts, ends = np.concatenate(([0], breaks + 1)), np.concatenate((breaks, [len(times) - 1]))
    return [Span(int(times[a]), int(times[b])) for a, b in zip(starts, ends, strict=True)]


async def configuration(pool: AsyncConnectionPool) -> GeoConfig:
    """The configuration in force, as the archive has it."""
    sections: dict[str, dict[str, dict[str, Any]]] = {}
    for section in USED:
        key = "cls" if section == "profiles" else "id"
        sections[section] = {row[key]: row async for row in read.registry_rows(pool, section)}
    return GeoConfig(sections)


async def rebuild(
    pool: AsyncConnectionPool,
    config: GeoConfig,
    device: str,
    span: Span,
    live: Live | None,
    progress: Callable[[int], Any] = lambda _: None,
) -> Changes:
    """Bring the dwells of a device that touch the span to what its archived fixes say; writes only differences."""
    async with history.alone(pool):
        start_us = await _start(pool, device, span)
        new, end_us = await _computed(pool, config, device, Span(start_us, span.to_us), progress)
        owns = live.owns if live else lambda _: False
        new = [row if owns(row) else _closed(row) for row in new]  # nobody else would ever end it
        old = await _told(pool, device, start_us, end_us)
        whole_us = await forgotten(pool, device, start_us, end_us)
        changes = reconcile(old, new, Reach(span.from_us, span.to_us, end_us - 1, whole_us), owns)
        if changes.events:
            events = [*changes.events, *await _cleared(pool, old, changes.events)]
            await history.tell(pool, _entry_id(device, events), events)
    return changes


async def _start(pool: AsyncConnectionPool, device: str, span: Span) -> int:
    """A day before the span, or more: not in the middle of a dwell."""
    at_us = span.from_us - DAY_US
    while rows := await _told(pool, device, at_us, at_us + 1, retracted=False):
        at_us = min(row.start_us for row in rows) - HOUR_US
    return at_us


async def _told(
    pool: AsyncConnectionPool, device: str, from_us: int, to_us: int, *, retracted: bool = True
) -> list[Dwell]:
    """The rows that the archive has, by start."""
    where = DwellFilter(device=device, from_us=from_us, to_us=to_us, retracted=retracted)
    rows, after = list[Dwell](), None
    while True:
        page = await read.dwells(pool, where, after=after)
        rows += [found.row for found in page.rows]
        after = page.next
        if after is None:
            return rows


async def _computed(
    pool: AsyncConnectionPool, config: GeoConfig, device: str, span: Span, progress: Callable[[int], Any]
) -> tuple[list[Dwell], int]:
    """Dwells from the start of the span to where the device drives on after it, and the time reached."""
    state, rows, after = GeoState(), dict[str, Dwell](), None
    state.config = config
    reached_us = span.to_us
    while True:
        page, after = await read.fixes(pool, device, span.from_us, FOR_EVER_US, after=after, limit=PAGE)
        for part in _until(page, span.to_us + TAIL_US):
            rows |= {event.row.id: event.row for event in step(state, part) if isinstance(event, DwellChanged)}
            progress(int((part.time_us <= span.to_us).sum()))
            reached_us = max(reached_us, int(part.time_us[-1]))
            if reached_us > span.to_us + TAIL_US and not open_rows(state):
                return _listed(rows, state), reached_us + 1
        if after is None:
            return _listed(rows, state), reached_us + 1


def _until(page: Fixes, at_us: int) -> Iterable[Fixes]:
    """The page, cut into short pieces where the end may come any time."""
    before = int(np.searchsorted(page.time_us, at_us, side="right"))
    cuts = [0, before, *range(before + 200, len(page), 200), len(page)]
    return (page.take(np.arange(a, b)) for a, b in itertools.pairwise(cuts) if a < b)


def _listed(rows: Mapping[str, Dwell], state: GeoState) -> list[Dwell]:
    now = {**rows, **{row.id: row for row in open_rows(state)}}
    return sorted((row for row in now.values() if row.state != "retracted"), key=lambda row: row.start_us)


def _closed(row: Dwell) -> Dwell:
    return row if row.state != "open" else msgspec.structs.replace(row, state="closed", end_us=row.last_us)


async def _cleared(pool: AsyncConnectionPool, old: Iterable[Dwell], events: Iterable[DwellChanged]) -> list[Event]:
    """Alerts that better knowledge clears. None is raised: nobody can act on a stop of last month."""
    alerted = {row.id for row in old if row.alert}
    cleared = list[Event]()
    for event in events:
        told = await read.alert(pool, f"a{event.row.id}") if event.row.id in alerted and not event.row.alert else None
        if told is not None and told.alert.state != "cleared":
            revision = told.alert.revision + 1
            cleared.append(msgspec.structs.replace(told.alert, at_us=event.at_us, state="cleared", revision=revision))
    return cleared


def _entry_id(device: str, events: Iterable[Event]) -> str:
    """The same changes have the same id, so that telling them twice is telling them once."""
    told = [(event.row.id, event.row.revision) for event in events if isinstance(event, DwellChanged)]
    return f"{device}-{blake2b(msgspec.json.encode(told), digest_size=8).hexdigest()}"
