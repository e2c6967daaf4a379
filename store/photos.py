"""Photos of incidents, as bytes: the log knows them by their digest alone. Each amount of them has a bound."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal, NamedTuple

import msgspec
from psycopg_pool import AsyncConnectionPool

from core.events import IncidentChanged
from core.units import DAY_US
from store.pg import ask, queries, transaction
from store.text import clean

OF_INCIDENT: Final = 20
OF_DAY: Final = 1_000  # of the last 24 hours, of everybody
_ask: Final = partial(ask, "photos.sql")


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo as it is kept: JPEG, and a small one of it."""

    sha256: str  # of `image`
    width: int
    height: int
    image: bytes = field(repr=False)
    thumb: bytes = field(repr=False)


class Taken(NamedTuple):
    """A photo that somebody took."""

    sha256: str
    incident: str
    at_us: int


async def add(
    pool: AsyncConnectionPool, picture: Picture, *, incident: str, person: str, at_us: int,
    of_incident: int = OF_INCIDENT, of_day: int = OF_DAY,
) -> Literal["added", "known", "full"]:  # fmt: skip
    """Keep a photo; `known`: these very bytes are there; `full`: a bound is reached, and nothing was kept."""
    named: dict[str, Any] = {
        "sha256": picture.sha256, "incident": clean(incident), "person": clean(person), "at_us": at_us,
        "width": picture.width, "height": picture.height, "image": picture.image, "thumb": picture.thumb,
    }  # fmt: skip
    async with transaction(pool) as cursor:
        await cursor.execute(_query("one_at_a_time"))
        await cursor.execute(_query("kept"), named)
        kept = (await cursor.fetchall())[0]
        if kept.known:
            return "known"
        if kept.of_incident >= of_incident or kept.of_day >= of_day:
            return "full"
        await cursor.execute(_query("add"), named)
    return "added"


async def drop(pool: AsyncConnectionPool, sha256: str) -> None:
    """What dispatch refused is not kept."""
    await _ask(pool, "drop", {"sha256": sha256})


async def image(pool: AsyncConnectionPool, sha256: str, *, thumb: bool = False) -> bytes | None:
    """The JPEG; None when it is not kept any more."""
    rows = await _ask(pool, "thumb" if thumb else "image", {"sha256": clean(sha256)})
    return bytes(rows[0].image) if rows else None


async def sizes(pool: AsyncConnectionPool, digests: list[str]) -> dict[str, tuple[int, int]]:
    """Width and height of those that are kept."""
    return {row.sha256: (row.width, row.height) for row in await _ask(pool, "there", {"digests": digests})}


async def taken_by(pool: AsyncConnectionPool, person: str) -> list[Taken]:
    """The photos of a person, the oldest first."""
    return [Taken(*row) for row in await _ask(pool, "of_person", {"person": clean(person)})]


async def expire(pool: AsyncConnectionPool, now_us: int, keep_days: int) -> None:
    """Forget photos that are older; 0 keeps all."""
    if keep_days > 0:
        await _ask(pool, "expire", {"before_us": now_us - keep_days * DAY_US})


async def reporter(pool: AsyncConnectionPool, incident: str) -> str | None:
    """Who opened an incident, as the log was told."""
    rows = await _ask(pool, "reporter", {"incident": clean(incident)})
    return str(rows[0].actor) if rows else None


async def reported_by(
    pool: AsyncConnectionPool, person: str, *, since_us: int = 0, limit: int = 20
) -> list[IncidentChanged]:
    """What a person reported since then, the newest first."""
    rows = await _ask(pool, "reported_by", {"person": clean(person), "since_us": since_us, "limit": limit})
    return [msgspec.json.decode(row.body, type=IncidentChanged) for row in rows]


def _query(name: str) -> bytes:
    return queries("photos.sql")[name]
