"""The whole step, every detector on: beside our own decoding, for a parked device, and the memory of a fleet."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import chain
from math import isnan
from typing import Final

import msgspec
import numpy as np

from cities.kupang import city
from core.entries import Config
from core.fixes import Fixes
from geo.partition import GeoState
from geo.step import step
from ingest.columns import judge
from ingest.dialects.native import decode
from ingest.raw import RawFix
from simulators.day import Scenario, make
from simulators.registry import city_configs, fleet_configs
from simulators.wire import to_fixes

START_US: Final = 1_765_000_000_000_000
TRUCKS, VOLUNTEERS = 60, 60
ROUNDS: Final = 3


def taken(fixes: Fixes, size: int) -> list[Fixes]:
    """The batch cut into entries."""
    return [fixes.take(np.arange(i, min(i + size, len(fixes)))) for i in range(0, len(fixes), size)]


def simulated_city() -> tuple[list[Config], Fixes]:
    """A shift of the simulated fleet, and the configuration of its city: areas, places, rounds, shifts."""
    scenario = Scenario(city=city(), seed=11, trucks=TRUCKS, volunteers=VOLUNTEERS, start_us=START_US)
    configs = city_configs(scenario.city, None, at_us=START_US, actor="bench")
    fleet = fleet_configs(
        scenario.city, trucks=TRUCKS, volunteers=VOLUNTEERS, from_us=0, at_us=START_US, actor="bench", duty_us=(0, 0)
    )
    return [*configs, *fleet], to_fixes(list(make(scenario).sendings()))


def stepped(configs: Iterable[Config], fixes: Fixes, size: int) -> tuple[float, int]:
    """CPU seconds a fix of the whole step, and how many events came of it."""
    best, events = float("inf"), 0
    for _ in range(ROUNDS):
        state = GeoState()
        for config in configs:
            step(state, config)
        batches = taken(fixes, size)
        begin = time.process_time()
        events = sum(len(step(state, batch)) for batch in batches)
        best = min(best, time.process_time() - begin)
    return best / len(fixes), events


def payloads(fixes: Fixes) -> list[bytes]:
    """The same fixes as devices send them in the native dialect, one a message."""
    names = ("time_us", "lat", "lon", "speed_mps", "course_deg", "accuracy_m", "battery_pct")
    rows = zip(*(getattr(fixes, name).tolist() for name in names), strict=True)
    keys = ("time", "lat", "lon", "speed", "course", "accuracy", "battery")
    said = (zip(keys, (time_us / 1e6, *rest), strict=True) for time_us, *rest in rows)
    return [msgspec.json.encode({key: value for key, value in fix if not isnan(value)}) for fix in said]


def decoded(messages: list[bytes], fixes: Fixes, size: int) -> float:
    """CPU seconds a fix of our own decoding: payloads to a batch of `Fixes`, judged as ingest does."""
    begin = time.process_time()
    for i in range(0, len(messages), size):
        raws = list(chain.from_iterable(decode(message).fixes for message in messages[i : i + size]))
        received_us = fixes.received_us[i : i + size]
        found = judge(raws, received_us).columns
        found |= {"device": fixes.device[i : i + size], "received_us": received_us}
        Fixes.of(fixes.ids, n=len(raws), **found)
    return (time.process_time() - begin) / len(messages)


def parsed(messages: list[bytes]) -> float:
    """CPU seconds a message of msgspec alone, into one struct each."""
    read = msgspec.json.Decoder(RawFix).decode
    begin = time.process_time()
    for message in messages:
        read(message)
    return (time.process_time() - begin) / len(messages)


def parked(count: int) -> float:
    """CPU seconds of the last 250 fixes of so many of a truck that stands, one a second, noise of 5 m."""
    rng = np.random.default_rng(1)
    time_us = START_US + np.arange(count) * 1_000_000
    lon, lat = 123.6 + rng.normal(0, 5, count) / 109_660, -10.17 + rng.normal(0, 5, count) / 110_610
    fixes = Fixes.of(["parked"], device=np.zeros(count, int), time_us=time_us, received_us=time_us, lon=lon, lat=lat)
    best = float("inf")
    for _ in range(5):
        state = GeoState()
        *before, last = taken(fixes, 250)
        for batch in before:
            step(state, batch)
        begin = time.process_time()
        for batch in taken(last, 50):
            step(state, batch)
        best = min(best, time.process_time() - begin)
    return best / 250


def memory(devices: int, every_s: int) -> dict[str, float]:
    """Bytes a device by part, after an hour of driving of so many devices."""
    state, ids = GeoState(), tuple(f"t{i}" for i in range(devices))
    for turn in range(3600 // every_s):
        seconds = turn * every_s
        time_us = np.full(devices, START_US + seconds * 1_000_000)
        lon, lat = np.full(devices, 123.6 + 8.0 * seconds / 109_660), np.full(devices, -10.17)
        step(state, Fixes.of(ids, device=np.arange(devices), time_us=time_us, received_us=time_us, lon=lon, lat=lat))
    d, track = state.devices, state.devices.track
    return {
        "dwell": sum(array[0].nbytes for array in (d.f, d.k, d.homes, d.last)),
        "track": sum(array[0].nbytes for array in (track.g[0], track.m[0])),
        "past copies": sum(array[1:, 0].nbytes for array in (d.floats, d.ints, track.g, track.m)),
        "rings": sum(column.nbytes for column in d.ring) / devices,
        "contacts": (track.ci.nbytes + track.cf.nbytes) / devices,
    }
