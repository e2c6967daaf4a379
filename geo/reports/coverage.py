"""Which service points and streets of a day's rounds were served, late, missed, or nobody knows.

Served and late need evidence: a pass that came near, slowly enough. Missed needs evidence too: that the vehicle was
heard all the time in which it could have been there. What remains is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

import msgspec
import numpy as np

from core.calendar import Span
from core.entities import Place
from core.events import Spell
from core.units import DAY_US, MINUTE_US, MPS_PER_KMH, US_PER_S
from geo.reports.daybook import GRACE_US, Book
from geo.reports.planned import Idle, Planned, Tracker, idle, planned, trackers
from geo.reports.unheard import REACH_M, Gap, doubt, gaps

Status = Literal["served", "late", "missed", "unknown", "pending"]
STOPPED_S: Final = 5.0  # a stop this short is enough to load
SLOW_MPS: Final = 10 * MPS_PER_KMH  # or a pass no faster than this
SLOW_S: Final = 2 * REACH_M / SLOW_MPS  # which takes so long through the circle, at least
COVERED: Final = 0.8  # of a street's length
PIECES: Final = 16  # that a street's length is told in


class Pass(msgspec.Struct, frozen=True, kw_only=True):
    """The evidence: which service, by whom, and how near."""

    service: str
    device: str
    vehicle: str | None
    at_us: int
    nearest_m: float
    stopped_s: float
    fixes: int


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a point. `unheard_us`: from when to when it may have been served without anybody hearing it."""

    point: str
    name: str
    area: str | None
    status: Status
    due_us: int | None = None
    hour: int | None = None  # of the day: when it was served, else when it was due; 25 is one o'clock of the next
    by: Pass | None = None  # the first that counts; of one that is not served, the nearest that does not
    unheard_us: Span | None = None


