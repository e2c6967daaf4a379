"""`ronda detect`: the kernel of the live engine over a file, without any server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from core.entities import Profile
from core.entries import Config
from core.events import Dwell, DwellChanged
from core.fixes import Fixes
from geo.config import PHONE, TRUCK
from geo.partition import GeoState
from geo.step import step
from geo.steps.live import open_rows

CHUNK: Final = 20_000  # fixes a step: enough to hide the call, few enough to show progress


def profile_of(cls: str, radius_m: float | None, min_dwell_s: float | None) -> Profile:
    """The class's profile with the caller's wishes: `radius_m` sets the inner radius, the outer keeps its ratio.

    A minimum shorter than the profile's is detected; a longer one only filters what is listed, so that the rows are
    those of the live engine.
    """
    profile = PHONE if cls == "phone" else TRUCK
    if radius_m is not None:
        outer_m = radius_m * profile.r_out_m / profile.r_in_m
        profile = msgspec.structs.replace(profile, r_in_m=radius_m, r_out_m=outer_m)
    if min_dwell_s is not None and min_dwell_s < profile.min_dwell_s:
        profile = msgspec.structs.replace(profile, min_dwell_s=min_dwell_s)
    return profile


def detect(fixes: Fixes, profile: Profile, progress: Callable[[int], Any] = lambda _: None) -> list[Dwell]:
    """Dwells in `fixes` (in arrival order) by device and start; those at the end of the file are open.

    `progress` is told how many fixes each step took.
    """
    state, rows = GeoState(), dict[str, Dwell]()
    step(state, Config(section="profiles", op="set", rows=(msgspec.to_builtins(profile),)))
    step(state, Config(section="devices", op="set", rows=tuple({"id": i, "cls": profile.cls} for i in fixes.ids)))
    for start in range(0, len(fixes), CHUNK):
        chunk = fixes.take(np.arange(start, min(start + CHUNK, len(fixes))))
        rows |= {e.row.id: e.row for e in step(state, chunk) if isinstance(e, DwellChanged)}
        progress(len(chunk))
    rows |= {row.id: row for row in open_rows(state)}
    live = [row for row in rows.values() if row.state != "retracted"]
    return sorted(live, key=lambda row: (row.device, row.start_us))


def at_least(rows: Sequence[Dwell], min_dwell_s: float) -> list[Dwell]:
    """Rows from their first fix inside to their last at least so long."""
    return [row for row in rows if row.last_us - row.start_us >= min_dwell_s * 1e6]
