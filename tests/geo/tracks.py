"""Tracks for the geo tests: a made-up truck that drives, stands, sleeps and jumps; times in seconds of its day."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from hypothesis import strategies as st

from core.entries import Config, Tick
from core.events import AlertChanged, Dwell, DwellChanged
from core.fixes import Fixes, Flag
from geo.partition import SOS_KEY, GeoState
from geo.step import step
from geo.steps.live import open_rows

DAY_US = 1_765_000_000_000_000
EAST, NORTH = 109_660.0, 110_610.0  # metres per degree near the test city


def fixes(rows: list[tuple[Any, ...]], device: str = "t1", **columns: Any) -> Fixes:
    """Fixes of one device from (second, east_m, north_m) rows, heard one second later."""
    t = np.array([r[0] for r in rows], np.float64)
    us = (DAY_US + t * 1e6).astype(np.int64)
    lon = 123.6 + np.array([r[1] for r in rows], np.float64) / EAST
    lat = -10.17 + np.array([r[2] for r in rows], np.float64) / NORTH
    return Fixes.of(
        [device], device=np.zeros(len(rows), int), time_us=us, received_us=us + 1_000_000, lon=lon, lat=lat, **columns
    )


def standing(
    start_s: int, end_s: int, every_s: int = 10, at: tuple[float, float] = (0.0, 0.0)
) -> list[tuple[float, ...]]:
    """A truck that stands at one point and reports."""
    return [(t, *at) for t in range(start_s, end_s + 1, every_s)]


def driving(start_s: int, end_s: int, every_s: int = 10, mps: float = 8.0, x0: float = 0.0) -> list[tuple[float, ...]]:
    """A truck that drives east from x0."""
    return [(t, x0 + (t - start_s) * mps, 0.0) for t in range(start_s, end_s + 1, every_s)]


def run(entries: list[Any], state: GeoState | None = None) -> tuple[GeoState, list[Any]]:
    """Step through entries; returns the state and all events."""
    state = state or GeoState()
    return state, [event for entry in entries for event in step(state, entry)]


def table(state: GeoState, events: list[Any]) -> list[tuple[Any, ...]]:
    """Live rows as the product shows them: newest revision, open ones as they stand; without id and revision."""
    rows: dict[str, Dwell] = {}
    for event in events:
        if isinstance(event, DwellChanged):
            assert event.row.id not in rows or rows[event.row.id].revision < event.row.revision
            rows[event.row.id] = event.row
    rows |= {row.id: row for row in open_rows(state)}
    live = [r for r in rows.values() if r.state != "retracted"]
    return sorted(
        (r.device, r.start_us, r.end_us, r.last_us, r.observed_s, r.silent_s, r.lon, r.lat, r.radius_m, r.fixes,
         r.state, r.area, r.place, r.purpose, r.alert) for r in live
    )  # fmt: skip


def dump(state: GeoState) -> dict[str, bytes]:
    """The whole state in its persisted form."""
    calls = {SOS_KEY + device: msgspec.msgpack.encode(calls) for device, calls in state.calls.items()}
    return calls | {device: state.devices.dump(slot) for device, slot in state.devices.slots.items()}


@st.composite
def journeys(draw: st.DrawFn, devices: int = 2, legs: int = 6) -> Fixes:
    """Fixes of a few devices in time order: driving, standing, jumping, silence, ties, repeats, a call for help."""
    parts = []
    for number in range(draw(st.integers(1, devices))):
        t, x, y = draw(st.integers(0, 100)), 0.0, 0.0
        rows: list[tuple[float, ...]] = []
        for _ in range(draw(st.integers(1, legs))):
            kind = draw(st.sampled_from(["drive", "stand", "silence", "jump", "tie"]))
            every = draw(st.sampled_from([5, 10, 30, 60]))
            for _ in range(draw(st.integers(1, 12))) if kind in ("drive", "stand") else range(1):
                t += every if kind != "tie" else 0
                x += {"drive": 7.0 * every, "tie": 40.0}.get(kind, 0.0)
                jump = 180.0 if kind == "jump" else 0.0
                rows.append((t, x + draw(st.integers(-8, 8)), y + jump + draw(st.integers(-8, 8))))
            if kind == "silence":
                t += draw(st.sampled_from([200, 1000, 4000]))
                x += draw(st.sampled_from([0.0, 20.0, 100.0, 2000.0]))
        speed = np.array([draw(st.sampled_from([np.nan, 0.0, 9.0])) for _ in rows], np.float32)
        flags = [draw(st.sampled_from([0, 0, 0, int(Flag.SOS)])) for _ in rows]
        parts.append(fixes(rows, f"t{number}", speed_mps=speed, flags=flags))
    joined = Fixes.concat(parts)
    return joined.take(np.argsort(joined.time_us, kind="stable"))


@st.composite
def cuts(draw: st.DrawFn, batch: Fixes) -> list[Fixes]:
    """The batch cut at arbitrary places."""
    at = sorted(draw(st.lists(st.integers(0, len(batch)), max_size=6)))
    return [batch.take(np.arange(a, b)) for a, b in zip([0, *at], [*at, len(batch)], strict=True)]


@st.composite
def shuffled(draw: st.DrawFn, batch: Fixes, horizon_s: float = 900.0) -> Fixes:
    """Another arrival order in which no fix is later than the horizon behind its device's newest."""
    lag_us = np.array([draw(st.integers(0, int(horizon_s * 1e6))) for _ in range(len(batch))])
    return batch.take(np.argsort(batch.time_us + lag_us, kind="stable"))


