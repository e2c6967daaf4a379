"""Where volunteers were is known for so many days; trucks, answers and sums stay."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from core.codec import encode
from core.entries import Config
from core.events import Candidate, DwellChanged, OfferChanged, PlanMade
from core.fixes import Fixes
from core.units import DAY_US
from store import read
from store.archive import Archive
from store.chain import links_of
from store.inputs import ends
from store.pg import queries, transaction
from store.proving import prove, view
from store.retention import coarse, forget_phones
from store.upkeep import hours, roll_up
from tests.api.samples import dwell
from tests.running import run_pool
from tests.strategies import T0_US, fixes_of

pytestmark = pytest.mark.service
NOW_US = T0_US + 100 * DAY_US
DAYS = [0, 9, 10, 99]  # 10 days ago midnight is the first instant that is kept for 90
DEVICES = Config(section="devices", rows=({"id": "hp", "cls": "phone"}, {"id": "t", "cls": "truck"}))


def plan(at_us: int) -> PlanMade:
    who = Candidate(device="hp", lon=123.60456, lat=-10.17123, position_age_s=5, distance_m=900, eta_s=200)
    return PlanMade(at_us=at_us, incident="i", chosen=(who,), others=(), method="table")


def asked_of(device: str, at_us: int) -> OfferChanged:
    return OfferChanged(at_us=at_us, id="i.1", incident="i", person="ana", device=device, state="accepted")


def of(device: str, cls: str, day: int) -> DwellChanged:
    at_us = T0_US + day * DAY_US
    row = dwell(f"{device}{day}", device=device, cls=cls, start_us=at_us, end_us=at_us + 60, last_us=at_us + 60)
    return DwellChanged(at_us=at_us, cause="closed", row=row)


async def lived(pool: AsyncConnectionPool) -> Archive:
    """A fix, a stop and a plan on each of the days, of a phone and of a truck; the first day was closed."""
    archive = Archive(pool)
    at = [(86_400 * day, 0.0, 0.0) for day in DAYS]
    said = [[of("hp", "phone", d), of("t", "truck", d), plan(T0_US + d * DAY_US)] for d in DAYS]
    said[0].append(asked_of("hp", T0_US))
    events = [("events.0", f"{n}-0", events) for n, events in enumerate(said, 1)]
    fixes = Fixes.concat([fixes_of(device, *at) for device in ("hp", "t")])
    links = [link for stream, id_, told in events for link in links_of(stream, id_, encode(told), told)]
    await archive.write({"in.0": "9-0", "events.0": "9-0"}, fixes, events, [("1-0", DEVICES)], links=links)
    async with transaction(pool) as cursor:
        day = {"day": dt.date(1970, 1, 1), "from_us": T0_US, "to_us": T0_US + DAY_US}
        await cursor.execute(queries("days.sql")["freeze_dwells"], day)
    await roll_up(pool)
    return archive


def after(url: str, look: Any, *rounds_days: int) -> Any:
    async def body(pool: AsyncConnectionPool) -> Any:
        await lived(pool)
        for days in rounds_days or (90,):
            await forget_phones(pool, NOW_US, days)
        return await look(pool)

    return run_pool(url, body)


async def asked(pool: AsyncConnectionPool, sql: str) -> list[Any]:
    async with transaction(pool) as cursor:
        await cursor.execute(sql)  # type: ignore[arg-type]  # written out in this file
        return [row[0] for row in await cursor.fetchall()]


@pytest.mark.parametrize(("device", "left"), [("hp", 2), ("t", 4)])
def test_a_phones_positions_go(postgres_url: str, device: str, left: int) -> None:
    """From whole days before the limit; a truck's stay."""

    async def look(pool: AsyncConnectionPool) -> int:
        return len((await read.fixes(pool, device, 0, NOW_US))[0])

    assert after(postgres_url, look) == left


def test_its_rows_go_too(postgres_url: str) -> None:
    """Stops, their events and those of closed days; what they were asked and the sums of its hours stay."""

    async def look(pool: AsyncConnectionPool) -> Any:
        stops = await asked(pool, "SELECT id FROM dwells ORDER BY id")
        told = await asked(pool, "SELECT body -> 'row' ->> 'id' FROM events WHERE kind = 'dwell' ORDER BY seq")
        frozen = await asked(pool, "SELECT id FROM day_rows")
        assert await asked(pool, "SELECT count(*) FROM events WHERE kind = 'offer'") == [1]
        return stops, told, frozen, len(await hours(pool, 0, NOW_US, device="hp"))

    stops, told, frozen, sums = after(postgres_url, look)
    assert stops == ["hp10", "hp99", "t0", "t10", "t9", "t99"]
    assert told == ["t0", "t9", "hp10", "t10", "hp99", "t99"]
    assert (frozen, sums) == (["t0"], 4)


