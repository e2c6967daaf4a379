"""The honesty of a fix: what can be seen by comparing it with the fixes that the same device sent before.

The flags are hints for people (the page that says why, the history): they depend on the order of arrival, so no
detector may use them. Nothing is refused and nothing is changed for them. All of a batch is compared at once, against
a table of bounded size with the last fix of each device and hashes of its last `RING` ones.

DUPLICATE: the same time and content is among the device's last `RING` fixes; an array of 60 sent again is seen.
REPEAT: every measured value is as before under a newer time. Only where speed, course, altitude or accuracy came
along: coordinates alone are equal whenever a vehicle stands.
JUMP: it is farther from the fix before than its class can drive in that time (`FASTEST_MPS`), and more than `SLACK_M`
and both accuracies away.
STUCK: the coordinate is equal to the last digit for `STUCK_S`, while it says that it drives `DRIVES_MPS` or more (10 m
of road), or its odometer went on by `DRIVEN_M`. A movement sensor is no witness: it feels the engine, too.
SPEED: it says a speed that its class cannot reach. Beyond 100 m/s the value is dropped as well (`ingest.columns`).
ACCURACY: it claims 0 m, or it says twice that it stands and the two places are farther apart than `WANDER_M` and `LIE`
times what both claim: a position wanders, but a claim of 2 m that is 200 m off is a lie.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.fixes import Fixes, Flag
from core.units import US_PER_S

RING: Final = 64  # fixes of a device whose content is remembered
DEVICES_LIMIT: Final = 50_000  # 30 MB; beyond it everything is forgotten, and learnt again by the next fixes
FASTEST_MPS: Final = {"truck": 45.0, "phone": 70.0}  # 162 km/h: no loaded truck; 252 km/h: nobody on a road
FASTEST_OTHER_MPS: Final = 70.0
SLACK_M: Final = 200.0
DRIVES_MPS: Final = 2.0
DRIVEN_M: Final = 50.0  # by its odometer
STUCK_S: Final = 5.0
STANDS_MPS: Final = 0.5
LIE: Final = 5.0
WANDER_M: Final = 30.0
_SLOWEST_MPS: Final = min(FASTEST_MPS.values())  # only above it the class is asked for
_SOON_S: Final = 120.0  # two fixes at rest further apart in time may be two places
_M_PER_DEG: Final = 111_195.0
_FIRST_SLOTS: Final = 1024
_APART: Final = np.uint64(0x9E3779B97F4A7C15)  # keeps equal contents of two devices apart in one sort

# rows of the table, and of a batch laid out like it
_TIME, _LAT, _LON, _SPEED, _COURSE, _ALTITUDE, _ACCURACY, _ODOMETER = range(8)
_COLUMNS: Final = ("time_us", "lat", "lon", "speed_mps", "course_deg", "altitude_m", "accuracy_m", "odometer_m")
_MEASURED: Final = (_SPEED, _COURSE, _ALTITUDE, _ACCURACY)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Honesty:
    """Compares fixes with those before. `cls` tells the class of a device."""

    def __init__(self, cls: Callable[[str], str], *, devices_limit: int = DEVICES_LIMIT) -> None:
        self._cls = cls
        self._devices_limit = devices_limit
        self._forget()

    def flags(self, fixes: Fixes) -> NDArray[np.uint32]:
        """The flags of each row; the rows are remembered for the next batch."""
        if not len(fixes):
            return np.zeros(0, np.uint32)
        slots = self._slots_of(fixes.ids)[fixes.device]
        once = np.bincount(fixes.device).max() == 1  # the usual case: one fix of each device
        order = None if once else np.argsort(slots, kind="stable")
        rows = np.array([getattr(fixes, name) for name in _COLUMNS], np.float64)
        content, own = fixes.content, slots
        if order is not None:
            rows, content, own = rows[:, order], content[order], slots[order]
        first = np.ones(len(own), np.bool_) if order is None else np.concatenate(([True], own[1:] != own[:-1]))
        before = self._before(rows, own, first)
        flags = self._compare(rows, before, fixes, order)
        flags[self._repeated(content, own, first)] |= int(Flag.DUPLICATE)
        last = first if order is None else np.concatenate((first[1:], [True]))
        self._table[:, own[last]] = rows[:, last]
        if order is None:
            return flags
        in_order = np.empty_like(flags)
        in_order[order] = flags
        return in_order

    def _forget(self) -> None:
        self._slots: dict[str, int] = {}
        self._table = np.full((len(_COLUMNS), _FIRST_SLOTS), np.nan)
        self._ring = np.zeros((_FIRST_SLOTS, RING), np.uint64)
        self._next = np.zeros(_FIRST_SLOTS, np.int64)

    def _slots_of(self, ids: tuple[str, ...]) -> NDArray[np.intp]:
        slots = self._slots
        if not all(map(slots.__contains__, ids)):
            if len(slots) + len(ids) > self._devices_limit:
                self._forget()
                slots = self._slots
            for device in ids:
                slots.setdefault(device, len(slots))
            self._grow(len(slots))
        return np.array([slots[device] for device in ids], np.intp)

    def _grow(self, needed: int) -> None:
        """Room for so many slots, at least twice what there was."""
        have = len(self._next)
        if needed > have:
            more = max(needed - have, have)
            self._table = np.pad(self._table, ((0, 0), (0, more)), constant_values=np.nan)
            self._ring = np.pad(self._ring, ((0, more), (0, 0)))
            self._next = np.pad(self._next, (0, more))

    def _before(self, rows: Floats, own: NDArray[np.intp], first: Bools) -> Floats:
        """For each row the fix before it of the same device: of this batch, or the last one remembered."""
        before = self._table[:, own]
        if not first.all():
            later = np.nonzero(~first)[0]
            before[:, later] = rows[:, later - 1]
        return before

    def _compare(
        self, rows: Floats, before: Floats, fixes: Fixes, order: NDArray[np.intp] | None
    ) -> NDArray[np.uint32]:
        flags = np.zeros(rows.shape[1], np.uint32)
        elapsed_s = (rows[_TIME] - before[_TIME]) / US_PER_S
        east = np.abs(rows[_LON] - before[_LON])
        east = np.minimum(east, 360.0 - east) * np.cos(np.radians(rows[_LAT]))
        away_m = np.hypot(east, rows[_LAT] - before[_LAT]) * _M_PER_DEG
        both = np.stack((rows[_ACCURACY], before[_ACCURACY]))
        accuracy_m = np.where(np.isnan(both), 0.0, both).sum(axis=0)
        still = (away_m == 0.0) & (elapsed_s > 0)
        if still.any():
            _set(flags, still & _same_measurement(rows, before), Flag.REPEAT)
            _set(flags, still & (elapsed_s >= STUCK_S) & _drives(rows, before), Flag.STUCK)
        apart = away_m > WANDER_M + LIE * accuracy_m
        if apart.any():
            stood = (rows[_SPEED] <= STANDS_MPS) & (before[_SPEED] <= STANDS_MPS) & (np.abs(elapsed_s) <= _SOON_S)
            _set(flags, apart & stood & ((rows[_ACCURACY] > 0) & (before[_ACCURACY] > 0)), Flag.ACCURACY)
        _set(flags, rows[_ACCURACY] == 0, Flag.ACCURACY)
        jumped = away_m > np.maximum(SLACK_M + accuracy_m, _SLOWEST_MPS * np.abs(elapsed_s))
        fast = rows[_SPEED] > _SLOWEST_MPS
        if jumped.any() or fast.any():
            fastest = self._fastest(fixes, order)
            _set(flags, jumped & (away_m > fastest * np.abs(elapsed_s)), Flag.JUMP)
            _set(flags, rows[_SPEED] > fastest, Flag.SPEED)
        return flags

    def _fastest(self, fixes: Fixes, order: NDArray[np.intp] | None) -> Floats:
        """The speed that nothing of the device's class exceeds, for each row."""
        of_device = np.array([FASTEST_MPS.get(self._cls(device), FASTEST_OTHER_MPS) for device in fixes.ids])
        return of_device[fixes.device if order is None else fixes.device[order]]

    def _repeated(self, content: NDArray[np.uint64], own: NDArray[np.intp], first: Bools) -> Bools:
        """Rows whose time and content the device sent before; the others are remembered."""
        repeated: Bools = (self._ring[own] == content[:, None]).any(axis=1)
        nth = np.zeros(len(own), np.intp)
        if not first.all():
            _, earliest = np.unique(content + own.astype(np.uint64) * _APART, return_index=True)
            again = np.ones(len(own), np.bool_)
            again[earliest] = False
            repeated |= again
            start = np.nonzero(first)[0]
            nth = np.arange(len(own)) - start[np.cumsum(first) - 1]
        place = (self._next[own] + nth) % RING
        self._ring[own, place] = content
        np.add.at(self._next, own, 1)
        return repeated


def _set(flags: NDArray[np.uint32], rows: Bools, flag: Flag) -> None:
    flags[rows] |= int(flag)


def _same_measurement(rows: Floats, before: Floats) -> Bools:
    """Every measured value as before, and there are such."""
    now, then = rows[list(_MEASURED)], before[list(_MEASURED)]
    same = (now == then) | (np.isnan(now) & np.isnan(then))
    said: Bools = same.all(axis=0) & ~np.isnan(now).all(axis=0)
    return said


def _drives(rows: Floats, before: Floats) -> Bools:
    """It says that it drives: by its speed at both ends, or by its odometer."""
    by_speed = (rows[_SPEED] >= DRIVES_MPS) & (before[_SPEED] >= DRIVES_MPS)
    driven: Bools = by_speed | (rows[_ODOMETER] - before[_ODOMETER] >= DRIVEN_M)
    return driven