def tick(second: float, deaf_s: float = 0.0) -> Tick:
    """The ticker's word at a second of the day."""
    return Tick(now_us=DAY_US + int(second * 1e6), deaf_us=int(deaf_s * 1e6))


NEARBY = Config(
    section="places",
    op="set",
    rows=({"id": "tpa", "name": "TPA", "kind": "landfill", "lon": 123.65, "lat": -10.17},),
)  # 5.5 km east of the tracks: the neighbourhood is known, so a stop elsewhere is unexplained


def placed(rows: list[tuple[float, float, float]], device: str = "t1", **columns: Any) -> Fixes:
    """Fixes of one device from (second, lon, lat) rows, heard one second later."""
    second, lon, lat = (np.array(column, np.float64) for column in zip(*rows, strict=True))
    us = (DAY_US + second * 1e6).astype(np.int64)
    return Fixes.of(
        [device], device=np.zeros(len(rows), int), time_us=us, received_us=us + 1_000_000, lon=lon, lat=lat, **columns
    )


def brief(row: Dwell) -> tuple[Any, ...]:
    """State, start, last, fixes, observed and silent seconds of a row, in seconds of the day."""
    start_s, last_s = ((t - DAY_US) / 1e6 for t in (row.start_us, row.last_us))
    return row.state, start_s, last_s, row.fixes, row.observed_s, row.silent_s


def calls_for_help(events: list[Any]) -> list[tuple[Any, ...]]:
    """Calls for help as the product shows them: newest version, without id and revision."""
    newest_of: dict[str, AlertChanged] = {}
    for event in events:
        if isinstance(event, AlertChanged) and event.kind == "sos":
            assert event.id not in newest_of or newest_of[event.id].revision < event.revision
            newest_of[event.id] = event
    return sorted((e.device, e.state, e.at_us, e.lon, e.lat) for e in newest_of.values())


def told(events: list[Any]) -> list[tuple[Any, ...]]:
    """Events in brief: cause and row of a dwell, state of an alert."""
    return [
        (e.cause, *brief(e.row)) if isinstance(e, DwellChanged) else ("alert", e.state)
        for e in events
        if isinstance(e, DwellChanged | AlertChanged)
    ]


def newest(events: list[Any]) -> list[Dwell]:
    """The newest revision of each row, by start."""
    rows = {e.row.id: e.row for e in events if isinstance(e, DwellChanged)}
    return sorted(rows.values(), key=lambda r: r.start_us)


@st.composite
def ticked(draw: st.DrawFn, batch: Fixes, wait_s: int = 2500) -> list[Any]:
    """The batch fix by fix, in its order of arrival, with ticks between; the clock is never behind the newest fix."""
    entries: list[Any] = []
    now_s = 0.0
    for i in range(len(batch)):
        entries.append(batch.take(np.array([i])))
        now_s = max(now_s, float(batch.time_us[i] - DAY_US) / 1e6)
        if draw(st.booleans()):
            now_s += draw(st.integers(1, wait_s))
            entries.append(tick(now_s))
    return entries
