"""A small city's day for tests of reports: Monday 2026-01-05 at UTC+8, two points of a round, a depot, a landfill."""

from __future__ import annotations

from typing import Any

from core.calendar import day_number
from core.entries import Config
from core.events import Dwell, PlaceRef, Spell
from geo.config import GeoConfig
from geo.reports.daybook import Book, Heard, Seen

DAY = day_number("2026-01-05")
MIDNIGHT_US = DAY * 86_400_000_000 - 8 * 3_600_000_000
S, MINUTE = 1_000_000, 60_000_000
LON, LAT = 123.6, -10.17  # 0.01 degree east is 1,096 m, at 60 km/h 64 s to within 30 m
DEPOT = PlaceRef("pool", "Pool", "depot")
EVENING = 24 * 60
WEST = [[123.5, -10.3], [123.605, -10.3], [123.605, -10.1], [123.5, -10.1], [123.5, -10.3]]

ROWS: dict[str, list[dict[str, Any]]] = {
    "city": [{"id": "city", "offsets": [[0, 28800]]}],
    "places": [
        {"id": "p1", "name": "TPS 1", "kind": "service_point", "lon": LON, "lat": LAT, "radius_m": 40.0},
        {"id": "p2", "name": "TPS 2", "kind": "service_point", "lon": LON + 0.01, "lat": LAT, "radius_m": 40.0},
        {"id": "tpa", "name": "TPA", "kind": "landfill", "lon": LON, "lat": LAT - 0.05},
        {"id": "pool", "name": "Pool", "kind": "depot", "lon": LON, "lat": LAT + 0.05},
    ],
    "areas": [{"id": "west", "name": "West", "polygons": [[WEST]]}],
    "shifts": [{"id": "pagi", "start_min": 300, "end_min": 780}],
    "routes": [{"id": "r1", "name": "Satu", "points": ["p1", "p2"]}],
    "vehicles": [{"id": "v1", "group": "utara"}, {"id": "v2", "group": "selatan"}],
    "devices": [{"id": "t1"}, {"id": "t2"}],
    "assignments": [
        {"id": "a1", "device": "t1", "vehicle": "v1", "route": "r1", "shift": "pagi", "from_us": 0},
        {"id": "a2", "device": "t2", "vehicle": "v2", "from_us": 0},
    ],
}  # fmt: skip


def at(minute: float) -> int:
    """An instant of the day, in minutes after its midnight."""
    return MIDNIGHT_US + round(minute * MINUTE)


def city(**changed: list[dict[str, Any]]) -> GeoConfig:
    """The city's configuration with some sections replaced."""
    config = GeoConfig()
    for section, rows in (ROWS | changed).items():
        config.apply(Config(section=section, op="set", rows=tuple(rows)))  # type: ignore[arg-type]
    return config


def seen(minute: float, lon: float = LON, lat: float = LAT) -> Seen:
    return Seen(at(minute), lon, lat)


def heard(device: str = "t1", first: float = 0, last: float = EVENING, **given: Any) -> Heard:
    """A device that was heard before the day, on all of it, and after it."""
    usual = {"before": seen(-5), "first": seen(first), "last": seen(last), "after": seen(EVENING + 5)}
    return Heard(device=device, **(usual | given))


def spell(kind: str, start: float, minutes: float = 10, device: str = "t1", **given: Any) -> Spell:
    """A closed spell of some minutes."""
    start_us, end_us = at(start), at(start + minutes)
    usual = {
        "id": f"{kind}-{device}-{start}", "kind": kind, "device": device, "cls": "truck", "start_us": start_us,
        "end_us": end_us, "last_us": end_us, "fixes": 9, "state": "closed", "revision": 1, "lon": LON, "lat": LAT,
    }  # fmt: skip
    return Spell(**(usual | given))


def service(point: str, minute: float, device: str = "t1", **given: Any) -> Spell:
    """A collection stop: 20 s within 12 m."""
    usual: dict[str, Any] = {
        "subject": f"place:{point}", "nearest_m": 12.0, "nearest_us": at(minute), "stopped_s": 20.0,
    }  # fmt: skip
    return spell("service", minute - 0.2, 0.5, device, **(usual | given))


def gap(start: float, minutes: float, device: str = "t1", lon: float = LON, **given: Any) -> Spell:
    """A silence that begins and ends at one longitude."""
    return spell("gap", start, minutes, device, **({"lon": lon, "to_lon": lon, "to_lat": LAT} | given))


def stay(start: float, minutes: float | None, device: str = "t1", **given: Any) -> Dwell:
    """A dwell, fully observed; None: still open, last heard a minute after its start."""
    end_us = None if minutes is None else at(start + minutes)
    usual = {
        "id": f"stay-{device}-{start}", "device": device, "cls": "truck", "start_us": at(start), "end_us": end_us,
        "last_us": at(start + 1) if end_us is None else end_us, "observed_s": 60.0, "silent_s": 0.0, "lon": LON,
        "lat": LAT, "radius_m": 9.0, "fixes": 9, "state": "open" if end_us is None else "closed", "revision": 1,
        "purpose": "unexplained",
    }  # fmt: skip
    return Dwell(**(usual | given))


def book(*rows: Dwell | Spell, now: float = EVENING + 60, **given: Any) -> Book:
    """The day's book as it is known so many minutes after midnight; both trackers were heard all day.

    A trip of the evening before shows that the day was looked at for spells.
    """
    usual: dict[str, Any] = {
        "config": city(),
        "heard": {device: heard(device) for device in ("t1", "t2")},
        "dwells": [row for row in rows if isinstance(row, Dwell)],
        "spells": [spell("trip", -40, 1, "t2"), *(row for row in rows if isinstance(row, Spell))],
    }
    return Book(**({"day": DAY, "now_us": at(now)} | usual | given))
