"""Law 5: a slow, obvious telling of the two-cluster rule, and the engine beside it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import cos, hypot, isnan, pi, radians, sin, sqrt
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.fixes import Fixes
from geo.steps.live import open_rows
from tests.geo.tracks import journeys, newest, run, shuffled

R_IN_M, R_OUT_M, MIN_S, EXIT_S, EXIT_FIXES, TAU_S = 25.0, 35.0, 60.0, 25.0, 2, 60.0
SILENT_S, WAKE_M, WAKE_MPS, STEP_S = 180.0, 300.0, 0.5, 60.0
NOISE_M, NOISE_FIRST_S, NOISE_MEMORY_S, SCALES = 12.0, 120.0, 600.0, (0.7, 2.0)


@dataclass(frozen=True, order=True)
class Fix:
    """One fix; the order of its fields is the order of fixes."""

    second: float
    content: int
    lon: float
    lat: float
    accuracy_m: float

    @property
    def slack_m(self) -> float:
        """Metres by which a poor fix widens every circle."""
        return min(max(self.accuracy_m - 10.0, 0.0), 40.0) if not isnan(self.accuracy_m) else 0.0

    def metres_to(self, lon: float, lat: float) -> float:
        """Distance on WGS84, by the radii of curvature at this fix."""
        e2 = 0.0066943799901413165
        w = sqrt(1 - e2 * sin(radians(self.lat)) ** 2)
        east = pi / 180 * 6378137.0 / w * cos(radians(self.lat))
        north = pi / 180 * 6378137.0 * (1 - e2) / w**3
        return hypot((self.lon - lon) * east, (self.lat - lat) * north)


@dataclass
class Spot:
    """A place where some fixes fell together."""

    lon: float
    lat: float
    first_s: float
    last_s: float
    fixes: int = 1
    silent_s: float = 0.0
    weight_s: float = 0.0

    @staticmethod
    def at(fix: Fix) -> Spot:
        return Spot(fix.lon, fix.lat, fix.second, fix.second)

    def lasted(self, interval_s: float) -> bool:
        stay_s = self.last_s - self.first_s
        return stay_s + 0.1 * min(interval_s, stay_s) >= MIN_S

    def follow(self, fix: Fix, elapsed_s: float) -> None:
        """The centre moves towards the fix by the share that its interval has in the last minute."""
        step_s = min(elapsed_s, STEP_S)
        self.weight_s = min(self.weight_s + step_s, TAU_S)
        if self.weight_s > 0:
            self.lon += step_s / self.weight_s * (fix.lon - self.lon)
            self.lat += step_s / self.weight_s * (fix.lat - self.lat)

    def reach(self, fix: Fix, heard: list[Fix]) -> None:
        """The stay lasts to this fix; a long interval since, in which nothing at all was heard, was silence."""
        seconds = [f.second for f in heard if f.second >= self.last_s] + [fix.second]
        self.silent_s += sum(b - a for a, b in pairwise(seconds) if b - a > SILENT_S)
        self.last_s = fix.second
        self.fixes += 1


class Walk:
    """One device's fixes in order, told without arrays, rings or batches."""

    def __init__(self, first: Fix) -> None:
        self.here, self.is_dwell = Spot.at(first), False
        self.elsewhere: Spot | None = None  # where the fixes since the last one inside gather
        self.outside: list[Fix] = []
        self.heard = [first]
        self.noise_m2, self.noise_s = NOISE_M**2, NOISE_FIRST_S
        self.finished: list[Spot] = []

    def hear(self, fix: Fix) -> None:
        """A fix is inside, ends a silence nearby, or is outside."""
        elapsed_s = fix.second - self.heard[-1].second
        distance_m = fix.metres_to(self.here.lon, self.here.lat)
        if distance_m <= self.reach_m(fix, R_OUT_M if self.is_dwell else R_IN_M):
            if self.is_dwell and (fix.lon, fix.lat) != (self.heard[-1].lon, self.heard[-1].lat):
                self.learn(distance_m, min(elapsed_s, STEP_S))
            self.here.follow(fix, elapsed_s)
            self.join(fix)
        elif elapsed_s > SILENT_S and self.metres_slept(fix) <= min(WAKE_M, WAKE_MPS * elapsed_s):
            if self.elsewhere is not None:
                self.move()
            if self.here.weight_s < EXIT_S:
                self.here.lon, self.here.lat = fix.lon, fix.lat
            self.join(fix)
        else:
            self.go_outside(fix)
        self.judge(elapsed_s if self.elsewhere is None else 0.0)
        self.heard.append(fix)

    def reach_m(self, fix: Fix, radius_m: float) -> float:
        """The radius that the noise seen so far asks for, or the one that the fix asks for."""
        scale = min(max((1.0 + sqrt(self.noise_m2) / NOISE_M) / 2.0, SCALES[0]), SCALES[1])
        return max(radius_m * scale, radius_m * min(scale, 1.0) + fix.slack_m)

    def learn(self, distance_m: float, step_s: float) -> None:
        """The mean square distance over the last ten minutes of dwells."""
        self.noise_s = min(self.noise_s + step_s, NOISE_MEMORY_S)
        self.noise_m2 += step_s / self.noise_s * (distance_m**2 - self.noise_m2)

    def metres_slept(self, fix: Fix) -> float:
        """How far from where it was last heard: at either place, if it named two at one instant."""
        last = [f for f in self.heard[-2:] if f.second == self.heard[-1].second]
        return min(fix.metres_to(f.lon, f.lat) for f in last)

    def join(self, fix: Fix) -> None:
        self.here.reach(fix, self.heard)
        self.elsewhere, self.outside = None, []

    def go_outside(self, fix: Fix) -> None:
        """Fixes outside gather somewhere; long enough and often enough outside, it is there now."""
        there = self.elsewhere
        if there is None:
            self.elsewhere = Spot.at(fix)
        elif fix.metres_to(there.lon, there.lat) > self.reach_m(fix, R_IN_M):
            if there.lasted(fix.second - self.heard[-1].second):
                self.move(fix.second - self.heard[-1].second)
            self.elsewhere = Spot.at(fix)
        else:
            there.follow(fix, fix.second - there.last_s)
            there.reach(fix, self.heard)
        self.outside.append(fix)
        moves_on = self.elsewhere is not None and self.elsewhere.first_s > self.outside[0].second
        fixes, away_s = len(self.outside), fix.second - self.outside[0].second
        many = fixes >= 2 * EXIT_FIXES and away_s >= 2 * EXIT_S
        if fixes >= EXIT_FIXES and away_s >= EXIT_S and (moves_on or many or away_s >= 4 * EXIT_S):
            self.move()

    def move(self, interval_s: float = 0.0) -> None:
        """What was here is over; elsewhere is here."""
        if self.is_dwell:
            self.finished.append(self.here)
        assert self.elsewhere is not None
        self.here, self.is_dwell, self.elsewhere, self.outside = self.elsewhere, False, None, []
        self.judge(interval_s)

    def judge(self, interval_s: float = 0.0) -> None:
        """A minute at one place is a dwell; it is known to a tenth of the last interval only."""
        self.is_dwell = self.is_dwell or self.here.lasted(interval_s)

    def rows(self) -> list[Spot]:
        return self.finished + [self.here] * self.is_dwell


