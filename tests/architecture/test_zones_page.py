"""docs/zones.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from core.entities import Place, Zone
from core.shaping import POLAR_LAT
from geo.city import shapes
from geo.folds import lanes
from ronda.intake.polygons import SLIVER_M2

PAGE = (Path(__file__).parents[2] / "docs" / "zones.md").read_text()


def test_the_parameters_are_the_defaults() -> None:
    """Each row of the table has the value of the code."""
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+)", PAGE, re.MULTILINE))
    zone = Zone(id="z")
    usual = {name: f"{getattr(zone, name):g}" for name in ("radius_m", "margin_m", "enter_s", "exit_s")}
    assert rows == usual
    assert f"(place: {Place(id='p', name='', kind='other', lon=0, lat=0).radius_m:g})" in PAGE
    assert (zone.margin_m, zone.enter_s, zone.exit_s) == (shapes.HALO_M, shapes.ENTER_S, shapes.EXIT_S)


def test_the_figures_are_those_of_the_code() -> None:
    """Reach, cells of a leg, slivers."""
    assert f"within {shapes.LEAST_REACH_M:g} m where that is less" in PAGE
    assert f"{lanes.CELLS} cells" in PAGE
    assert f"less than {SLIVER_M2:g} m²" in PAGE
    assert f"Beyond {POLAR_LAT:g}° of latitude" in PAGE
