"""Trips, visits, services, speedings and gaps in the archive: kept by revision, asked by filter, paged."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from psycopg_pool import AsyncConnectionPool

from core.entries import Command, Config
from core.events import Spell, SpellChanged
from core.fixes import Fixes
from store import read
from store.archive import Archive
from store.pg import transaction
from store.read import SpellFilter
from tests.running import run_pool
from tests.strategies import T0_US, spell_of

pytestmark = pytest.mark.service
MINUTE_US = 60_000_000


async def stored(pool: AsyncConnectionPool, *rows: Spell, configs: tuple[Config, ...] = ()) -> None:
    archive = Archive(pool)
    await archive.offsets()
    said = [SpellChanged(at_us=T0_US, cause="close", row=row) for row in rows]
    named = [(f"{i}-0", config) for i, config in enumerate(configs)]
    await archive.write({"in.0": "1-0"}, Fixes.empty(), [("events.0", "1-0", said)], named)


def at(spell_id: str, minute: int, minutes: int | None = 10, **columns: Any) -> Spell:
    """A spell that starts so many minutes after T0; None: still open, last seen a minute after its start."""
    start_us = T0_US + minute * MINUTE_US
    last_us = start_us + (minutes or 1) * MINUTE_US
    life: dict[str, Any] = {"state": "open", "end_us": None} if minutes is None else {"end_us": last_us}
    return spell_of(spell_id, start_us=start_us, last_us=last_us, **(life | columns))


def minutes_us(minute: int) -> int:
    return T0_US + minute * MINUTE_US


ROWS = (
    at("t1", 0),
    at("t2", 5, 90, device="d2"),
    at("t3", 30, None),
    at("t4", 31, state="retracted", merged_into="t3"),
    at("v1", 0, 20, kind="visit", subject="area:A"),
    at("v2", 6, 4, kind="visit", subject="area:A", device="d2"),
    at("v3", 20, 20, kind="visit", subject="place:p"),
    at("g1", 50, kind="gap", device="d2"),
)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (SpellFilter(kind="trip"), "t1 t2 t3"),
        (SpellFilter(kind="trip", retracted=True), "t1 t2 t3 t4"),
        (SpellFilter(kind="visit"), "v1 v2 v3"),
        (SpellFilter(kind="service"), ""),
        (SpellFilter(kind="trip", from_us=minutes_us(20)), "t2 t3"),
        (SpellFilter(kind="trip", to_us=minutes_us(5)), "t1"),
        (SpellFilter(kind="trip", device="d2"), "t2"),
        (SpellFilter(kind="trip", open=True), "t3"),
        (SpellFilter(kind="trip", min_s=601), "t2"),
        (SpellFilter(kind="trip", min_s=601, now_us=minutes_us(41)), "t2 t3"),
        (SpellFilter(kind="visit", subject="place:p"), "v3"),
        (SpellFilter(kind="visit", area="A"), "v1 v2 v3"),
        (SpellFilter(kind="trip", area="A"), "t1 t2"),
        (SpellFilter(kind="gap", area="A"), ""),
        (SpellFilter(kind="trip", area="A", from_us=minutes_us(15)), ""),
    ],
    ids=repr,
)
def test_spells_are_filtered(postgres_url: str, where: SpellFilter, expected: str) -> None:
    """Each condition keeps what it says, by start; `area` keeps what overlaps a visit of that device there."""

    async def body(pool: AsyncConnectionPool) -> list[str]:
        await stored(pool, *ROWS)
        return [found.row.id for found in (await read.spells(pool, where)).rows]

    assert run_pool(postgres_url, body) == expected.split()


def test_a_spell_comes_back_equal(postgres_url: str) -> None:
    """Every measure survives, and those that a kind has not stay unknown."""
    service = spell_of("s1", kind="service", subject="place:p", version="2026", nearest_m=0.1 + 0.2, nearest_us=T0_US)

    async def body(pool: AsyncConnectionPool) -> Any:
        await stored(pool, service)
        return await read.spell(pool, "s1"), await read.spell(pool, "s2")

    assert run_pool(postgres_url, body) == ((service, None), None)


@pytest.mark.parametrize("revisions", [(1, 3, 2), (3, 1), (2, 2)])
def test_the_newest_revision_wins(postgres_url: str, revisions: tuple[int, ...]) -> None:
    """However versions arrive, the table shows the highest."""

    async def body(pool: AsyncConnectionPool) -> Any:
        archive = Archive(pool)
        await archive.offsets()
        for i, revision in enumerate(revisions):
            said = [SpellChanged(at_us=T0_US, cause="revise", row=spell_of(revision=revision, fixes=revision))]
            await archive.write({"events.0": f"{i}-1"}, Fixes.empty(), [("events.0", f"{i}-1", said)])
        return await read.spell(pool, "s1")

    assert run_pool(postgres_url, body).row.fixes == max(revisions)


def test_a_spell_has_the_vehicle_of_its_start_and_its_event_the_device(postgres_url: str) -> None:
    """As a dwell has; the event can be found by device."""
    joined = {"id": "a", "device": "d1", "vehicle": "truck-1", "from_us": 0, "until_us": minutes_us(5)}

    async def body(pool: AsyncConnectionPool) -> Any:
        await stored(pool, at("t1", 0), at("t2", 5), configs=(Config(section="assignments", rows=(joined,)),))
        page = await read.spells(pool, SpellFilter(kind="trip"))
        told = await read.events_after(pool, 0)
        return [row.vehicle for row in page.rows], [(event.kind, event.device) for event in told]

    assert run_pool(postgres_url, body) == (["truck-1", None], [("spell", "d1"), ("spell", "d1")])


@pytest.mark.parametrize("limit", [1, 2, 9])
def test_pages_of_spells_are_the_whole(postgres_url: str, limit: int) -> None:
    """Pages of any size hold each row once, also rows with one start."""
    rows = [at(f"t{i}", i // 2) for i in range(4)]

    async def body(pool: AsyncConnectionPool) -> list[str]:
        await stored(pool, *rows)
        found, after = [], ""
        while after is not None:
            page = await read.spells(pool, SpellFilter(kind="trip"), after=after or None, limit=limit)
            found, after = found + page.rows, page.next
        return [row.row.id for row in found]

    assert run_pool(postgres_url, body) == ["t0", "t1", "t2", "t3"]


def test_a_command_is_kept_without_what_only_its_stage_reads(postgres_url: str) -> None:
    """Fixes and long lists of rows are in the archive already; what a person said is kept."""
    body_of = {"device": "d1", "fixes": b"R1F", "rows": [{}] * 101, "few": [1, 2]}
    command = Command(id="c1", kind="device.rebuild", actor="schedule", at_us=T0_US, body=body_of)

    async def body(pool: AsyncConnectionPool) -> Any:
        archive = Archive(pool)
        await archive.offsets()
        await archive.write({"in.0": "1-0"}, Fixes.empty(), commands=[command])
        async with transaction(pool) as cursor:
            await cursor.execute("SELECT body::text FROM commands")
            return msgspec.json.decode((await cursor.fetchall())[0].body)

    assert run_pool(postgres_url, body) == {"device": "d1", "few": [1, 2]}
