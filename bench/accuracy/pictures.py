"""Draws the pictures of real traces in docs/images: what the detectors make of them, in metres from their own origin.

The traces lie beside the project, in `../shared/data`; source and licence stand under each picture. Run it again when
a detector changes:
    .venv/bin/python -m bench.accuracy.pictures
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.accuracy import rounds
from core.entries import Config
from core.events import Dwell, DwellChanged, Spell, SpellChanged
from core.fixes import Fixes
from geo.partition import GeoState
from geo.step import step
from geo.steps.live import open_rows
from geo.steps.telltrack import open_spells
from simulators.streets import Plane

DATA: Final = Path(__file__).parents[3] / "shared" / "data"
TRUCKS: Final = DATA / "traces" / "refuse_trucks_jersey_city_20151210.csv"
IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"
OF_TRUCKS: Final = (
    "Trace: a refuse truck of Jersey City, 10 December 2015; github.com/dangoldin/jersey-city-open-data, MIT"
)
OF_ROUNDS: Final = (
    "Plan: a round of Tainan; github.com/kiang/tainan-garbage-truck, MIT. The drive and its noise are simulated"
)
WIDE, HIGH, MAP_HIGH = 960, 560, 430
GREY, INK, AMBER, BLUE, RED, GREEN = "#9aa5b1", "#1f2933", "#c77700", "#2b6cb0", "#b91c1c", "#2f855a"

Floats = NDArray[np.float64]
Row = Dwell | Spell


@dataclass
class Picture:
    """A map above a time line, both scaled to what they show."""

    title: str
    source: str
    plane: Plane
    box: tuple[float, float, float, float]  # of the map: west, south, east, north in metres
    span_us: tuple[int, int]
    parts: list[str] = field(default_factory=list)

    def at(self, lon: Any, lat: Any) -> Floats:
        """(..., 2) pixels of the map."""
        xy = self.plane.forward(lon, lat)
        west, south, _, _ = self.box
        left = (WIDE - (self.box[2] - west) * self.scale) / 2.0
        return np.stack([left + (xy[..., 0] - west) * self.scale, MAP_HIGH - (xy[..., 1] - south) * self.scale], -1)

    @property
    def scale(self) -> float:
        """Pixels a metre."""
        west, south, east, north = self.box
        return min((WIDE - 40.0) / (east - west), (MAP_HIGH - 60.0) / (north - south))

    def line(self, lon: Any, lat: Any, color: str, wide: float = 1.5) -> None:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in self.at(lon, lat).tolist())
        self.parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="{wide}"/>')

    def dots(self, lon: Any, lat: Any, color: str, radius: float = 2.0) -> None:
        marks = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>' for x, y in self.at(lon, lat).tolist())
        self.parts.append(f'<g fill="{color}">{marks}</g>')

    def ring(self, lon: float, lat: float, radius_m: float, color: str, *, fill: str = "none") -> None:
        x, y = self.at(lon, lat).tolist()
        radius = max(3.0, radius_m * self.scale)
        look = f'fill="{fill}" fill-opacity=".35" stroke="{color}" stroke-width="1.5"'
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" {look}/>')

    def label(self, x: float, y: float, text: str, color: str = INK, size: int = 13) -> None:
        self.parts.append(f'<text x="{x:.0f}" y="{y:.0f}" fill="{color}" font-size="{size}">{text}</text>')

    def bar(self, row: Row, color: str, lane: int) -> None:
        """An interval on the time line; what was silent of it is pale."""
        start, last = (self.along(t) for t in (row.start_us, max(row.last_us, row.start_us + 20_000_000)))
        opacity = 1.0 - 0.6 * min(1.0, row.silent_s / max(1.0, (row.last_us - row.start_us) / 1e6))
        y = MAP_HIGH + 28 + 22 * lane
        shape = f'x="{start:.1f}" y="{y}" width="{max(1.5, last - start):.1f}" height="16"'
        self.parts.append(f'<rect {shape} fill="{color}" fill-opacity="{opacity:.2f}"/>')

    def save(self, name: str) -> None:
        """Write it, with a scale bar, the hours and the source."""
        metres = next(m for m in (2000, 1000, 500, 200, 100, 50) if m * self.scale < WIDE / 4 or m == 50)
        foot = f'<path d="M20 {MAP_HIGH - 4}h{metres * self.scale:.1f}" stroke="{INK}" stroke-width="3"/>'
        self.label(20, MAP_HIGH - 12, f"{metres} m", size=12)
        self.label(20, HIGH - 10, self.source, "#52606d", 12)
        self.label(20, 26, self.title, size=16)
        hours = range(0, self.span_us[1] - self.span_us[0] + 1, 1_800_000_000)
        for after_us in hours:
            self.label(self.along(self.span_us[0] + after_us), HIGH - 32, f"{after_us // 60_000_000} min", GREY, 11)
        space = 'xmlns="http://www.w3.org/2000/svg" font-family="system-ui, sans-serif" role="img"'
        head = f'<svg {space} viewBox="0 0 {WIDE} {HIGH}">'
        sheet = f'<title>{self.title}</title>\n<rect width="{WIDE}" height="{HIGH}" rx="8" fill="#ffffff"/>'
        (IMAGES / name).write_text("\n".join([head, sheet, *self.parts, foot, "</svg>"]) + "\n")

    def along(self, at_us: int) -> float:
        start, end = self.span_us
        return 20.0 + (WIDE - 40.0) * (at_us - start) / (end - start)


def truck(unit: str, first_min: int, last_min: int) -> Fixes:
    """Minutes of a day of one truck."""
    with TRUCKS.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["unit"] == unit]
    t = np.array([dt.datetime.fromisoformat(row["t_utc"]).replace(tzinfo=dt.UTC).timestamp() for row in rows])
    us = np.round(t * 1e6).astype(np.int64)
    lon, lat = (np.array([float(row[name]) for row in rows]) for name in ("lon", "lat"))
    made = Fixes.of([unit], device=np.zeros(len(us), int), time_us=us, received_us=us, lon=lon, lat=lat)
    minute = (us - us.min()) / 60e6
    order = np.argsort(us, kind="stable")
    return made.take(order[(minute[order] >= first_min) & (minute[order] <= last_min)])


def detected(fixes: Fixes, *configs: Config) -> list[Row]:
    """All rows that live after these fixes, by start."""
    state = GeoState()
    for config in configs:
        step(state, config)
    rows: dict[str, Row] = {e.row.id: e.row for e in step(state, fixes) if isinstance(e, DwellChanged | SpellChanged)}
    rows.update((row.id, row) for row in open_rows(state))
    rows.update((row.id, row) for row in open_spells(state))
    return sorted((r for r in rows.values() if r.state != "retracted"), key=lambda r: (r.start_us, r.id))


def spells(rows: Iterable[Row], kind: str) -> list[Spell]:
    return [row for row in rows if isinstance(row, Spell) and row.kind == kind]


def dwells(rows: Iterable[Row], longer_s: float = 0.0) -> list[Dwell]:
    return [r for r in rows if isinstance(r, Dwell) and r.last_us - r.start_us >= longer_s * 1e6]


def around(title: str, source: str, lon: Floats, lat: Floats, span_us: Iterable[int]) -> Picture:
    """An empty picture that shows these points."""
    times = [int(t) for t in span_us]
    plane = Plane.at((float(lon[0]), float(lat[0])))
    xy = plane.forward(lon, lat)
    west, south, east, north = (float(v) for v in np.concatenate([xy.min(axis=0), xy.max(axis=0)]))
    edge = 0.04 * max(east - west, north - south)
    box = (west - edge, south - edge, east + edge, north + edge)
    return Picture(title, source, plane, box, (min(times), max(times)))


def dwell_picture() -> None:
    """Two hours and a bit: stops that were seen, and stops slept through."""
    fixes = truck("S-8", 20, 160)
    rows = dwells(detected(fixes))
    p = around(
        "Dwells: circles by their radius; pale on the time line: silence",
        OF_TRUCKS,
        fixes.lon,
        fixes.lat,
        fixes.time_us,
    )
    p.line(fixes.lon, fixes.lat, GREY, 1.0)
    p.dots(fixes.lon, fixes.lat, INK, 1.8)
    for row in rows:
        p.ring(row.lon, row.lat, row.radius_m, AMBER, fill=AMBER)
        p.bar(row, AMBER, 0)
        x, y = p.at(row.lon, row.lat).tolist()
        p.label(x + 8, y - 6, f"{(row.last_us - row.start_us) / 6e7:.0f} min", "#7a4a00", 12)
    p.save("dwell-real.svg")


def trip_picture() -> None:
    """A day: trips from stop to stop."""
    fixes = truck("S-9", 0, 520)
    rows = detected(fixes)
    p = around(
        "Trips, each with its kilometres; dwells of five minutes and more between them",
        OF_TRUCKS,
        fixes.lon,
        fixes.lat,
        fixes.time_us,
    )
    for i, trip in enumerate(spells(rows, "trip")):
        within = (fixes.time_us >= trip.start_us) & (fixes.time_us <= trip.last_us)
        color = (BLUE, GREEN, RED, "#6b46c1")[i % 4]
        p.line(fixes.lon[within], fixes.lat[within], color)
        p.bar(trip, color, 0)
        p.label(p.along(trip.start_us), MAP_HIGH + 24, f"{(trip.distance_m or 0.0) / 1e3:.1f}", color, 11)
    for row in dwells(rows, 300.0):
        p.ring(row.lon, row.lat, row.radius_m, AMBER, fill=AMBER)
        p.bar(row, AMBER, 1)
    p.save("trip-real.svg")


def zone_picture() -> None:
    """Visits of a zone with a hole, drawn around where this truck works in the morning."""
    fixes = truck("S-9", 0, 520)
    plane = Plane.at((float(fixes.lon[0]), float(fixes.lat[0])))
    middle = plane.forward(fixes.lon, fixes.lat)[150:200].mean(axis=0)
    shell, hole = (middle + size * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) for size in (700.0, 150.0))
    rings = [np.stack(plane.inverse(*ring.T), -1).tolist() for ring in (shell, hole)]
    rows = detected(fixes, Config(section="zones", op="set", rows=({"id": "z", "name": "z", "polygons": [rings]},)))
    p = around(
        "Visits of a zone with a hole: red where a visit is told", OF_TRUCKS, fixes.lon, fixes.lat, fixes.time_us
    )
    p.line(fixes.lon, fixes.lat, GREY, 1.0)
    for ring in rings:
        east, north = np.array(ring).T
        p.line(east, north, BLUE, 2.0)
    for visit in spells(rows, "visit"):
        within = (fixes.time_us >= visit.start_us) & (fixes.time_us <= visit.last_us)
        p.dots(fixes.lon[within], fixes.lat[within], RED, 2.2)
        p.bar(visit, RED, 0)
    p.save("zone-real.svg")


def service_picture() -> None:
    """A round whose tracker was off for half an hour: points served, and points of which nothing is known."""
    fleet = rounds.trucks([stops[:40] for stops in (rounds.tainan() or [])[:13]])
    one = fleet[12]
    stops = [collection.stop for collection in one.driven.collections]
    fixes = rounds.heard([one], 12)
    point = {"kind": "service_point", "radius_m": rounds.REACH_M}
    places = tuple(point | {"id": s.id, "name": s.id, "lon": s.lon, "lat": s.lat} for s in stops)
    found = spells(detected(fixes, Config(section="places", op="set", rows=places)), "service")
    served = {row.subject.removeprefix("place:") for row in found if (row.stopped_s or 0.0) >= 5.0}
    lon, lat = (np.array([getattr(s, name) for s in stops]) for name in ("lon", "lat"))
    p = around(
        "Services: green points had the truck stand within 30 m; of hollow ones the track shows nothing",
        OF_ROUNDS,
        lon,
        lat,
        fixes.time_us,
    )
    p.line(fixes.lon, fixes.lat, GREY, 1.0)
    p.dots(fixes.lon, fixes.lat, INK, 1.0)
    for stop in stops:
        p.ring(
            stop.lon,
            stop.lat,
            rounds.REACH_M,
            GREEN if stop.id in served else RED,
            fill=GREEN if stop.id in served else "none",
        )
    for row in found:
        p.bar(row, GREEN, 0)
    p.save("service-real.svg")


def main() -> None:
    """All four; needs the traces."""
    dwell_picture()
    trip_picture()
    zone_picture()
    service_picture()


if __name__ == "__main__":
    main()
