"""`step(state, value) -> events`: the detectors in order, read top to bottom.

One input entry at a time, in the order of its partition's log; the same entries give the same events and the same
state, in whatever batches they come (laws 1 to 3).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from operator import attrgetter, itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.entries import Command, Config, Tick
from core.events import CommandDone, Event
from core.fixes import Fixes
from geo.folds import rewind
from geo.folds.layout import E_SLOT
from geo.partition import CONFIG_KEY, PARTITION_KEY, SOS_KEY, GeoState, Watch
from geo.rows.sos import Calls, calls_in, pressed
from geo.steps.acks import acknowledge
from geo.steps.forgetting import forget
from geo.steps.hearing import heard_in
from geo.steps.lapse import by_clock, by_config, welcome
from geo.steps.raising import by_rows, judged
from geo.steps.rebuild import rebuild
from geo.steps.rejudging import judge_again
from geo.steps.relabel import expire, relabel
from geo.steps.tell import tell
from geo.steps.telltrack import adopt_world, tell_track


def step(state: GeoState, value: Any) -> list[Event]:
    """Apply one input entry; returns what it changed, in order."""
    match value:
        case Fixes():
            return apply_fixes(state, value)
        case Tick():
            return judged(state, apply_tick(state, value)) + by_clock(state)
        case Config():
            return judged(state, apply_config(state, value))
        case Command():
            return judged(state, apply_command(state, value))
    raise TypeError(f"step cannot take a {type(value).__name__}; an input stream holds fixes, ticks, commands, config")


def apply_fixes(state: GeoState, fixes: Fixes) -> list[Event]:
    """Feed the kernel in arrival order and turn its events into rows."""
    if not len(fixes):
        return []
    d, known = state.devices, len(state.devices.ids)
    slots = slots_of(state, fixes.ids)
    by_row = slots[fixes.device]
    welcome(state, known, by_row, fixes.time_us)
    heard, passed = heard_in(state, by_row, fixes), 0
    calls, events = hear_calls(state, fixes), list[Event]()
    columns = (
        slots, fixes.device, fixes.time_us, fixes.content.view(np.int64), fixes.received_us, fixes.lon, fixes.lat,
        fixes.speed_mps, fixes.course_deg, fixes.accuracy_m, fixes.battery_pct, fixes.ignition, fixes.moving,
        fixes.flags,
    )  # fmt: skip
    row, ended = 0, rewind.DRAIN
    while ended != rewind.DONE:
        first = row
        ended, row, n = rewind.feed(
            row, *columns, d.ring, d.homes, d.floats, d.ints, d.last, d.profiles, d.track.bare(), state.watch.now_us,
            state.watch.deaf_us, state.lengths, state.event_ints, state.event_floats, state.counts,
            bool(state.config.rules.of["inside"]),
        )  # fmt: skip
        told = [call for call in calls if first <= call[0] < row] + tell(state, n, fixes) + tell_track(state)
        if ended == rewind.GROW:
            d.grow_ring(int(by_row[row]))
        told.sort(key=itemgetter(0))  # by row: batches do not matter
        reached = bisect_left(heard, row, passed, key=attrgetter("row"))
        events += by_rows(state, told, fixes, heard[passed:reached])
        passed = reached
    state.touch(set(slots.tolist()))
    return events


def slots_of(state: GeoState, ids: Sequence[str]) -> NDArray[np.int64]:
    """Slots of the devices of a batch; who is new gets one."""
    d, known = state.devices, state.devices.slots
    return np.array([known[i] if i in known else d.slot(i, state.config.profile(i)) for i in ids], np.int64)


def hear_calls(state: GeoState, fixes: Fixes) -> list[tuple[int, Event]]:
    """Alerts of the fixes that call for help, each with its row."""
    events: list[tuple[int, Event]] = []
    for row, device, press in calls_in(fixes):
        alert = pressed(state.calls.setdefault(device, Calls()), device, press)
        state.dirty_keys.add(SOS_KEY + device)
        if alert is not None:
            events.append((row, alert))
    return events


def apply_tick(state: GeoState, tick: Tick) -> list[Event]:
    """Move the clock and fire the timers that it passed."""
    state.watch = Watch(max(tick.now_us, state.watch.now_us), max(tick.deaf_us, state.watch.deaf_us))
    state.dirty_keys.add(PARTITION_KEY)
    d, slot = state.devices, 0
    events: list[Event] = []
    while slot < len(d.ids):
        slot, n = rewind.scan(
            slot, len(d.ids), d.homes, d.f, d.k, d.profiles, state.watch.now_us, state.watch.deaf_us,
            state.event_ints, state.event_floats,
        )  # fmt: skip
        state.touch(set(state.event_ints[:n, E_SLOT].tolist()))
        events += [event for _, event in tell(state, n, None)]
    return events + expire(state)


def apply_config(state: GeoState, change: Config) -> list[Event]:
    """Take a new version in; it holds from this entry on. One that cannot be read changes nothing and says so."""
    try:
        applied = state.config.take(change)
    except Exception as error:  # noqa: BLE001 - a row in the log comes again at every replay: it must not stop us
        return [CommandDone(at_us=change.at_us, id=change.id, ok=False, reason=f"{change.section}: {error}")]
    if applied:
        state.dirty_keys.add(CONFIG_KEY + change.section)
        if change.section in ("profiles", "devices"):
            state.devices.tune_all(state.config.profile)
        by_config(state, change.section)
        return relabel(state, change.at_us) + adopt_world(state, change.at_us)
    return []


def apply_command(state: GeoState, command: Command) -> list[Event]:
    """Carry out a person's command; every command is answered, also one that cannot be done."""
    if command.kind == "alert.ack":
        return acknowledge(state, command)
    if command.kind == "device.rebuild":
        return rebuild(state, command, step)
    if command.kind == "rows.judge":
        return judge_again(state, command)
    if command.kind == "device.forget":
        return forget(state, command)
    reason = f"unknown command {command.kind}"
    return [CommandDone(at_us=command.at_us, id=command.id, ok=False, reason=reason)]
