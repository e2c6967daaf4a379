"""The watch over clock and room, with a real intake on the memory log."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest

from core.clock import ManualClock
from core.codec import decode, encode
from core.entries import Config, Tick
from core.errors import UnavailableError
from core.fixes import Fixes
from core.units import US_PER_S
from ingest.directory import Listed
from ingest.intake import Intake
from ronda import room, watching
from ronda.runtime import Runtime, Urls
from ronda.settings import Settings
from ronda.watching import Watch
from store.memory import MemoryLog

NOW_US = 1_795_500_000 * US_PER_S
HOUR_US = 3600 * US_PER_S
URLS = Urls(redis="", database="", mqtt="")


def runtime_of(folder: Path, clock: ManualClock, log: MemoryLog) -> Runtime:
    settings = Settings(data_dir=folder, partitions=1, disk_min_mb=0)
    return Runtime(settings=settings, clock=clock, log=log, pool=cast("Any", None), urls=URLS, partitions=1)


def intake_of(runtime: Runtime) -> Intake:
    intake = Intake(
        append=runtime.log.append,
        partitions=1,
        clock=runtime.clock,
        directory=Listed(frozenset({"t1", "t2", "t3"}).__contains__),
        standstill=runtime.holds.standstill,
    )
    runtime.holds.witnesses.append(intake.times)
    return intake


async def sent(intake: Intake, device: str, time_us: int) -> list[Any]:
    payload = b'{"time": %d, "lat": -10.17, "lon": 123.6}' % (time_us // 1000)
    return list(await intake.submit(f"ronda/v1/{device}/fix", payload, None))


async def fixes_in(log: MemoryLog) -> int:
    entries = (await log.read({"in.0": "0-0"}, count=1000, block_ms=0)).get("in.0", [])
    return sum(len(value) for entry in entries if isinstance(value := decode(entry.body), Fixes))


def run(tmp_path: Path, clock: ManualClock, log: MemoryLog, body: Callable[[Runtime, Watch], Awaitable[None]]) -> None:
    async def main() -> None:
        runtime = runtime_of(tmp_path, clock, log)
        watch = Watch(runtime)
        await watch.begin()
        task = asyncio.create_task(watch.run())
        try:
            await body(runtime, watch)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    asyncio.run(main())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "PERIOD_S", 0.02)


def test_three_devices_that_know_better_are_not_refused(tmp_path: Path) -> None:
    """The clock went on where a power cut stopped it: nothing is written until it is set, and then nothing refused."""
    clock, log = ManualClock(NOW_US), MemoryLog()

    async def body(runtime: Runtime, _watch: Watch) -> None:
        intake = intake_of(runtime)
        sending = [asyncio.create_task(sent(intake, d, NOW_US + 2 * HOUR_US)) for d in ("t1", "t2", "t3")]
        await asyncio.sleep(0)  # all three wait before the writer looks
        writing = asyncio.create_task(intake.run())
        await asyncio.sleep(0.3)
        assert "3 devices are heard and most say" in str(runtime.holds.why())
        assert await fixes_in(log) == 0
        clock.set(NOW_US + 2 * HOUR_US)
        assert await asyncio.wait_for(asyncio.gather(*sending), 5) == [[], [], []]
        assert await fixes_in(log) == 3
        writing.cancel()

    run(tmp_path, clock, log, body)


def test_a_fix_of_the_future_is_refused_by_a_sound_clock(tmp_path: Path) -> None:
    """One device cannot stop intake."""
    clock, log = ManualClock(NOW_US), MemoryLog()

    async def body(runtime: Runtime, _watch: Watch) -> None:
        intake = intake_of(runtime)
        writing = asyncio.create_task(intake.run())
        [reject] = await asyncio.wait_for(sent(intake, "t1", NOW_US + HOUR_US), 5)
        assert reject.reason == "future"
        writing.cancel()

    run(tmp_path, clock, log, body)


def test_the_logs_last_tick_is_known_at_the_start(tmp_path: Path) -> None:
    """A clock behind it holds before any stage starts; expiries go by the log meanwhile."""
    clock, log = ManualClock(NOW_US - HOUR_US), MemoryLog()

    async def body(runtime: Runtime, _watch: Watch) -> None:
        assert "the log was written until 2026-11-24" in str(runtime.holds.why())
        assert runtime.trusted.now_us() >= NOW_US
        clock.set(NOW_US + US_PER_S)
        await asyncio.wait_for(runtime.holds.free_of("clock"), 5)

    asyncio.run(log.append([("in.0", encode(Tick(now_us=NOW_US)))]))  # type: ignore[arg-type]
    run(tmp_path, clock, log, body)


def test_processes_tell_each_other_what_devices_say(tmp_path: Path) -> None:
    """`ronda run schedule` hears no device; the note of the ingest process holds it too, and lets it go."""
    clock, log = ManualClock(NOW_US), MemoryLog()

    async def body(runtime: Runtime, _watch: Watch) -> None:
        other = runtime_of(tmp_path, ManualClock(NOW_US), log)
        their = Watch(other)
        other.holds.witnesses.append(lambda: {f"t{n}": NOW_US + HOUR_US for n in range(3)})
        await their.begin()
        for _ in range(200):
            if runtime.holds.of("clock") is not None:
                break
            await asyncio.sleep(0.02)
        assert "most say" in str(runtime.holds.of("clock"))
        other.clock.set(NOW_US + HOUR_US)  # type: ignore[attr-defined]
        await their._look()
        assert other.holds.of("clock") is None
        await asyncio.wait_for(runtime.holds.free_of("clock"), 5)

    run(tmp_path, clock, log, body)


def test_too_little_disk_holds_until_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measured where embedded servers write."""
    clock, free = ManualClock(NOW_US), [10 * room.MB]
    monkeypatch.setattr(watching, "least_free", lambda folders: (free[0], folders[0]))

    async def body(runtime: Runtime, watch: Watch) -> None:
        watch._room.least_bytes = 200 * room.MB
        await watch._look()
        assert "only 10 MB are free" in str(runtime.holds.why())
        free[0] = 250 * room.MB
        await asyncio.wait_for(runtime.holds.free_of("disk"), 5)

    run(tmp_path, clock, MemoryLog(), body)


