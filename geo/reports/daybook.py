"""What is known of one city day: the rows of its devices, when each was heard, and the registry. Reports read this.

Live and frozen alike: the book of a day that was closed holds the rows as they then were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, TypeVar

import msgspec

from core.calendar import Span
from core.events import Dwell, Spell, SpellKind
from core.units import US_PER_S
from geo.city.world import World
from geo.config import GeoConfig
from geo.folds.plane import distance_m, metres_per_degree

GRACE_US: Final = 30 * 60 * US_PER_S  # so much early, or late, is still in time
T = TypeVar("T")


class Seen(msgspec.Struct, frozen=True):
    """A fix: when and where."""

    at_us: int
    lon: float
    lat: float


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """The fixes of a device at the edges of a window: before it, its first, its last, and the one after it."""

    device: str
    before: Seen | None = None
    first: Seen | None = None
    last: Seen | None = None
    after: Seen | None = None

    @property
    def newest(self) -> Seen | None:
        """The newest fix that does not lie after the window."""
        return self.last or self.before


@dataclass(frozen=True, slots=False, kw_only=True)
class Book:
    """Rows that overlap a day, and a little more: rounds that began on it may end on the next.

    `now_us` is until when the rows are known; in a day that is over it lies after the day.
    """

    config: GeoConfig
    day: int  # its number, `core.calendar`
    now_us: int
    dwells: Sequence[Dwell] = ()
    spells: Sequence[Spell] = ()
    heard: Mapping[str, Heard] = field(default_factory=dict)

    @cached_property
    def span(self) -> Span:
        """The day's first instant, and the next day's."""
        return self.config.calendar.bounds(self.day)

    @cached_property
    def areas(self) -> World:
        """Areas alone: a city's places are many, and no report asks what is inside them."""
        return World(self.config.entities("areas").values(), (), (), ())

    @cached_property
    def dwells_of(self) -> dict[str, list[Dwell]]:
        """Dwells that stand, by device, in order."""
        return _by_device(row for row in self.dwells if row.state != "retracted")

    @cached_property
    def of_kind(self) -> dict[SpellKind, list[Spell]]:
        """Spells that stand, by kind, in order."""
        kinds: dict[SpellKind, list[Spell]] = {}
        for row in sorted(self.spells, key=lambda s: (s.start_us, s.id)):
            if row.state != "retracted":
                kinds.setdefault(row.kind, []).append(row)
        return kinds

    @cached_property
    def gaps_of(self) -> dict[str, list[Spell]]:
        """Silences of which nobody knows where the device was, by device, in order."""
        return _by_device(self.of_kind.get("gap", ()))

    @cached_property
    def trips_of(self) -> dict[str, list[Spell]]:
        """Trips by device, in order."""
        return _by_device(self.of_kind.get("trip", ()))

    def vehicle(self, row: Dwell | Spell) -> str | None:
        """The vehicle that carried the device when the row began."""
        return self.config.duties.of(row.device, row.start_us).vehicle

    def place_kind(self, subject: str) -> str:
        """Kind of the place that a visit or service is about; "" when it is about none, or one that is gone."""
        kind, _, id_ = subject.partition(":")
        place = self.config.entities("places").get(id_) if kind == "place" else None
        return place.kind if place else ""


def clipped(span: Span, within: Span) -> Span | None:
    """The part of a span within another, if there is one."""
    start_us, end_us = max(span[0], within[0]), min(span[1], within[1])
    return (start_us, end_us) if start_us < end_us else None


def ends_us(row: Dwell | Spell, now_us: int) -> int:
    """Until when a row lasts: an open one until now."""
    return max(row.last_us, now_us) if row.end_us is None else row.end_us


def metres(a: Seen, lon: float, lat: float) -> float:
    """Straight metres from a fix to a point, measured half way."""
    east, north = metres_per_degree((a.lat + lat) / 2)
    return float(distance_m(a.lon, a.lat, lon, lat, east, north))


def _by_device(rows: Iterable[T]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for row in sorted(rows, key=lambda r: (r.start_us, r.id)):  # type: ignore[attr-defined]  # dwells or spells
        found.setdefault(row.device, []).append(row)  # type: ignore[attr-defined]
    return found
