"""How the console's source hangs together, and how much a browser has to load of it."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter

from tests.web.tree import STATIC, WEB

SOURCE = WEB / "src"
IMPORT = re.compile(r'^(?:import|export)\s(?!type\b)[^;]*?from\s+"(\.[^"]+\.ts)"', re.MULTILINE)
LONGEST = 400
SCRIPT_KB = 1400  # the map library alone is 1,050
STYLE_KB = 125


def test_no_module_imports_in_a_circle():
    """Types aside: those are gone when the page runs."""
    imports = {
        file: {(file.parent / name).resolve() for name in IMPORT.findall(file.read_text())}
        for file in SOURCE.rglob("*.ts")
    }
    assert set(TopologicalSorter(imports).static_order()) == set(imports)


def test_modules_are_short():
    """As everywhere."""
    long = [file.name for file in SOURCE.rglob("*.ts") if len(file.read_text().splitlines()) > LONGEST]
    assert long == []


def test_the_page_stays_small():
    """What a phone on a bad line loads before it sees anything."""
    sizes = {kind: sum(f.stat().st_size for f in (STATIC / "assets").glob(f"index-*.{kind}")) for kind in ("js", "css")}
    assert sizes["js"] < SCRIPT_KB * 1000
    assert sizes["css"] < STYLE_KB * 1000
