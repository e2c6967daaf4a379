"""`Fixes`: the columnar batch that flows through every stage.

A batch is a struct of arrays of equal length with a device dictionary of its own: `device[i]` indexes `ids`.
`COLUMNS` is the whole truth about the columns; the codec writes them by name, so a later version may add one
and an older entry still reads (the missing column is filled with its missing value).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from enum import IntFlag
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Column(NamedTuple):
    """One column: numpy dtype, unit, value when missing, and whether it is part of a fix's content."""

    dtype: str
    unit: str
    missing: float
    content: bool


COLUMNS: Final[dict[str, Column]] = {
    "device": Column("<i4", "index into ids", 0, False),
    "time_us": Column("<i8", "us since epoch, the device's own time", 0, True),
    "received_us": Column("<i8", "us since epoch, when ingest heard it", 0, False),
    "lat": Column("<f8", "degrees WGS84", np.nan, True),
    "lon": Column("<f8", "degrees WGS84", np.nan, True),
    "speed_mps": Column("<f4", "m/s", np.nan, True),
    "course_deg": Column("<f4", "degrees from north", np.nan, True),
    "accuracy_m": Column("<f4", "m", np.nan, True),
    "altitude_m": Column("<f4", "m", np.nan, True),
    "battery_pct": Column("<f4", "percent", np.nan, True),
    "odometer_m": Column("<f8", "m", np.nan, True),
    "ignition": Column("|i1", "-1 unknown, 0 off, 1 on", -1, True),
    "moving": Column("|i1", "-1 unknown, 0 no, 1 yes", -1, True),
    "flags": Column("<u4", "bits of Flag", 0, False),
    "dialect": Column("|u1", "number of the dialect that decoded it", 0, False),
    "content": Column("<u8", "hash of the content columns: order and identity at equal times", 0, False),
}


class Flag(IntFlag):
    """What admission noticed. A flagged fix is kept; geo decides what a flag means."""

    SOS = 1
    RETAINED = 2  # the broker replayed it; it proves nothing about now
    HEARTBEAT = 4  # an old position under a new time (OwnTracks ping): neither extends nor ends a dwell
    MOCK = 8
    STALE = 16  # received more than the lateness horizon after its own time
    # What ingest saw by comparing with the fixes it heard before; in order of arrival, so no detector may rely on them.
    DUPLICATE = 32  # the same time and content again
    REPEAT = 64  # the same measurement to the last digit under a newer time
    JUMP = 128  # no vehicle gets there from the fix before in that time
    STUCK = 256  # the coordinate stands still to the last digit while the device says that it moves
    SPEED = 512  # says a speed that its class cannot reach
    ACCURACY = 1024  # claims an accuracy that its own fixes disprove


UNUSED: Final = int(Flag.HEARTBEAT | Flag.MOCK)  # no detector looks at a fix with one of these
_MIX: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def _mix64(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit."""
    x = x + _MIX[0]
    x = (x ^ (x >> np.uint64(30))) * _MIX[1]
    x = (x ^ (x >> np.uint64(27))) * _MIX[2]
    return x ^ (x >> np.uint64(31))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Fixes:
    """Position fixes of several devices; see `COLUMNS` for dtypes, units and missing values."""

    ids: tuple[str, ...]
    device: NDArray[np.int32]
    time_us: NDArray[np.int64]
    received_us: NDArray[np.int64]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    speed_mps: NDArray[np.float32]
    course_deg: NDArray[np.float32]
    accuracy_m: NDArray[np.float32]
    altitude_m: NDArray[np.float32]
    battery_pct: NDArray[np.float32]
    odometer_m: NDArray[np.float64]
    ignition: NDArray[np.int8]
    moving: NDArray[np.int8]
    flags: NDArray[np.uint32]
    dialect: NDArray[np.uint8]
    content: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.device)

    def __repr__(self) -> str:
        return f"<{len(self)} fixes of {len(self.ids)} devices>"

    def __eq__(self, other: object) -> bool:
        """Equal when the same devices say the same things in the same order; NaN equals NaN."""
        if not isinstance(other, Fixes) or len(self) != len(other):
            return NotImplemented if not isinstance(other, Fixes) else False
        same = all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in _column_pairs(self, other))
        return same and self.names() == other.names()

    __hash__ = None  # type: ignore[assignment]  # arrays are not hashable

    def names(self) -> list[str]:
        """Device id of each row."""
        return [self.ids[i] for i in self.device.tolist()]

    def take(self, rows: NDArray[Any]) -> Fixes:
        """Rows by integer index or boolean mask; the device dictionary is compacted to those that remain."""
        device = self.device[rows]
        used, compact = np.unique(device, return_inverse=True)
        ids = tuple(self.ids[i] for i in used.tolist())
        columns = {name: getattr(self, name)[rows] for name in COLUMNS if name != "device"}
        return Fixes(ids=ids, device=compact.astype(np.int32), **columns)

    def split(self) -> list[Fixes]:
        """One batch per device, rows in their order here."""
        return [self.take(self.device == i) for i in np.unique(self.device)]

    @staticmethod
    def empty() -> Fixes:
        return Fixes.of((), n=0)

    @staticmethod
    def of(ids: Sequence[str], *, n: int | None = None, **columns: Any) -> Fixes:
        """Build from the columns given; the others take their missing value, `content` is computed if absent."""
        n = len(columns["device"]) if n is None else n
        full = {
            name: np.full(n, c.missing, c.dtype) if name not in columns else np.asarray(columns[name], c.dtype)
            for name, c in COLUMNS.items()
        }
        if "content" not in columns:
            full["content"] = content_hash(full)
        return Fixes(ids=tuple(ids), **full)

    @staticmethod
    def concat(parts: Iterable[Fixes]) -> Fixes:
        """Batches one after another, their device dictionaries merged."""
        parts = [p for p in parts if len(p)]
        if not parts:
            return Fixes.empty()
        index: dict[str, int] = {}
        for part in parts:
            for name in part.ids:
                index.setdefault(name, len(index))
        maps = [np.array([index[name] for name in p.ids], np.int32)[p.device] for p in parts]
        columns = {c: np.concatenate([getattr(p, c) for p in parts]) for c in COLUMNS if c != "device"}
        return Fixes(ids=tuple(index), device=np.concatenate(maps), **columns)


def content_hash(columns: dict[str, NDArray[Any]]) -> NDArray[np.uint64]:
    """64-bit hash per row over the content columns; the same message always hashes the same, on every machine."""
    h = np.zeros(len(columns["time_us"]), np.uint64)
    for name, column in COLUMNS.items():
        if column.content:
            values = columns[name]
            if values.dtype.kind == "f":  # one NaN, one zero
                values = np.where(np.isnan(values), np.nan, values + 0.0).astype("<f8")
            else:
                values = values.astype("<i8")
            h = _mix64(h ^ np.ascontiguousarray(values).view(np.uint64))
    return h


def _column_pairs(a: Fixes, b: Fixes) -> Iterable[tuple[NDArray[Any], NDArray[Any]]]:
    return ((getattr(a, f.name), getattr(b, f.name)) for f in fields(Fixes) if f.name not in ("ids", "device"))
