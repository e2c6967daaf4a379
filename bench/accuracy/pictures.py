"""Draws the pictures of real traces in docs/images: what the detectors make of them.

The traces lie beside the project, in `../shared/data`; source and licence stand under each picture. Run it again when
a detector changes:
    .venv/bin/python -m bench.accuracy.pictures
"""

from __future__ import annotations

from typing import Final

import numpy as np

from bench.accuracy import dayreports, meanings, rounds
from bench.accuracy.canvas import AMBER, BLUE, GREEN, GREY, INK, RED, VIOLET, around
from bench.accuracy.trucks import SOURCE, detected, dwells, rows_of, spells, truck
from simulators.streets import Plane

OF_TRUCKS: Final = f"Trace: a refuse truck of Jersey City, 10 December 2015; {SOURCE}"
OF_ROUNDS: Final = (
    "Plan: a round of Tainan; github.com/kiang/tainan-garbage-truck, MIT. The drive and its noise are simulated"
)


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
        color = (BLUE, GREEN, RED, VIOLET)[i % 4]
        p.line(fixes.lon[within], fixes.lat[within], color)
        p.bar(trip, color, 0)
        p.label(p.along(trip.start_us), p.top + 24, f"{(trip.distance_m or 0.0) / 1e3:.1f}", color, 11)
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
    rows = detected(fixes, rows_of("zones", {"id": "z", "name": "z", "polygons": [rings]}))
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
    places = [point | {"id": s.id, "name": s.id, "lon": s.lon, "lat": s.lat} for s in stops]
    found = spells(detected(fixes, rows_of("places", *places)), "service")
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
    """All of them; needs the traces."""
    dwell_picture()
    trip_picture()
    zone_picture()
    service_picture()
    meanings.purpose_picture()
    meanings.rule_picture()
    dayreports.roll_picture()
    dayreports.coverage_picture()


if __name__ == "__main__":
    main()
