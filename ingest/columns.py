"""Raw fixes to checked columns: pure numpy, shared by live admission and by files.

A fix needs a place and a time that can be true; if they cannot, it is refused with a reason. An optional value that
cannot be true (a speed of -5, an accuracy of 1e300) is missing, the fix stays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.fixes import Flag
from core.rejects import Reason
from core.units import US_PER_S
from ingest.raw import RawFix

FIRST_US: Final = 1_262_304_000 * US_PER_S  # 2010-01-01: a clock that has not been set says 1970, 1980 or 2004
LAST_US: Final = 253_402_300_800 * US_PER_S  # year 10000, what datetime can hold
FUTURE_S: Final = 120.0  # a device clock further ahead than this is wrong
MILLISECONDS_FROM: Final = 1e11  # a number at least this large counts milliseconds
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)
_NO_TIME: Final = -1


class Bound(NamedTuple):
    """Column, attribute of `RawFix`, and the range of values that can be true."""

    column: str
    attribute: str
    low: float
    high: float


SPEED: Final = Bound("speed_mps", "speed", 0.0, 100.0)
BOUNDS: Final = (
    SPEED,
    Bound("course_deg", "course", 0.0, 360.0),
    Bound("accuracy_m", "accuracy", 0.0, 100_000.0),
    Bound("altitude_m", "altitude", -1_000.0, 20_000.0),
    Bound("battery_pct", "battery", 0.0, 100.0),
    Bound("odometer_m", "odometer", 0.0, 1e10),
)
_VERDICTS: Final[tuple[Reason, ...]] = ("bad_time", "bad_coordinate", "future")


class Judged(NamedTuple):
    """Columns of all rows given (without device and received), and per row -1 or the index of a reason."""

    columns: dict[str, NDArray[Any]]
    verdict: NDArray[np.int8]

    def reason(self, row: int) -> Reason:
        return _VERDICTS[int(self.verdict[row])]


def judge(raws: Sequence[RawFix], received_us: NDArray[np.int64] | None, *, naive_is_utc: bool = False) -> Judged:
    """Check rows. `received_us` None: nothing is too far ahead (a file). The first reason found counts."""
    said = dict(zip(RawFix.__struct_fields__, zip(*map(msgspec.structs.astuple, raws), strict=True), strict=False))
    lat, lon = _floats(said.get("lat", ())), _floats(said.get("lon", ()))
    time_us = read_times(said.get("time", ()), naive_is_utc=naive_is_utc)
    verdict = np.full(len(raws), -1, np.int8)
    if received_us is not None:
        verdict[time_us > received_us + int(FUTURE_S * US_PER_S)] = 2
    verdict[~((np.abs(lat) <= 90) & (np.abs(lon) <= 180)) | ((lat == 0) & (lon == 0))] = 1
    verdict[time_us < FIRST_US] = 0
    columns: dict[str, NDArray[Any]] = {"time_us": time_us, "lat": lat, "lon": lon}
    flags = np.zeros(len(raws), np.uint32)
    for bound in BOUNDS:
        column = _floats(said.get(bound.attribute, ()))
        possible = (column >= bound.low) & (column <= bound.high)
        if bound is SPEED:
            flags[column > bound.high] |= int(Flag.SPEED)
        columns[bound.column] = column if possible.all() else np.where(possible, column, np.nan)
    columns["course_deg"] = columns["course_deg"] % 360.0
    columns["ignition"] = _trits(said.get("ignition", ()))
    columns["moving"] = _trits(said.get("moving", ()))
    flags[_trits(said.get("sos", ())) > 0] |= int(Flag.SOS)
    columns["flags"] = flags
    return Judged(columns, verdict)


def read_times(values: Sequence[float | str], *, naive_is_utc: bool = False) -> NDArray[np.int64]:
    """Microseconds since the epoch, -1 where a value is no time."""
    try:
        numbers = np.array(values, np.float64)
    except (ValueError, OverflowError):
        return np.array([_read_time(value, naive_is_utc=naive_is_utc) for value in values], np.int64)
    seconds = np.where(np.abs(numbers) >= MILLISECONDS_FROM, numbers / 1000.0, numbers)
    sane = np.abs(seconds) < LAST_US / US_PER_S
    # whole seconds and the fraction apart: exact to the microsecond for milliseconds and for halves alike
    whole = np.floor(np.where(sane, seconds, 0.0))
    fraction = np.rint((np.where(sane, seconds, 0.0) - whole) * US_PER_S)
    return np.where(sane, whole.astype(np.int64) * US_PER_S + fraction.astype(np.int64), _NO_TIME)


def _read_time(value: float | str, *, naive_is_utc: bool) -> int:
    if isinstance(value, str):
        return _read_text(value.strip().upper(), naive_is_utc=naive_is_utc)
    try:
        return int(read_times([float(value)])[0])
    except OverflowError:
        return _NO_TIME


def _read_text(text: str, *, naive_is_utc: bool) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _read_digits(text)
    if moment.tzinfo is None:
        if not naive_is_utc or "-" not in text:  # "20240101" is a number to a device, a date to Python
            return _read_digits(text)
        moment = moment.replace(tzinfo=UTC)
    try:
        return (moment - _EPOCH) // _US
    except OverflowError:
        return _NO_TIME


def _read_digits(text: str) -> int:
    try:
        number = float(text)
    except ValueError:
        return _NO_TIME
    return int(read_times([number])[0]) if math.isfinite(number) else _NO_TIME


def _floats(values: Sequence[float | None]) -> NDArray[np.float64]:
    """Floats with None as NaN; an integer too large for a float is NaN too."""
    try:
        return np.array(values, np.float64)
    except OverflowError:
        return np.array([_float(value) for value in values], np.float64)


def _float(value: float | None) -> float:
    try:
        return math.nan if value is None else float(value)
    except OverflowError:
        return math.nan


def _trits(values: Sequence[bool | None]) -> NDArray[np.int8]:
    if values.count(None) == len(values):  # the usual case
        return np.full(len(values), -1, np.int8)
    return np.array([-1 if value is None else value for value in values], np.int8)
