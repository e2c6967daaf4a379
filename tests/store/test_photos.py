"""Photos in the archive: bounded, each once, and gone with the person who took them."""

from __future__ import annotations

from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from core.events import IncidentChanged, Photo
from core.fixes import Fixes
from core.naming import ERASED
from store import photos
from store.archive import Archive
from store.erasure import forget
from store.photos import Picture, Taken
from tests.running import run_pool
from tests.strategies import T0_US

pytestmark = pytest.mark.service
DAY_US = 86_400_000_000


def picture(name: str) -> Picture:
    return Picture(sha256=name * 64, width=8, height=6, image=b"i" + name.encode(), thumb=b"t" + name.encode())


async def taken(pool: AsyncConnectionPool, name: str, incident: str = "i", at_us: int = T0_US, **bounds: Any) -> str:
    return await photos.add(pool, picture(name), incident=incident, person="ana", at_us=at_us, **bounds)


def test_a_photo_is_kept_once(postgres_url: str) -> None:
    """The same bytes again are known; it comes back large and small, with its size; others are not there."""

    async def body(pool: AsyncConnectionPool) -> Any:
        told = [await taken(pool, "a"), await taken(pool, "a", "j")]
        shown = [await photos.image(pool, "a" * 64), await photos.image(pool, "a" * 64, thumb=True)]
        return told, shown, await photos.sizes(pool, ["a" * 64, "x"]), await photos.image(pool, "x\0")

    assert run_pool(postgres_url, body) == (["added", "known"], [b"ia", b"ta"], {"a" * 64: (8, 6)}, None)


def test_photos_are_bounded_by_incident_and_by_day(postgres_url: str) -> None:
    """A third of one incident, a fourth of one day: full; a day later there is room again."""

    async def body(pool: AsyncConnectionPool) -> Any:
        bounds = {"of_incident": 2, "of_day": 3}
        told = [await taken(pool, name, **bounds) for name in "abc"]
        told += [await taken(pool, name, "j", **bounds) for name in "de"]
        return told, await taken(pool, "f", "j", T0_US + DAY_US + 1, **bounds)

    assert run_pool(postgres_url, body) == (["added", "added", "full", "added", "full"], "added")


def test_photos_are_forgotten_after_a_while(postgres_url: str) -> None:
    """Those that are older than so many days; 0 keeps all."""

    async def body(pool: AsyncConnectionPool) -> Any:
        await taken(pool, "a")
        await taken(pool, "b", at_us=T0_US + 5 * DAY_US)
        await photos.expire(pool, T0_US + 9 * DAY_US, 0)
        before = await photos.taken_by(pool, "ana")
        await photos.expire(pool, T0_US + 9 * DAY_US, 5)
        return len(before), await photos.taken_by(pool, "ana")

    assert run_pool(postgres_url, body) == (2, [Taken("b" * 64, "i", T0_US + 5 * DAY_US)])


def test_erasure_keeps_what_an_open_incident_needs(postgres_url: str) -> None:
    """Without a name; the photos of what is over go."""

    def incident(name: str, status: str) -> IncidentChanged:
        shot = Photo(sha256=name * 64, at_us=T0_US, by="ana")
        return IncidentChanged(
            at_us=T0_US, id=name, kind="fire", severity=1, status=status, lon=0, lat=0, photos=(shot,)
        )

    async def body(pool: AsyncConnectionPool) -> Any:
        archive = Archive(pool)
        await archive.offsets()
        said = [incident("a", "reported"), incident("b", "closed")]
        await archive.write({"dispatch.events": "1-0"}, Fixes.empty(), [("dispatch.events", "1-0", said)])
        await taken(pool, "a", "a")
        await taken(pool, "b", "b")
        await forget(pool, "ana", [])
        return await photos.taken_by(pool, ERASED), await photos.taken_by(pool, "ana")

    assert run_pool(postgres_url, body) == ([Taken("a" * 64, "a", T0_US)], [])
