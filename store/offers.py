"""What volunteers were asked, as the archive has it; and the browsers in which a person is reached by Web Push."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
from psycopg_pool import AsyncConnectionPool

from core.events import OfferChanged
from store.paging import Page, key_of, page_of, position_of
from store.pg import ask, queries, transaction
from store.text import clean

PUSHES_KEPT: Final = 10  # browsers of one person, the newest
_ask: Final = partial(ask, "offers.sql")


@dataclass(frozen=True, slots=True)
class Push:
    """A browser's subscription (RFC 8030), with the keys that its messages are sealed with (RFC 8291)."""

    endpoint: str
    public_key: bytes  # `p256dh`, 65 bytes
    secret: bytes = field(repr=False)  # `auth`, 16 bytes


class Heads(NamedTuple):
    """How many promised to come and are on the way, and how many are really there."""

    coming: int = 0
    there: int = 0


class HeadStates(NamedTuple):
    """What counts as which; offers of the role `look` count as neither."""

    coming: list[str]
    there: list[str]
    look: str


async def offers_of_incident(
    pool: AsyncConnectionPool, incident: str, *, after: str | None = None, limit: int = 1000
) -> Page[OfferChanged]:
    """Offers of an incident in their newest version, in the order in which they were made."""
    return await _offers(pool, "offers_of_incident", incident, after, limit)


async def offers_of_person(
    pool: AsyncConnectionPool, person: str, *, after: str | None = None, limit: int = 1000
) -> Page[OfferChanged]:
    """What a person was asked, in the order in which it was."""
    return await _offers(pool, "offers_of_person", person, after, limit)


async def heads(pool: AsyncConnectionPool, incidents: Sequence[str], states: HeadStates) -> dict[str, Heads]:
    """Who comes and who is there, by incident; those that nobody comes to are not in it."""
    named = {"incidents": [clean(incident) for incident in incidents]} | states._asdict()
    rows = await _ask(pool, "heads", named)
    return {row.incident: Heads(row.coming, row.there) for row in rows}


async def offer(pool: AsyncConnectionPool, offer_id: str) -> OfferChanged | None:
    """One offer in its newest version."""
    rows = await _ask(pool, "offer", {"id": clean(offer_id)})
    return msgspec.json.decode(rows[0].body, type=OfferChanged) if rows else None


async def add_push(pool: AsyncConnectionPool, person: str, push: Push, now_us: int) -> None:
    """Remember a browser, in place of what its address was known for; of many of one person the newest."""
    named: dict[str, Any] = {
        "person": person, "endpoint": push.endpoint, "public_key": push.public_key, "secret": push.secret,
        "at_us": now_us, "keep": PUSHES_KEPT,
    }  # fmt: skip
    async with transaction(pool) as cursor:
        for name in ("add_push", "surplus_pushes"):
            await cursor.execute(queries("offers.sql")[name], named)


async def pushes_of(pool: AsyncConnectionPool, person: str) -> list[Push]:
    """The browsers of a person."""
    return [Push(*row) for row in await _ask(pool, "pushes_of", {"person": clean(person)})]


async def drop_push(pool: AsyncConnectionPool, endpoint: str) -> None:
    """Its push service says that it is gone."""
    await _ask(pool, "drop_push", {"endpoint": endpoint})


async def drop_pushes(pool: AsyncConnectionPool, person: str) -> None:
    """A person is not to be reached so any more."""
    await _ask(pool, "drop_pushes", {"person": person})


async def _offers(
    pool: AsyncConnectionPool, name: str, about: str, after: str | None, limit: int
) -> Page[OfferChanged]:
    after_us, after_id = position_of(after) if after else (None, None)
    named = {"about": clean(about), "after_us": after_us, "after_id": after_id, "limit": limit + 1}
    rows = await _ask(pool, name, named)
    found = [msgspec.json.decode(row.body, type=OfferChanged) for row in rows]
    return page_of(found, limit, lambda asked: key_of(asked.made_us, asked.id))
