"""A route drafted from a device's day: points that it served or stopped at, and its track as a simple line."""

from __future__ import annotations

from typing import Any, Final

from psycopg_pool import AsyncConnectionPool

from api.problems import NotFoundError
from core.calendar import DAY_MIN, Span, day_id
from core.fixes import UNUSED, Fixes, Flag
from core.units import MINUTE_US
from geo.reports.daybook import Book, clipped, ends_us
from geo.reports.lines import simplified
from geo.reports.rounds import Draft, draft
from store import read

PAGE: Final = 10_000
FIXES_MAX: Final = 100_000  # a fix a second for a day
ASTRAY: Final = UNUSED | int(Flag.JUMP)  # say nothing about where it was


async def proposal(pool: AsyncConnectionPool, book: Book, device: str) -> dict[str, Any]:
    """The body of a route, and of the places that are not registered yet; raises `NotFoundError` without a drive."""
    points = draft(book, device)
    spans = [
        clipped((trip.start_us, ends_us(trip, book.now_us) + 1), book.span) for trip in book.trips_of.get(device, ())
    ]
    track = await _track(pool, device, [span for span in spans if span])
    if not points and not len(track):
        raise NotFoundError(f"{device[:200]!r} drove nowhere on {day_id(book.day)}")
    true = track.flags & ASTRAY == 0
    line = simplified(track.lon[true], track.lat[true])
    route = {
        "name": f"{device} {day_id(book.day)}",
        "points": [point.id for point in points],
        "due_min": [_due(book, point) for point in points],
        "line": [[round(lon, 6), round(lat, 6)] for lon, lat in line],
    }
    return {"route": route, "places": [_place(n, point) for n, point in enumerate(points, 1) if not point.known]}


async def _track(pool: AsyncConnectionPool, device: str, spans: list[Span]) -> Fixes:
    found: list[Fixes] = []
    for from_us, to_us in spans:
        after: str | None = None
        while sum(map(len, found)) < FIXES_MAX:
            fixes, after = await read.fixes(pool, device, from_us, to_us, after=after, limit=PAGE)
            found.append(fixes)
            if after is None:
                break
    return Fixes.concat(found)


def _due(book: Book, point: Draft) -> int:
    """Minutes after the day's midnight."""
    return int((book.config.calendar.zone.local_us(point.at_us) - book.day * DAY_MIN * MINUTE_US) // MINUTE_US)


def _place(number: int, point: Draft) -> dict[str, Any]:
    return {"id": point.id, "name": str(number), "kind": "service_point", "lon": point.lon, "lat": point.lat}
