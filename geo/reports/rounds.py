"""How rounds were driven: trips to the landfill, the order of the points, and a route drafted from a good day."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from core.events import Dwell, Spell
from core.units import US_PER_S
from geo.reports.coverage import Round
from geo.reports.daybook import Book, Seen, clipped, ends_us, metres

TIPPING_S: Final = 180.0  # a visit to a landfill this long is a trip to it
SAME_PLACE_M: Final = 30.0  # stops no farther apart are one point of a drafted route


class Ritase(msgspec.Struct, frozen=True, kw_only=True):
    """A trip to a landfill."""

    visit: str
    device: str
    vehicle: str | None
    place: str
    start_us: int
    end_us: int


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """The points of a round as they were served. `inversions`: pairs that were served the other way round."""

    route: str
    shift: str | None
    driven: tuple[str, ...]
    inversions: int
    out_of_order: tuple[str, ...]  # the fewest points without which the rest is in order


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A proposed point of a route: a place that is known, or a new one."""

    id: str
    known: bool
    lon: float
    lat: float
    at_us: int
    stopped_s: float


def ritase(book: Book) -> list[Ritase]:
    """Visits to landfills of three minutes and more that began on the day, in order."""
    found = []
    for row in book.of_kind.get("visit", ()):
        lasted_us = ends_us(row, book.now_us) - row.start_us
        began = book.span[0] <= row.start_us < book.span[1]
        if began and lasted_us >= TIPPING_S * US_PER_S and book.place_kind(row.subject) == "landfill":
            found.append(
                Ritase(
                    visit=row.id,
                    device=row.device,
                    vehicle=book.vehicle(row),
                    place=row.subject.partition(":")[2],
                    start_us=row.start_us,
                    end_us=ends_us(row, book.now_us),
                )
            )
    return found


def order(done: Round) -> Order:
    """How the order in which points were served differs from the planned one."""
    served = [(p.by.at_us, n, p.point) for n, p in enumerate(done.points) if p.by and p.status in ("served", "late")]
    driven = sorted(served)
    places = [n for _, n, _ in driven]
    kept = set(longest_rise(places))
    return Order(
        route=done.route,
        shift=done.shift,
        driven=tuple(point for _, _, point in driven),
        inversions=inversions(places),
        out_of_order=tuple(point for i, (_, _, point) in enumerate(driven) if i not in kept),
    )


def inversions(values: Sequence[int]) -> int:
    """Pairs of which the later is smaller: each is counted when it is put among those before it."""
    seen: list[int] = []
    count = 0
    for value in values:
        at = bisect_left(seen, value)
        count += len(seen) - at
        seen.insert(at, value)
    return count


def longest_rise(values: Sequence[int]) -> list[int]:
    """Indices of a longest increasing subsequence (patience sorting; of several the one that ends lowest)."""
    tops: list[int] = []  # the smallest end of a rise of each length, as an index
    before: dict[int, int | None] = {}
    for i, value in enumerate(values):
        at = bisect_left(tops, value, key=lambda top: values[top])
        before[i] = tops[at - 1] if at else None
        tops[at : at + 1] = [i]
    found: list[int] = []
    step = tops[-1] if tops else None
    while step is not None:
        found.append(step)
        step = before[step]
    return found[::-1]


def draft(book: Book, device: str) -> list[Draft]:
    """Points of a route from a device's day: where it served a known point, and where else it stopped on its round.

    Stops at depots, landfills and other known places are no points of a round; several stops at one place are one.
    """
    found = [*_known(book, device), *_new(book, device)]
    points: list[Draft] = []
    for point in sorted(found, key=lambda p: (not p.known, p.at_us, p.id)):
        here = Seen(point.at_us, point.lon, point.lat)
        if all(metres(here, p.lon, p.lat) > SAME_PLACE_M for p in points):
            points.append(point)
    return sorted(points, key=lambda p: (p.at_us, p.id))


def _known(book: Book, device: str) -> Iterable[Draft]:
    places = book.config.entities("places")
    for row in book.of_kind.get("service", ()):
        id_ = row.subject.partition(":")[2]
        place = places.get(id_) if row.subject.startswith("place:") else None
        if row.device == device and place and clipped((row.start_us, row.last_us + 1), book.span) and row.stopped_s:
            at_us = row.start_us if row.nearest_us is None else row.nearest_us
            yield Draft(id=id_, known=True, lon=place.lon, lat=place.lat, at_us=at_us, stopped_s=row.stopped_s)


def _new(book: Book, device: str) -> Iterable[Draft]:
    for row in book.dwells_of.get(device, ()):
        if row.place is None and row.state == "closed" and book.span[0] <= row.start_us < book.span[1]:
            yield Draft(
                id=f"draft-{row.start_us // US_PER_S}",
                known=False,
                lon=round(row.lon, 6),
                lat=round(row.lat, 6),
                at_us=row.start_us,
                stopped_s=_length_s(row),
            )


def _length_s(row: Dwell | Spell) -> float:
    return (row.last_us - row.start_us) / US_PER_S
