"""docs/coverage.md and docs/rollcall.md tell the parameters that the code has."""

import re

from geo.reports import coverage, honesty, planned, rollcall, rounds, unheard
from geo.reports.daybook import GRACE_US
from tests.architecture.source import ROOT

US = {"min": 60e6, "h": 3600e6}
MPS = {"km/h": 1 / 3.6}
COVERAGE = {
    "GRACE_US": GRACE_US,
    "LATE_US": planned.LATE_US,
    "STOPPED_S": coverage.STOPPED_S,
    "SLOW_MPS": coverage.SLOW_MPS,
    "REACH_M": unheard.REACH_M,
    "FASTEST_MPS": unheard.FASTEST_MPS,
    "COVERED": coverage.COVERED,
    "TIPPING_S": rounds.TIPPING_S,
}
ROLL = {"SHARE": honesty.SHARE, "BEHIND_S": honesty.BEHIND_S, "AHEAD_S": honesty.AHEAD_S}


def told(page):
    """Name, value and unit of each row of the table of parameters, in the unit of the code."""
    text = (ROOT / "docs" / page).read_text()
    rows = re.findall(r"^\| `([A-Z_]+)` \| (-?[\d.]+) \| ([\w/]*) ?\|", text, re.MULTILINE)
    return {name: round(float(value) * (US | MPS).get(unit, 1), 6) for name, value, unit in rows}


def test_the_parameters_of_coverage_are_those_of_the_code():
    """All of them, with their values."""
    assert told("coverage.md") == {name: round(value, 6) for name, value in COVERAGE.items()}


def test_the_parameters_of_the_roll_are_those_of_the_code():
    """And the time at which it is called."""
    assert told("rollcall.md") == ROLL
    assert f"| `AT` | {rollcall.AT // 60:02}:{rollcall.AT % 60} |" in (ROOT / "docs" / "rollcall.md").read_text()
