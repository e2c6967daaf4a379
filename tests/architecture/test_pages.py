"""ARCHITECTURE.md and docs/dwell.md describe this tree: the order of rooms, the files named, the parameters."""

import re

import msgspec
import pytest

from core.entities import Profile
from geo.config import PHONE, TRUCK
from tests.architecture.source import ROOT, pyproject, rooms

FOLDERS = {*rooms(), "tests", "docs", "deploy", "bench", "web"}
PAGES = [
    "README.md",
    "ARCHITECTURE.md",
    "docs/dwell.md",
    *(f"docs/decisions/{p.name}" for p in ROOT.glob("docs/decisions/*.md")),
]


def test_the_figure_of_rooms_is_the_linters():
    """The first figure of ARCHITECTURE.md has the layers of pyproject.toml, in their order."""
    figure = (ROOT / "ARCHITECTURE.md").read_text().split("## Rooms")[1].split("\n\n")[1]
    drawn = [re.split(r"\s{2,}", line.strip())[0] for line in figure.splitlines()]
    assert drawn == pyproject()["tool"]["importlinter"]["contracts"][0]["layers"]


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_exists(page):
    """A path in backticks that begins with one of our folders is there (`api/static` is built, `ronda/v1/` a topic)."""
    named = re.findall(r"`((?!ronda/v1/)[a-z_]+/[\w./-]*)`", (ROOT / page).read_text())
    ours = {path for path in named if path.split("/")[0] in FOLDERS - {"api"} or path.endswith(".py")}
    assert sorted(path for path in ours if not (ROOT / path).exists()) == []


def test_the_parameters_of_the_detector_are_the_defaults():
    """The tables of the detectors' pages have every field of a profile once, with the values of trucks and phones."""
    pages = "\n".join((ROOT / "docs" / f"{name}.md").read_text() for name in ("dwell", "trips", "purpose"))
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \| ([\d.]+) \|", pages, re.MULTILINE)
    names = [f.name for f in msgspec.structs.fields(Profile) if f.name != "cls"]
    told = [(name, float(truck), float(phone)) for name, truck, phone in rows]
    assert told == [(name, getattr(TRUCK, name), getattr(PHONE, name)) for name in names]
