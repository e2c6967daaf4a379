"""The live engine takes over a state that was computed anew: what it holds of a device, and how that is replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from core.events import Spell
from core.fixes import Fixes
from geo.folds.layout import CLAST, DEAF, NEVER, RECEIVED, TLAST
from geo.folds.timers import HEARD
from geo.partition import GeoState
from geo.rows.dwells import Tracked
from geo.rows.reconcile import Row
from geo.rows.spells import Told, told_of
from geo.state import RING, DeviceRow, Devices
from geo.steps.backdating import backdated
from geo.steps.tell import watch

_read: Final = msgspec.msgpack.Decoder(DeviceRow).decode
_write: Final = msgspec.msgpack.Encoder().encode


def held_fixes(state: GeoState, slot: int) -> Fixes:
    """The fixes of a device's ring, as far as the kernel reads them."""
    d = state.devices
    ring = {name: column.copy() for (name, _), column in zip(RING, d.ring_of(slot), strict=True)}
    return Fixes.of(
        (d.ids[slot],),
        device=np.zeros(len(ring["t"]), np.int32),
        time_us=ring["t"],
        content=ring["c"].view(np.uint64),
        lon=ring["lon"],
        lat=ring["lat"],
        accuracy_m=ring["acc"],
        speed_mps=ring["spd"],
        ignition=np.where(ring["rest"] == 1, 0, -1),
        moving=np.where(ring["rest"] == 0, 1, -1),
    )


def held_rows(state: GeoState, slot: int, told: Mapping[str, Row]) -> dict[str, Row]:
    """Rows that the live engine may still change, as it told them last; spells as in `told`, if that is the newest."""
    d, device = state.devices, state.devices.ids[slot]
    held: dict[str, Row] = {t.row.id: t.row for t in d.rows[slot]}
    for t in d.spells[slot]:
        known = told.get(t.id)
        fresh = known is not None and known.revision == t.revision
        held[t.id] = known if known and fresh else _spell(t, device, state.config.cls(device))
    return held


def _spell(t: Told, device: str, cls: str) -> Spell:
    """What the engine remembers of a spell, without its measures."""
    return Spell(
        id=t.id, kind=t.kind, device=device, cls=cls, start_us=t.start_us, end_us=t.last_us if t.decided else None,
        last_us=t.last_us, fixes=0, state="closed" if t.decided else "open", revision=t.revision, lon=t.lon, lat=t.lat,
        subject=t.subject,
    )  # fmt: skip


def fresh_state(state: GeoState, device: str) -> GeoState:
    """A state that has heard nothing of the device yet, under the configuration that holds now."""
    fresh = GeoState()
    fresh.config, fresh.devices = state.config, Devices(state.config.world)
    fresh.devices.slot(device, state.config.profile(device))
    return fresh


def reaches(state: GeoState, slot: int, last_us: int) -> bool:
    """Whether fixes up to `last_us` and those of the ring are all there are: none was forgotten between the two."""
    d = state.devices
    checkpoint_us = int(d.ints[d.copies(slot)[1], slot, TLAST])
    return checkpoint_us == NEVER or checkpoint_us <= last_us


def take_clock(state: GeoState, slot: int, fresh: GeoState) -> None:
    """When the newest fix was heard, and what was told of fixes beyond the horizon, is the live engine's knowledge.

    A fix that the engine never heard came by an import, just now: it starts no timer.
    """
    mine, theirs = fresh.devices.k[0], state.devices.k[slot]
    same = (mine[TLAST], mine[CLAST]) == (theirs[TLAST], theirs[CLAST])
    now_us = max(state.watch.now_us, int(mine[RECEIVED]))
    mine[[*HEARD]] = theirs[[*HEARD]]
    if not same:
        mine[RECEIVED], mine[DEAF] = now_us, state.watch.deaf_us
    if same:
        fresh.devices.last[0] = state.devices.last[slot]


def adopt(
    state: GeoState,
    slot: int,
    fresh: GeoState,
    placed: Mapping[str, Row],
    alerts: Mapping[str, int],
    longer: Sequence[tuple[Row, Row]] = (),
) -> None:
    """Put the state computed anew in the place of the live one; rows keep the ids under which they are told.

    `placed` has the row as told for each that was computed, `alerts` the revision of the newest alert of each told row,
    `longer` the visits that began before the fixes at hand (`geo.steps.backdating`).
    """
    d, device = state.devices, state.devices.ids[slot]
    stood = {t.row.id: t.stood_us for t in d.rows[slot]}
    new = _read(fresh.devices.dump(0))
    new.seq += d.seq[slot]
    new.spell_seq += d.spell_seq[slot]
    new.rows = [_told(t, placed[t.row.id], alerts, stood) for t in new.rows if t.row.id in placed]
    told = ((placed.get(t.id), t.decided) for t in new.spells)
    new.spells = [told_of(row, row.id, row.revision, decided) for row, decided in told if isinstance(row, Spell)]
    if longer and new.track is not None:
        new.track = backdated(new.track, d.track.dump(slot, d.copies(slot)), longer)
    d.load(device, _write(new), state.config.profile(device))
    watch(state, slot)
    state.touch({slot})


def _told(t: Tracked, row: Row, alerts: Mapping[str, int], stood: Mapping[str, int]) -> Tracked:
    stood_us = max(t.stood_us, stood.get(row.id, 0)) if t.decided is None else 0
    return msgspec.structs.replace(t, row=row, alerts=alerts.get(row.id, 0), stood_us=stood_us)
