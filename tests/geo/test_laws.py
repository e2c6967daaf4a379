"""Laws 1, 2, 3 and 5 on the pure step, with every detector on."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import geo.folds.contacts
import geo.folds.dwell
import geo.folds.fences
import geo.folds.lanes
import geo.folds.odometer
import geo.folds.passes
import geo.folds.plane
import geo.folds.rewind
import geo.folds.saying
import geo.folds.timers
import geo.folds.track
import geo.folds.trips
import geo.folds.visits
from core.entities import Profile
from core.events import DwellChanged
from core.fixes import Fixes
from geo.folds.jit import SOURCES, interpreted
from geo.partition import GeoState
from tests.geo.everything import DEVICES, EVERYTHING, closed, shifted, shown, whole
from tests.geo.tracks import cuts, journeys, run, shuffled, table, tick

KERNELS = [f"geo.folds.{Path(name).stem}" for name in SOURCES if name not in ("jit.py", "layout.py", "tracklayout.py")]


def end_of(batch: Fixes) -> Any:
    """The clock well after the last fix."""
    return tick(float(batch.time_us.max() - batch.time_us.min()) / 1e6 + 5000)


@given(st.data())
def test_split_invariance(data: st.DataObject) -> None:
    """Any cut of a stream into batches gives bit-equal events and state (law 1)."""
    batch = data.draw(journeys())
    once, events = run([*EVERYTHING, batch])
    parts, events_of_parts = run([*EVERYTHING, *data.draw(cuts(batch))])
    assert events_of_parts == events
    assert whole(parts) == whole(once)


@given(st.data())
def test_split_invariance_out_of_order(data: st.DataObject) -> None:
    """The same holds for a stream that arrives out of order, where fixes rewind (law 1)."""
    batch = data.draw(journeys().flatmap(shuffled))
    once, events = run([*EVERYTHING, batch])
    parts, events_of_parts = run([*EVERYTHING, *data.draw(cuts(batch))])
    assert events_of_parts == events
    assert whole(parts) == whole(once)


@given(st.data())
def test_order_invariance(data: st.DataObject) -> None:
    """Any arrival order within the lateness horizon gives the same live rows, calls and alerts (law 2)."""
    batch = data.draw(journeys())
    end = end_of(batch)
    expected = shown(*run([*EVERYTHING, batch, end]))
    assert shown(*run([*EVERYTHING, data.draw(shuffled(batch)), end])) == expected


@given(st.data())
def test_duplicates_change_nothing(data: st.DataObject) -> None:
    """A fix that comes again within the horizon is counted and otherwise ignored."""
    batch = data.draw(journeys().flatmap(shuffled))
    again = data.draw(st.lists(st.integers(0, len(batch) - 1), max_size=5))
    near = [i for i in again if batch.time_us[i] >= batch.time_us[batch.device == batch.device[i]].max() - 900_000_000]
    state, events = run([*EVERYTHING, batch])
    twice, events_twice = run([*EVERYTHING, batch, batch.take(np.array(near, int))])
    assert events_twice == events
    assert whole(twice) == whole(state)


def with_ticks(data: st.DataObject, batch: Fixes) -> list[Any]:
    """The batch fix by fix with ticks between, as they come when the fixes are heard at once."""
    entries: list[Any] = list(EVERYTHING)
    for i in range(len(batch)):
        if i and data.draw(st.booleans()):
            gap = float(batch.time_us[i] - batch.time_us[i - 1]) / 1e6
            at = float(batch.time_us[i - 1] - 1_765_000_000_000_000) / 1e6 + gap * 0.9
            entries.append(tick(at))
        entries.append(batch.take(np.array([i])))
    return entries


@given(st.data())
def test_ticks_never_change_a_closed_row(data: st.DataObject) -> None:
    """Removing all ticks leaves every closed row as it is (law 3)."""
    entries = with_ticks(data, data.draw(journeys()))
    silent = [e for e in entries if not hasattr(e, "deaf_us")]
    assert closed(*run(entries)) == closed(*run(silent))


@given(st.data())
def test_replay_after_restart(data: st.DataObject) -> None:
    """State saved after any entry and loaded again goes on with the same events (laws 3 and 4)."""
    entries = with_ticks(data, data.draw(journeys().flatmap(shuffled)))
    at = data.draw(st.integers(0, len(entries)))
    state, expected = run(entries)
    first, events = run(entries[:at])
    second, more = run(entries[at:], GeoState({k: v for k, v in first.drain_state().items() if v is not None}))
    assert events + more == expected
    assert whole(second) == whole(state)


@given(st.data())
def test_rewind_equals_sorted_run_of_the_plain_kernel(data: st.DataObject) -> None:
    """Live state after any arrival order equals the kernel run over the sorted fixes without a ring."""
    batch = data.draw(journeys(devices=1).flatmap(shuffled))
    state, _ = run([batch])
    ordered = batch.take(np.lexsort((batch.content.view(np.int64), batch.time_us)))
    fresh = GeoState()
    slot = fresh.devices.slot("t0", Profile())
    d = fresh.devices
    for i in range(len(ordered)):
        geo.folds.dwell.advance(
            d.f[slot], d.k[slot], d.profile(slot), int(ordered.time_us[i]), int(ordered.content.view(np.int64)[i]),
            float(ordered.lon[i]), float(ordered.lat[i]), float(ordered.accuracy_m[i]), float(ordered.speed_mps[i]), -1,
            *geo.folds.plane.metres_per_degree(float(ordered.lat[i])), fresh.event_ints, fresh.event_floats, 0, 0, slot,
        )  # fmt: skip
    assert np.array_equal(state.devices.f[0], d.f[slot], equal_nan=True)
    assert state.devices.k[0, :15].tolist() == d.k[slot, :15].tolist()


@given(st.data())
def test_compiled_equals_interpreted(data: st.DataObject) -> None:
    """numba and the interpreter agree bit for bit, rewinds included (law 5)."""
    batch = data.draw(journeys(devices=1).flatmap(shuffled))
    plain = interpreted(*map(import_module, KERNELS))
    state, _ = run([*EVERYTHING, batch])
    other, _ = run([*EVERYTHING])
    d, theirs = other.devices, state.devices
    slots = np.array([d.slot("t0", other.config.profile("t0"))])
    for _ in range(12):
        d.grow_ring(0)
    plain["feed"](
        0, slots, batch.device, batch.time_us, batch.content.view(np.int64), batch.received_us, batch.lon, batch.lat,
        batch.speed_mps, batch.course_deg, batch.accuracy_m, batch.battery_pct, batch.ignition, batch.moving,
        batch.flags, d.ring, d.homes, d.floats, d.ints, d.last, d.profiles, d.track.bare(), 0, 0, other.lengths,
        other.event_ints, other.event_floats, other.counts, False,
    )  # fmt: skip
    assert np.array_equal(theirs.floats[:, 0], d.floats[:, 0], equal_nan=True)
    assert np.array_equal(theirs.ints[:, 0], d.ints[:, 0])
    assert d.track.dump(0, d.copies(0)) == theirs.track.dump(0, theirs.copies(0))
    assert state.counts.tolist() == other.counts.tolist()


@given(st.data())
def test_devices_do_not_touch_each_other(data: st.DataObject) -> None:
    """The rows of a device are those that it would have alone."""
    batch = data.draw(journeys(devices=3).flatmap(shuffled))
    together = shown(*run([*EVERYTHING, batch]))
    alone = [shown(*run([*EVERYTHING, part])) for part in batch.split()]
    assert {kind: sorted(row for rows in alone for row in rows[kind]) for kind in together} == together


@given(st.data())
def test_names_mean_nothing(data: st.DataObject) -> None:
    """Devices of other names that are assigned alike have the same rows, whatever the order of their names."""
    batch = data.draw(journeys(devices=3))
    turned = dict(zip(DEVICES, DEVICES[1:] + DEVICES[:1], strict=True))
    rows = shown(*run([*EVERYTHING, batch]))["dwells"]
    renamed = shown(*run([*EVERYTHING, shifted(batch, ids=turned)]))["dwells"]
    assert sorted((turned[row[0]], *row[1:]) for row in rows) == renamed


@given(st.data(), st.sampled_from([-123.6, -303.6, 56.4]))
def test_origin_shift(data: st.DataObject, by_deg: float) -> None:
    """The same journey at another longitude, the antimeridian too, gives the same rows there."""
    batch = data.draw(journeys(devices=1))
    there = shifted(batch, by_deg=by_deg)
    there.lon[:] = (there.lon + 180.0) % 360.0 - 180.0
    rows = [(r[1], r[2], r[9], r[10]) for r in table(*run([batch]))]
    assert [(r[1], r[2], r[9], r[10]) for r in table(*run([there]))] == rows


@given(st.data())
def test_time_shift(data: st.DataObject) -> None:
    """The same journey an hour later gives the same rows an hour later."""
    batch = data.draw(journeys(devices=1))
    shift = 3_600_000_000
    rows = [e.row for e in run([batch])[1] if isinstance(e, DwellChanged)]
    moved = [e.row for e in run([shifted(batch, by_us=shift)])[1] if isinstance(e, DwellChanged)]
    assert [(r.start_us + shift, r.observed_s, r.lon, r.fixes) for r in rows] == [
        (r.start_us, r.observed_s, r.lon, r.fixes) for r in moved
    ]


def test_the_laws_see_every_detector() -> None:
    """The laws are not empty: journeys have dwells, alerts and spells of each kind."""
    seen: set[str] = set()

    @settings(max_examples=300, derandomize=True, database=None)  # the same journeys at each run
    @given(journeys())
    def look(batch: Fixes) -> None:
        state, events = run([*EVERYTHING, batch, end_of(batch)])
        for event in events:
            seen.add(getattr(getattr(event, "row", None), "kind", type(event).__name__))
            seen.add(str(getattr(event, "rule", None)))
        seen.update(row[13] for row in table(state, events))

    look()
    wanted = {"trip", "visit", "service", "speeding", "gap", "DwellChanged", "AlertChanged", "long", "mute", "in"}
    assert wanted | {"planned", "allowed", "unexplained"} <= seen
