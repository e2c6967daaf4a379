"""Kernels as plain Python, for whoever wants to step through them."""

from __future__ import annotations

import os
import subprocess
import sys

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
