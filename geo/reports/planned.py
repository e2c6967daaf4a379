"""Which rounds a day has: routes whose shift works on it, with the vehicles and trackers that were to drive them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

import msgspec

from core.assigning import in_force
from core.calendar import Span
from core.entities import Assignment, Route, RouteId, Shift
from core.units import US_PER_S
from geo.config import GeoConfig
from geo.meaning.duty import ALL_DAY, Duty
from geo.reports.daybook import clipped

LATE_US: Final = 6 * 3600 * US_PER_S  # after its shift, a point may be served late for so long


class Tracker(NamedTuple):
    """A device, while it was in a vehicle."""

    device: str
    span: Span


class Planned(NamedTuple):
    """One round of one day. `until_us`: what comes later belongs to the next round, or to none."""

    route: Route
    shift: Shift | None
    span: Span
    until_us: int
    units: tuple[str, ...]  # vehicles, or devices that drive the route in no vehicle


class Idle(msgspec.Struct, frozen=True, kw_only=True):
    """A route that nobody was to drive on a day: no vehicle was on it, or the day is none of its days."""

    route: str
    name: str
    why: Literal["nobody", "not_today"]
    points: int
    streets: int


def planned(config: GeoConfig, day: int) -> list[Planned]:
    """The rounds of a day, by route and start."""
    today, tomorrow = _rounds(config, day), _rounds(config, day + 1)
    starts: dict[str, list[int]] = {}
    for route, _, span in (*today, *tomorrow):
        starts.setdefault(route.id, []).append(span[0])
    found = []
    for (route, shift, span), units in today.items():
        until_us = min((s for s in starts[route.id] if s > span[0]), default=span[1] + LATE_US)
        until_us = max(span[1], min(until_us, span[1] + LATE_US))
        found.append(Planned(route, shift, span, until_us, tuple(sorted(units))))
    return sorted(found, key=lambda p: (p.route.id, p.span))


def idle(config: GeoConfig, day: int, rounds: list[Planned]) -> list[Idle]:
    """Routes with points or streets that nobody was to drive, by id."""
    driven, manned = {p.route.id for p in rounds}, {route.id for route, _, _ in _manned(config, day)}
    left = [r for r in config.entities("routes").values() if r.id not in driven and (r.points or r.streets)]
    return [_idle(route, config, day, manned) for route in sorted(left, key=lambda r: r.id)]


def _idle(route: Route, config: GeoConfig, day: int, manned: set[RouteId]) -> Idle:
    free = route.id in manned or not config.calendar.falls_on(ALL_DAY, day, route.days)
    why: Literal["nobody", "not_today"] = "not_today" if free else "nobody"
    return Idle(route=route.id, name=route.name, why=why, points=len(route.points), streets=len(route.streets))


def trackers(config: GeoConfig, unit: str, within: Span) -> list[Tracker]:
    """The devices in a vehicle during a span, each while it was there; a unit that is a device is its own."""
    joins: list[Assignment] = list(config.entities("assignments").values())
    found = []
    for join in joins:
        if join.vehicle == unit and join.device is not None:
            until_us = within[1] if join.until_us is None else join.until_us
            part = clipped((join.from_us, until_us), within)
            found += [Tracker(join.device, part)] if part else []
    return sorted(found) or ([Tracker(unit, within)] if unit in config.entities("devices") else [])


_Round = tuple[Route, Shift | None, Span]


def _rounds(config: GeoConfig, day: int) -> dict[_Round, set[str]]:
    """Each round of the day and who was to drive it at some moment of it."""
    works, manned = config.calendar.falls_on, _manned(config, day).items()
    return {found: units for found, units in manned if works(found[1] or ALL_DAY, day, found[0].days)}


def _manned(config: GeoConfig, day: int) -> dict[_Round, set[str]]:
    """The same whether or not shift and route work on this day."""
    found: dict[_Round, set[str]] = {}
    for shift in (None, *config.entities("shifts").values()):
        span = config.calendar.span(shift or ALL_DAY, day)
        for unit, duty in _duties(config, span):
            for route, of_shift in duty.rounds:
                if route and of_shift == shift:
                    found.setdefault((route, shift, span), set()).add(unit)
    return found


def _duties(config: GeoConfig, span: Span) -> Iterator[tuple[str, Duty]]:
    """Vehicles, and devices in none, with what they were in force for during a span."""
    joins: list[Assignment] = [a for a in config.entities("assignments").values() if _touches(a, span)]
    begun = sorted({a.from_us for a in joins if a.from_us > span[0]})
    for vehicle in sorted({a.vehicle for a in joins if a.vehicle}):
        own = {a.from_us for a in joins if a.vehicle in (vehicle, None)}
        for at_us in (span[0], *(at_us for at_us in begun if at_us in own)):
            yield vehicle, config.duties.of_vehicle(vehicle, at_us)
    for device in sorted({a.device for a in joins if a.device and not a.vehicle}):
        for at_us in (span[0], *(a.from_us for a in joins if a.device == device and a.from_us > span[0])):
            duty = config.duties.of(device, at_us)
            if duty.vehicle is None:
                yield device, duty


def _touches(join: Assignment, span: Span) -> bool:
    return in_force(join, span[0]) or span[0] < join.from_us < span[1]
