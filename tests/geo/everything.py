"""A city in which every detector has something to say, and all that the product then shows: for the laws."""

from __future__ import annotations

from typing import Any

from core.entries import Config
from core.fixes import Fixes
from geo.partition import GeoState
from tests.geo.rounds import TOWN, WATCHED, box, spell_table
from tests.geo.rulings import UTC_CITY, rule, ruled, saved, standing
from tests.geo.tracks import calls_for_help, table

DEVICES = ("t0", "t1", "t2")
AREAS = Config(
    section="areas",
    op="set",
    rows=(
        {"id": "west", "name": "West", "polygons": box(-500.0, -500.0, 600.0, 500.0), "version": "2020"},
        {"id": "east", "name": "East", "polygons": box(600.0, -500.0, 5000.0, 500.0), "version": "2020"},
    ),
)
WORK = [
    Config(section="devices", op="set", rows=tuple({"id": d, "cls": "truck"} for d in DEVICES)),
    Config(section="vehicles", op="set", rows=tuple({"id": f"v-{d}", "group": "g"} for d in DEVICES)),
    Config(section="routes", op="set", rows=({"id": "r1", "points": ["bin1", "bin2"]},)),
    Config(section="shifts", op="set", rows=({"id": "always", "start_min": 0, "end_min": 1440},)),
    Config(
        section="assignments",
        op="set",
        rows=tuple(
            {"id": f"a-{d}", "from_us": 0, "device": d, "vehicle": f"v-{d}", "route": "r1", "shift": "always"}
            for d in DEVICES
        ),
    ),
    Config(section="calendar", op="set", rows=({"id": "2025-12-07", "name": "made up"},)),
    Config(
        section="tasks",
        op="set",
        rows=({"id": "k", "lon": 123.604, "lat": -10.17, "radius_m": 250.0, "from_us": 0, "until_us": 1 << 60},),
    ),
]
RULES = ruled(
    rule("long", for_s=120.0),
    rule("calm", for_s=60.0, clear_s=200.0),
    rule("mute", "silence", for_s=240.0),
    rule("in", "inside", for_s=60.0),
    rule("fast", "speeding", over_mps=9.0),
)
EVERYTHING: list[Any] = [UTC_CITY, WATCHED, *TOWN, AREAS, *WORK, RULES]


def shown(state: GeoState, events: list[Any]) -> dict[str, list[Any]]:
    """Every live row as the product shows it, without ids and revisions."""
    return {
        "dwells": table(state, events),
        "spells": spell_table(state, events),
        "calls": calls_for_help(events),
        "alerts": standing(events),
    }


def closed(state: GeoState, events: list[Any]) -> list[Any]:
    """Closed dwells, and spells that ended."""
    ended = [row for row in spell_table(state, events) if b'"state":"closed"' in row]
    return [row for row in table(state, events) if row[10] == "closed"] + ended


def whole(state: GeoState) -> dict[str, bytes]:
    """The whole state in its persisted form."""
    return saved(state)


def shifted(batch: Fixes, *, by_us: int = 0, by_deg: float = 0.0, ids: dict[str, str] | None = None) -> Fixes:
    """The same journey at another time, at another longitude, or by devices of other names."""
    columns = {name: getattr(batch, name) for name in ("device", "lat", "speed_mps", "content", "flags")}
    return Fixes.of(
        [ids[i] if ids else i for i in batch.ids],
        time_us=batch.time_us + by_us,
        received_us=batch.received_us + by_us,
        lon=batch.lon + by_deg,
        **columns,
    )
