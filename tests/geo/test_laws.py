"""Laws 1, 2, 3 and 5 on the pure step, with every detector on."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import geo.dwell
import geo.plane
import geo.rewind
from core.entities import Place, Profile
from core.entries import Config
from core.events import DwellChanged
from core.fixes import Fixes
from geo.jit import interpreted
from geo.partition import GeoState
from tests.geo.tracks import calls_for_help, cuts, dump, journeys, run, shuffled, table, tick

PLACES = [Place(id="p1", name="TPS 1", kind="service_point", lon=123.605, lat=-10.17, radius_m=120)]
CONFIG = [
    Config(section="places", op="set", rows=tuple(msgspec.to_builtins(p) for p in PLACES)),
    Config(section="profiles", op="set", rows=({"cls": "truck", "limit_s": 300.0},)),
]


@given(st.data())
def test_split_invariance(data: st.DataObject) -> None:
    """Any cut of a stream into batches gives bit-equal events and state (law 1)."""
    batch = data.draw(journeys())
    whole, events = run([*CONFIG, batch])
    parts, events_of_parts = run([*CONFIG, *data.draw(cuts(batch))])
    assert events_of_parts == events
    assert dump(parts) == dump(whole)


@given(st.data())
def test_split_invariance_out_of_order(data: st.DataObject) -> None:
    """The same holds for a stream that arrives out of order, where fixes rewind (law 1)."""
    batch = data.draw(journeys().flatmap(shuffled))
    whole, events = run([*CONFIG, batch])
    parts, events_of_parts = run([*CONFIG, *data.draw(cuts(batch))])
    assert events_of_parts == events
    assert dump(parts) == dump(whole)


@given(st.data())
def test_order_invariance(data: st.DataObject) -> None:
    """Any arrival order within the lateness horizon gives the same live rows and calls for help (law 2)."""
    batch = data.draw(journeys())
    end = tick(float(batch.time_us.max() - batch.time_us.min()) / 1e6 + 5000)
    state, events = run([*CONFIG, batch, end])
    other, events_of_other = run([*CONFIG, data.draw(shuffled(batch)), end])
    assert table(other, events_of_other) == table(state, events)
    assert calls_for_help(events_of_other) == calls_for_help(events)


@given(st.data())
def test_duplicates_change_nothing(data: st.DataObject) -> None:
    """A fix that comes again within the horizon is counted and otherwise ignored."""
    batch = data.draw(journeys().flatmap(shuffled))
    again = data.draw(st.lists(st.integers(0, len(batch) - 1), max_size=5))
    near = [i for i in again if batch.time_us[i] >= batch.time_us[batch.device == batch.device[i]].max() - 900_000_000]
    state, events = run([*CONFIG, batch])
    twice, events_twice = run([*CONFIG, batch, batch.take(np.array(near, int))])
    assert events_twice == events
    assert dump(twice) == dump(state)


def with_ticks(data: st.DataObject, batch: Fixes) -> list[Any]:
    """The batch fix by fix with ticks between, as they come when the fixes are heard at once."""
    entries: list[Any] = list(CONFIG)
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
    ticked = [r for r in table(*run(entries)) if r[10] == "closed"]
    silent = [r for r in table(*run([e for e in entries if not hasattr(e, "deaf_us")])) if r[10] == "closed"]
    assert ticked == silent


@given(st.data())
def test_replay_after_restart(data: st.DataObject) -> None:
    """State saved after any entry and loaded again goes on with the same events (laws 3 and 4)."""
    entries = with_ticks(data, data.draw(journeys().flatmap(shuffled)))
    at = data.draw(st.integers(0, len(entries)))
    state, expected = run(entries)
    first, events = run(entries[:at])
    second, more = run(entries[at:], GeoState({k: v for k, v in first.drain_state().items() if v is not None}))
    assert events + more == expected
    assert dump(second) == dump(state)


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
        geo.dwell.advance(
            d.f[slot], d.k[slot], d.p[slot], int(ordered.time_us[i]), int(ordered.content.view(np.int64)[i]),
            float(ordered.lon[i]), float(ordered.lat[i]), float(ordered.accuracy_m[i]), float(ordered.speed_mps[i]), -1,
            fresh.event_ints, fresh.event_floats, 0, 0, slot,
        )  # fmt: skip
    assert np.array_equal(state.devices.f[0], d.f[slot], equal_nan=True)
    assert state.devices.k[0, :15].tolist() == d.k[slot, :15].tolist()


@given(st.data())
def test_compiled_equals_interpreted(data: st.DataObject) -> None:
    """numba and the interpreter agree bit for bit, rewinds included (law 5)."""
    batch = data.draw(journeys(devices=1).flatmap(shuffled))
    plain = interpreted(geo.plane, geo.dwell, geo.rewind)
    state, _ = run([batch])
    other = GeoState()
    slots = np.full(len(batch), other.devices.slot("t0", Profile()))
    for _ in range(7):
        other.devices.grow_ring(0)
    d = other.devices
    plain["feed"](
        0, slots, batch.time_us, batch.content.view(np.int64), batch.lon, batch.lat, batch.accuracy_m, batch.speed_mps,
        np.full(len(batch), -1), batch.received_us, np.zeros(len(batch), bool), d.ring, d.regions, d.f, d.k, d.kf, d.kk,
        d.p, 0, 0, other.event_ints, other.event_floats, other.counts,
    )  # fmt: skip
    assert np.array_equal(state.devices.f[0], d.f[0], equal_nan=True)
    assert np.array_equal(state.devices.k[0], d.k[0])
    assert state.counts.tolist() == other.counts.tolist()


@given(st.data())
def test_devices_do_not_touch_each_other(data: st.DataObject) -> None:
    """The rows of a device are those that it would have alone."""
    batch = data.draw(journeys(devices=3).flatmap(shuffled))
    together = table(*run([batch]))
    alone = [row for part in batch.split() for row in table(*run([part]))]
    assert sorted(alone) == together


@given(st.data())
def test_time_shift(data: st.DataObject) -> None:
    """The same journey an hour later gives the same rows an hour later."""
    batch = data.draw(journeys(devices=1))
    shift = 3_600_000_000
    columns = {n: getattr(batch, n) for n in ("device", "lat", "lon", "speed_mps")}
    later = Fixes.of(
        batch.ids,
        time_us=batch.time_us + shift,
        received_us=batch.received_us + shift,
        content=batch.content,
        **columns,
    )
    rows = [e.row for e in run([batch])[1] if isinstance(e, DwellChanged)]
    moved = [e.row for e in run([later])[1] if isinstance(e, DwellChanged)]
    assert [(r.start_us + shift, r.observed_s, r.lon, r.fixes) for r in rows] == [
        (r.start_us, r.observed_s, r.lon, r.fixes) for r in moved
    ]
