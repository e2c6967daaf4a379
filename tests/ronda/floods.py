"""A flood in a small town as entries of dispatch's stream, decided by the real pump and archived with its chain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg_pool import AsyncConnectionPool

from core.codec import decode, encode
from core.entries import Entry
from ronda.deciding import decider
from ronda.isolating import Item
from ronda.pump import Pump
from ronda.snapshots import take
from ronda.steps import DispatchStep
from store.chain import links_of
from store.inputs import ends
from store.log import START, Log
from store.memory import MemoryLog
from store.proving import Proved, prove, view
from tests.dispatch.town import command, opened, person, register, sight, tick
from tests.ronda.pipeline import archive_all, until

PEOPLE = 8
INCIDENTS = 6


def flood() -> list[Entry]:
    """Eight volunteers, six incidents, thirty commands and more, time that passes."""
    story: list[Any] = [*register(*(person(n) for n in range(PEOPLE))), sight(0, {n: 200 + 300 * n for n in range(8)})]
    for i in range(INCIDENTS):
        at_s = 10.0 * i
        story += opened(f"i{i}", at_s, count=1 + i % 2, severity=1 + i % 3, kind="flood")
        story += [
            command("offer.answer_for", at_s + n, id_=f"yes-{i}-{n}", offer=f"i{i}.{2 * i + n}", answer="accept")
            for n in (1, 2)
        ]
        story += [sight(at_s + 5, {n: 180 + 290 * n - 10 * i for n in range(8)}), tick(at_s + 8)]
    story += [command("incident.close", 100.0 + i, id_=f"end-{i}", id=f"i{i}") for i in range(INCIDENTS)]
    return [*story, tick(400)]


async def decided(log: Log, entries: Sequence[Entry]) -> None:
    """Each entry decided alone, as it comes."""
    for entry in entries:
        await log.append([("dispatch.in", encode(entry))])
    pump = Pump(log, "dispatch", "dispatch.in", "me", DispatchStep, ())
    await until(pump.run(), lambda: at_end(log))


async def at_end(log: Log) -> bool:
    return await log.offset("dispatch", "dispatch.in") == await log.last_id("dispatch.in")


async def archived(pool: AsyncConnectionPool, version: str = "") -> Log:
    """The flood in the archive, with states from before, between and after."""
    log, story, version = MemoryLog(), flood(), version or decider()
    for part in ([], story[:20], story[20:]):
        await decided(log, part) if part else None
        await archive_all(log, pool, version)
        await take(log, pool, 1 << 60, version)
    return log


async def items(log: Log) -> list[Item]:
    """Every entry of the log with its links, in the order of the log."""
    found = []
    for stream in ("dispatch.in", "dispatch.events"):
        for id_, body in (await log.read({stream: START}, count=10_000, block_ms=0)).get(stream, []):
            value = decode(body)
            found.append(Item(stream, id_, value, links_of(stream, id_, body, value)))
    return sorted(found, key=lambda item: (int(item.id.partition("-")[0]), item.stream))


async def proved(pool: AsyncConnectionPool) -> list[Proved]:
    """What `ronda audit verify` says of the whole chain."""
    _, last = await ends(pool)
    async with view(pool) as cursor:
        return [found async for found in prove(cursor, 0, last)]


async def wrong(pool: AsyncConnectionPool) -> list[str]:
    return [sentence for found in await proved(pool) for sentence in found.wrong]
