"""Silences that fixes end, or prove to be none: found in a batch before the kernel takes it.

Only where a rule watches silence. Most batches cost one comparison of arrays; devices with a silence in sight are then
gone through fix by fix, in their order of arrival.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.fixes import UNUSED, Fixes
from geo.folds.layout import DEAF, LX, LY, NEVER, TLAST
from geo.partition import GeoState


class Heard(NamedTuple):
    """A fix that ends a silence, or (`at_us` before `newest_us`) that falls into what was taken for one.

    A late fix from before all that was heard of a device begins a silence; `at_us` is then the end of that.
    """

    row: int
    device: str
    at_us: int
    newest_us: int  # the fix before it in time, of those that came before it
    outage_us: int  # of the time between, so much nobody listened
    lon: float  # where the device was at `newest_us`
    lat: float


def heard_in(state: GeoState, slots: NDArray[np.int64], fixes: Fixes) -> list[Heard]:
    """What the fixes of a batch say about silences: all but those that no detector may use."""
    if not state.config.rules.of["silence"]:
        return []
    near = _spread(state, slots, fixes) | np.isin(slots, [state.devices.slots[device] for device in state.dues.silent])
    late = np.flatnonzero(~near & (fixes.time_us < state.devices.k[slots, TLAST]))
    near[late] = [_has_silences(state, int(slot)) for slot in slots[late]]
    usable = (fixes.flags & UNUSED) == 0
    rows = np.flatnonzero(np.isin(slots, slots[near]) & usable)
    return _go_through(state, slots, fixes, rows.tolist())


def _spread(state: GeoState, slots: NDArray[np.int64], fixes: Fixes) -> NDArray[np.bool_]:
    """Rows of devices whose fixes, with the newest before them, lie far enough apart for a silence."""
    newest = state.devices.k[slots, TLAST]
    first = np.full(len(fixes.ids), np.iinfo(np.int64).max)
    last = np.full(len(fixes.ids), NEVER)
    np.minimum.at(first, fixes.device, np.where(newest == NEVER, fixes.time_us, np.minimum(newest, fixes.time_us)))
    np.maximum.at(last, fixes.device, np.maximum(newest, fixes.time_us))
    far: NDArray[np.bool_] = last - first >= state.config.rules.silence_us
    return far[fixes.device]


def _has_silences(state: GeoState, slot: int) -> bool:
    followed = state.followed.get(state.devices.ids[slot])
    return followed is not None and any(fact.kind == "silence" for fact in followed.facts)


def _go_through(state: GeoState, slots: NDArray[np.int64], fixes: Fixes, rows: list[int]) -> list[Heard]:
    d, deaf_us, least_us = state.devices, state.watch.deaf_us, state.config.rules.silence_us
    last: dict[int, tuple[int, int, float, float]] = {}  # by slot: newest time, outages by then, place
    first: dict[int, int] = {}  # by slot: the oldest time, of those that have no past before it
    found = []
    for row in rows:
        slot, at_us = int(slots[row]), int(fixes.time_us[row])
        if slot not in last:
            k, f = d.k[slot], d.f[slot]
            last[slot] = int(k[TLAST]), int(k[DEAF]), float(f[LX]), float(f[LY])
            first[slot] = d.first_us(slot)
        newest_us, deaf_then, lon, lat = last[slot]
        device, place = d.ids[slot], (float(fixes.lon[row]), float(fixes.lat[row]))
        told = state.dues.silent.get(device) == newest_us
        if newest_us != NEVER and first[slot] - at_us >= least_us:
            found.append(Heard(row, device, first[slot], at_us, 0, *place))  # the silence began before all we knew
        elif newest_us != NEVER and (at_us < newest_us or at_us - newest_us >= least_us or told):
            found.append(Heard(row, device, at_us, newest_us, deaf_us - deaf_then, lon, lat))
        if at_us > newest_us:
            last[slot] = at_us, deaf_us, *place
        if newest_us == NEVER or at_us < first[slot]:
            first[slot] = at_us
    return found
