"""The state of a partition: one row per device in arrays that grow, snapshots a row at a time.

In memory: live and checkpoint rows, and the rings in one arena (a region per device, doubled when full). Persisted:
one msgpack map per device, `{"v", "live", "checkpoint", "ring", "rows", "seq", "last"}`, and one per config section
under a key that no device id can have. The persisted form is what restarts, upgrades and other engines rely on.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.entities import Profile
from core.errors import DecodeError
from core.units import US_PER_S
from geo.layout import CLAST, FLOATS, INTS, LAYOUT, NEVER, PARAMS, TLAST
from geo.rewind import RING_MAX
from geo.rows import Tracked

RING: Final = (
    ("t", "<i8"),
    ("c", "<i8"),
    ("lon", "<f8"),
    ("lat", "<f8"),
    ("acc", "<f4"),
    ("spd", "<f4"),
    ("rest", "|i1"),
)
FIRST_REGION: Final = 16  # a power of two, like every region: cells are found by a mask
LAST: Final = ("course_deg", "accuracy_m", "battery_pct")  # of the newest fix, for the map


class DeviceRow(msgspec.Struct, omit_defaults=True):
    """The persisted form of one device; arrays as little-endian bytes in the order of `geo.layout` and `RING`."""

    v: int
    live: tuple[bytes, bytes]
    checkpoint: tuple[bytes, bytes]
    ring: tuple[bytes, ...]
    rows: list[Tracked] = []
    seq: int = 0
    last: bytes = b""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(DeviceRow).decode


def params(profile: Profile) -> list[float]:
    """The profile as the kernel reads it, in the order and the units of `geo.layout`."""
    p = profile
    return [
        p.r_in_m, p.r_out_m, p.min_dwell_s * US_PER_S, p.exit_s * US_PER_S, p.exit_fixes, p.tau_s * US_PER_S,
        p.silent_after_s * US_PER_S, p.wake_m, p.wake_mps / US_PER_S, p.rest_mps, p.limit_s * US_PER_S,
        p.horizon_s * US_PER_S,
    ]  # fmt: skip


class Devices:
    """Kernel state of all devices of a partition, addressed by slot."""

    def __init__(self) -> None:
        self.slots: dict[str, int] = {}
        self.ids: list[str] = []
        self.rows: list[list[Tracked]] = []  # rows that a late fix may still change
        self.seq: list[int] = []  # rows ever made: part of an id
        self.f, self.k = np.empty((0, FLOATS)), np.empty((0, INTS), np.int64)
        self.kf, self.kk = self.f.copy(), self.k.copy()
        self.p = np.empty((0, PARAMS))
        self.last = np.empty((0, len(LAST)), np.float32)
        self.regions = np.empty((0, 4), np.int64)  # offset, capacity, head, count
        self.ring: tuple[NDArray[Any], ...] = tuple(np.empty(0, dtype) for _, dtype in RING)
        self.used = 0
        self.free: dict[int, list[int]] = {}

    def slot(self, device: str, profile: Profile) -> int:
        """Slot of a device; a new one starts empty."""
        slot = self.slots.get(device)
        if slot is None:
            slot = self.slots[device] = len(self.ids)
            self.ids.append(device)
            self.rows.append([])
            self.seq.append(0)
            if slot >= len(self.f):
                self._grow(max(64, 2 * slot))
            self._clear(slot)
            self.p[slot] = params(profile)
            self.regions[slot] = (self._region(FIRST_REGION), FIRST_REGION, 0, 0)
        return slot

    def _clear(self, slot: int) -> None:
        for f, k in ((self.f, self.k), (self.kf, self.kk)):
            f[slot], k[slot] = np.nan, 0
            k[slot, TLAST] = k[slot, CLAST] = NEVER
        self.last[slot] = np.nan

    def _grow(self, size: int) -> None:
        """Room for `size` devices."""
        for name in ("f", "k", "kf", "kk", "p", "last", "regions"):
            old = getattr(self, name)
            new = np.zeros((size, old.shape[1]), old.dtype)
            new[: len(old)] = old
            setattr(self, name, new)

    def _region(self, cap: int) -> int:
        """Offset of a free region of the arena."""
        if self.free.get(cap):
            return self.free[cap].pop()
        offset, self.used = self.used, self.used + cap
        if self.used > len(self.ring[0]):
            size = max(1024, 2 * self.used)
            self.ring = tuple(np.concatenate([r, np.zeros(size - len(r), r.dtype)]) for r in self.ring)
        return offset

    def grow_ring(self, slot: int) -> None:
        """Double a device's region, up to `RING_MAX`."""
        offset, cap, _, count = self.regions[slot].tolist()
        cells = self.ring_cells(slot)
        new_cap = min(2 * cap, RING_MAX)
        new = self._region(new_cap)
        for column, values in zip(self.ring, [r[cells] for r in self.ring], strict=True):
            column[new : new + count] = values
        self.free.setdefault(cap, []).append(offset)
        self.regions[slot] = (new, new_cap, 0, count)

    def ring_cells(self, slot: int) -> NDArray[np.int64]:
        """Arena indices of a device's ring, oldest fix first."""
        offset, cap, head, count = self.regions[slot].tolist()
        cells: NDArray[np.int64] = offset + ((head + np.arange(count)) & (cap - 1))
        return cells

    def dump(self, slot: int) -> bytes:
        """The persisted form of a device."""
        cells = self.ring_cells(slot)
        return _encode(
            DeviceRow(
                v=LAYOUT,
                live=(self.f[slot].tobytes(), self.k[slot].tobytes()),
                checkpoint=(self.kf[slot].tobytes(), self.kk[slot].tobytes()),
                ring=tuple(column[cells].tobytes() for column in self.ring),
                rows=self.rows[slot],
                seq=self.seq[slot],
                last=self.last[slot].tobytes(),
            )
        )

    def load(self, device: str, body: bytes, profile: Profile) -> None:
        """Put a persisted device back, exactly as it was."""
        row = _decode(body)
        if row.v != LAYOUT:
            raise DecodeError("bad_state", f"state of {device} has layout {row.v}, this kernel reads {LAYOUT}: replay")
        slot = self.slot(device, profile)
        for f, k, (floats, ints) in ((self.f, self.k, row.live), (self.kf, self.kk, row.checkpoint)):
            f[slot], k[slot] = np.frombuffer(floats), np.frombuffer(ints, np.int64)
        count = len(row.ring[0]) // 8
        while self.regions[slot, 1] < count:
            self.grow_ring(slot)
        self.regions[slot, 2:] = (0, count)
        cells = self.ring_cells(slot)
        for column, data in zip(self.ring, row.ring, strict=True):
            column[cells] = np.frombuffer(data, column.dtype)
        self.rows[slot], self.seq[slot] = row.rows, row.seq
        self.last[slot] = np.frombuffer(row.last, np.float32)
