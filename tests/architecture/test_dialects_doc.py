"""docs/dialects.md says of every field what becomes of it, and its tables are those that the decoders follow."""

import importlib
import re

import pytest

from ingest.dialects import DIALECTS, SUBSCRIPTIONS
from ingest.dialects.chirpstack import LATITUDES, LONGITUDES
from ingest.dialects.owntracks import KNOWN_AND_IGNORED
from tests.architecture.source import ROOT

PAGE = (ROOT / "docs" / "dialects.md").read_text()
REQUIRED = {"time_us", "lat", "lon"}
UNKNOWN = {"": "left out", "-1": "left out, or negative", "0": "left out, or 0"}


def fields_of(dialect):
    return importlib.import_module(f"ingest.dialects.{dialect.name}").FIELDS


def row(field):
    unknown = "required" if field.column in REQUIRED else UNKNOWN[field.missing]
    names = " or ".join(f"`{name}`" for name in field.wire.split("|"))
    return f"| {names} | `{field.column}` | {field.unit} | {unknown} |"


def section(dialect):
    """The part of the page about a dialect: its heading ends with the number."""
    match = re.search(rf"^## .*\({dialect.number}\)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert match, f"no section for {dialect.name} ({dialect.number})"
    return match[1]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_the_tables_of_a_dialect_are_those_of_its_decoder(dialect):
    """Row by row, in the order of the code."""
    shown = [line for line in section(dialect).splitlines() if re.match(r"\| `", line)]
    assert shown == [row(field) for table in fields_of(dialect).values() for field in table]


def test_every_dialect_has_a_section_and_no_other():
    """A number is for ever, and no section is about a dialect that is gone."""
    assert [int(n) for n in re.findall(r"^## .*\((\d+)\)$", PAGE, re.MULTILINE)] == [d.number for d in DIALECTS]


def test_what_is_known_and_ignored_is_listed():
    """Whoever misses a message finds its type."""
    assert [kind for kind in sorted(KNOWN_AND_IGNORED) if f"`{kind}`" not in PAGE] == []


def test_the_names_looked_for_are_listed():
    """A codec's author finds what to call a position."""
    assert [name for name in (*LATITUDES, *LONGITUDES) if f"`{name}`" not in PAGE] == []


def test_the_topics_of_a_broker_are_listed():
    """What we subscribe to is what the page says."""
    listed = re.search(r"subscribes to\n?(.*?)\.\n", PAGE, re.DOTALL)[1]
    assert tuple(re.findall(r"`([^`]+)`", listed)) == SUBSCRIPTIONS


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "recipes").glob("*.md")), ids=lambda path: path.name)
def test_a_recipe_is_reachable(path):
    """The page of dialects leads to it."""
    assert f"recipes/{path.name}" in PAGE
