"""Silences that fixes end, or prove to be none: found in a batch before the kernel takes it.

Only where a rule watches silence. Most batches cost one comparison of arrays; devices with a silence in sight are then
gone through fix by fix, in their order of arrival. A fix from beyond the horizon (a *stray*) is a sign of life as well:
when it was heard; its own time says something about the past alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.fixes import UNUSED, Fixes, Flag
from geo.folds.layout import CLAST, DEAF, HORIZON, LX, LY, NEVER, RECEIVED, STRAY_AT, TLAST
from geo.partition import GeoState
from geo.state import Devices


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
    """Rows of devices whose fixes, with the newest before them, lie far enough apart for a silence.

    Of a device with strays it counts when they were heard.
    """
    k, device = state.devices.k, fixes.device
    newest = k[slots, TLAST]
    first = np.full(len(fixes.ids), np.iinfo(np.int64).max)
    last = np.full(len(fixes.ids), NEVER)
    np.minimum.at(first, device, np.where(newest == NEVER, fixes.time_us, np.minimum(newest, fixes.time_us)))
    np.maximum.at(last, device, np.maximum(newest, fixes.time_us))
    astray = k[slots, STRAY_AT] > k[slots, RECEIVED]
    astray |= fixes.time_us < last[device] - state.devices.homes[slots, HORIZON]
    if astray.any():
        rows = np.isin(device, device[astray])
        np.maximum.at(last, device[rows], fixes.received_us[rows])
    far: NDArray[np.bool_] = last - first >= state.config.rules.silence_us
    return far[device]


def _has_silences(state: GeoState, slot: int) -> bool:
    followed = state.followed.get(state.devices.ids[slot])
    return followed is not None and any(fact.kind == "silence" for fact in followed.facts)


class _Fix(NamedTuple):
    row: int
    at_us: int
    content: int
    received_us: int
    replayed: bool  # by a broker: it says nothing about now
    lon: float
    lat: float


@dataclass(slots=True)
class _Last:
    """What is known of a device as its next fix comes: as the kernel will note it of those before it in the batch."""

    at_us: int  # the newest fix: its time and content, when it was heard, and where
    content: int
    received_us: int
    lon: float
    lat: float
    stray_us: int  # when the newest stray was heard
    deaf_us: int  # outages until it was heard last
    first_us: int  # the oldest time, of a device that has no past before it
    horizon_us: int

    @property
    def astray(self) -> bool:
        return self.stray_us > self.received_us

    def is_stray(self, fix: _Fix) -> bool:
        return fix.at_us < self.at_us - self.horizon_us

    def is_older(self, fix: _Fix) -> bool:
        return (self.at_us, self.content) < (fix.at_us, fix.content)

    def is_sign(self, fix: _Fix) -> bool:
        """Whether a stray says that the device spoke since: not one of an old message, nor of that of the last fix."""
        return not fix.replayed and fix.received_us > self.received_us and fix.received_us >= self.stray_us

    def take(self, fix: _Fix, deaf_us: int) -> None:
        """Note a fix as `geo.folds.rewind.feed` does, and a stray as `geo.folds.timers.note_stray`."""
        if self.is_older(fix):
            self.at_us, self.content, self.received_us, self.deaf_us = fix.at_us, fix.content, fix.received_us, deaf_us
            self.lon, self.lat = fix.lon, fix.lat
        elif self.is_stray(fix):
            if self.is_sign(fix):
                self.stray_us, self.deaf_us = fix.received_us, deaf_us
            return
        self.first_us = min(self.first_us, fix.at_us)


def _last_of(d: Devices, slot: int) -> _Last:
    k, f = d.k[slot].tolist(), d.f[slot].tolist()
    first_us = d.first_us(slot) if k[TLAST] != NEVER else np.iinfo(np.int64).max
    horizon_us = int(d.homes[slot, HORIZON])
    return _Last(k[TLAST], k[CLAST], k[RECEIVED], f[LX], f[LY], k[STRAY_AT], k[DEAF], first_us, horizon_us)


def _go_through(state: GeoState, slots: NDArray[np.int64], fixes: Fixes, rows: list[int]) -> list[Heard]:
    content, deaf_us = fixes.content.view(np.int64), state.watch.deaf_us
    lasts: dict[int, _Last] = {}
    found: list[Heard] = []
    for row in rows:
        slot = int(slots[row])
        last = lasts[slot] = lasts.get(slot) or _last_of(state.devices, slot)
        fix = _Fix(
            row, int(fixes.time_us[row]), int(content[row]), int(fixes.received_us[row]),
            bool(fixes.flags[row] & Flag.RETAINED), float(fixes.lon[row]), float(fixes.lat[row]),
        )  # fmt: skip
        if last.at_us != NEVER:
            found += _says(state, state.devices.ids[slot], last, fix)
        last.take(fix, deaf_us)
    return found


def _says(state: GeoState, device: str, last: _Last, fix: _Fix) -> Iterator[Heard]:
    """What one fix says about silences: that one began earlier, that one was shorter, that one ends."""
    least_us, outage_us, stray = state.config.rules.silence_us, state.watch.deaf_us - last.deaf_us, last.is_stray(fix)
    if last.first_us - fix.at_us >= least_us and not stray:
        yield Heard(fix.row, device, last.first_us, fix.at_us, 0, fix.lon, fix.lat)  # before all we knew
        return
    if fix.at_us < last.at_us:
        yield Heard(fix.row, device, fix.at_us, last.at_us, outage_us, last.lon, last.lat)
    if last.is_older(fix) or (stray and last.is_sign(fix)):
        spoke_us = last.stray_us if last.astray else last.at_us
        end_us = fix.received_us if stray or last.astray else fix.at_us
        if end_us - spoke_us >= least_us or spoke_us in state.dues.silent.get(device, ()):
            yield Heard(fix.row, device, end_us, spoke_us, outage_us, last.lon, last.lat)
