"""From the track's buffer to the events of the log, one fix after another; and the open spells as they stand now."""

from __future__ import annotations

from itertools import groupby
from math import atan2, degrees
from typing import Any, Final

from msgspec.structs import replace

from core.events import Event, Spell, SpellKind
from geo.city.world import World
from geo.folds.layout import BEGIN, CLOSED, END, KEPT, TLAST
from geo.folds.track import track_end
from geo.folds.tracklayout import (
    GAP_SPELL,
    SERVICE_SPELL,
    SPEEDING_SPELL,
    TRIP_SPELL,
    VISIT_SPELL,
    X_ABOUT,
    X_C,
    X_CODE,
    X_KIND,
    X_MASK,
    X_N,
    X_NEAR,
    X_ROW,
    X_SILENT,
    X_SLOT,
    X_STOPPED,
    X_T,
    X_T0,
    X_TIN,
    Y_E,
    Y_GAP,
    Y_METRES,
    Y_MPS,
    Y_N,
    Y_TX,
    Y_TY,
    Y_X,
    Y_Y,
    Z_EVENTS,
)  # fmt: skip
from geo.partition import GeoState
from geo.rows.matching import FIRST, Moment
from geo.rows.spells import Bout, SpellLedger, Told, overlap

KINDS: Final[tuple[SpellKind, ...]] = ("gap", "trip", "speeding", "visit", "service")
PIECES: Final = 16  # of a street
TrackEvent = tuple[list[int], list[float]]


def tell_track(state: GeoState) -> list[tuple[int, Event]]:
    """Events of what the track fold wrote since the last call, each with its row of the batch; makes room again."""
    events: list[tuple[int, Event]] = []
    for (row, slot), group in groupby(_buffered(state), key=lambda e: (e[0][X_ROW], e[0][X_SLOT])):
        events += [(row, event) for event in _tell_one(state, slot, list(group))]
    state.devices.track.make_room()
    return events


def adopt_world(state: GeoState, at_us: int) -> list[Event]:
    """Visits and services in the world of the configuration in force; those whose fence is gone end, for good."""
    d, events = state.devices, list[Event]()
    if d.track.world is state.config.world:
        return events
    before, changed = d.track.adopt(state.config.world, len(d.ids))
    for slot, group in groupby(_buffered(state), key=lambda e: e[0][X_SLOT]):
        device, cls = d.ids[slot], state.config.cls(d.ids[slot])
        bouts = bouts_of(list(group), device, cls, before)
        about = {(b.row.kind, b.row.subject) for b in bouts}
        old = [t for t in d.spells[slot] if t.decided is None and (t.kind, t.subject) in about]
        ledger = SpellLedger(device, cls, d.spell_seq[slot])
        ledger.reconcile(old, bouts, at_us)
        d.spells[slot] = [t for t in d.spells[slot] if t not in old]
        d.spell_seq[slot] = ledger.seq
        events += ledger.events
    d.track.make_room()
    state.touch(set(changed))
    return events


def _buffered(state: GeoState, start: int = 0) -> list[TrackEvent]:
    track = state.devices.track
    n = int(track.z[Z_EVENTS])
    if n == start:
        return []
    return list(zip(track.ei[start:n].tolist(), track.ef[start:n].tolist(), strict=True))


def _tell_one(state: GeoState, slot: int, group: list[TrackEvent]) -> list[Event]:
    """Events of one fix of one device: of spells that began or ended, or of all that a rewind reached."""
    d, head = state.devices, group[0][0]
    device, at_us = d.ids[slot], head[X_T]
    cls = state.config.cls(device)
    bouts = bouts_of(group, device, cls, d.track.world)
    if head[X_CODE] == BEGIN:
        old, kept = _since(d.spells[slot], (head[X_T0], head[X_TIN]))
    else:
        about = {(b.row.kind, b.row.subject) for b in bouts}
        old, kept = _lasting(d.spells[slot], about, (at_us - d.horizon_us(slot), FIRST))
    ledger = SpellLedger(device, cls, d.spell_seq[slot])
    d.spells[slot] = kept + ledger.reconcile(old, bouts, at_us)
    d.spell_seq[slot] = ledger.seq
    return ledger.events


def _since(told: list[Told], moment: Moment) -> tuple[list[Told], list[Told]]:
    """Spells that a rewind to this moment opens to revision, as everything decided after it is; and the others."""
    old: list[Told] = []
    kept: list[Told] = []
    for t in told:
        (kept if t.decided is not None and t.decided <= moment else old).append(t)
    return old, kept


def _lasting(told: list[Told], about: set[tuple[SpellKind, str]], reachable: Moment) -> tuple[list[Told], list[Told]]:
    """Open spells of these kinds and subjects; and the others but for those that no late fix can reach any more."""
    old: list[Told] = []
    kept: list[Told] = []
    for t in told:
        if t.decided is None:
            (old if (t.kind, t.subject) in about else kept).append(t)
        elif t.decided >= reachable:
            kept.append(t)
    return old, kept


