"""A small town along the tracks of `tests.geo.tracks`: depot, service points, zones, a street; spells in brief."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from hypothesis import strategies as st

from core.entries import Config
from core.events import Spell, SpellChanged
from core.fixes import Fixes
from geo.partition import GeoState
from geo.steps.telltrack import open_spells
from tests.geo.tracks import DAY_US, EAST, NORTH, fixes


def at(east_m: float, north_m: float) -> tuple[float, float]:
    """Longitude and latitude of a point of the test plane."""
    return 123.6 + east_m / EAST, -10.17 + north_m / NORTH


def place(id_: str, east_m: float, north_m: float = 0.0, kind: str = "service_point", radius_m: float = 33.3) -> Any:
    """A row of section places."""
    lon, lat = at(east_m, north_m)
    return {"id": id_, "name": id_, "kind": kind, "lon": lon, "lat": lat, "radius_m": radius_m}


def box(west_m: float, south_m: float, east_m: float, north_m: float) -> Any:
    """Polygons of a rectangle."""
    corners = [(west_m, south_m), (east_m, south_m), (east_m, north_m), (west_m, north_m), (west_m, south_m)]
    return [[[at(*corner) for corner in corners]]]


UNEVEN = 1.0137  # no distance is exactly a radius

PLACES = [
    place("depot", 0.0, kind="depot", radius_m=60.7),
    place("bin1", 250.0),
    place("bin2", 500.0, 20.0),
    place("bin3", 2400.0),
]
ZONES = [
    {"id": "yard", "polygons": box(300.3, -100.3, 700.3, 100.3)},
    {"id": "hill", "polygons": box(-100.3, 120.3, 900.3, 400.3), "enter_s": 0.0, "exit_s": 0.0},
]
STREETS = [{"id": "main", "line": [at(800.3, 0.3), at(1120.3, 0.3)]}]
TOWN = [
    Config(section="places", op="set", rows=tuple(PLACES)),
    Config(section="zones", op="set", rows=tuple(ZONES)),
    Config(section="streets", op="set", rows=tuple(STREETS)),
]
WATCHED = Config(  # numbers small enough for short journeys
    section="profiles",
    op="set",
    rows=({"cls": "truck", "limit_mps": 8.0, "trip_stop_s": 120.0, "trip_gap_s": 1800.0, "limit_s": 300.0},),
)


@st.composite
def wanderings(draw: st.DrawFn, devices: int = 1, legs: int = 7) -> Fixes:
    """Fixes of devices that drive to and fro, turn, creep, stand, sleep, jump and repeat an instant, in time order."""
    parts = []
    for number in range(draw(st.integers(1, devices))):
        t, x, y, rows = draw(st.integers(0, 100)), draw(st.sampled_from([0.0, 420.0, 2400.0])), 0.0, list[Any]()
        for _ in range(draw(st.integers(1, legs))):
            every, mps = draw(st.sampled_from([5, 10, 30, 60])), draw(st.sampled_from([-13.0, -7.0, 1.0, 7.0, 13.0]))
            kind = draw(st.sampled_from(["drive", "drive", "stand", "stand", "north", "silence", "jump", "tie"]))
            for _ in range(1 if kind in ("silence", "tie") else draw(st.integers(1, 3 if kind == "jump" else 9))):
                t += every if kind != "tie" else 0
                x += mps * every if kind in ("drive", "jump") else 0.0
                y += mps * every if kind == "north" else 0.0
                off = {"jump": 170.0, "tie": 40.0}.get(kind, 0.0)
                noise_m = (UNEVEN * draw(st.integers(-8, 8)), UNEVEN * draw(st.integers(-8, 8)))
                rows.append((t, x + noise_m[0], y + off + noise_m[1]))
            if kind == "silence":
                t += draw(st.sampled_from([200, 1000, 4000]))
                x += draw(st.sampled_from([0.0, 20.0, 100.0, 2000.0, -700.0]))
        speed = np.array([draw(st.sampled_from([np.nan, np.nan, 0.0, 7.5, 14.0])) for _ in rows], np.float32)
        parts.append(fixes(rows, f"t{number}", speed_mps=speed))
    joined = Fixes.concat(parts)
    return joined.take(np.argsort(joined.time_us, kind="stable"))


def newest_spells(events: list[Any]) -> list[Spell]:
    """The newest revision of each spell, by start; revisions only grow."""
    rows: dict[str, Spell] = {}
    for event in events:
        if isinstance(event, SpellChanged):
            assert event.row.id not in rows or rows[event.row.id].revision < event.row.revision
            rows[event.row.id] = event.row
    return sorted(rows.values(), key=lambda r: (r.start_us, r.kind, r.subject))


def spell_table(state: GeoState, events: list[Any]) -> list[bytes]:
    """Live spells as the product shows them: newest revision, open ones as they stand; without id and revision."""
    rows = {row.id: row for row in newest_spells(events)} | {row.id: row for row in open_spells(state)}
    live = [msgspec.structs.replace(r, id="", revision=0) for r in rows.values() if r.state != "retracted"]
    return sorted(map(msgspec.json.encode, live))


def spell(row: Spell) -> tuple[Any, ...]:
    """Kind, subject, state, start and last fix in seconds of the day, fixes."""
    return row.kind, row.subject, row.state, seconds(row.start_us), seconds(row.last_us), row.fixes


def seconds(us: int) -> float:
    """Seconds of the day."""
    return (us - DAY_US) / 1e6


def spells(events: list[Any], *kinds: str) -> list[Spell]:
    """Those of the newest that were not retracted, of these kinds."""
    return [row for row in newest_spells(events) if row.state != "retracted" and (not kinds or row.kind in kinds)]
