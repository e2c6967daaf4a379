"""Fixes as bytes for a binary COPY, and back from rows: no Python loop on the way in. Dwells from rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.events import Dwell, PlaceRef
from core.fixes import Fixes

PG_EPOCH_US: Final = 946_684_800_000_000  # Postgres counts microseconds from 2000-01-01
_TOP_BIT: Final = np.uint64(1 << 63)
# (column of `staging`, its big-endian type), in the table's order.
_COLUMNS: Final = (
    ("device_no", ">i4"), ("time", ">i8"), ("received", ">i8"), ("lat", ">f8"), ("lon", ">f8"), ("speed", ">f4"),
    ("course", ">f4"), ("accuracy", ">f4"), ("altitude", ">f4"), ("battery", ">f4"), ("odometer", ">f8"),
    ("ignition", ">i2"), ("moving", ">i2"), ("flags", ">i4"), ("dialect", ">i2"), ("content", ">i8"),
)  # fmt: skip
_FLOATS: Final = ("speed", "course", "accuracy", "altitude", "battery", "odometer")


def copy_bytes(fixes: Fixes, numbers: NDArray[np.int32]) -> bytes:
    """What COPY BINARY reads; `numbers` is the device number of each entry of `fixes.ids`."""
    layout = [("fields", ">i2")] + [part for name, kind in _COLUMNS for part in ((name + "_size", ">i4"), (name, kind))]
    rows: NDArray[Any] = np.zeros(len(fixes), layout)
    rows["fields"] = len(_COLUMNS)
    for name, kind in _COLUMNS:
        rows[name + "_size"] = np.dtype(kind).itemsize
    for name, values in _values(fixes, numbers).items():
        rows[name] = values
    return b"PGCOPY\n\xff\r\n\0" + bytes(8) + rows.tobytes() + b"\xff\xff"


def _values(fixes: Fixes, numbers: NDArray[np.int32]) -> dict[str, NDArray[Any]]:
    return {
        "device_no": numbers[fixes.device] if len(fixes) else fixes.device,
        "time": fixes.time_us - PG_EPOCH_US,
        "received": fixes.received_us - PG_EPOCH_US,
        "lat": fixes.lat,
        "lon": fixes.lon,
        "speed": fixes.speed_mps,
        "course": fixes.course_deg,
        "accuracy": fixes.accuracy_m,
        "altitude": fixes.altitude_m,
        "battery": fixes.battery_pct,
        "odometer": fixes.odometer_m,
        "ignition": fixes.ignition,
        "moving": fixes.moving,
        "flags": fixes.flags.astype("<u4").view("<i4"),
        "dialect": fixes.dialect,
        "content": content_of(fixes),
    }


def content_of(fixes: Fixes) -> NDArray[np.int64]:
    """The content hashes as the column `content` has them."""
    return (fixes.content ^ _TOP_BIT).view(np.int64)


def fixes_of(device: str, rows: Sequence[Any]) -> Fixes:
    """The batch of one device from rows of the query `fixes`; NULL becomes the missing value."""
    if not rows:
        return Fixes.empty()
    columns = dict(zip(rows[0]._fields, zip(*rows, strict=True), strict=True))
    floats = {name: np.array(columns[name], np.float64) for name in _FLOATS}  # None becomes NaN
    whole: dict[str, Any] = {name: [-1 if v is None else v for v in columns[name]] for name in ("ignition", "moving")}
    return Fixes.of(
        (device,),
        device=np.zeros(len(rows), np.int32),
        time_us=columns["time_us"],
        received_us=columns["received_us"],
        lat=columns["lat"],
        lon=columns["lon"],
        speed_mps=floats["speed"],
        course_deg=floats["course"],
        accuracy_m=floats["accuracy"],
        altitude_m=floats["altitude"],
        battery_pct=floats["battery"],
        odometer_m=floats["odometer"],
        **whole,
        flags=np.array(columns["flags"], np.int32).view(np.uint32),
        dialect=columns["dialect"],
        content=np.array(columns["content"], np.int64).view(np.uint64) ^ _TOP_BIT,
    )


def dwell_of(columns: dict[str, Any]) -> Dwell:
    """A row of the table `dwells`; its columns are the record's fields, but for the place's three."""
    place = PlaceRef(columns.pop("place_id"), columns.pop("place_name"), columns.pop("place_kind"))
    return Dwell(**columns, place=None if place.id is None else place)
