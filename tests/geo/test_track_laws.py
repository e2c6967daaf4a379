"""Laws 1, 2, 3 and 5 on the track fold, in a town with something of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.fixes import Fixes
from geo.folds.tracklayout import G_ODO, M_CONTACTS, Z_LOST
from geo.partition import GeoState
from geo.steps.telltrack import open_spells
from tests.geo.rounds import TOWN, WATCHED, newest_spells, spell_table, wanderings
from tests.geo.tracks import cuts, dump, run, shuffled

CONFIG: list[Any] = [*TOWN, WATCHED]


@given(st.data())
def test_split_invariance(data: st.DataObject) -> None:
    """Any cut of a stream, in order or not, gives bit-equal spells and state (law 1)."""
    batch = data.draw(wanderings(devices=2).flatmap(shuffled))
    whole, events = run([*CONFIG, batch])
    parts, events_of_parts = run([*CONFIG, *data.draw(cuts(batch))])
    assert events_of_parts == events
    assert dump(parts) == dump(whole)


@given(st.data())
def test_order_invariance(data: st.DataObject) -> None:
    """Any arrival order within the lateness horizon gives the same live spells (law 2)."""
    batch = data.draw(wanderings(devices=2))
    expected = spell_table(*run([*CONFIG, batch]))
    assert spell_table(*run([*CONFIG, data.draw(shuffled(batch))])) == expected


@given(st.data())
def test_replay_after_restart(data: st.DataObject) -> None:
    """State saved anywhere and loaded again goes on with the same spells (laws 3 and 4)."""
    entries = [*CONFIG, *data.draw(wanderings(devices=2).flatmap(shuffled).flatmap(cuts))]
    at = data.draw(st.integers(0, len(entries)))
    state, expected = run(entries)
    first, events = run(entries[:at])
    saved = {key: body for key, body in first.drain_state().items() if body is not None}
    second, more = run(entries[at:], GeoState(saved))
    assert events + more == expected
    assert dump(second) == dump(state)


@given(st.data())
def test_the_odometer_never_goes_back(data: st.DataObject) -> None:
    """In order of time it only grows; no spell measures less than nothing."""
    batch = data.draw(wanderings())
    batch = batch.take(np.lexsort((batch.content.view(np.int64), batch.time_us)))
    state, events = run(CONFIG)
    before = 0.0
    for i in range(len(batch)):
        events += run([batch.take(np.array([i]))], state)[1]
        odometer_m = float(state.devices.track.g[0, 0, G_ODO])
        assert odometer_m >= before
        before = odometer_m
    rows = newest_spells(events)
    assert all((r.distance_m or 0.0) >= 0.0 and (r.gap_m or 0.0) >= 0.0 and r.silent_s >= 0.0 for r in rows)
    assert all(r.start_us <= r.last_us for r in rows)


@given(st.data())
def test_ids_live_once(data: st.DataObject) -> None:
    """The revisions of an id follow each other, and of a kind and subject at most one spell is open."""
    state, events = run([*CONFIG, data.draw(wanderings(devices=2).flatmap(shuffled))])
    open_now = [(r.device, r.kind, r.subject) for r in open_spells(state)]
    assert len(open_now) == len(set(open_now))
    assert sorted(r.id for r in newest_spells(events) if r.state == "open") == sorted(r.id for r in open_spells(state))
    assert state.devices.track.z[Z_LOST] == 0
    assert int(state.devices.track.m[0, :, M_CONTACTS].max(initial=0)) <= 16


@given(st.data())
def test_devices_do_not_touch_each_other(data: st.DataObject) -> None:
    """The spells of a device are those that it would have alone."""
    batch = data.draw(wanderings(devices=3).flatmap(shuffled))
    together = spell_table(*run([*CONFIG, batch]))
    alone = [row for part in batch.split() for row in spell_table(*run([*CONFIG, part]))]
    assert sorted(alone) == together


def test_the_laws_see_spells_of_every_kind() -> None:
    """The laws are not empty: journeys have trips, visits, services, speeding and gaps."""
    seen: set[str] = set()

    @settings(max_examples=100, derandomize=True)
    @given(wanderings(devices=2))
    def look(batch: Fixes) -> None:
        seen.update(row.kind for row in newest_spells(run([*CONFIG, batch])[1]))

    look()
    assert seen == {"trip", "visit", "service", "speeding", "gap"}
