"""The state of a partition: one row per device in arrays that grow, snapshots a row at a time.

In memory: a few copies of the kernel's row, and the rings in one arena (a region per device). Persisted:
one msgpack map per device, the fields of `DeviceRow`, and one per config section under a key that no device id can
have. The persisted form is what restarts, upgrades and other engines rely on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.entities import Profile
from core.errors import DecodeError
from core.units import US_PER_S
from geo.city.world import World
from geo.folds.layout import (
    BEHIND,
    CLAST,
    COPIES,
    COUNT,
    CX,
    CY,
    FLOATS,
    HOME,
    HORIZON,
    INTS,
    LAYOUT,
    LIVE,
    NEVER,
    NEWEST,
    OFFSET,
    OLDEST,
    OX,
    OY,
    PARAMS,
    PAST,
    PROFILE,
    SINCE,
    SIZE,
    TLAST,
    WORK,
    WORK_C,
)  # fmt: skip
from geo.folds.rewind import RING_MAX
from geo.rows.dwells import Tracked
from geo.rows.spells import Told
from geo.trackstate import TrackRow, TrackState

RING: Final = (
    ("t", "<i8"),
    ("c", "<i8"),
    ("lon", "<f8"),
    ("lat", "<f8"),
    ("acc", "<f4"),
    ("spd", "<f4"),
    ("rest", "|i1"),
)
FIRST_REGION: Final = 16  # fixes
SPARE: Final = 8  # arrays that are full are laid out anew, with an eighth of their size to spare
LAST: Final = ("course_deg", "accuracy_m", "battery_pct")  # of the newest fix, for the map


class DeviceRow(msgspec.Struct, omit_defaults=True):
    """The persisted form of one device; arrays as little-endian bytes in the order of `geo.folds.layout` and `RING`."""

    v: int
    live: tuple[bytes, bytes]
    checkpoint: tuple[bytes, bytes]
    ring: tuple[bytes, ...]
    rows: list[Tracked] = []
    seq: int = 0
    last: bytes = b""
    track: TrackRow | None = None  # of an older row: nothing
    spells: list[Told] = []
    spell_seq: int = 0
    newer: list[tuple[bytes, bytes, int]] = []  # copies since, each with the number of fixes it has behind it


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(DeviceRow).decode


def params(profile: Profile) -> list[float]:
    """The profile as the kernel reads it, in the order and the units of `geo.folds.layout`."""
    p = profile
    return [
        p.r_in_m, p.r_out_m, p.min_dwell_s * US_PER_S, p.exit_s * US_PER_S, p.exit_fixes, p.tau_s * US_PER_S,
        p.silent_after_s * US_PER_S, p.wake_m, p.wake_mps / US_PER_S, p.rest_mps, p.limit_s * US_PER_S,
        p.horizon_s * US_PER_S, p.rest_s * US_PER_S, p.noise_m, p.trip_stop_s * US_PER_S, p.trip_gap_s * US_PER_S,
        p.trip_min_m, p.limit_mps, p.speeding_s * US_PER_S,
    ]  # fmt: skip


class Devices:
    """Kernel state of all devices of a partition, addressed by slot."""

    def __init__(self, world: World | None = None) -> None:
        self.track = TrackState(world)
        self.slots: dict[str, int] = {}
        self.ids: list[str] = []
        self.rows: list[list[Tracked]] = []  # rows that a late fix may still change
        self.seq: list[int] = []  # rows ever made: part of an id
        self.spells: list[list[Told]] = []  # the same of spells
        self.spell_seq: list[int] = []
        self.floats: NDArray[np.float64] = np.empty((COPIES, 0, FLOATS))
        self.ints: NDArray[np.int64] = np.empty((COPIES, 0, INTS), np.int64)
        self.homes = np.empty((0, HOME), np.int64)
        self.profiles: NDArray[np.float64] = np.empty((0, PARAMS))  # a row for all devices that share it
        self.profile_rows: dict[Profile, int] = {}
        self.last = np.empty((0, len(LAST)), np.float32)
        self.ring: tuple[NDArray[Any], ...] = tuple(np.empty(0, dtype) for _, dtype in RING)
        self.used = 0

    @property
    def f(self) -> NDArray[np.float64]:
        """Live rows by slot, see `geo.folds.layout`."""
        return cast("NDArray[np.float64]", self.floats[LIVE])

    @property
    def k(self) -> NDArray[np.int64]:
        """Live rows by slot, see `geo.folds.layout`."""
        return cast("NDArray[np.int64]", self.ints[LIVE])

    def profile(self, slot: int) -> NDArray[np.float64]:
        """The profile of a device as the kernel reads it."""
        return cast("NDArray[np.float64]", self.profiles[self.homes[slot, PROFILE]])

    def slot(self, device: str, profile: Profile) -> int:
        """Slot of a device; a new one starts empty."""
        slot = self.slots.get(device)
        if slot is None:
            slot = self.slots[device] = len(self.ids)
            self.ids.append(device)
            self.rows.append([])
            self.seq.append(0)
            self.spells.append([])
            self.spell_seq.append(0)
            if slot >= len(self.homes):
                self._grow(max(64, slot + slot // SPARE))
            self._clear(slot)
            self.track.begin(slot)
            self.tune(slot, profile)
            self._settle(slot, FIRST_REGION)
        return slot

    def forget(self, slot: int, profile: Profile) -> None:
        """As if nothing had been heard of a device, but for the numbers that its ids are made from: they go on."""
        for column in self.ring_of(slot):
            column[:] = 0
        self.rows[slot], self.spells[slot] = [], []
        self._clear(slot)
        self.track.forget(slot)
        self.tune(slot, profile)
        self._settle(slot, FIRST_REGION)

    def tune(self, slot: int, profile: Profile) -> None:
        """The profile that holds for a device from now on."""
        row = self.profile_rows.setdefault(profile, len(self.profiles))
        if row == len(self.profiles):
            self.profiles = np.vstack([self.profiles, params(profile)])
        self.homes[slot, [PROFILE, HORIZON]] = row, int(profile.horizon_s * US_PER_S)

    def tune_all(self, profile_of: Callable[[str], Profile]) -> None:
        """The same for all devices, after the configuration changed."""
        self.profile_rows, self.profiles = {}, np.empty((0, PARAMS))
        for device, slot in self.slots.items():
            self.tune(slot, profile_of(device))

    def horizon_us(self, slot: int) -> int:
        """How late a fix of a device may be."""
        return int(self.homes[slot, HORIZON])

    def _clear(self, slot: int) -> None:
        self.floats[:, slot], self.ints[:, slot] = np.nan, 0
        self.ints[:, slot, TLAST] = self.ints[:, slot, CLAST] = NEVER
        self.homes[slot] = 0
        self.homes[slot, NEWEST] = NEVER
        self.last[slot] = np.nan

    def _grow(self, size: int) -> None:
        """Room for `size` devices."""
        for name in ("floats", "ints", "homes", "last"):
            old = getattr(self, name)
            new = np.zeros((*old.shape[:-2], size, old.shape[-1]), old.dtype)
            new[..., : old.shape[-2], :] = old
            setattr(self, name, new)

    def _settle(self, slot: int, size: int) -> None:
        """Give a device's ring a region of `size` cells at the end of the arena."""
        if self.used + size > len(self.ring[0]):
            self._lay_out(size)
        (offset, count), new = self.homes[slot, [OFFSET, COUNT]].tolist(), self.used
        for column in self.ring:
            column[new : new + count] = column[offset : offset + count]
        self.homes[slot, [OFFSET, SIZE]] = new, size
        self.used += size

    def _lay_out(self, more: int) -> None:
        """A new arena without the regions that were given up, with room for `more` cells and some to spare."""
        homes = self.homes[: len(self.ids)]
        sizes = homes[:, SIZE]
        offsets = np.cumsum(sizes) - sizes
        cells = np.repeat(homes[:, OFFSET] - offsets, sizes) + np.arange(sizes.sum())
        homes[:, OFFSET], self.used = offsets, len(cells)
        spare = max(1024, len(cells) // SPARE) + more
        self.ring = tuple(np.concatenate([column[cells], np.zeros(spare, column.dtype)]) for column in self.ring)

    def grow_ring(self, slot: int) -> None:
        """A region larger by a fourth for a device's ring, in eights, up to `RING_MAX`."""
        size = int(self.homes[slot, SIZE])
        self._settle(slot, min(size + max(size // 4 // 8 * 8, 8), RING_MAX))

    def ring_of(self, slot: int) -> list[NDArray[Any]]:
        """The columns of `RING` of a device's ring, oldest fix first."""
        offset, count = self.homes[slot, [OFFSET, COUNT]].tolist()
        return [column[offset : offset + count] for column in self.ring]

    def first_us(self, slot: int) -> int:
        """Time of the first fix ever, of a device whose whole life is in its ring; else `NEVER`."""
        young = self.ints[self.copies(slot)[1], slot, TLAST] == NEVER and self.homes[slot, COUNT] > 0
        return int(self.ring_of(slot)[0][0]) if young else NEVER

    def copies(self, slot: int) -> list[int]:
        """Indices of a device's copies: the live one, the checkpoint, the newer ones."""
        return [LIVE, *(1 + (int(self.homes[slot, OLDEST]) + i) % PAST for i in range(PAST))]

    def dump(self, slot: int) -> bytes:
        """The persisted form of a device."""
        copies = self.copies(slot)
        live, checkpoint, *newer = [(self.floats[c, slot].tobytes(), self.ints[c, slot].tobytes()) for c in copies]
        behind = self.homes[slot, BEHIND:].tolist()
        return _encode(
            DeviceRow(
                v=LAYOUT,
                live=live,
                checkpoint=checkpoint,
                newer=[(*copy, count) for copy, count in zip(newer, behind[1:], strict=True)],
                ring=tuple(column.tobytes() for column in self.ring_of(slot)),
                rows=self.rows[slot],
                seq=self.seq[slot],
                last=self.last[slot].tobytes(),
                track=self.track.dump(slot, copies),
                spells=self.spells[slot],
                spell_seq=self.spell_seq[slot],
            )
        )

    def load(self, device: str, body: bytes, profile: Profile) -> None:
        """Put a persisted device back, exactly as it was."""
        row = _decode(body)
        if row.v != LAYOUT:
            raise DecodeError("bad_state", f"state of {device} has layout {row.v}, this kernel reads {LAYOUT}: replay")
        slot = self.slot(device, profile)
        past = [(*row.checkpoint, 0), *(row.newer or [(*row.checkpoint, 0)] * (PAST - 1))]
        for copy, (floats, ints, _) in enumerate([(*row.live, 0), *past]):
            self._load_copy(copy, slot, np.frombuffer(floats), np.frombuffer(ints, np.int64))
        self.homes[slot, BEHIND:] = [behind for _, _, behind in past]
        count = len(row.ring[0]) // 8
        while self.homes[slot, SIZE] < count:
            self.grow_ring(slot)
        self.homes[slot, [COUNT, OLDEST, NEWEST]] = count, 0, self.ints[-1, slot, TLAST]
        for column, data in zip(self.ring_of(slot), row.ring, strict=True):
            column[:] = np.frombuffer(data, column.dtype)
        self.rows[slot], self.seq[slot] = row.rows, row.seq
        self.last[slot] = np.frombuffer(row.last, np.float32)
        self.spells[slot], self.spell_seq[slot] = row.spells, row.spell_seq
        if row.track is not None:
            self.track.load(slot, row.track)

    def _load_copy(self, copy: int, slot: int, floats: NDArray[np.float64], ints: NDArray[np.int64]) -> None:
        """One copy of a device's row; an older kernel may have made it shorter."""
        self.ints[copy, slot, [WORK, WORK_C]] = ints[SINCE]
        self.floats[copy, slot, : len(floats)] = floats
        if len(floats) <= OY:
            self.floats[copy, slot, [OX, OY]] = self.floats[copy, slot, [CX, CY]]
        self.ints[copy, slot, : len(ints)] = ints
