"""Parameters of the soak tests from the environment, and where their figures go."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np


def parameter(name: str, default: float) -> float:
    """`RONDA_TEST_SOAK_<NAME>`, else the default."""
    return float(os.environ.get(f"RONDA_TEST_SOAK_{name}", default))


def percentiles_ms(seconds: Any) -> dict[str, float]:
    """p50, p99 and the longest, in milliseconds."""
    if not len(seconds):
        return {}
    p50, p99, longest = np.percentile(seconds, [50, 99, 100]) * 1000
    return {"p50": round(float(p50), 1), "p99": round(float(p99), 1), "longest": round(float(longest), 1)}


def report(name: str, figures: dict[str, Any]) -> None:
    """Print them; and append a line to the file that `RONDA_TEST_SOAK_REPORT` names."""
    line = json.dumps({"soak": name, **figures})
    print(line)  # noqa: T201 - `pytest -s` shows it
    if path := os.environ.get("RONDA_TEST_SOAK_REPORT"):
        with Path(path).open("a") as file:
            file.write(line + "\n")