def bouts_of(group: list[TrackEvent], device: str, cls: str, world: World) -> list[Bout]:
    """What the fold holds after this fix of the spells that it wrote of: the closed ones, then the open ones."""
    rewound = group[0][0][X_CODE] == BEGIN
    closed: list[Bout] = []
    still: dict[tuple[int, int], Bout] = {}  # by kind and subject: of each at most one is open
    for event in group:
        e = event[0]
        code, key = e[X_CODE], (e[X_KIND], e[X_ABOUT])
        if code == CLOSED:
            still.pop(key, None)
            closed.append(Bout(spell_of(event, device, cls, world), (e[X_T], e[X_C])))
        elif code == KEPT or (code not in (BEGIN, END) and not rewound):
            still[key] = Bout(spell_of(event, device, cls, world), None)
    return closed + list(still.values())


def spell_of(event: TrackEvent, device: str, cls: str, world: World) -> Spell:
    """The row of an event, as yet without id and revision."""
    e, f = event
    kind, closed = e[X_KIND], e[X_CODE] == CLOSED
    subject = ""
    if kind > SPEEDING_SPELL:
        subject = world.targets[e[X_ABOUT]] if kind == SERVICE_SPELL else world.keys[e[X_ABOUT]]
    return Spell(
        id="", kind=KINDS[kind], device=device, cls=cls, start_us=e[X_T0], end_us=e[X_TIN] if closed else None,
        last_us=e[X_TIN], fixes=e[X_N], state="closed" if closed else "open", revision=0, lon=f[Y_X], lat=f[Y_Y],
        subject=subject, version=world.version_of(subject), silent_s=e[X_SILENT] / 1e6, **_measures(e, f, subject),
    )  # fmt: skip


def _measures(e: list[int], f: list[float], subject: str) -> dict[str, Any]:
    """What a spell of this kind measures."""
    kind = e[X_KIND]
    if kind == VISIT_SPELL:
        return {}
    if kind == GAP_SPELL:
        return {"distance_m": round(f[Y_METRES], 1), "to_lon": f[Y_TX], "to_lat": f[Y_TY]}
    if kind == TRIP_SPELL:
        return {
            "distance_m": round(f[Y_METRES], 1), "gap_m": round(f[Y_GAP], 1), "max_mps": round(f[Y_MPS], 2),
            "stopped_s": e[X_STOPPED] / 1e6, "to_lon": f[Y_TX], "to_lat": f[Y_TY],
        }  # fmt: skip
    if kind == SPEEDING_SPELL:
        return {"max_mps": round(f[Y_MPS], 2), "limit_mps": f[Y_METRES]}
    if kind == SERVICE_SPELL:
        along = {"covered": e[X_MASK].bit_count() / PIECES, "pieces": e[X_MASK]}
        return (along if subject.startswith("street:") else {}) | {  # a point has no length
            "nearest_m": round(f[Y_METRES], 1), "nearest_us": e[X_NEAR], "stopped_s": e[X_STOPPED] / 1e6,
            "heading_deg": heading_deg(f[Y_E], f[Y_N]), "max_mps": round(f[Y_MPS], 2) if f[Y_MPS] >= 0 else None,
        }  # fmt: skip
    return {}


def heading_deg(east_m: float, north_m: float) -> float | None:
    """Degrees clockwise from north, to a tenth; None of no direction at all."""
    if east_m == north_m == 0.0:
        return None
    return round(degrees(atan2(east_m, north_m)) % 360.0, 1) % 360.0


def open_spells_of(state: GeoState, slot: int, kind: SpellKind | None = None) -> list[Spell]:
    """The open spells of a device, of one kind or of all, as they were told and grown by the fixes since."""
    d = state.devices
    told = [t for t in d.spells[slot] if t.decided is None and kind in (None, t.kind)]
    if not told:
        return []
    start = int(d.track.z[Z_EVENTS])
    track_end(d.track.arrays(), slot, -1, int(d.k[slot, TLAST]), 0)
    device = d.ids[slot]
    now = [event for event in _buffered(state, start) if kind in (None, KINDS[event[0][X_KIND]])]
    bouts = bouts_of(now, device, state.config.cls(device), d.track.world) if now else []
    d.track.z[Z_EVENTS] = start
    return [row for bout in bouts for row in _named(bout, told)]


def _named(bout: Bout, told: list[Told]) -> list[Spell]:
    """The row of a bout under the id that it was told by."""
    same = (t for t in told if (t.kind, t.subject) == (bout.row.kind, bout.row.subject) and overlap(t, bout))
    return [replace(bout.row, id=t.id, revision=t.revision) for t in same][:1]


def open_spells(state: GeoState) -> list[Spell]:
    """Every open spell of the partition as it stands now."""
    return [row for slot in range(len(state.devices.ids)) for row in open_spells_of(state, slot)]
