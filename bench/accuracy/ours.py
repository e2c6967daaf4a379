"""Ronda's dwells of made-up devices: the real `step()`, fed in order of arrival."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from bench.accuracy.generator import START_US, Track
from bench.accuracy.score import Interval
from core.entries import Config
from core.events import Dwell, DwellChanged
from core.fixes import Fixes
from geo.partition import GeoState
from geo.step import step
from geo.steps.live import open_rows

BATCH: Final = 1000


def arriving(tracks: list[Track]) -> Fixes:
    """What is heard of the devices `t0`, `t1`, ..., in order of arrival."""
    parts = []
    for number, track in enumerate(tracks):
        lon, lat = (column[track.row] for column in track.lon_lat())
        parts.append(
            Fixes.of(
                [f"t{number}"],
                device=np.zeros(len(track.row), int),
                time_us=START_US + np.round(track.t_s[track.row] * 1e6).astype(np.int64),
                received_us=START_US + np.round(track.heard_s * 1e6).astype(np.int64),
                lon=lon,
                lat=lat,
                accuracy_m=track.accuracy_m[track.row],
            )
        )
    joined = Fixes.concat(parts)
    return joined.take(np.argsort(joined.received_us, kind="stable"))


def batches(fixes: Fixes) -> Iterator[Fixes]:
    for start in range(0, len(fixes), BATCH):
        yield fixes.take(np.arange(start, min(start + BATCH, len(fixes))))


def dwells(fixes: Fixes, profile: Mapping[str, Any]) -> dict[str, list[Dwell]]:
    """Live rows of each device after all is heard, the open ones as they stand; `profile` changes the truck's."""
    state = GeoState()
    step(state, Config(section="profiles", op="set", rows=({"id": "truck", "cls": "truck", **profile},)))
    rows: dict[str, Dwell] = {}
    for batch in batches(fixes):
        rows |= {e.row.id: e.row for e in step(state, batch) if isinstance(e, DwellChanged)}
    rows |= {row.id: row for row in open_rows(state)}
    found = defaultdict(list)
    for row in sorted(rows.values(), key=lambda r: r.start_us):
        if row.state != "retracted":
            found[row.device].append(row)
    return found


def intervals(rows: list[Dwell]) -> list[Interval]:
    """First and last fix of each, in seconds of the made-up day."""
    return [((r.start_us - START_US) / 1e6, (r.last_us - START_US) / 1e6) for r in rows]