def test_places_in_plans_become_coarse(postgres_url: str) -> None:
    """How far away and how many minutes stays; newer plans are as they were."""

    async def look(pool: AsyncConnectionPool) -> list[Any]:
        kept = "SELECT body -> 'chosen' -> 0 FROM events WHERE kind = 'plan' ORDER BY seq"
        plans = "SELECT body -> 'chosen' -> 0 ->> 'lon' FROM plans ORDER BY at"
        return [await asked(pool, kept), await asked(pool, plans)]

    told, plans = after(postgres_url, look, 90, 90)
    who = {"device": "hp", "lon": 123.6, "lat": -10.17, "position_age_s": 5, "distance_m": 900, "eta_s": 200}
    assert told[0] == who
    assert [who["lon"] for who in told] == [123.6, 123.6, 123.60456, 123.60456]
    assert plans == ["123.6", "123.6", "123.60456", "123.60456"]


@pytest.mark.parametrize(
    ("days", "left"), [((0,), ["hp0", "hp9", "hp10", "hp99"]), ((90, 30), ["hp99"]), ((30, 90), ["hp99"])]
)
def test_the_rounds_go_on_where_the_last_ended(postgres_url: str, days: tuple[int, ...], left: list[str]) -> None:
    """A shorter limit later takes what is older than it; a longer one brings nothing back; none keeps all."""

    async def look(pool: AsyncConnectionPool) -> list[Any]:
        stops = "SELECT body -> 'row' ->> 'id' FROM events WHERE device = 'hp' AND kind = 'dwell' ORDER BY seq"
        return await asked(pool, stops)

    assert after(postgres_url, look, *days) == left


def test_what_comes_late_goes_when_the_limit_moves(postgres_url: str) -> None:
    """Once a day, for whoever looks through all rows every two minutes keeps the archive busy."""

    async def body(pool: AsyncConnectionPool) -> list[int]:
        archive, left = await lived(pool), []
        await forget_phones(pool, NOW_US, 90)
        await archive.write({"in.0": "10-0"}, fixes_of("hp", (5, 0.0, 0.0)))
        for later_us in (0, DAY_US):
            await forget_phones(pool, NOW_US + later_us, 90)
            left.append(len((await read.fixes(pool, "hp", 0, T0_US + DAY_US))[0]))
        return left

    assert run_pool(postgres_url, body) == [1, 0]


def test_a_plan_stays_what_was_said_of_it(postgres_url: str) -> None:
    """One that was archived after a newer event becomes coarse with its own event, not before it."""

    async def body(pool: AsyncConnectionPool) -> list[str]:
        archive, told = await lived(pool), [plan(T0_US + 5 * DAY_US)]
        links = links_of("events.0", "20-0", encode(told), told)
        await archive.write({"events.0": "20-0"}, Fixes.empty(), [("events.0", "20-0", told)], links=links)
        await forget_phones(pool, NOW_US, 90)
        async with view(pool) as cursor:
            return [wrong async for block in prove(cursor, 0, (await ends(pool))[1]) for wrong in block.wrong]

    assert run_pool(postgres_url, body) == []


def test_an_archive_without_a_chain_forgets_too(postgres_url: str) -> None:
    """The chain begins with it."""

    async def body(pool: AsyncConnectionPool) -> int:
        await lived(pool)
        async with transaction(pool) as cursor:
            await cursor.execute("TRUNCATE blocks, block_parts")
        return await forget_phones(pool, NOW_US, 90)

    assert run_pool(postgres_url, body) > 0


def test_only_a_devices_place_is_coarse() -> None:
    """The incident's own stays exact."""
    told = {"lon": 1.2345, "chosen": [{"device": "hp", "lon": 1.2345, "lat": 2.3456, "eta_s": 1.234}]}
    assert coarse(told) == {"lon": 1.2345, "chosen": [{"device": "hp", "lon": 1.23, "lat": 2.35, "eta_s": 1.234}]}


def test_the_chain_says_what_went(postgres_url: str) -> None:
    """It proves the rest, and names as many rows as went or became coarse."""

    async def look(pool: AsyncConnectionPool) -> Any:
        async with view(pool) as cursor:
            blocks = [block async for block in prove(cursor, 0, (await ends(pool))[1])]
        wrong = [sentence for block in blocks for sentence in block.wrong]
        return wrong, sum(block.erased for block in blocks), await asked(pool, "SELECT count(*) FROM erased")

    assert after(postgres_url, look) == ([], 2, [4])