class Driven(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a street: the share of its length that the day's passes cover together."""

    street: str
    name: str
    status: Status
    covered: float


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """A round of the day."""

    route: str
    name: str
    shift: str | None
    start_us: int
    end_us: int
    units: tuple[str, ...]
    points: tuple[Served, ...] = ()
    streets: tuple[Driven, ...] = ()


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """All rounds of a day; `unassigned` are routes that nobody was to drive on it, `idle` why."""

    rounds: tuple[Round, ...]
    unassigned: tuple[str, ...] = ()
    idle: tuple[Idle, ...] = ()


class _Day(NamedTuple):
    """What the points of all rounds share."""

    book: Book
    services: Mapping[str, Sequence[Spell]]  # by subject, in order


def coverage(book: Book) -> Coverage:
    """The rounds of the book's day."""
    services: dict[str, list[Spell]] = {}
    rounds = planned(book.config, book.day)
    on_foot = {unit for plan in rounds for unit in plan.units}
    for row in book.of_kind.get("service", ()):
        if row.cls != "phone" or row.device in on_foot or book.vehicle(row):  # others walk by and collect nothing
            services.setdefault(row.subject, []).append(row)
    day = _Day(book, services)
    left = tuple(idle(book.config, book.day, rounds))
    return Coverage(
        rounds=tuple(_round(day, plan) for plan in rounds), unassigned=tuple(one.route for one in left), idle=left
    )


def _round(day: _Day, plan: Planned) -> Round:
    """One round. Its silences are looked for once, over all the time in which it may be served."""
    window = plan.span[0] - GRACE_US, min(plan.span[1] + GRACE_US, day.book.now_us)
    units = [trackers(day.book.config, unit, window) for unit in plan.units] if window[0] < window[1] else []
    silences = [[(tracker, gaps(day.book, tracker)) for tracker in unit] for unit in units]
    return Round(
        route=plan.route.id,
        name=plan.route.name,
        shift=plan.shift.id if plan.shift else None,
        start_us=plan.span[0],
        end_us=plan.span[1],
        units=plan.units,
        points=tuple(_points(day, plan, window, silences)),
        streets=tuple(_streets(day, plan, window, silences)),
    )


_Silences = list[list[tuple[Tracker, list[Gap]]]]  # of each vehicle, of each of its trackers


def _points(day: _Day, plan: Planned, window: Span, silences: _Silences) -> Iterator[Served]:
    """The points of a round in their order; of one that is not registered nobody can know anything."""
    calendar, registered = day.book.config.calendar, day.book.config.entities("places")
    places: list[Place | None] = [registered.get(id_) for id_ in plan.route.points]
    known = [place for place in places if place is not None]
    areas = iter(day.book.areas.area_at(np.array([p.lon for p in known]), np.array([p.lat for p in known])))
    for n, (id_, place) in enumerate(zip(plan.route.points, places, strict=True)):
        due = plan.route.due_min[n] if n < len(plan.route.due_min) else None
        due_us = None if due is None else calendar.instant_us(day.book.day, due)
        if place is None:
            yield Served(point=id_, name="", area=None, status="unknown", due_us=due_us, hour=_hour(day.book, due_us))
        else:
            yield _point(day, plan, place, next(areas), due_us, window, silences)


def _point(
    day: _Day, plan: Planned, place: Place, area: str | None, due_us: int | None, window: Span, silences: _Silences
) -> Served:
    """What became of a point, by the first pass that counts; without one, by what nobody heard."""
    near = [s for s in day.services.get(f"place:{place.id}", ()) if window[0] <= _at_us(s) < plan.until_us]
    first = min((s for s in near if serves(s, place.radius_m)), key=_at_us, default=None)
    shown = first or min(near, key=lambda s: s.nearest_m or 0.0, default=None)
    in_time_us = (plan.span[1] if due_us is None else max(due_us, plan.span[0])) + GRACE_US
    status, unheard = _judged(day, place, first, in_time_us, window, silences)
    return Served(
        point=place.id,
        name=place.name,
        area=area,
        status=status,
        due_us=due_us,
        hour=_hour(day.book, due_us if first is None else _at_us(first)),
        by=_pass(day.book, shown) if shown else None,
        unheard_us=unheard,
    )


def _judged(
    day: _Day, place: Place, first: Spell | None, in_time_us: int, window: Span, silences: _Silences
) -> tuple[Status, Span | None]:
    """The status, and when it may have been served unheard: of a late point, whether that was before it was late."""
    if first is not None and _at_us(first) <= in_time_us:
        return "served", None
    if first is not None:
        return "late", _doubt(silences, (window[0], min(window[1], in_time_us)), place.lon, place.lat)
    if day.book.now_us <= in_time_us:
        return "pending", None
    unheard = _doubt(silences, window, place.lon, place.lat)
    return ("unknown" if unheard else "missed"), unheard


def _hour(book: Book, at_us: int | None) -> int | None:
    if at_us is None:
        return None
    return (book.config.calendar.zone.local_us(at_us) - book.day * DAY_US) // (60 * MINUTE_US)


def serves(service: Spell, radius_m: float) -> bool:
    """Whether a pass can have been a collection: a stop within the point's radius, or a slow pass at 30 m."""
    nearest_m = service.nearest_m if service.nearest_m is not None else 0.0
    if (service.stopped_s or 0.0) >= STOPPED_S:
        return nearest_m <= max(radius_m, REACH_M)
    if service.max_mps is not None:
        return nearest_m <= REACH_M and service.max_mps < SLOW_MPS
    return nearest_m <= REACH_M and service.last_us - service.start_us >= SLOW_S * US_PER_S


def _doubt(silences: _Silences, window: Span, lon: float, lat: float) -> Span | None:
    """When one of the round's vehicles may have been there unheard; a round without any was heard by nobody."""
    found = [span for unit in silences if (span := doubt(unit, window, lon, lat))]
    return max(found, key=lambda span: span[1] - span[0], default=None) if silences else window


def _streets(day: _Day, plan: Planned, window: Span, silences: _Silences) -> Iterator[Driven]:
    """Streets are covered by all passes together; a street that is not is unknown like a point at its middle."""
    for id_ in plan.route.streets:
        street = day.book.config.entities("streets").get(id_)
        if street is None or not street.line:
            continue
        passes = [s for s in day.services.get(f"street:{id_}", ()) if window[0] <= _at_us(s) < plan.until_us]
        share, (lon, lat) = united(passes), street.line[len(street.line) // 2]
        if share >= COVERED:
            status: Status = "served" if min(map(_at_us, passes)) <= plan.span[1] + GRACE_US else "late"
        elif day.book.now_us <= plan.span[1] + GRACE_US:
            status = "pending"
        else:
            status = "unknown" if _doubt(silences, window, lon, lat) else "missed"
        yield Driven(street=id_, name=street.name, status=status, covered=share)


def united(passes: Iterable[Spell]) -> float:
    """The share of a street's length that passes cover together; of passes without pieces, the best one's."""
    mask, best = 0, 0.0
    for row in passes:
        mask |= row.pieces or 0
        best = max(best, row.covered or 0.0)
    return max(best, mask.bit_count() / PIECES)


def _pass(book: Book, row: Spell) -> Pass:
    return Pass(
        service=row.id,
        device=row.device,
        vehicle=book.vehicle(row),
        at_us=_at_us(row),
        nearest_m=round(row.nearest_m or 0.0, 1),
        stopped_s=round(row.stopped_s or 0.0, 1),
        fixes=row.fixes,
    )


def _at_us(service: Spell) -> int:
    return service.start_us if service.nearest_us is None else service.nearest_us


def counts(statuses: Iterable[str]) -> dict[str, int]:
    """How many of each status, and of all."""
    found = {"planned": 0, "served": 0, "late": 0, "missed": 0, "unknown": 0, "pending": 0}
    for status in statuses:
        found["planned"] += 1
        found[status] += 1
    return found


def by_area(rounds: Iterable[Round]) -> dict[str, dict[str, int]]:
    """Counts by area; points outside all areas stand under ""."""
    found: dict[str, list[str]] = {}
    for point in (point for r in rounds for point in r.points):
        found.setdefault(point.area or "", []).append(point.status)
    return {area: counts(statuses) for area, statuses in sorted(found.items())}


def by_hour(rounds: Iterable[Round]) -> dict[int, dict[str, int]]:
    """Counts by the hour of the day; a point that was not served and was due at no time has none."""
    found: dict[int, list[str]] = {}
    for point in (point for r in rounds for point in r.points):
        if point.hour is not None:
            found.setdefault(point.hour, []).append(point.status)
    return {hour: counts(statuses) for hour, statuses in sorted(found.items())}
