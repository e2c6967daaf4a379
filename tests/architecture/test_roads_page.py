"""docs/roads.md has the speeds and the depths of the code."""

import re

from dispatch.roads.speeds import SPEEDS_KMH, WATER_CM
from tests.architecture.source import ROOT

PAGE = (ROOT / "docs" / "roads.md").read_text()


def test_the_speeds_are_those_of_the_code():
    """Every kind of road once, with its five speeds."""
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE, re.MULTILINE)
    told = [
        (kind, tuple(0 if cell == "-" else int(cell) for cell in cells.split(" | ")))
        for kind, cells in rows
        if kind != "highway"
    ]
    assert told == list(SPEEDS_KMH.items())


def test_the_depths_are_those_of_the_code():
    """Slow from, stopped from."""
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+|never) \|$", PAGE, re.MULTILINE)
    told = {cls: (float(slow), float(stop.replace("never", "inf"))) for cls, slow, stop in rows}
    assert told == WATER_CM
