"""Pictures of what a truck's stops were for, and of the alerts of rules. Places, shifts and rules are made up."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from bench.accuracy import trucks
from bench.accuracy.canvas import (
    AMBER,
    BLUE,
    GREEN,
    GREY,
    LANE,
    PALE,
    RED,
    SLATE,
    VIOLET,
    Picture,
    Row,
    around,
)  # fmt: skip
from bench.accuracy.trucks import (
    CLOCK_S,
    MADE_UP,
    YARD,
    at_us,
    at_work,
    configured,
    detected,
    dwells,
    lived,
    points,
    rows_of,
    standing,
)  # fmt: skip
from core.events import AlertChanged, Dwell, DwellChanged, SpellChanged

PURPOSES: Final = {"planned": GREEN, "allowed": BLUE, "break": VIOLET, "unexplained": RED, "unlabelled": GREY}
TIP: Final = {"id": "tip", "name": "tip", "kind": "landfill", "lon": -74.0909, "lat": 40.6880, "radius_m": 150.0}
ZONE: Final = [[-74.085, 40.705], [-74.05, 40.705], [-74.05, 40.735], [-74.085, 40.735], [-74.085, 40.705]]
WATCHED: Final[dict[str, dict[str, Any]]] = {
    "dwell": {"for_s": 1200, "hours": [{"start_min": 420, "end_min": 840}], "escalate_s": 900},
    "outside": {"for_s": 900, "subjects": ["zone:z"]},
    "silence": {"for_s": 2400},
}


def purpose_picture() -> None:
    """A day of one truck: a tip with a queue, a point of its round and one of another, a shift that ends early."""
    fixes = trucks.heard("S-13")
    places = rows_of("places", TIP | {"queue_m": 250.0}, *points(100.0, (-74.04562, 40.72142), (-74.04357, 40.7186)))
    worked = rows_of("profiles", {"cls": "truck", "work_s": 9000})
    found = detected(fixes, *at_work("S-13", "05:30", "13:30", "p0"), places, worked)
    p = around(
        "What each stop of three minutes and more was for, and why",
        f"{MADE_UP} places, round, shift, work_s of 9,000",
        fixes.lon, fixes.lat, fixes.time_us, lanes=len(PURPOSES), left=110.0, clock_s=CLOCK_S,
    )  # fmt: skip
    shift = at_us("05:30"), at_us("13:30")
    p.block(shift, PALE, 0, 0.5, LANE * len(PURPOSES) - 6)
    p.label(p.along(shift[1]) - 30, p.top + 20, "shift", SLATE, 11)
    p.line(fixes.lon, fixes.lat, GREY, 1.0)
    for lane, (purpose, color) in enumerate(PURPOSES.items()):
        p.name(lane, purpose, color)
    for row in dwells(found, 180.0):
        color, lane = PURPOSES[row.purpose], list(PURPOSES).index(row.purpose)
        p.ring(row.lon, row.lat, row.radius_m, color, fill=color)
        p.bar(row, color, lane)
        p.label(p.along(row.last_us) + 4, p.top + 41 + LANE * lane, row.why, color, 11)
    p.save("purpose-real.svg")


def rule_picture() -> None:
    """Three rules over a day of one truck."""
    fixes = trucks.heard("S-8")
    rules = rows_of("rules", *({"id": fact, "fact": fact, **given} for fact, given in WATCHED.items()))
    yard = rows_of("places", YARD | {"kind": "depot"})
    zone = rows_of("zones", {"id": "z", "name": "z", "polygons": [[ZONE]]})
    state = configured(*at_work("S-8", "05:00", "16:30"), yard, zone, rules)
    told: dict[str, Row] = {}
    alerts: list[tuple[int, AlertChanged]] = []
    for now_us, events in lived(state, fixes, int(fixes.time_us[-1]) + 1, 10):
        told |= {e.row.id: e.row for e in events if isinstance(e, DwellChanged | SpellChanged)}
        alerts += [(now_us, e) for e in events if isinstance(e, AlertChanged) and e.rule]
    p = around(
        "Alerts of three rules: from when they were due (line) to when they were told, and their level",
        f"{MADE_UP} yard, zone, rules",
        fixes.lon, fixes.lat, fixes.time_us, left=125.0, clock_s=CLOCK_S,
    )  # fmt: skip
    p.line(fixes.lon, fixes.lat, GREY, 1.0)
    east, north = np.array(ZONE).T
    p.line(east, north, BLUE, 2.0)
    p.legend({"stop": AMBER, "in the zone": BLUE, "heard": SLATE, "alert": RED, "cleared": GREY}.items())
    p.block((at_us("07:00"), at_us("14:00")), PALE, 0, 0.6)
    p.label(p.along(at_us("14:00")) - 30, p.top + 20, "hours", SLATE, 11)
    for row in standing(state, told):
        if isinstance(row, Dwell):
            p.ring(row.lon, row.lat, row.radius_m, AMBER, fill=AMBER)
            p.bar(row, AMBER, 0)
        elif row.subject == "zone:z":
            p.bar(row, BLUE, 1)
    p.beats(fixes.time_us.tolist(), SLATE, 2)
    for lane, (rule, given) in enumerate(WATCHED.items()):
        p.name(lane, f"{rule} {given['for_s'] // 60} min")
    for now_us, alert in alerts:
        flag(p, list(WATCHED).index(alert.rule or ""), now_us, alert)
    p.save("rule-real.svg")


def flag(p: Picture, lane: int, now_us: int, alert: AlertChanged) -> None:
    """An alert when it was told: its level, or d for the digest; a line leads to it from when it was due."""
    color = GREY if alert.state == "cleared" else RED
    text = "x" if alert.state == "cleared" else "d" if alert.digest else str(alert.level)
    x, y = p.along(now_us), p.top + 36 + LANE * lane
    p.parts.append(f'<path d="M{p.along(alert.at_us):.1f} {y}H{x:.1f}" stroke="{color}" stroke-width="3"/>')
    p.parts.append(f'<circle cx="{x:.1f}" cy="{y}" r="7" fill="{color}"/>')
    p.label(x - 3.5, y + 4, text, "#ffffff", 11)
    if alert.state == "raised":
        p.dots([alert.lon], [alert.lat], RED, 5.0)
