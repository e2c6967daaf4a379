"""`ronda import roads FILE`: a road map becomes a graph, with a report of what it is and what was left out."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from core.entries import Config
from core.errors import ConfigError
from dispatch.roads.build import Report, build
from dispatch.roads.graph import UNIT, Roads
from dispatch.roads.packing import rows_of
from dispatch.roads.speeds import CLASSES
from ronda.adopt import registrar_of
from ronda.commands.common import WAIT_S, settings_of
from ronda.intake.roads import Ways, ways_of
from ronda.runtime import Parts
from ronda.settings import Settings
from ronda.up import located, opened
from store import read

PARTS: Final = 8  # of one entry: half a megabyte
_SHOWN: Final = 12  # reasons printed; the rest is counted


def run(args: argparse.Namespace) -> int:
    if len(args.files) != 1:
        raise ConfigError("Give one FILE; only `ronda import fixes` and `ronda import alerts` take several.")
    path = Path(args.files[0])
    found = ways_of(path)
    _say_file(path, found)
    roads, report = build(found.ways)
    _say_graph(roads, report)
    _say_city(args, roads)
    rows = rows_of(roads)
    size_kb = sum(len(row["body"]) for row in rows) / 1000
    sys.stdout.write(f"Version {rows[0]['version']}: {size_kb:.0f} kB in {len(rows)} rows.\n")
    if args.dry_run:
        sys.stdout.write("Dry run: nothing was changed.\n")
        return 0
    return asyncio.run(_take_over(settings_of(args), rows))


async def _take_over(settings: Settings, rows: Sequence[dict[str, Any]]) -> int:
    """Into the log, part by part; the map before holds until the last part is there."""
    async with opened(settings, located(settings), Parts()) as runtime:
        registrar = registrar_of(runtime, WAIT_S)
        async with registrar.alone():
            there = {row["id"]: row["version"] async for row in read.registry_rows(runtime.pool, "roads")}
            if there == {row["id"]: row["version"] for row in rows}:
                sys.stdout.write("These roads are in force already; nothing was changed.\n")
                return 0
            for change in _changes(rows, there):
                await registrar([change])
    sys.stdout.write("Done: dispatch reckons with these roads from now on.\n")
    return 0


def _changes(rows: Sequence[dict[str, Any]], there: Iterable[str]) -> list[Config]:
    """The parts, a bounded number an entry; what is left of a longer map before goes last."""
    actor, ids = f"import:{getpass.getuser()}", {row["id"] for row in rows}
    parts = [tuple(rows[at : at + PARTS]) for at in range(0, len(rows), PARTS)]
    gone = tuple({"id": row_id} for row_id in there if row_id not in ids)
    changes = [Config(section="roads", rows=part, actor=actor) for part in parts]
    return [*changes, Config(section="roads", op="delete", rows=gone, actor=actor)] if gone else changes


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
