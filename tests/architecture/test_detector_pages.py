"""Each detector has one page: a picture of a real trace, parameters with their units, known failures."""

import re

import pytest

from core.entities import Place, Profile, Zone
from core.units import DAY_US
from geo.folds.tracklayout import CONTACTS
from ronda import rebuild, rebuilding
from ronda.judging import ROWS
from tests.architecture.source import ROOT

DETECTORS = ("dwell", "trips", "zones", "services", "purpose", "rules", "coverage", "rollcall")
UNITS = {"s": "s", "m": "m", "mps": "m/s"}
NAME = re.compile(r"`([a-z_]+)`")


def page(name):
    return (ROOT / "docs" / f"{name}.md").read_text()


def parameters(text):
    """(name, value, unit) of the tables that have a column for the unit."""
    for table in re.findall(r"^\| name \|.*?(?=\n\n)", text, re.MULTILINE | re.DOTALL):
        head, _, *rows = ([cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines())
        for row in rows:
            names, values, units = (re.split(r" · |, |; ?", row[i]) for i in (0, 1, head.index("unit")))
            yield from zip(names, values, units, strict=False)


@pytest.mark.parametrize("name", DETECTORS)
def test_a_page_has_the_picture_of_a_real_trace(name):
    """It is there, and small enough for the repository."""
    (picture,) = re.findall(r"\]\(images/([\w-]+-real\.svg)\)", page(name))
    assert (ROOT / "docs" / "images" / picture).stat().st_size < 40_000


@pytest.mark.parametrize("name", DETECTORS)
def test_units_of_parameters_are_those_of_their_names(name):
    """`radius_m` is in metres, `exit_s` in seconds, `limit_mps` in metres a second."""
    told = list(parameters(page(name)))
    suffixed = [
        (n.strip("`"), unit) for n, _, unit in told if NAME.fullmatch(n) and n.strip("`").split("_")[-1] in UNITS
    ]
    assert told
    assert [(n, unit) for n, unit in suffixed if UNITS[n.split("_")[-1]] != unit] == []


@pytest.mark.parametrize("name", [*DETECTORS, "days"])
def test_a_page_tells_known_failures(name):
    """Under a heading of their own."""
    assert re.search(r"^## Known failures\n\n- ", page(name), re.MULTILINE)


def test_the_parameters_of_services_are_those_of_the_code():
    """Zone, place and profile, in the order of the table."""
    told = [(name.strip("`"), float(value)) for name, value, _ in parameters(page("services"))]
    zone, place, profile = Zone(id="z"), Place(id="p", name="", kind="other", lon=0, lat=0), Profile()
    owners = [zone] * 3 + [place] + [profile] * 3
    assert told == [(name, getattr(of, name)) for (name, _), of in zip(told, owners, strict=True)]
    assert f"At most {CONTACTS} visits" in page("services")


def test_the_bounds_of_days_are_those_of_the_code():
    """What a rebuild takes in at once."""
    bounds = dict(re.findall(r"^\| ([^|]+) \| (\d[\d,]*\d|\d)", page("days").split("## Bounds")[1], re.MULTILINE))
    assert bounds["fixes of one command"] == f"{rebuild.FIXES:,}"
    assert bounds["of them before the new ones"] == f"{rebuild.LEAD:,}"
    assert bounds["devices rebuilt beside one another"] == str(rebuilding.AT_ONCE)
    assert bounds["rows of one `rows.judge`"] == str(ROWS)
    assert f"and {rebuild.LEAD_US // DAY_US} days" in page("days")