def reference(batch: Fixes) -> list[tuple[float, float, int, float]]:
    """Start, last, fixes and silence of every dwell of one device."""
    columns = (batch.time_us / 1e6, batch.content.view(np.int64), batch.lon, batch.lat, batch.accuracy_m)
    ordered = sorted(Fix(*row) for row in zip(*(c.tolist() for c in columns), strict=True))
    distinct = [f for i, f in enumerate(ordered) if i == 0 or (f.second, f.content) != _moment(ordered[i - 1])]
    walk = Walk(distinct[0])
    for fix in distinct[1:]:
        walk.hear(fix)
    return [(s.first_s, s.last_s, s.fixes, s.silent_s) for s in walk.rows()]


def _moment(fix: Fix) -> tuple[float, int]:
    return fix.second, fix.content


def engine(batch: Fixes) -> list[tuple[float, float, int, float]]:
    """The same of the engine: the closed rows and the open one as it stands."""
    state, events = run([batch])
    rows = {r.id: r for r in newest(events)} | {r.id: r for r in open_rows(state)}
    live = sorted((r for r in rows.values() if r.state != "retracted"), key=lambda r: r.start_us)
    return [(r.start_us / 1e6, r.last_us / 1e6, r.fixes, r.silent_s) for r in live]


@st.composite
def blurred(draw: st.DrawFn) -> Fixes:
    """A short journey of one device, some of its fixes admitting that they are poor."""
    batch = draw(journeys(devices=1, legs=8))
    poor = st.sampled_from([float("nan"), 5.0, 30.0, 200.0])
    accuracy: Any = draw(st.lists(poor, min_size=len(batch), max_size=len(batch)))
    names = ("device", "time_us", "received_us", "lat", "lon", "speed_mps")
    return Fixes.of(batch.ids, accuracy_m=accuracy, **{n: getattr(batch, n) for n in names})


@given(blurred())
def test_engine_equals_reference(batch: Fixes) -> None:
    """Start, last fix, number of fixes and silence of every dwell are the reference's (law 5)."""
    assert engine(batch) == reference(batch)


@given(blurred().flatmap(shuffled))
def test_engine_equals_reference_out_of_order(batch: Fixes) -> None:
    """The same whatever the order of arrival within the horizon."""
    assert engine(batch) == reference(batch)


def test_the_law_sees_dwells() -> None:
    """The law is not empty: most journeys have a dwell, some several, some with silence."""
    seen: list[list[Any]] = []

    @settings(max_examples=300, derandomize=True, database=None)  # the same journeys at each run
    @given(blurred())
    def look(batch: Fixes) -> None:
        seen.append(reference(batch))

    look()
    assert sum(bool(rows) for rows in seen) > len(seen) // 4
    assert any(len(rows) > 1 for rows in seen)
    assert any(row[3] > 0 for rows in seen for row in rows)
