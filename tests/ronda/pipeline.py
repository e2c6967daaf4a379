"""Runs the real pumps and the real archive over a log until everything is read; for the laws."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, get_args

import msgspec
from psycopg_pool import AsyncConnectionPool

from core.clock import Clock, ManualClock
from core.codec import encode
from core.entries import Config
from core.events import SpellKind
from core.fixes import Fixes
from core.live import Live
from core.partition import partition_of
from ronda.archiving import archive_for_ever, streams_of
from ronda.pump import Pump
from ronda.runtime import Runtime, Urls
from ronda.settings import Settings
from ronda.steps import GeoStep
from store import read
from store.archive import Archive
from store.cancel import ended
from store.log import START, Commit, Lease, Log

PARTITIONS = 2
NOW_US = 1_769_000_000_000_000  # 2026-01-21, after the days of the tests
TABLES = (
    "fixes, dwells, spells, alerts, events, offsets, registry, config_log, commands, rejects, device_keys, "
    "days, day_rows, due_hours, fix_hours, late_days, incidents, offers, plans, blocks, block_parts, erased, snapshots"
)


class KillError(Exception):
    """Stands for kill -9: nothing after it runs."""


class FragileLog:
    """A log whose owner dies at chosen commits, before or after they take effect. Everything else is the log's."""

    def __init__(self, log: Log, deaths: Sequence[tuple[int, bool]]) -> None:
        self._log, self._deaths, self.commits = log, list(deaths), 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    async def commit(self, lease: Lease, commit: Commit) -> None:
        self.commits += 1
        death = next((d for d in self._deaths if d[0] == self.commits), None)
        if death is not None:
            self._deaths.remove(death)
        if death is None or death[1]:
            await self._log.commit(lease, commit)
        if death is not None:
            raise KillError


async def tell(log: Log, entries: Sequence[Any]) -> None:
    """Append entries as ingest would: fixes to their partitions, all else to every one."""
    await log.partitions(PARTITIONS)
    for entry in entries:
        if isinstance(entry, Fixes):
            for p in range(PARTITIONS):
                mine = [i for i, name in enumerate(entry.names()) if partition_of(name, PARTITIONS) == p]
                if mine:
                    await log.append([(f"in.{p}", encode(entry.take(mine)))])  # type: ignore[arg-type]
        else:
            await log.append([(f"in.{p}", encode(entry)) for p in range(PARTITIONS)])


async def pump_all(log: Any) -> None:
    """Pump every partition to its end; a pump that is killed is started again as another process would be."""
    for p in range(PARTITIONS):
        stream, life = f"in.{p}", 0
        while await log.offset("geo", stream) != await log.last_id(stream):
            life += 1
            pump = Pump(log, "geo", stream, f"life-{life}", lambda rows, p=p: GeoStep(p, rows), (KillError,))
            await until(pump.run(), lambda s=stream: at_end(log, s))


async def at_end(log: Any, stream: str) -> bool:
    return bool(await log.offset("geo", stream) == await log.last_id(stream))


async def archive_all(log: Log, pool: AsyncConnectionPool, version: str = "") -> None:
    """Archive every stream to its end."""

    async def done() -> bool:
        offsets = await Archive(pool).offsets()
        ends = {s: await log.last_id(s) for s in streams_of(PARTITIONS)}
        return all(offsets.get(s, START) == end for s, end in ends.items() if end != START)

    await until(archive_for_ever(log, Archive(pool, version), PARTITIONS), done)


@asynccontextmanager
async def running(log: Log, pool: AsyncConnectionPool, clock: Clock | None = None) -> AsyncIterator[Runtime]:
    """The stages geo and archive at work as long as the block lasts, and the runtime of a stage beside them."""
    await log.partitions(PARTITIONS)
    pumps = [Pump(log, "geo", f"in.{p}", f"at-work-{p}", partial(GeoStep, p), ()) for p in range(PARTITIONS)]
    works = [archive_for_ever(log, Archive(pool), PARTITIONS), *(pump.run() for pump in pumps)]
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        yield Runtime(
            settings=Settings(data_dir=Path("/nowhere")), clock=clock or ManualClock(NOW_US), log=log, pool=pool,
            urls=Urls(redis="", database="", mqtt=""), partitions=PARTITIONS,
        )  # fmt: skip
    finally:
        await ended(set(tasks))


async def until(work: Any, done: Any, timeout_s: float = 20.0) -> None:
    """Run `work` until `done`, then cancel it."""
    task = asyncio.ensure_future(work)
    try:
        async with asyncio.timeout(timeout_s):
            while not await done():
                if task.done():
                    task.result()
                await asyncio.sleep(0.002)
    finally:
        while not task.done():  # a driver may swallow one cancellation
            task.cancel()
            await asyncio.wait([task], timeout=0.5)


async def tables(log: Log, pool: AsyncConnectionPool) -> dict[str, list[tuple[Any, ...]]]:
    """What the product shows: dwells (open ones as they stand), spells, calls for help, the fixes of each device."""
    live = {r.device: r for r in (msgspec.msgpack.decode(b, type=Live) for b in (await log.live()).values())}
    page = await read.dwells(pool, read.DwellFilter(), limit=10_000)
    dwells = []
    for row, _ in page.rows:
        now = live[row.device].open_row(row.id) if row.state == "open" else None
        assert row.state == "closed" or now is not None
        shown = now or row
        dwells.append(msgspec.structs.astuple(msgspec.structs.replace(shown, id="", revision=0)))
    fixes = []
    for device in sorted(live):
        found, _ = await read.fixes(pool, device, 0, 1 << 62, limit=100_000)
        fixes.append((device, found.time_us.tolist(), found.lat.tolist(), found.lon.tolist()))
    calls = (await read.alerts(pool, read.AlertFilter(kind="sos"), limit=10_000)).rows
    shown = [(a.device, a.state, a.at_us, a.lon, a.lat) for a in (row.alert for row in calls)]
    ruled = (await read.alerts(pool, read.AlertFilter(kind="rule"), limit=10_000)).rows
    standing = [(a.rule, a.device, a.state) for a in (row.alert for row in ruled) if a.state != "cleared"]
    rows = {"dwells": sorted(dwells, key=repr), "fixes": fixes, "calls": sorted(shown), "alerts": sorted(standing)}
    return rows | {"spells": await _spells(pool)}


async def _spells(pool: AsyncConnectionPool) -> list[tuple[Any, ...]]:
    """All kinds, without id and revision; of open ones that they are open, and since when."""
    shown = list[tuple[Any, ...]]()
    for kind in get_args(SpellKind):
        for row, _ in (await read.spells(pool, read.SpellFilter(kind=kind), limit=10_000)).rows:
            whole = msgspec.structs.astuple(msgspec.structs.replace(row, id="", revision=0))
            shown.append((row.device, row.kind, row.subject, row.start_us) if row.state == "open" else whole)
    return sorted(shown, key=repr)


async def clear(pool: AsyncConnectionPool) -> None:
    """Empty the database for the next example."""
    async with pool.connection() as connection:
        await connection.execute(f"TRUNCATE {TABLES}")  # type: ignore[arg-type]


def config_of_limits(limit_s: float) -> Config:
    return Config(section="profiles", op="set", rows=({"cls": "truck", "limit_s": limit_s, "id": "truck"},))
