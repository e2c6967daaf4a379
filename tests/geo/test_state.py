"""The persisted form of a partition, and how much memory a device takes."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.entities import Profile
from core.errors import DecodeError
from core.fixes import Fixes
from geo.folds.layout import COUNT, LAYOUT
from geo.folds.rewind import RING_MAX
from geo.partition import GeoState
from geo.state import Devices, params
from tests.geo.tracks import NEARBY, driving, dump, fixes, journeys, run, shuffled, standing, table, tick


def restarted(state: GeoState) -> GeoState:
    """The partition as it comes back from what it saved."""
    return GeoState({k: v for k, v in state.drain_state().items() if v is not None})


def test_a_saved_row_is_small() -> None:
    """A device with 90 fixes in its ring takes less than 8 kB in the log's state."""
    state, _ = run([fixes(standing(0, 890))])
    assert state.devices.homes[0, COUNT] == 90
    assert len(dump(state)["t1"]) < 8_000


def test_arrays_of_a_device_are_small() -> None:
    """Live state of a device takes about 1 kB, with its copies and a full ring less than 70 kB."""
    d = run([fixes(standing(0, 10))])[0].devices
    live = sum(a[..., 0, :].nbytes for a in (d.f, d.k, d.homes, d.last))
    copies = sum(a[:, 0].nbytes for a in (d.floats, d.ints, d.track.g, d.track.m))
    cell = sum(column.itemsize for column in d.ring)
    assert (live, cell) == (468, 41)
    assert live + d.track.g[0, 0].nbytes + d.track.m[0, 0].nbytes < 1_100
    assert copies + RING_MAX * cell < 70_000


def test_a_long_stand_does_not_grow_a_row() -> None:
    """A day of standing takes no more than an hour of it."""
    hour, day = (len(dump(run([fixes(standing(0, s))])[0])["t1"]) for s in (3600, 86_400))
    assert abs(day - hour) < 20


def test_a_day_of_stops_does_not_grow_a_row() -> None:
    """Rows of the past are forgotten: sixty stops leave as much behind as the last few."""
    stops = [leg for i in range(60) for leg in standing(400 * i, 400 * i + 200, at=(1000.0 * i, 0.0))]
    state, _ = run([fixes(stops)])
    assert len(state.devices.rows[0]) <= 4
    assert len(dump(state)["t1"]) < 10_000


def test_given_up_regions_are_used_again() -> None:
    """Rings that grew leave nothing behind: the arena holds at most half as much again as is used."""
    state, _ = run([fixes(standing(0, 890), f"t{i}") for i in range(40)])
    assert len(state.devices.ring[0]) < 1.5 * 40 * 96


def test_only_dirty_rows_are_saved() -> None:
    """What did not change is not written again."""
    state, _ = run([fixes(driving(0, 100), "t1"), fixes(driving(0, 100), "t2"), NEARBY, tick(100)])
    assert sorted(state.drain_state()) == ["\0config:places", "\0partition", "t1", "t2"]
    run([fixes(driving(110, 120, x0=880.0), "t2")], state)
    assert sorted(state.drain_state()) == ["t2"]
    assert state.drain_state() == {}


def test_another_layout_is_refused() -> None:
    """State of another kernel is not read as ours: the message says whose, and what to do."""
    body = msgspec.msgpack.decode(dump(run([fixes(standing(0, 10))])[0])["t1"])
    with pytest.raises(DecodeError, match=rf"state of t1 has layout {LAYOUT + 1}, this kernel reads {LAYOUT}: replay"):
        GeoState({"t1": msgspec.msgpack.encode(body | {"v": LAYOUT + 1})})


def test_params_of_a_truck() -> None:
    """The kernel's figures are the profile's, in metres and microseconds."""
    dwell = [25.0, 35.0, 60e6, 25e6, 2, 60e6, 180e6, 300.0, 0.5e-6, 1.5, 1800e6, 900e6, 900e6, 12.0]
    assert params(Profile()) == pytest.approx([*dwell, 300e6, 3600e6, 200.0, 0.0, 10e6], rel=1e-15)


def test_slots_grow() -> None:
    """A thousand devices have a thousand slots, and the first keeps its state."""
    state, _ = run([fixes(standing(0, 100), "first")])
    before = dump(state)["first"]
    for i in range(1000):
        state.devices.slot(f"t{i}", Profile())
    assert (len(state.devices.ids), state.devices.slots["t999"]) == (1001, 1000)
    assert dump(state)["first"] == before


def test_a_new_slot_is_empty() -> None:
    """A device of which nothing was heard has no position, no ring and no rows."""
    devices = Devices()
    slot = devices.slot("t1", Profile())
    assert devices.slot("t1", Profile()) == slot == 0
    assert (devices.rows[0], devices.seq[0], devices.homes[0, COUNT], devices.k[0, 0]) == ([], 0, 0, 0)
    assert np.isnan(devices.f[0]).all()


@given(journeys().flatmap(shuffled))
def test_saved_and_loaded_is_the_same(batch: Fixes) -> None:
    """A partition comes back from its rows bit for bit, and shows the same."""
    state, _ = run([NEARBY, batch, tick(9000)])
    again = restarted(state)
    assert dump(again) == dump(state)
    assert (again.watch, table(again, [])) == (state.watch, table(state, []))


@given(st.binary(max_size=60))
def test_damaged_rows_are_refused(body: bytes) -> None:
    """A row that is not ours raises, it is never read as state."""
    with pytest.raises((DecodeError, msgspec.MsgspecError)):
        GeoState({"t1": body})
