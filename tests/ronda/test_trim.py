"""Trimming keeps what the next ticker needs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core.clock import ManualClock
from core.codec import encode
from core.entries import Command, Tick
from core.fixes import Fixes
from ingest.ticker import find_last_tick
from ronda.room import KEEP_S
from ronda.runtime import Runtime, Urls
from ronda.settings import Settings
from ronda.trimming import trim
from store.archive import Archive
from store.log import Commit, Log
from store.memory import MemoryLog
from store.pg import connect
from tests.running import run_with

pytestmark = pytest.mark.service
NOISE = ("in.0", encode(Command(id="c", kind="x", actor="a", at_us=0)))


@asynccontextmanager
async def all_read(
    log: Log, postgres_url: str, folder: Path, last: Mapping[str, str], later_ms: int
) -> AsyncIterator[Runtime]:
    """An installation whose geo and archive have read each stream up to its last entry, some time later."""
    for stream, entry_id in last.items():
        lease = await log.acquire(f"geo:{stream}", "test", 10_000)
        assert lease is not None
        await log.commit(lease, Commit(reader="geo", stream=stream, offset=entry_id))
    async with await connect(postgres_url, max_size=2) as pool:
        archive = Archive(pool)
        await archive.offsets()
        await archive.write(dict(last), Fixes.empty())
        clock = ManualClock((max(int(entry_id.split("-")[0]) for entry_id in last.values()) + later_ms) * 1000)
        settings = replace(Settings(data_dir=folder), partitions=len(last))
        urls = Urls(redis="", database="", mqtt="")
        yield Runtime(settings=settings, clock=clock, log=log, pool=pool, urls=urls, partitions=len(last))


def test_the_last_tick_stays_however_long_ingest_is_away(postgres_url: str, tmp_path: Path) -> None:
    """A command long after the last tick does not push the tick out."""

    async def body(log: Log) -> Tick | None:
        tick = Tick(now_us=int(KEEP_S * 1e6), deaf_us=7)
        last = (await log.append([("in.0", encode(tick)), NOISE]))[-1]
        async with all_read(log, postgres_url, tmp_path, {"in.0": last}, 100 * int(KEEP_S * 1000)) as runtime:
            await trim(runtime)
        return await find_last_tick(log)

    assert run_with(MemoryLog(), body) == Tick(now_us=int(KEEP_S * 1e6), deaf_us=7)


@pytest.mark.parametrize(("ticks", "left"), [(1, 1), (0, 0)], ids=["nobody ticks any more", "nobody ever ticked"])
def test_a_full_log_is_trimmed_although_nobody_ticks(postgres_url: str, tmp_path: Path, ticks: int, left: int) -> None:
    """All that every reader has goes, and the last tick stays, said once more at the end."""

    async def body(log: Log) -> tuple[int, Tick | None]:
        told = [("in.0", encode(Tick(now_us=9, deaf_us=7)))] * ticks
        last = (await log.append([*told, *[NOISE] * 50]))[-1]
        async with all_read(log, postgres_url, tmp_path, {"in.0": last}, 3_600_000) as runtime:
            await trim(runtime, keep_s=0)
            await trim(runtime, keep_s=0)
        return await log.length("in.0"), await find_last_tick(log)

    length, tick = run_with(MemoryLog(), body)
    assert length <= left + 2
    assert tick == (Tick(now_us=9, deaf_us=7) if ticks else None)


def test_what_followers_of_the_registry_may_not_have_read_stays(postgres_url: str, tmp_path: Path) -> None:
    """However tight memory is, the last quarter of a minute of their stream is kept; of the others nothing."""

    async def body(log: Log) -> list[int]:
        last = {stream: (await log.append([(stream, NOISE[1])] * 50))[-1] for stream in ("in.0", "in.1")}
        async with all_read(log, postgres_url, tmp_path, last, 10_000) as runtime:
            await trim(runtime, keep_s=0)
        return [await log.length(stream) for stream in last]

    assert run_with(MemoryLog(), body) == [50, 1]


@pytest.mark.parametrize(("later_ms", "left"), [(10_000, 31), (7_200_000, 1)], ids=["at once", "two hours later"])
def test_what_people_may_not_have_been_told_stays(postgres_url: str, tmp_path: Path, later_ms: int, left: int) -> None:
    """However tight memory is, until the slower of the two that tell has read it, or nobody is to be told any more."""

    async def body(log: Log) -> int:
        ids = await log.append([("dispatch.events", NOISE[1])] * 50)
        for reader, at in (("notify", ids[19]), ("notify_phones", ids[39])):
            lease = await log.acquire(reader, "test", 10_000)
            assert lease is not None
            await log.commit(lease, Commit(reader=reader, stream="dispatch.events", offset=at))
        async with all_read(log, postgres_url, tmp_path, {"dispatch.events": ids[-1]}, later_ms) as runtime:
            await trim(runtime, keep_s=0)
        return await log.length("dispatch.events")

    assert run_with(MemoryLog(), body) == left
