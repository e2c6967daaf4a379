"""A person takes note of an alert, and with it of all others of its thread."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from core.entities import Lat, Lon
from core.entries import Command
from core.events import AlertChanged, AlertKind, CommandDone, Event
from geo.partition import RULES_KEY, SOS_KEY, GeoState
from geo.rows.sos import Calls, take
from geo.rules.alerts import Teller

NOTE_MAX = 500
ALSO_MAX = 100


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as the archive has it: the engine may have forgotten it since."""

    alert: Annotated[str, msgspec.Meta(min_length=1)]
    device: str
    lon: Lon | None = None  # None: where the row is
    lat: Lat | None = None
    kind: AlertKind = "dwell_limit"
    revision: int = 0
    dwell: str | None = None
    rule: str | None = None
    spell: str | None = None
    thread: str | None = None
    level: int = 1
    digest: bool = False


class Ack(Seen, frozen=True, kw_only=True):
    """Body of `alert.ack`; `also` are other alerts of its thread that stand."""

    note: str = ""
    also: Annotated[tuple[Seen, ...], msgspec.Meta(max_length=ALSO_MAX)] = ()


def acknowledge(state: GeoState, command: Command) -> list[Event]:
    """An alert is taken note of. Every partition is asked; the one that has the device answers."""
    try:
        body = msgspec.convert(command.body, Ack)
    except msgspec.ValidationError as error:
        return [CommandDone(at_us=command.at_us, id=command.id, ok=False, reason=f"alert.ack: {error}")]
    if body.device not in state.devices.slots:
        return []
    note = body.note[:NOTE_MAX]
    seen = {alert.alert: alert for alert in (body, *body.also) if alert.device == body.device}
    events: list[Event] = [_take(state, command, alert, note) for alert in seen.values()]
    events += _others(state, command, body, note, set(seen))
    return [*events, CommandDone(at_us=command.at_us, id=command.id, ok=True)]


def _take(state: GeoState, command: Command, seen: Seen, note: str) -> AlertChanged:
    """One alert that the person has seen, under a revision above all that was told of it."""
    slot, calls = state.devices.slots[seen.device], state.calls.get(seen.device, Calls())
    tracked = next((t for t in state.devices.rows[slot] if f"a{t.row.id}" == seen.alert), None)
    told = tracked.alerts if tracked else calls.revision if calls.alert == seen.alert else 0
    known = next((a for a in _followed(state, seen.device) if a.id == seen.alert), None)
    revision = max(seen.revision, known.revision if known else told) + 1
    if tracked is not None:
        tracked.alerts = revision
        state.dirty.add(slot)
    if take(calls, seen.alert, revision):
        state.dirty_keys.add(SOS_KEY + seen.device)
        state.moved.add(slot)
    if known is not None:
        known.state, known.revision = "acknowledged", revision
        state.dirty_keys.add(RULES_KEY + seen.device)
    here = (tracked.row.lon, tracked.row.lat) if tracked else (0.0, 0.0)
    return AlertChanged(
        at_us=command.at_us, id=seen.alert, kind=seen.kind, device=seen.device, state="acknowledged",
        revision=revision, lon=here[0] if seen.lon is None else seen.lon, lat=here[1] if seen.lat is None else seen.lat,
        dwell=seen.dwell, by=command.actor, note=note, rule=seen.rule, spell=seen.spell,
        thread=seen.thread or seen.dwell, level=seen.level, digest=seen.digest,
    )  # fmt: skip


def _followed(state: GeoState, device: str) -> list[Any]:
    known = state.followed.get(device)
    return known.told if known else []


def _others(state: GeoState, command: Command, body: Ack, note: str, seen: set[str]) -> list[Event]:
    """Alerts of rules in the same thread that were raised since the person looked."""
    thread = body.thread or body.dwell
    teller = Teller(body.device, _followed(state, body.device), state.watch.now_us, state.config)
    for alert in teller.told:
        if alert.thread == thread and alert.state == "raised" and alert.id not in seen:
            teller.acknowledge(alert, command.at_us, command.actor, note)
    if teller.events:
        state.dirty_keys.add(RULES_KEY + body.device)
    return teller.events
