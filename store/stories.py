"""What was said of the incidents of a span, incident by incident: for figures, so without names of commands."""

from __future__ import annotations

from functools import partial
from typing import Final, NamedTuple

from psycopg_pool import AsyncConnectionPool

from store.paging import Page, key_of, page_of, position_of
from store.pg import ask

_ask: Final = partial(ask, "stories.sql")


class Story(NamedTuple):
    """Bodies of the events about one incident, oldest first; of its plans only those that bear a comparison."""

    opened_us: int
    incident: str
    bodies: list[str]


class Opened(NamedTuple):
    """Incidents opened from (inclusive) until (exclusive), exercises or real ones."""

    from_us: int
    to_us: int
    exercise: bool


async def count(pool: AsyncConnectionPool, opened: Opened, most: int) -> int:
    """How many there are; no more than `most` are counted."""
    return int((await _ask(pool, "opened_many", opened._asdict() | {"limit": most}))[0].many)


async def stories(
    pool: AsyncConnectionPool, opened: Opened, *, after: str | None = None, limit: int = 50
) -> Page[Story]:
    """In the order in which they were opened."""
    after_us, after_id = position_of(after) if after else (None, None)
    named = opened._asdict() | {"after_us": after_us, "after_id": after_id, "limit": limit + 1}
    found = [Story(row.opened_us, row.id, []) for row in await _ask(pool, "opened", named)]
    page = page_of(found, limit, lambda story: key_of(story.opened_us, story.incident))
    by_id = {story.incident: story for story in page.rows}
    for row in await _ask(pool, "told", {"incidents": list(by_id)}) if by_id else []:
        by_id[row.incident].bodies.append(row.body)
    return page