def test_a_disk_that_cannot_be_looked_at_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends nothing; the sentence has the error, and goes when the disk is back."""
    broken = True

    def look(folders: list[Path]) -> tuple[int, Path]:
        if broken:
            raise OSError(5, "Input/output error")
        return 10_000 * room.MB, folders[0]

    monkeypatch.setattr(watching, "least_free", look)

    async def body(runtime: Runtime, _watch: Watch) -> None:
        nonlocal broken
        assert "Input/output error" in str(runtime.holds.of("disk"))
        broken = False
        await asyncio.wait_for(runtime.holds.free_of("disk"), 5)

    run(tmp_path, ManualClock(NOW_US), MemoryLog(), body)


def test_devices_are_not_glanced_at_while_the_disk_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Intake asks often, and nothing is written anyway; with room again each batch is looked at."""
    monkeypatch.setattr(watching, "PERIOD_S", 60)
    asked = list[int]()

    async def body(runtime: Runtime, _watch: Watch) -> None:
        runtime.holds.witnesses.append(lambda: asked.append(1) or {})  # type: ignore[func-returns-value]
        runtime.holds.put("disk", "full")
        runtime.holds.standstill()
        assert asked == []
        runtime.holds.put("disk", None)
        runtime.holds.standstill()
        assert asked == [1]

    run(tmp_path, ManualClock(NOW_US), MemoryLog(), body)


def test_external_servers_have_disks_of_their_own(tmp_path: Path) -> None:
    """Then nothing here is measured."""
    settings = Settings(data_dir=tmp_path, redis_url="redis://a", database_url="postgresql://b")
    assert watching.folders(settings) == []


def test_a_witness_that_fails_costs_its_word_alone() -> None:
    """It reads messages that nobody has admitted yet; whatever is in them, intake goes on."""

    def broken() -> dict[str, int]:
        raise RecursionError

    assert watching.heard([broken, lambda: {"t1": 5}]) == {"t1": 5}


def test_a_command_writes_nothing_under_a_wrong_clock(tmp_path: Path) -> None:
    """`ronda import` and its like look once and refuse with the sentence."""
    clock, log = ManualClock(0), MemoryLog()

    async def body() -> None:
        runtime = runtime_of(tmp_path, clock, log)
        await watching.look_once(runtime)
        with pytest.raises(UnavailableError, match="before Ronda was made"):
            await runtime.configure(Config(section="devices"))
        assert await log.length("in.0") == 0

    asyncio.run(body())
