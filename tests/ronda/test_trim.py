"""Trimming keeps what the next ticker needs."""

from __future__ import annotations

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


def test_the_last_tick_stays_however_long_ingest_is_away(postgres_url: str, tmp_path: Path) -> None:
    """A command long after the last tick does not push the tick out."""

    async def body(log: Log) -> Tick | None:
        tick = Tick(now_us=int(KEEP_S * 1e6), deaf_us=7)
        first = (await log.append([("in.0", encode(tick))]))[0]
        last = (await log.append([("in.0", encode(Command(id="c", kind="x", actor="a", at_us=0)))]))[0]
        lease = await log.acquire("geo:in.0", "test", 10_000)
        assert lease is not None
        await log.commit(lease, Commit(reader="geo", stream="in.0", offset=last))
        async with await connect(postgres_url, max_size=2) as pool:
            archive = Archive(pool)
            await archive.offsets()
            await archive.write({"in.0": last}, Fixes.empty())
            ms = int(first.split("-")[0])
            clock = ManualClock((ms + 100 * int(KEEP_S * 1000)) * 1000)
            urls = Urls(redis="", database="", mqtt="")
            settings = replace(Settings(data_dir=tmp_path), partitions=1)
            await trim(Runtime(settings=settings, clock=clock, log=log, pool=pool, urls=urls, partitions=1))
        return await find_last_tick(log)

    assert run_with(MemoryLog(), body) == Tick(now_us=int(KEEP_S * 1e6), deaf_us=7)


@pytest.mark.parametrize(("ticks", "left"), [(1, 1), (0, 0)], ids=["nobody ticks any more", "nobody ever ticked"])
def test_a_full_log_is_trimmed_although_nobody_ticks(postgres_url: str, tmp_path: Path, ticks: int, left: int) -> None:
    """All that every reader has goes, and the last tick stays, said once more at the end."""

    async def body(log: Log) -> tuple[int, Tick | None]:
        told = [("in.0", encode(Tick(now_us=9, deaf_us=7)))] * ticks
        noise = [("in.0", encode(Command(id="c", kind="x", actor="a", at_us=0)))] * 50
        last = (await log.append([*told, *noise]))[-1]
        lease = await log.acquire("geo:in.0", "test", 10_000)
        assert lease is not None
        await log.commit(lease, Commit(reader="geo", stream="in.0", offset=last))
        async with await connect(postgres_url, max_size=2) as pool:
            archive = Archive(pool)
            await archive.offsets()
            await archive.write({"in.0": last}, Fixes.empty())
            clock = ManualClock((int(last.split("-")[0]) + 3_600_000) * 1000)
            settings = replace(Settings(data_dir=tmp_path), partitions=1)
            urls = Urls(redis="", database="", mqtt="")
            runtime = Runtime(settings=settings, clock=clock, log=log, pool=pool, urls=urls, partitions=1)
            await trim(runtime, keep_s=0)
            await trim(runtime, keep_s=0)
        return await log.length("in.0"), await find_last_tick(log)

    length, tick = run_with(MemoryLog(), body)
    assert length <= left + 2
    assert tick == (Tick(now_us=9, deaf_us=7) if ticks else None)


def test_what_followers_of_the_registry_may_not_have_read_stays(postgres_url: str, tmp_path: Path) -> None:
    """However tight memory is, the last quarter of a minute of their stream is kept; of the others nothing."""

    async def body(log: Log) -> list[int]:
        noise = encode(Command(id="c", kind="x", actor="a", at_us=0))
        last: dict[str, str] = {}
        for stream in ("in.0", "in.1"):
            last[stream] = (await log.append([(stream, noise)] * 50))[-1]
            lease = await log.acquire(f"geo:{stream}", "test", 10_000)
            assert lease is not None
            await log.commit(lease, Commit(reader="geo", stream=stream, offset=last[stream]))
        async with await connect(postgres_url, max_size=2) as pool:
            archive = Archive(pool)
            await archive.offsets()
            await archive.write(last, Fixes.empty())
            clock = ManualClock((int(last["in.1"].split("-")[0]) + 10_000) * 1000)
            settings = replace(Settings(data_dir=tmp_path), partitions=2)
            urls = Urls(redis="", database="", mqtt="")
            await trim(Runtime(settings=settings, clock=clock, log=log, pool=pool, urls=urls, partitions=2), keep_s=0)
        return [await log.length(stream) for stream in ("in.0", "in.1")]

    assert run_with(MemoryLog(), body) == [50, 1]
