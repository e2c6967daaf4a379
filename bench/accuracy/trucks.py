"""Nine real refuse trucks on one day, and what the engine makes of them."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.accuracy.canvas import Row
from core.entries import Config, Section, Tick
from core.events import Dwell, DwellChanged, Event, Spell, SpellChanged, SpellKind
from core.fixes import Fixes
from core.units import MINUTE_US, US_PER_S
from geo.partition import GeoState
from geo.step import step
from geo.steps.live import open_rows
from geo.steps.telltrack import open_spells

DATA: Final = Path(__file__).parents[3] / "shared" / "data"
TABLE: Final = DATA / "traces" / "refuse_trucks_jersey_city_20151210.csv"
UNITS: Final = ("S-4", "S-7", "S-8", "S-9", "S-12", "S-13", "S-14", "S-15", "S-16")
DAY: Final = "2015-12-10"
CLOCK_S: Final = -5 * 3600
YARD: Final[dict[str, Any]] = {"id": "yard", "name": "yard", "lon": -74.0898, "lat": 40.6887, "radius_m": 250.0}
SOURCE: Final = "github.com/dangoldin/jersey-city-open-data, MIT"
MADE_UP: Final = f"Refuse trucks of Jersey City, 10 December 2015; {SOURCE}. Made up:"


def at_us(clock: str) -> int:
    """An instant of the day, by the city's clock."""
    at = dt.datetime.fromisoformat(f"{DAY}T{clock}").replace(tzinfo=dt.timezone(dt.timedelta(seconds=CLOCK_S)))
    return round(at.timestamp() * 1e6)


def heard(*units: str) -> Fixes:
    """The day of these trucks, in order of time."""
    with TABLE.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["unit"] in units]
    t = np.array([dt.datetime.fromisoformat(row["t_utc"]).replace(tzinfo=dt.UTC).timestamp() for row in rows])
    us = np.round(t * 1e6).astype(np.int64)
    lon, lat = (np.array([float(row[name]) for row in rows]) for name in ("lon", "lat"))
    device = np.array([units.index(row["unit"]) for row in rows])
    made = Fixes.of(list(units), device=device, time_us=us, received_us=us, lon=lon, lat=lat)
    return made.take(np.argsort(us, kind="stable"))


def truck(unit: str, first_min: int, last_min: int) -> Fixes:
    """Minutes of the day of one truck."""
    made = heard(unit)
    minute = (made.time_us - made.time_us.min()) / MINUTE_US
    return made.take(np.flatnonzero((minute >= first_min) & (minute <= last_min)))


def rows_of(section: Section, *rows: dict[str, Any]) -> Config:
    return Config(section=section, op="set", rows=rows)


CITY: Final = rows_of("city", {"id": "city", "offsets": [[0, CLOCK_S]]})


def configured(*configs: Config) -> GeoState:
    """An engine that heard nothing yet."""
    state = GeoState()
    for config in configs:
        step(state, config)
    return state


def detected(fixes: Fixes, *configs: Config) -> list[Row]:
    """All rows that live after these fixes, by start."""
    state = configured(*configs)
    told: dict[str, Row] = {e.row.id: e.row for e in step(state, fixes) if isinstance(e, DwellChanged | SpellChanged)}
    return standing(state, told)


def standing(state: GeoState, told: dict[str, Row]) -> list[Row]:
    """Rows that were told and stand, the open ones grown, by start."""
    opened: list[Row] = [*open_rows(state), *open_spells(state)]
    grown = told | {row.id: row for row in opened}
    return sorted((r for r in grown.values() if r.state != "retracted"), key=lambda r: (r.start_us, r.id))


def spells(rows: Iterable[Row], kind: SpellKind) -> list[Spell]:
    return [row for row in rows if isinstance(row, Spell) and row.kind == kind]


def dwells(rows: Iterable[Row], longer_s: float = 0.0) -> list[Dwell]:
    return [r for r in rows if isinstance(r, Dwell) and r.last_us - r.start_us >= longer_s * 1e6]


def lived(state: GeoState, fixes: Fixes, until_us: int, tick_s: int) -> Iterator[tuple[int, list[Event]]]:
    """The events of each tick and of the fixes before it, as they came."""
    start_us = int(fixes.time_us[0])
    for now_us in range(start_us, until_us, tick_s * US_PER_S):
        within = (fixes.time_us > now_us - tick_s * US_PER_S) & (fixes.time_us <= now_us)
        events = step(state, fixes.take(np.flatnonzero(within)))
        yield now_us, events + step(state, Tick(now_us=now_us))


def at_work(unit: str, start: str, end: str, *points: str) -> tuple[Config, ...]:
    """One truck on one round in one shift, in a city with a clock."""
    minutes = [(at_us(clock) - at_us("00:00")) // MINUTE_US for clock in (start, end)]
    join = {"id": "a", "from_us": 0, "device": unit, "vehicle": "v", "route": "r", "shift": "s"}
    return (
        CITY,
        rows_of("devices", {"id": unit}),
        rows_of("vehicles", {"id": "v"}),
        rows_of("routes", {"id": "r", "points": points}),
        rows_of("shifts", {"id": "s", "start_min": minutes[0], "end_min": minutes[1]}),
        rows_of("assignments", join),
    )


def points(radius_m: float, *at: tuple[float, float]) -> list[dict[str, Any]]:
    """Service points p0, p1 and so on."""
    return [
        {"id": f"p{n}", "name": f"p{n}", "kind": "service_point", "radius_m": radius_m, "lon": lon, "lat": lat}
        for n, (lon, lat) in enumerate(at)
    ]
