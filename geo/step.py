"""`step(state, value) -> events`: the detectors in order, read top to bottom.

One input entry at a time, in the order of its partition's log; the same entries give the same events and the same
state, in whatever batches they come (laws 1 to 3).
"""

from __future__ import annotations

from operator import itemgetter
from typing import Annotated, Any, Final, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.entities import Lat, Lon
from core.entries import Command, Config, Tick
from core.events import AlertChanged, CommandDone, Event
from core.fixes import Fixes, Flag
from geo import rewind
from geo.layout import E_SLOT, TLAST
from geo.live import open_episodes
from geo.partition import CONFIG_KEY, COUNTS, PARTITION_KEY, SOS_KEY, GeoState, Watch
from geo.sos import Calls, calls_in, pressed, take
from geo.state import LAST, Devices, params
from geo.tell import ledger_of, tell

HEARTBEATS: Final = COUNTS.index("heartbeat")
MOCKS: Final = COUNTS.index("mock")


class _Ack(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `alert.ack`: the alert as the archive has it."""

    alert: Annotated[str, msgspec.Meta(min_length=1)]
    device: str
    lon: Lon | None = None  # None: where the row is
    lat: Lat | None = None
    kind: Literal["dwell_limit", "sos"] = "dwell_limit"
    revision: int = 0
    dwell: str | None = None
    note: str = ""


def step(state: GeoState, value: Any) -> list[Event]:
    """Apply one input entry; returns what it changed, in order."""
    match value:
        case Fixes():
            return apply_fixes(state, value)
        case Tick():
            return apply_tick(state, value)
        case Config():
            return apply_config(state, value)
        case Command():
            return apply_command(state, value)
    raise TypeError(f"step cannot take a {type(value).__name__}; an input stream holds fixes, ticks, commands, config")


def apply_fixes(state: GeoState, fixes: Fixes) -> list[Event]:
    """Feed the kernel in arrival order and turn its events into rows."""
    if not len(fixes):
        return []
    d, config = state.devices, state.config
    slots = np.array([d.slot(i, config.profile(i)) for i in fixes.ids], np.int64)[fixes.device]
    columns = (
        slots, fixes.time_us, fixes.content.view(np.int64), fixes.lon, fixes.lat, fixes.accuracy_m, fixes.speed_mps,
        rest_hint(fixes), fixes.received_us, skipped(fixes),
    )  # fmt: skip
    events = hear_calls(state, fixes)
    row, ended = 0, rewind.DRAIN
    while ended != rewind.DONE:
        ended, row, n = rewind.feed(
            row, *columns, d.ring, d.regions, d.f, d.k, d.kf, d.kk, d.p, state.watch.now_us, state.watch.deaf_us,
            state.event_ints, state.event_floats, state.counts,
        )  # fmt: skip
        events += tell(state, n, fixes)
        if ended == rewind.GROW:
            d.grow_ring(int(slots[row]))
    remember_last(d, slots, fixes)
    state.touch(set(np.unique(slots).tolist()))
    return [event for _, event in sorted(events, key=itemgetter(0))]  # by row: batches do not matter


def hear_calls(state: GeoState, fixes: Fixes) -> list[tuple[int, Event]]:
    """Alerts of the fixes that call for help, each with its row."""
    events: list[tuple[int, Event]] = []
    for row, device, press in calls_in(fixes):
        alert = pressed(state.calls.setdefault(device, Calls()), device, press)
        state.dirty_keys.add(SOS_KEY + device)
        if alert is not None:
            events.append((row, alert))
    return events


def skipped(fixes: Fixes) -> NDArray[np.int8]:
    """0 for a fix that the kernel may use, else where it is counted: a made-up place, an old one under a new time."""
    heartbeat = np.where((fixes.flags & Flag.HEARTBEAT) != 0, HEARTBEATS, 0)
    return np.where((fixes.flags & Flag.MOCK) != 0, MOCKS, heartbeat).astype(np.int8)


def rest_hint(fixes: Fixes) -> NDArray[np.int8]:
    """1 where the device says it is parked, 0 where it says it moves, -1 where it says nothing."""
    hint = np.where((fixes.ignition == 0) | (fixes.moving == 0), 1, -1)
    return np.where(fixes.moving == 1, 0, hint).astype(np.int8)


def remember_last(d: Devices, slots: NDArray[np.int64], fixes: Fixes) -> None:
    """Keep what the map shows of the newest fix of each device, unless it is made up."""
    newest = np.flatnonzero((fixes.time_us >= d.k[slots, TLAST]) & ((fixes.flags & Flag.MOCK) == 0))
    for column, name in enumerate(LAST):
        d.last[slots[newest], column] = getattr(fixes, name)[newest]


def apply_tick(state: GeoState, tick: Tick) -> list[Event]:
    """Move the clock and fire the timers that it passed."""
    state.watch = Watch(max(tick.now_us, state.watch.now_us), max(tick.deaf_us, state.watch.deaf_us))
    state.dirty_keys.add(PARTITION_KEY)
    d, slot = state.devices, 0
    events: list[Event] = []
    while slot < len(d.ids):
        slot, n = rewind.scan(
            slot, len(d.ids), d.f, d.k, d.p, state.watch.now_us, state.watch.deaf_us, state.event_ints,
            state.event_floats,
        )  # fmt: skip
        state.touch(set(state.event_ints[:n, E_SLOT].tolist()))
        events += [event for _, event in tell(state, n, None)]
    return events


def apply_config(state: GeoState, change: Config) -> list[Event]:
    """Take a new version in; it holds from this entry on. One that cannot be read changes nothing and says so."""
    try:
        applied = state.config.apply(change)
    except Exception as error:  # noqa: BLE001 - a row in the log comes again at every replay: it must not stop us
        return [CommandDone(at_us=change.at_us, id=change.id, ok=False, reason=f"{change.section}: {error}")]
    if applied:
        state.dirty_keys.add(CONFIG_KEY + change.section)
        for device, slot in state.devices.slots.items():
            state.devices.p[slot] = params(state.config.profile(device))
        return relabel(state, change.at_us)
    return []


def relabel(state: GeoState, at_us: int) -> list[Event]:
    """Open rows judged again by the configuration that holds now."""
    events: list[Event] = []
    for slot, device in enumerate(state.devices.ids):
        old = [t for t in state.devices.rows[slot] if t.decided is None]
        if old:
            ledger = ledger_of(state, slot, device)
            closed = [t for t in state.devices.rows[slot] if t.decided is not None]
            state.devices.rows[slot] = closed + ledger.reconcile(old, open_episodes(state, slot), at_us)
            if ledger.events:
                state.touch({slot})
            events += ledger.events
    return events


def apply_command(state: GeoState, command: Command) -> list[Event]:
    """Carry out a person's command; every command is answered, also one that cannot be done."""
    if command.kind == "alert.ack":
        return acknowledge(state, command)
    reason = f"unknown command {command.kind}"
    return [CommandDone(at_us=command.at_us, id=command.id, ok=False, reason=reason)]


def acknowledge(state: GeoState, command: Command) -> list[Event]:
    """An alert is taken note of. Every partition is asked; the one that has the device answers."""
    try:
        body = msgspec.convert(command.body, _Ack)
    except msgspec.ValidationError as error:
        return [CommandDone(at_us=command.at_us, id=command.id, ok=False, reason=f"alert.ack: {error}")]
    slot = state.devices.slots.get(body.device)
    if slot is None:
        return []
    tracked = next((t for t in state.devices.rows[slot] if f"a{t.row.id}" == body.alert), None)
    calls = state.calls.get(body.device, Calls())
    told = tracked.alerts if tracked else calls.revision if calls.alert == body.alert else 0
    revision = max(body.revision, told) + 1
    if tracked is not None:
        tracked.alerts = revision
        state.dirty.add(slot)
    if take(calls, body.alert, revision):
        state.dirty_keys.add(SOS_KEY + body.device)
        state.moved.add(slot)
    here = (tracked.row.lon, tracked.row.lat) if tracked else (0.0, 0.0)
    acknowledged = AlertChanged(
        at_us=command.at_us,
        id=body.alert,
        kind=body.kind,
        device=body.device,
        state="acknowledged",
        revision=revision,
        lon=here[0] if body.lon is None else body.lon,
        lat=here[1] if body.lat is None else body.lat,
        dwell=body.dwell,
        by=command.actor,
        note=body.note[:500],
    )
    return [acknowledged, CommandDone(at_us=command.at_us, id=command.id, ok=True)]
