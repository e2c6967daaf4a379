"""Offers in the archive, and the browsers of volunteers."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from psycopg_pool import AsyncConnectionPool

from core.events import OfferChanged
from core.fixes import Fixes
from store import offers
from store.archive import Archive
from store.offers import PUSHES_KEPT, Push
from tests.running import run_pool
from tests.strategies import T0_US

pytestmark = pytest.mark.service
STREAM = "dispatch.events"


def asked(number: int, person: str = "ana", **fields: Any) -> OfferChanged:
    base = OfferChanged(
        at_us=T0_US + number, id=f"i.{number}", incident="i", person=person, device="hp", state="offered",
        made_us=T0_US + number, expires_us=T0_US + 300_000_000, eta_s=90.0, why="nearest",
    )  # fmt: skip
    return msgspec.structs.replace(base, **fields)


async def archived(pool: AsyncConnectionPool, *said: list[OfferChanged]) -> Archive:
    archive = Archive(pool)
    await archive.offsets()
    for number, events in enumerate(said, 1):
        await archive.write({STREAM: f"{number}-0"}, Fixes.empty(), [(STREAM, f"{number}-0", events)])
    return archive


def test_the_newest_version_of_each_offer(postgres_url: str) -> None:
    """In the order in which they were made, whatever the order of their versions."""
    taken = asked(1, state="accepted", revision=3, minutes=5)
    other, elsewhere = asked(2, "budi"), asked(3, incident="j", id="j.3")

    async def body(pool: AsyncConnectionPool) -> Any:
        await archived(pool, [other, taken, elsewhere], [asked(1, state="delivered", revision=2)])
        return [
            (await offers.offers_of_incident(pool, "i")).rows,
            (await offers.offers_of_person(pool, "ana")).rows,
            [await offers.offer(pool, "i.1"), await offers.offer(pool, "i.9\0")],
        ]

    assert run_pool(postgres_url, body) == [[taken, other], [taken, elsewhere], [taken, None]]


def test_offers_come_in_pages(postgres_url: str) -> None:
    """Each once, to the end."""

    async def body(pool: AsyncConnectionPool) -> list[str]:
        await archived(pool, [asked(number) for number in range(1, 6)])
        found, after = list[str](), None
        while True:
            page = await offers.offers_of_incident(pool, "i", after=after, limit=2)
            found, after = found + [row.id for row in page.rows], page.next
            if after is None:
                return found

    assert run_pool(postgres_url, body) == ["i.1", "i.2", "i.3", "i.4", "i.5"]


def test_a_browser_belongs_to_who_used_it_last(postgres_url: str) -> None:
    """An address has one person; dropped by its service, or all of a person's at once."""

    async def body(pool: AsyncConnectionPool) -> Any:
        one, two = Push("https://a", b"k", b"s"), Push("https://b", b"k2", b"s2")
        for who, push in (("ana", one), ("ana", two), ("budi", one)):
            await offers.add_push(pool, who, push, T0_US)
        before = [await offers.pushes_of(pool, who) for who in ("ana", "budi")]
        await offers.drop_push(pool, "https://a")
        await offers.drop_pushes(pool, "ana")
        return before, [await offers.pushes_of(pool, who) for who in ("ana", "budi")]

    one, two = Push("https://a", b"k", b"s"), Push("https://b", b"k2", b"s2")
    assert run_pool(postgres_url, body) == ([[two], [one]], [[], []])


def test_old_browsers_are_forgotten(postgres_url: str) -> None:
    """Of one person the newest are kept."""

    async def body(pool: AsyncConnectionPool) -> list[str]:
        for number in range(PUSHES_KEPT + 2):
            await offers.add_push(pool, "ana", Push(f"https://{number}", b"", b""), T0_US + number)
        return [push.endpoint for push in await offers.pushes_of(pool, "ana")]

    assert run_pool(postgres_url, body) == [f"https://{number}" for number in range(2, PUSHES_KEPT + 2)]
