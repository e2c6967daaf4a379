"""What a pretend device says, and how it says it: one sending is one MQTT message."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, NamedTuple

import msgspec
import numpy as np

from core.fixes import Fixes, Flag
from core.units import MPS_PER_KMH, US_PER_S

Dialect = Literal["native", "owntracks"]
_NUMBERS: Final = {"native": 1, "owntracks": 2}


class Row(NamedTuple):
    """One fix as the device means it; course None: not moving, so it does not know."""

    time_us: int
    lat: float
    lon: float
    speed_mps: float
    course_deg: float | None
    accuracy_m: float
    battery_pct: float
    odometer_m: float | None = None
    ignition: bool | None = None
    ping: bool = False


class Sending(NamedTuple):
    """One message: when it leaves, from whom, and its fixes in their order."""

    send_us: int
    device: str
    dialect: Dialect
    rows: tuple[Row, ...]


def message(sending: Sending) -> tuple[str, bytes]:
    """Topic and payload."""
    if sending.dialect == "owntracks":
        user, _, phone = sending.device.partition("-")
        said = [_owntracks(row, sending.send_us, user) for row in sending.rows]
        return f"owntracks/{user}/{phone}", msgspec.json.encode(said[0] if len(said) == 1 else said)
    native = [_native(row) for row in sending.rows]
    return f"ronda/v1/{sending.device}/fix", msgspec.json.encode(native[0] if len(native) == 1 else native)


def _native(row: Row) -> dict[str, Any]:
    said: dict[str, Any] = {
        "time": row.time_us // US_PER_S,
        "lat": row.lat,
        "lon": row.lon,
        "speed": row.speed_mps,
        "accuracy": row.accuracy_m,
        "battery": row.battery_pct,
    }
    optional = {"course": row.course_deg, "odometer": row.odometer_m, "ignition": row.ignition}
    return said | {key: value for key, value in optional.items() if value is not None}


def _owntracks(row: Row, send_us: int, user: str) -> dict[str, Any]:
    """As the Android application writes it: whole km/h, seconds, `created_at` when it was queued."""
    said: dict[str, Any] = {
        "_type": "location",
        "tst": row.time_us // US_PER_S,
        "lat": row.lat,
        "lon": row.lon,
        "acc": round(row.accuracy_m),
        "batt": round(row.battery_pct),
        "bs": 1,
        "vel": round(row.speed_mps / MPS_PER_KMH),
        "tid": user[-2:],
        "conn": "m",
        "m": 2,
    }
    if row.course_deg is not None:
        said["cog"] = round(row.course_deg)
    if row.ping:
        said["t"] = "p"
    if send_us // US_PER_S - said["tst"] > 2:
        said["created_at"] = send_us // US_PER_S
    return said


def in_bulk(sendings: Iterable[Sending], most: int = 400) -> Iterator[Sending]:
    """The same fixes in fewer messages: each device's, in their order, up to `most` at a time; for what is past."""
    held: dict[str, list[Row]] = {}
    last: dict[str, Sending] = {}
    for sending in sendings:
        rows = held.setdefault(sending.device, [])
        rows.extend(sending.rows)
        last[sending.device] = sending
        while len(rows) >= most:
            yield sending._replace(rows=tuple(rows[:most]))
            del rows[:most]
    for device, rows in held.items():
        if rows:
            yield last[device]._replace(rows=tuple(rows))


def to_fixes(sendings: Iterable[Sending]) -> Fixes:
    """The fixes as ingest would hand them on, in order of arrival, received when sent: for tests without a wire."""
    index: dict[str, int] = {}
    rows: list[tuple[Any, ...]] = []
    for said in sendings:
        head = (index.setdefault(said.device, len(index)), said.send_us, _NUMBERS[said.dialect])
        rows.extend((*head, int(Flag.HEARTBEAT) if row.ping else 0, *row[:-1]) for row in said.rows)
    if not rows:
        return Fixes.empty()
    (device, received, dialect, flags, time, lat, lon, speed, course, accuracy, battery, odometer, ignition) = zip(
        *rows, strict=True
    )
    return Fixes.of(
        tuple(index),
        device=device,
        received_us=received,
        dialect=dialect,
        flags=flags,
        time_us=time,
        lat=lat,
        lon=lon,
        speed_mps=_floats(speed),
        course_deg=_floats(course),
        accuracy_m=_floats(accuracy),
        battery_pct=_floats(battery),
        odometer_m=_floats(odometer),
        ignition=[-1 if value is None else int(value) for value in ignition],
    )


def _floats(values: Iterable[float | None]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([np.nan if value is None else value for value in values], np.float64)
