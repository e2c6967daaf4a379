"""What was said of an incident, in order and with who caused it; and the volunteers of the register."""

from __future__ import annotations

from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
from psycopg_pool import AsyncConnectionPool

from core.events import Event
from store.paging import Page, page_of, whole_of
from store.pg import ask
from store.text import clean

_ask: Final = partial(ask, "timeline.sql")
_decode: Final = msgspec.json.Decoder(Event).decode


class Said(NamedTuple):
    """An event; the command that it followed from, and whose, where it was one (else time or GPS)."""

    seq: int
    event: Event
    act: str | None
    actor: str | None


class Strength(NamedTuple):
    registered: int
    on_duty: int  # with consent


async def timeline(
    pool: AsyncConnectionPool, incident: str, *, after: str | None = None, limit: int = 1000
) -> Page[Said]:
    """Events about an incident, its offers, plans and notices, oldest first."""
    named = {"incident": clean(incident), "after": whole_of(after or "0"), "limit": limit + 1}
    rows = await _ask(pool, "timeline", named)
    found = [Said(row.seq, _decode(row.body), row.act or None, row.actor or None) for row in rows]
    return page_of(found, limit, lambda said: str(said.seq))


async def volunteers(pool: AsyncConnectionPool, *, after: str | None = None, limit: int = 1000) -> Page[dict[str, Any]]:
    """Rows of volunteers by id."""
    rows = await _ask(pool, "volunteers", {"after": clean(after or ""), "limit": limit + 1})
    return page_of([row.body for row in rows], limit, lambda body: str(body["id"]))


async def off_duty(pool: AsyncConnectionPool, now_us: int) -> frozenset[str]:
    """Phones of volunteers who are not to be seen now."""
    return frozenset(row.device for row in await _ask(pool, "off_duty", {"now_us": now_us}))


async def strength(pool: AsyncConnectionPool, now_us: int) -> Strength:
    """How many volunteers there are, and how many of them are on duty."""
    return Strength(*(await _ask(pool, "on_duty", {"now_us": now_us}))[0])


async def areas(pool: AsyncConnectionPool) -> list[tuple[str, str]]:
    """Id and name of each area, by name."""
    return [(row.id, row.name) for row in await _ask(pool, "areas", {})]
