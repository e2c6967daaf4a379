"""`ronda import roads FILE`: a road map becomes a graph, with a report of what it is and what was left out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

import numpy as np

from core.errors import ConfigError, RondaError
from dispatch.roads.build import Report, build
from dispatch.roads.graph import UNIT, Roads
from dispatch.roads.packing import rows_of
from dispatch.roads.speeds import CLASSES
from ronda.commands.common import settings_of
from ronda.intake.roads import Ways, ways_of

_SHOWN: Final = 12  # reasons printed; the rest is counted


def run(args: argparse.Namespace) -> int:
    if len(args.files) != 1:
        raise ConfigError("Give one FILE; only `ronda import fixes` takes several.")
    path = Path(args.files[0])
    found = ways_of(path)
    _say_file(path, found)
    roads, report = build(found.ways)
    _say_graph(roads, report)
    _say_city(args, roads)
    rows = rows_of(roads)
    size_kb = sum(len(row["body"]) for row in rows) / 1000
    sys.stdout.write(f"Version {rows[0]['version']}: {size_kb:.0f} kB in {len(rows)} rows.\n")
    if not args.dry_run:
        raise RondaError("Roads cannot be taken over yet, only looked at: say --dry-run. Nothing was changed.")
    sys.stdout.write("Dry run: nothing was changed.\n")
    return 0


def _say_file(path: Path, found: Ways) -> None:
    passed = sum(found.passed.values())
    sys.stdout.write(f"{len(found.ways)} roads read from {path.name}, {passed} lines passed over.\n")
    for reason, n in found.passed.most_common(_SHOWN):
        sys.stdout.write(f"  {n} {reason}\n")
    if len(found.passed) > _SHOWN:
        sys.stdout.write(f"  … and {len(found.passed) - _SHOWN} more reasons\n")


def _say_graph(roads: Roads, report: Report) -> None:
    sys.stdout.write(f"{roads.nodes} crossings, {roads.segments} segments, {roads.km:.1f} km.\n")
    if report.biggest_island is not None:
        lon, lat = report.biggest_island
        sys.stdout.write(
            f"{report.islands} islands without a connection, {report.dropped_km:.1f} km, are left out; "
            f"the longest is at {lat:.5f}, {lon:.5f} (lat, lon).\n"
        )
    for cls in CLASSES:
        lost = report.islands_km.get(cls, 0.0) - report.dropped_km
        if lost > 0.05:
            sys.stdout.write(f"{lost:.1f} km more are no use to class {cls}: it cannot get there and back.\n")


def _say_city(args: argparse.Namespace, roads: Roads) -> None:
    """A map of another city is the likeliest mistake."""
    import cities

    city = cities.load(settings_of(args).city)
    plane = roads.plane()
    middle = plane.xy(roads.lon / UNIT, roads.lat / UNIT).mean(axis=0)
    x, y = plane.xy(np.array(city.origin[:1]), np.array(city.origin[1:]))[0] - middle
    far_km = float((x**2 + y**2) ** 0.5) / 1000
    if far_km > 30:
        sys.stdout.write(f"Beware: the middle of these roads is {far_km:.0f} km from {city.name}.\n")
