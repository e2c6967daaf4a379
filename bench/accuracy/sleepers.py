"""Trackers that sleep when parked, and trackers that die on the road: does silence alarm when it should, and only then?

The motion is the frozen fleet's. A sleeper says two fixes after it has stopped, the last with its ignition off or with
a speed near zero (or, saying nothing but positions, goes on for a minute), and is silent until it drives off. The
others die while they drive and are never heard again. Ticks come every 10 s.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.accuracy.generator import EAST, LAT0, LON0, NORTH, START_US, motion
from core.entries import Config, Tick
from core.events import AlertChanged
from core.fixes import Fixes
from geo.partition import GeoState
from geo.step import step

Says = Literal["ignition", "speed", "position"]

SAYS: Final[tuple[Says, ...]] = ("ignition", "speed", "position")
EVERY_S: Final = 10.0
LIMIT_S: Final = 1800.0
TICK_S: Final = 10.0
SILENT_FOR_S: Final = 2 * 3600.0  # ticks after the last fix


class Night(NamedTuple):
    """What was to be found, what was found; delays in seconds after the limit; what died, and what of it alarmed."""

    over: int
    found: int
    delay_s: tuple[float, ...]
    died: int
    accused: int


class Heard(NamedTuple):
    """One tracker: its fixes, and the stands that must alarm."""

    fixes: Fixes
    over: tuple[tuple[float, float], ...]


def tracker(seed: int, number: int, says: Says, *, dies: bool) -> Heard:
    """Fixes of a sleeper, or of one that dies while it drives."""
    corners_s, corners, stands = motion(np.random.default_rng((seed, number)))
    rng = np.random.default_rng((seed, number, 99))
    end_s = float(corners_s[-1])
    died_s = _on_the_road(corners_s, corners, rng) if dies else end_s
    t = np.arange(rng.uniform(0.0, EVERY_S), died_s, EVERY_S)
    last_words = 2 if says != "position" else 7
    awake = np.ones(len(t), bool)
    for start, end in stands if not dies else []:
        first, last = np.searchsorted(t, [start, end])
        awake[first + last_words : last] = False
    t = t[awake]
    xy = np.stack([np.interp(t, corners_s, axis) for axis in corners.T], axis=1)
    xy += rng.normal(0.0, rng.uniform(3.0, 10.0) / np.sqrt(2.0), xy.shape)
    over = tuple((a, b) for a, b in stands if b - a > LIMIT_S + 60.0 and b < end_s)
    return Heard(_fixes(f"{says}{number}", t, xy, _speed(t, corners_s, corners), says), () if dies else over)


def night(seed: int, devices: int) -> Night:
    """Run the sleepers and the dead of a seed, `devices` of each, against the clock."""
    sleepers = [tracker(seed, i, SAYS[i % len(SAYS)], dies=False) for i in range(devices)]
    dead = [tracker(seed, 1000 + i, SAYS[i % len(SAYS)], dies=True) for i in range(devices)]
    raised = alarms(Fixes.concat(h.fixes for h in sleepers + dead))
    delays: list[float] = []
    for heard in sleepers:
        for start, end in heard.over:
            hits = [at - start - LIMIT_S for at in raised[heard.fixes.ids[0]] if start <= at <= end]
            delays += hits[:1]
    accused = sum(_last_s(h) < at for h in dead for at in raised[h.fixes.ids[0]])
    return Night(sum(len(h.over) for h in sleepers), len(delays), tuple(delays), devices, accused)


def alarms(fixes: Fixes) -> dict[str, list[float]]:
    """When each device raised an alert, with a tick after each `TICK_S` of the day."""
    state = GeoState()
    step(state, _neighbourhood())
    fixes = fixes.take(np.argsort(fixes.received_us, kind="stable"))
    raised = defaultdict(list)
    stop_us = int(fixes.received_us[-1] + SILENT_FOR_S * 1e6)
    ticks = range(START_US, stop_us, int(TICK_S * 1e6))
    edges = np.searchsorted(fixes.received_us, np.array(ticks))
    for i, now_us in enumerate(ticks):
        events = step(state, fixes.take(np.arange(edges[i - 1] if i else 0, edges[i])))
        events += step(state, Tick(now_us=now_us, deaf_us=0))
        for event in events:
            if isinstance(event, AlertChanged) and event.state == "raised":
                raised[event.device].append((now_us - START_US) / 1e6)
    return raised


def _neighbourhood() -> Config:
    """Places of a metre around the town: somebody knows the neighbourhood, so a stop elsewhere is unexplained."""
    around = ((0.15, 0.0), (-0.15, 0.0), (0.0, 0.15), (0.0, -0.15))
    place = {"name": "TPA", "kind": "landfill", "radius_m": 1.0}
    rows = tuple(place | {"id": f"tpa{i}", "lon": LON0 + x, "lat": LAT0 + y} for i, (x, y) in enumerate(around))
    return Config(section="places", op="set", rows=rows)


def _on_the_road(corners_s: NDArray[np.float64], corners: NDArray[np.float64], rng: np.random.Generator) -> float:
    """A moment after the first hour, any of those with equal chance at which it has driven for an interval."""
    drives = np.hypot(*np.diff(corners, axis=0).T) > 0.0
    while True:
        at_s = rng.uniform(3600.0, corners_s[-1])
        if all(drives[np.searchsorted(corners_s, at_s - before) - 1] for before in (0.0, EVERY_S)):
            return float(at_s)


def _speed(t: NDArray[np.float64], corners_s: NDArray[np.float64], corners: NDArray[np.float64]) -> NDArray[np.float64]:
    ahead = [np.interp(t + 0.5, corners_s, axis) - np.interp(t - 0.5, corners_s, axis) for axis in corners.T]
    return np.asarray(np.hypot(*ahead), np.float64)


def _fixes(
    device: str, t: NDArray[np.float64], xy: NDArray[np.float64], speed: NDArray[np.float64], says: Says
) -> Fixes:
    time_us = START_US + np.round(t * 1e6).astype(np.int64)
    told: dict[str, Any] = {"speed_mps": speed} if says != "position" else {}
    told |= {"ignition": speed > 0.5} if says == "ignition" else {}
    return Fixes.of(
        [device], device=np.zeros(len(t), int), time_us=time_us, received_us=time_us + 1_000_000,
        lon=LON0 + xy[:, 0] / EAST, lat=LAT0 + xy[:, 1] / NORTH, **told,
    )  # fmt: skip


def _last_s(heard: Heard) -> float:
    return float(heard.fixes.time_us[-1] - START_US) / 1e6
