"""Hypothesis strategies and small builders for the nouns of core."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from core.events import Dwell, PlaceRef, Spell
from core.fixes import Fixes

T0_US = 1_767_571_200_000_000  # 2026-01-05T00:00:00Z

device_ids = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
times_us = st.integers(T0_US, T0_US + 86_400_000_000)
_float32 = st.one_of(st.just(float("nan")), st.floats(0, 1e6, width=32))
_flag = st.integers(-1, 1)


def fixes_of(device: str, *points: tuple[float, float, float], **columns: Any) -> Fixes:
    """Fixes of one device from (seconds after T0, lon, lat); received one second later."""
    seconds, lon, lat = (np.array(column, np.float64) for column in zip(*points, strict=True))
    time_us = T0_US + (seconds * 1e6).astype(np.int64)
    device_index = np.zeros(len(points), np.int32)
    base = {"device": device_index, "time_us": time_us, "received_us": time_us + 1_000_000, "lon": lon, "lat": lat}
    return Fixes.of((device,), **(base | columns))


@st.composite
def fixes(draw: st.DrawFn, max_size: int = 20, ids: st.SearchStrategy[str] = device_ids) -> Fixes:
    """A batch in no order, of a few devices, with any column missing."""
    names = draw(st.lists(ids, min_size=1, max_size=4, unique=True))
    n = draw(st.integers(0, max_size))

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=n, max_size=n))

    return Fixes.of(
        names,
        device=column(st.integers(0, len(names) - 1)),
        time_us=column(times_us),
        received_us=column(times_us),
        lat=column(st.floats(-90, 90)),
        lon=column(st.floats(-180, 180)),
        **{name: column(_float32) for name in ("speed_mps", "course_deg", "accuracy_m", "altitude_m", "battery_pct")},
        odometer_m=column(st.one_of(st.just(float("nan")), st.floats(0, 1e9))),
        ignition=column(_flag),
        moving=column(_flag),
        flags=column(st.integers(0, 2**32 - 1)),
        dialect=column(st.integers(0, 255)),
    )


def dwell_of(dwell_id: str = "w1", **columns: Any) -> Dwell:
    """A closed dwell of half an hour from T0, unless told otherwise."""
    base: dict[str, Any] = {
        "id": dwell_id,
        "device": "d1",
        "cls": "truck",
        "start_us": T0_US,
        "end_us": T0_US + 1_800_000_000,
        "last_us": T0_US + 1_800_000_000,
        "observed_s": 1200.5,
        "silent_s": 599.5,
        "lon": 123.6,
        "lat": -10.17,
        "radius_m": 12.25,
        "fixes": 60,
        "state": "closed",
        "revision": 1,
    }
    return Dwell(**(base | columns))


def spell_of(spell_id: str = "s1", **columns: Any) -> Spell:
    """A closed trip of ten minutes from T0, unless told otherwise."""
    base: dict[str, Any] = {
        "id": spell_id,
        "kind": "trip",
        "device": "d1",
        "cls": "truck",
        "start_us": T0_US,
        "end_us": T0_US + 600_000_000,
        "last_us": T0_US + 600_000_000,
        "fixes": 60,
        "state": "closed",
        "revision": 1,
        "lon": 123.6,
        "lat": -10.17,
    }
    return Spell(**(base | columns))


PLACE = PlaceRef("tpa", "TPA Alak", "landfill")
