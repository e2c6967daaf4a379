"""`ronda detect FILE…`: one row per dwell, by the kernel of the live engine, without a server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from tqdm import tqdm

import cities
from api.answers import csv_lines
from api.rows import DWELL_COLUMNS, dwell_cells, dwell_feature, dwell_row
from core.events import Dwell
from core.fixes import Fixes
from ronda.commands.common import settings_of
from ronda.commands.traces import in_order, read_traces
from ronda.detection import at_least, detect, profile_of

_SHOWN = 20  # bad rows printed; the rest is counted


def run(args: argparse.Namespace) -> int:
    fixes = _read(args)
    profile = profile_of(args.profile, args.radius, args.min_dwell)
    with tqdm(total=len(fixes), unit="fix", leave=False, disable=not sys.stderr.isatty()) as bar:
        rows = detect(fixes, profile, bar.update)
    rows = rows if args.min_dwell is None else at_least(rows, args.min_dwell)
    zone = ZoneInfo(cities.load(settings_of(args).city).tz)
    end_us = int(fixes.time_us.max()) if len(fixes) else 0
    shown = [dwell_row(row, None, _now_us(row, end_us), zone) for row in rows]
    body = b"".join(_WRITERS[args.format](shown))
    if args.output:
        Path(args.output).write_bytes(body)
    else:
        sys.stdout.buffer.write(body)
    return 0


def _now_us(row: Dwell, end_us: int) -> int:
    """A file ends: a dwell that it leaves open lasts to its last fix inside, nothing is known of later."""
    return row.last_us if row.end_us is None else end_us


def _read(args: argparse.Namespace) -> Fixes:
    """All files as one batch in order of time; rows that cannot be used are reported."""
    traces = read_traces(args)
    for name, trace in traces.items():
        for trouble in trace.troubles[:_SHOWN]:
            sys.stderr.write(f"{name}:{trouble.line}: {trouble.reason} {trouble.detail}\n")
        if len(trace.troubles) > _SHOWN:
            sys.stderr.write(f"{name}: {len(trace.troubles) - _SHOWN} more rows not taken\n")
    return in_order(traces)


def _csv(rows: Sequence[dict[str, Any]]) -> Iterator[bytes]:
    yield csv_lines([list(DWELL_COLUMNS), *(dwell_cells(row) for row in rows)])


def _jsonl(rows: Sequence[dict[str, Any]]) -> Iterator[bytes]:
    return (msgspec.json.encode(row) + b"\n" for row in rows)


def _geojson(rows: Sequence[dict[str, Any]]) -> Iterator[bytes]:
    yield msgspec.json.encode({"type": "FeatureCollection", "features": [dwell_feature(row) for row in rows]})


_WRITERS = {"csv": _csv, "jsonl": _jsonl, "geojson": _geojson}
