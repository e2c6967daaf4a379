"""Registering and adopting: what was held of a stranger becomes the device's own, once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from api.problems import LaterError
from core.clock import ManualClock
from core.codec import decode, encode
from core.entries import Config
from core.fixes import Fixes, Flag
from core.partition import partition_of
from ronda import adopt
from ronda.adopt import Registrar
from ronda.archiving import archive_for_ever
from store import read
from store.archive import Archive
from store.held import held_devices, held_fixes
from store.log import START, Log
from store.memory import MemoryLog
from tests.running import run_pool
from tests.strategies import T0_US, fixes_of

pytestmark = pytest.mark.service
PARTITIONS = 2
S_US = 1_000_000


def devices(*ids: str) -> Config:
    return Config(section="devices", rows=tuple({"id": name} for name in ids))


def volunteer(device: str) -> list[Config]:
    """A volunteer with consent, on duty from second 10 to 20, who carries the device since second 5."""
    person = {"id": "tr", "kind": "volunteer", "consent_us": T0_US, "duty": [[T0_US + 10 * S_US, T0_US + 20 * S_US]]}
    join = {"id": "j", "device": device, "person": "tr", "from_us": T0_US + 5 * S_US}
    return [Config(section="people", rows=(person,)), Config(section="assignments", rows=(join,)), devices(device)]


@asynccontextmanager
async def archiving(log: Log, pool: AsyncConnectionPool) -> AsyncIterator[None]:
    task = asyncio.create_task(archive_for_ever(log, Archive(pool), PARTITIONS))
    try:
        yield
    finally:
        while not task.done():  # a driver may swallow one cancellation
            task.cancel()
            await asyncio.wait([task], timeout=0.5)


async def hold(log: Log, pool: AsyncConnectionPool, fixes: Fixes) -> None:
    """As ingest does, and wait until it is in the archive."""
    await log.append([("held", encode(fixes))])
    before = await log.last_id("held")
    async with asyncio.timeout(10):
        while (await Archive(pool).offsets()).get("held") != before:  # noqa: ASYNC110  no bell in a test
            await asyncio.sleep(0.01)


def run(url: str, body: Callable[[Log, AsyncConnectionPool, Registrar], Awaitable[Any]]) -> Any:
    """Run with a log that is archived."""
    log = MemoryLog()

    async def main(pool: AsyncConnectionPool) -> Any:
        async with archiving(log, pool):
            return await body(log, pool, Registrar(log, pool, ManualClock(T0_US), PARTITIONS))

    return run_pool(url, main)


async def stream(log: Log, device: str) -> list[Any]:
    name = f"in.{partition_of(device, PARTITIONS)}"
    return [decode(entry.body) for entry in (await log.read({name: START}, count=100, block_ms=1)).get(name, [])]


def test_registering_answers_after_its_effect(postgres_url: str) -> None:
    """Every partition has been told, the archive shows it, and who and when is kept."""

    async def body(log: Log, pool: AsyncConnectionPool, register: Registrar) -> Any:
        await register([devices("a")])
        lengths = [await log.length(f"in.{p}") for p in range(PARTITIONS)]
        return await read.registry_row(pool, "devices", "a"), lengths

    row, lengths = run(postgres_url, body)
    assert (row["id"], row["cls"], lengths) == ("a", "truck", [1, 1])


def test_held_fixes_follow_the_registration(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order of time, a bounded number an entry, exactly as they were heard; nothing is held any more."""
    monkeypatch.setattr(adopt, "ENTRY", 2)
    heard = fixes_of("a", (30, 1, 1), (10, 2, 2), (20, 3, 3), dialect=[2, 4, 2], flags=[0, 8, 0])

    async def body(log: Log, pool: AsyncConnectionPool, register: Registrar) -> Any:
        await hold(log, pool, heard)
        await register([devices("a")], ["a", "nobody"])
        return await stream(log, "a"), await held_devices(pool)

    (config, *parts), left = run(postgres_url, body)
    assert isinstance(config, Config)
    assert [len(part) for part in parts] == [2, 1]
    assert Fixes.concat(parts) == heard.take([1, 2, 0])  # type: ignore[arg-type]
    assert left == []


