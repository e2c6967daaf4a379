"""What a tracker's flags and clock say of it."""

from __future__ import annotations

import pytest

from geo.reports.honesty import Honesty, honesty


@pytest.mark.parametrize(
    ("flags", "prompt_s", "faults"),
    [
        ({"jump": 10, "mock": 0}, 2.0, ()),
        ({"jump": 11, "mock": 0}, 2.0, ("jump",)),
        ({"jump": 0, "mock": 1}, 2.0, ("mock",)),
        ({"jump": 0}, 61.0, ("clock",)),
        ({"jump": 0}, -6.0, ("clock",)),
        ({"jump": 0}, None, ()),
    ],
)
def test_faults_are_flags_that_are_too_many_and_a_clock_that_is_off(
    flags: dict[str, int], prompt_s: float | None, faults: tuple[str, ...]
) -> None:
    """One in a hundred happens to everybody; made-up fixes do not."""
    assert honesty("t1", "v1", 1000, flags, prompt_s).faults == faults


def test_counts_of_nothing_are_left_out() -> None:
    """Only what was seen is told."""
    told = honesty("t1", None, 7, {"jump": 0, "stuck": 7}, 1.5)
    assert told == Honesty(device="t1", fixes=7, flags={"stuck": 7}, prompt_s=1.5, faults=("stuck",))
