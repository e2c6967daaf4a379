"""The kernel alone: the dwell fold with ring and rewind, in arrival order, compiled or interpreted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np

from core.entities import Profile
from core.fixes import Fixes
from geo.folds.layout import SIZE
from geo.folds.rewind import DONE, DRAIN, feed
from geo.partition import GeoState

ROUNDS: Final = 5
RING: Final = 384  # fixes: enough for one and a half horizons at 5 s


def columns(fixes: Fixes) -> tuple[Any, ...]:
    """What `feed` reads of a batch, in its order."""
    return (
        fixes.device, fixes.time_us, fixes.content.view(np.int64), fixes.received_us, fixes.lon, fixes.lat,
        fixes.speed_mps, fixes.course_deg, fixes.accuracy_m, fixes.battery_pct, fixes.ignition, fixes.moving,
        fixes.flags,
    )  # fmt: skip


def fed(batches: list[tuple[Any, ...]], ids: tuple[str, ...], run: Callable[..., Any] = feed) -> float:
    """CPU seconds over the batches on a new state; its rings have the size that they would soon grow to."""
    state = GeoState()
    d = state.devices
    slots = np.array([d.slot(device, Profile()) for device in ids], np.int64)
    while d.homes[: len(ids), SIZE].min() < RING:
        for slot in range(len(ids)):
            d.grow_ring(slot)
    begin = time.process_time()
    for batch in batches:
        row, ended = 0, DRAIN
        while ended != DONE:
            ended, row, _ = run(
                row, slots, *batch, d.ring, d.homes, d.floats, d.ints, d.last, d.profiles, None, 0, 0, state.lengths,
                state.event_ints, state.event_floats, state.counts, False,
            )  # fmt: skip
    return time.process_time() - begin


def cut(fixes: Fixes, size: int) -> Iterator[tuple[Any, ...]]:
    """The columns in batches."""
    whole = columns(fixes)
    for start in range(0, len(fixes), size):
        yield tuple(column[start : start + size] for column in whole)


def seconds_a_fix(fixes: Fixes, size: int, run: Callable[..., Any] = feed) -> float:
    """The best of a few rounds."""
    batches = list(cut(fixes, size))
    return min(fed(batches, fixes.ids, run) for _ in range(ROUNDS)) / len(fixes)