def test_the_sweep_adopts_what_came_too_late(postgres_url: str) -> None:
    """Fixes that were on their way to the held ones while their device was registered; strangers stay held."""

    async def body(log: Log, pool: AsyncConnectionPool, register: Registrar) -> Any:
        await register([devices("a")])
        await hold(log, pool, Fixes.concat([fixes_of("a", (10, 1, 1)), fixes_of("z", (10, 1, 1))]))
        counts = [await register.sweep(), await register.sweep()]
        return counts, [row.device for row in await held_devices(pool)], (await stream(log, "a"))[-1]

    counts, left, last = run(postgres_url, body)
    assert (counts, left) == ([1, 0], ["z"])
    assert last == fixes_of("a", (10, 1, 1))


def test_adopting_twice_changes_nothing(postgres_url: str) -> None:
    """A kill between the append and the dropping: the same fixes come again and count once."""

    async def body(log: Log, pool: AsyncConnectionPool, register: Registrar) -> Any:
        for _ in range(2):
            await hold(log, pool, fixes_of("a", (10, 1, 1)))
            await register([devices("a")], ["a"])
        await register([devices("b")])
        found, _ = await read.fixes(pool, "a", 0, 1 << 60)
        return len(found)

    assert run(postgres_url, body) == 1


def test_a_volunteers_held_fixes_are_judged(postgres_url: str) -> None:
    """Those off duty, and those from before the phone was theirs, are dropped; a call for help is not."""
    heard = fixes_of("hp", *((s, 1, 1) for s in (1, 6, 12, 21, 22)), flags=[0, 0, 0, 0, int(Flag.SOS)])

    async def body(log: Log, pool: AsyncConnectionPool, register: Registrar) -> Any:
        await hold(log, pool, heard)
        await register(volunteer("hp"), ["hp"])
        kept = Fixes.concat([part for part in await stream(log, "hp") if isinstance(part, Fixes)])
        return kept, len(await held_fixes(pool, "hp"))

    kept, left = run(postgres_url, body)
    assert (kept.time_us.tolist(), left) == ([T0_US + 12 * S_US, T0_US + 22 * S_US], 0)


def test_one_append_is_bounded(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger that spoke for a day is adopted in pieces, the oldest first; the sweep takes the rest."""
    monkeypatch.setattr(adopt, "APPEND", 3)

    async def body(log: Log, pool: AsyncConnectionPool, register: Registrar) -> Any:
        await hold(log, pool, Fixes.concat(fixes_of(d, *((s, 1, 1) for s in range(4))) for d in "ab"))
        await register([devices("a", "b")], ["a", "b"])
        sizes = [(len(await held_fixes(pool, "a")), len(await held_fixes(pool, "b")))]
        return sizes, [await register.sweep() for _ in range(3)]

    assert run(postgres_url, body) == ([(1, 4)], [4, 1, 0])


def test_no_archive_no_good_answer(postgres_url: str) -> None:
    """It is in the log, but nobody saw the effect: the answer says what to look at."""

    async def body(pool: AsyncConnectionPool) -> None:
        await Registrar(MemoryLog(), pool, ManualClock(T0_US), PARTITIONS, wait_s=0.05)([devices("a")])

    with pytest.raises(LaterError, match="stage `archive`"):
        run_pool(postgres_url, body)


def test_one_writer_at_a_time(postgres_url: str) -> None:
    """Two registrars, as in two processes: the second reads only after the first has written."""
    order: list[str] = []

    async def write(registrar: Registrar, name: str) -> None:
        async with registrar.alone():
            order.append(name)
            await asyncio.sleep(0.05)
            order.append(name)

    async def body(pool: AsyncConnectionPool) -> None:
        others = [Registrar(MemoryLog(), pool, ManualClock(T0_US), PARTITIONS) for _ in range(2)]
        await asyncio.gather(*(write(registrar, str(i)) for i, registrar in enumerate([*others, *others])))

    run_pool(postgres_url, body)
    assert all(a == b for a, b in zip(order[::2], order[1::2], strict=True))
    assert len(order) == 8
