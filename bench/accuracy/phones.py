"""Phones with a diary: days of the essnet-ssi geoservice data (EUPL-1.2), leave-one-day-out for everybody.

The days lie outside the project, in `../shared/data/stops`; where they are absent there is nothing to see. A diary's
stop is a run of fixes that say TRUE. The labels are a person's and the days few: read the interval, not the figure.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby, product
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from bench.accuracy.fleet import installed
from bench.accuracy.generator import START_US
from bench.accuracy.ours import dwells, intervals
from bench.accuracy.peers import Points
from bench.accuracy.score import Interval, Score, compare, total
from core.fixes import Fixes

FOLDER: Final = Path(__file__).parents[3] / "shared" / "data" / "stops"
MIN_S: Final = 180.0
SIZES_M: Final = (50.0, 80.0, 120.0, 200.0)
OURS: Final = tuple(product((50.0, 40.0, 30.0), (60.0, 120.0, 300.0)))  # r_in_m, exit_s; the first is the default
DRAWS: Final = 2000


class Day(NamedTuple):
    """A day of one phone, in order of time, and what its diary says."""

    name: str
    points: Points
    truth: list[Interval]


class Result(NamedTuple):
    """Of one detector: its score on each day with the thresholds that the other days chose."""

    name: str
    days: list[Score]

    @property
    def f1(self) -> float:
        return total(self.days).f1

    def interval(self) -> tuple[float, float]:
        """95 % of F1 when days are drawn anew (bootstrap)."""
        rng = random.Random(1)
        drawn = sorted(total(rng.choices(self.days, k=len(self.days))).f1 for _ in range(DRAWS))
        return drawn[DRAWS // 40], drawn[-DRAWS // 40]


def days() -> list[Day]:
    return [read(path) for path in sorted(FOLDER.glob("ssi_*.csv"))]


def read(path: Path) -> Day:
    """A file of user_id, timestamp, latitude, longitude, stop, mode; of fixes at one second the first counts."""
    with path.open(newline="") as file:
        rows = sorted(csv.DictReader(file), key=itemgetter("timestamp"))
    rows = [next(group) for _, group in groupby(rows, key=itemgetter("timestamp"))]
    t = np.array([dt.datetime.fromisoformat(row["timestamp"]).timestamp() for row in rows])
    lat, lon = (np.array([float(row[name]) for row in rows]) for name in ("latitude", "longitude"))
    x, y = (lon - lon[0]) * 111_320.0 * np.cos(np.radians(lat[0])), (lat - lat[0]) * 111_250.0
    stops = groupby(zip(t.tolist(), (row["stop"] for row in rows), strict=True), key=itemgetter(1))
    runs = [[at for at, _ in group] for stop, group in stops if stop == "TRUE"]
    return Day(path.stem, Points(t, x, y, lon, lat), [(run[0], run[-1]) for run in runs])


def ours(day: Day, r_m: float, exit_s: float) -> list[Interval]:
    """Through the real `step()`, as a phone with other radii in the proportion of the default's."""
    p = day.points
    time_us = START_US + np.round((p.t_s - p.t_s[0]) * 1e6).astype(np.int64)
    fixes = Fixes.of(
        ["t0"], device=np.zeros(len(time_us), int), time_us=time_us, received_us=time_us, lon=p.lon, lat=p.lat
    )
    phone: dict[str, Any] = {
        "min_dwell_s": MIN_S, "r_in_m": r_m, "r_out_m": 1.4 * r_m, "exit_s": exit_s, "tau_s": 300.0, "noise_m": 20.0,
        "silent_after_s": 900.0, "wake_m": 150.0,
    }  # fmt: skip
    return [(a + p.t_s[0], b + p.t_s[0]) for a, b in intervals(dwells(fixes, phone)["t0"])]


def left_out(name: str, detectors: Sequence[Callable[[Day], list[Interval]]], all_days: list[Day]) -> Result:
    """For each day the detector that was best on the other days (the first of equals)."""
    scores = [[compare(detect(day), day.truth, MIN_S) for day in all_days] for detect in detectors]
    chosen = []
    for left in range(len(all_days)):
        others = [total(s for i, s in enumerate(row) if i != left).f1 for row in scores]
        chosen.append(scores[others.index(max(others))][left])
    return Result(name, chosen)


def results() -> list[Result]:
    """Ours first."""
    all_days = days()
    found = [left_out("Ronda", [partial(ours, r_m=r, exit_s=e) for r, e in OURS], all_days)]
    for peer in installed():
        detectors = [partial(_theirs, peer.detect, size) for size in SIZES_M]
        found.append(left_out(peer.name, detectors, all_days))
    return found


def _theirs(detect: Callable[[Points, float, float], list[Interval]], size_m: float, day: Day) -> list[Interval]:
    return detect(day.points, size_m, MIN_S)
