"""Rows judged again: all that are tracked by a new configuration, open ones when the clock changes their purpose."""

from __future__ import annotations

import msgspec

from core.events import Dwell, Event
from geo.config import GeoConfig
from geo.folds.dwell import at_rest
from geo.folds.layout import DEAF, H_T0, OUT_N, T0
from geo.folds.timers import timely
from geo.partition import GeoState
from geo.rows.dwells import Tracked
from geo.steps.live import open_episodes
from geo.steps.tell import ledger_of, watch


def relabel(state: GeoState, at_us: int) -> list[Event]:
    """Every row that is tracked, by the configuration that holds now."""
    events: list[Event] = []
    for slot in range(len(state.devices.ids)):
        told = _again(state, slot, at_us)
        if told:
            state.touch({slot})
        events += told
    state.flips.known = True
    return events


def expire(state: GeoState) -> list[Event]:
    """Rows whose purpose may be another by now, without a fix: as long as the newest one shows the device at rest."""
    if not state.flips.known:
        for slot in range(len(state.devices.ids)):
            watch(state, slot)
        state.flips.known = True
    events: list[Event] = []
    for slot in state.flips.ripe(state.watch.now_us):
        stood_us = stood_until(state, slot)
        if stood_us >= state.flips.due_us[slot]:
            state.devices.rows[slot] = [_stood(state, slot, t, stood_us) for t in state.devices.rows[slot]]
            events += _again(state, slot, state.watch.now_us)
            state.touch({slot})
    return events


def judge(config: GeoConfig, row: Dwell) -> Dwell:
    """A closed row by the configuration that holds now; its revision is left to whoever tells it."""
    labelled = config.labels.label(row, row.last_us)
    reached = (row.last_us - row.start_us) / 1e6 >= config.profile(row.device).limit_s
    return msgspec.structs.replace(labelled, alert=reached and labelled.purpose == "unexplained")


def stood_until(state: GeoState, slot: int) -> int:
    """Until when the clock proves that a device stood where its newest fix is, our outages taken off; -1: nothing does.

    The evidence is that of the limit's timer: heard live, and at rest.
    """
    d = state.devices
    k = d.k[slot]
    if not timely(k, d.profile(slot)) or not at_rest(d.f[slot], k, d.profile(slot)):
        return -1
    return int(state.watch.now_us - (state.watch.deaf_us - k[DEAF]))


def _stood(state: GeoState, slot: int, tracked: Tracked, stood_us: int) -> Tracked:
    """A row that grows by the clock, if it is the one where the device is now."""
    k = state.devices.k[slot]
    here = tracked.decided is None and tracked.row.start_us == (k[H_T0] if k[OUT_N] else k[T0])
    return msgspec.structs.replace(tracked, stood_us=stood_us) if here else tracked


def _again(state: GeoState, slot: int, at_us: int) -> list[Event]:
    """What changes of the rows of a device that are tracked."""
    rows = state.devices.rows[slot]
    if not rows:
        return []
    ledger = ledger_of(state, slot, state.devices.ids[slot])
    closed = [ledger.rejudge(t, judge(state.config, t.row), at_us) for t in rows if t.decided is not None]
    old = [t for t in rows if t.decided is None]
    state.devices.rows[slot] = closed + (ledger.reconcile(old, open_episodes(state, slot), at_us) if old else [])
    watch(state, slot)
    return ledger.events
