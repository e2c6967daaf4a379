"""Kernels as plain Python, for whoever wants to step through them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import geo.folds.fences
import geo.folds.track
from geo.folds.jit import bare, interpreted
from geo.trackstate import TrackState

PROGRAM = """
from core.fixes import Fixes
from geo.folds import rewind
from geo.partition import GeoState
from geo.step import step
fixes = Fixes.of(["t1"], device=[0] * 9, time_us=[i * 10**7 for i in range(9)], lon=[0.0] * 9, lat=[0.0] * 9)
print(type(rewind.feed).__name__, [type(event).__name__ for event in step(GeoState(), fixes)])
"""


def test_without_the_compiler() -> None:
    """Numba's own switch leaves every kernel interpreted, and the engine goes on."""
    said = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        capture_output=True, text=True, check=True, timeout=60, env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
    )  # fmt: skip
    assert said.stdout == "function ['DwellChanged']\n"


def plain(value: Any) -> bool:
    """Whether a value, and all in it, is something whose type numba knows without asking Python."""
    return not isinstance(value, tuple) or (type(value) is tuple and all(map(plain, value)))


def test_a_track_goes_through_a_call_without_names() -> None:
    """What `feed` is given has no name in it, and is the same track again inside."""
    track = TrackState().arrays()
    named_track = interpreted(geo.folds.fences, geo.folds.track)["named_track"]
    assert plain(TrackState().bare())
    assert repr(named_track(bare(track))) == repr(track)
    assert named_track(None) is None
