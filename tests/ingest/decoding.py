"""What a payload comes to: the columns that it fills, or the reasons why it is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from ingest.columns import judge
from ingest.raw import Decoded

Decode = Callable[[bytes], Decoded]
degrees = {"lat": st.floats(-89, 89), "lon": st.floats(1, 179)}
speeds_mps = st.floats(0, 90)


class Outcome(NamedTuple):
    """Rows (column → value, missing ones left out) and reasons. Both empty: known and ignored."""

    rows: list[dict[str, Any]]
    reasons: list[str]


def outcome(decode: Decode, payload: bytes) -> Outcome:
    """Decode and judge a payload, as if it were received long after its fixes."""
    decoded = decode(payload)
    judged = judge(decoded.fixes, None)
    flags = decoded.flags or (0,) * len(decoded.fixes)
    assert len(flags) == len(decoded.fixes)
    judged.columns["flags"] |= np.array(flags, np.uint32)
    good = [i for i, verdict in enumerate(judged.verdict.tolist()) if verdict < 0]
    bad = [judged.reason(i) for i, verdict in enumerate(judged.verdict.tolist()) if verdict >= 0]
    rows = [{name: column[i].item() for name, column in judged.columns.items()} for i in good]
    return Outcome([_present(row) for row in rows], [problem.reason for problem in decoded.problems] + bad)


def row(decode: Decode, payload: bytes) -> dict[str, Any]:
    """The one row of a payload that holds one good fix."""
    rows, reasons = outcome(decode, payload)
    assert (len(rows), reasons) == (1, [])
    return rows[0]


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in values.items()
        if not (isinstance(value, float) and math.isnan(value)) and not (name in {"ignition", "moving"} and value < 0)
    }
