"""Pictures of a day's reports: the roll call of nine trucks, the coverage of a round. Depot and round are made up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

import numpy as np

from bench.accuracy import trucks
from bench.accuracy.canvas import AMBER, BLUE, GREEN, GREY, INK, LANE, PALE, RED, SLATE, Chart, Row, around
from bench.accuracy.trucks import (
    CITY,
    CLOCK_S,
    MADE_UP,
    UNITS,
    YARD,
    at_us,
    at_work,
    configured,
    detected,
    dwells,
    lived,
    points,
    rows_of,
    spells,
    standing,
)  # fmt: skip
from core.calendar import day_number
from core.entries import Config
from core.events import DwellChanged, Spell, SpellChanged
from core.fixes import Fixes
from core.units import MINUTE_US
from geo.config import GeoConfig
from geo.reports.coverage import coverage
from geo.reports.daybook import Book, Heard, Seen
from geo.reports.rollcall import AT, Doing, rollcall
from simulators.streets import Plane

DOING: Final[dict[str, str]] = {"moving": GREEN, "depot": BLUE, "stopped": AMBER, "silent": SLATE, "never_seen": PALE}
STATUS: Final = {"served": GREEN, "late": AMBER, "missed": RED, "unknown": GREY}
MORNING: Final = at_us("05:30"), at_us("09:00")


def roll_picture() -> None:
    """A morning of nine trucks: in each lane above what was known at each minute, below what in the evening."""
    p = Chart(
        title="The roll of nine trucks each minute: above what was known then, below what was known in the evening",
        source=f"{MADE_UP} depot",
        span_us=MORNING, lanes=len(UNITS), left=70.0, clock_s=CLOCK_S,
    )  # fmt: skip
    p.legend(DOING.items())
    asked = list(morning())
    for lane, unit in enumerate(UNITS):
        p.name(lane, unit)
        for half in (0, 1):
            states = [(answers[half][unit], now_us) for now_us, answers in asked]
            for state, minutes in groupby(states, itemgetter(0)):
                known = [now_us for _, now_us in minutes]
                p.block((known[0], known[-1] + MINUTE_US), DOING[state], lane + 0.36 * half, height=8)
    p.upright(at_us("00:00") + AT * MINUTE_US)
    p.save("rollcall-real.svg")


def morning() -> Iterator[tuple[int, list[dict[str, Doing]]]]:
    """Each minute, and the state of each truck then: as it was known at that minute, and in the evening."""
    fixes = trucks.heard(*UNITS)
    given = (
        CITY,
        rows_of("places", YARD | {"kind": "depot"}),
        rows_of("devices", *({"id": unit} for unit in UNITS)),
        rows_of("vehicles", *({"id": unit} for unit in UNITS)),
        rows_of("assignments", *({"id": u, "from_us": 0, "device": u, "vehicle": u} for u in UNITS)),
    )
    state, told = configured(*given), dict[str, Row]()
    evening = book(given, detected(fixes, *given), int(fixes.time_us[-1]))
    for now_us, events in lived(state, fixes, MORNING[1], 60):
        told |= {e.row.id: e.row for e in events if isinstance(e, DwellChanged | SpellChanged)}
        seen = {fixes.ids[fixes.device[n]]: seen_of(fixes, n) for n in np.flatnonzero(fixes.time_us <= now_us).tolist()}
        days = book(given, standing(state, told), now_us), evening
        yield now_us, [{a.vehicle: a.state for a in rollcall(day, now_us, seen)} for day in days]


def seen_of(fixes: Fixes, n: int) -> Seen:
    return Seen(int(fixes.time_us[n]), float(fixes.lon[n]), float(fixes.lat[n]))


def book(configs: Iterable[Config], rows: list[Row], now_us: int, heard: Iterable[Heard] = ()) -> Book:
    """The day with these rows."""
    config = GeoConfig()
    for change in configs:
        config.apply(change)
    found = [row for row in rows if isinstance(row, Spell)]
    edges = {edge.device: edge for edge in heard}
    number = day_number(trucks.DAY)
    return Book(config=config, day=number, now_us=now_us, dwells=dwells(rows), spells=found, heard=edges)


def stops() -> Iterator[tuple[float, float]]:
    """Where any of the trucks stood for a minute, as precisely as the silence lets know; no two within 120 m."""
    plane, taken = Plane.at((YARD["lon"], YARD["lat"])), np.empty((0, 2))
    for row in dwells(detected(trucks.heard(*trucks.UNITS)), 60.0):
        xy = plane.forward(row.lon, row.lat)
        if row.radius_m < 100.0 and np.all(np.hypot(*(taken - xy).T) > 120.0):
            taken = np.vstack([taken, xy])
            yield row.lon, row.lat


def coverage_picture() -> None:
    """A round of the points where any truck stood on that day, given to one of them for a short shift."""
    fixes, places = trucks.heard("S-4"), points(60.0, *stops())
    given = *at_work("S-4", "07:50", "08:10", *(place["id"] for place in places)), rows_of("places", *places)
    edges = Heard(device="S-4", before=seen_of(fixes, 0), first=seen_of(fixes, 1), last=seen_of(fixes, -1))
    rows = detected(fixes, *given)
    (round_,) = coverage(book(given, rows, at_us("16:00"), [edges])).rounds
    lon, lat = (np.array([place[name] for place in places]) for name in ("lon", "lat"))
    p = around(
        "What became of each point of a round from 07:50 to 08:10, half an hour of grace before and after",
        f"{MADE_UP} the round, of the stops of nine trucks",
        lon, lat, fixes.time_us, left=80.0, clock_s=CLOCK_S,
    )  # fmt: skip
    shown = (fixes.time_us >= at_us("07:20")) & (fixes.time_us <= at_us("08:40"))
    p.line(fixes.lon, fixes.lat, PALE, 1.0)
    p.line(fixes.lon[shown], fixes.lat[shown], INK, 1.5)
    p.legend(STATUS.items())
    for place, point in zip(places, round_.points, strict=True):
        p.ring(place["lon"], place["lat"], place["radius_m"], STATUS[point.status], fill=STATUS[point.status])
    p.block((at_us("07:20"), at_us("08:40")), PALE, 0, 1.0, 3 * LANE - 6)
    kinds: dict[str, tuple[Sequence[Row], str]] = {
        "passes": (spells(rows, "service"), GREEN),
        "stops": (dwells(rows), SLATE),
        "gaps": (spells(rows, "gap"), INK),
    }
    for lane, (name, (found, color)) in enumerate(kinds.items()):
        p.name(lane, name)
        for row in found:
            p.bar(row, color, lane)
    p.save("coverage-real.svg")
