"""Pages that describe the product say all of it, and nothing that is gone."""

import argparse
import re
import typing

import msgspec
import pytest
from starlette.routing import Route, WebSocketRoute

from core.entities import Role
from core.events import Dwell, Event
from dispatch.incidents import TABLE
from dispatch.offers import TABLE as OFFERS
from tests.architecture.source import ROOT

EVENTS = {kind.__struct_config__.tag: kind for kind in typing.get_args(Event)}


def page(name):
    return (ROOT / "docs" / name).read_text()


def section(text, title):
    """The part under a heading, up to the next heading of the same depth."""
    match = re.search(rf"^## {re.escape(title)}.*?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert match, f"no section {title}"
    return match[1]


@pytest.mark.parametrize("tag", EVENTS)
def test_every_event_and_each_field_is_described(tag):
    """docs/events.md has a section for each type and names each of its fields."""
    text = section(page("events.md"), f"`{tag}`")
    names = [f.encode_name for f in msgspec.structs.fields(EVENTS[tag]) if f.encode_name != "at_us"]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_column_of_a_dwell_is_described():
    """The row of a dwell event is documented whole."""
    text = section(page("events.md"), "`dwell`")
    assert [f.encode_name for f in msgspec.structs.fields(Dwell) if f"`{f.encode_name}`" not in text] == []


def test_no_event_is_described_that_is_gone():
    """The first table lists exactly the types that exist."""
    listed = re.findall(r"^\| `(\w+)` \|", page("events.md").split("\n## ")[0], re.MULTILINE)
    assert listed == list(EVENTS)


def test_the_moves_of_an_incident_are_those_of_the_table():
    """The documented life of an incident is the code's, move by move."""
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|$", section(page("events.md"), "`incident`"), re.MULTILINE)
    told = {status: dict(re.findall(r"(\w+) → `(\w+)`", moves)) for status, moves in rows}
    assert told == {status: dict(moves) for status, moves in TABLE.items()}


def test_the_moves_of_an_offer_are_those_of_the_table():
    """The documented life of an offer is the code's, move by move and by whom."""
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|$", section(page("events.md"), "`offer`"), re.MULTILINE)
    told = {state: re.findall(r"(\w+) → `(\w+)` \((.*?)\)", moves) for state, moves in rows}
    life = {
        state: [(move, after, ", ".join(sorted(by))) for move, (after, by) in row.items()]
        for state, row in OFFERS.items()
        if row
    }
    assert told == life


def test_every_route_is_described():
    """docs/http.md or docs/live.md names each path that the API answers."""
    from api.app import ROUTERS

    text = page("http.md") + page("live.md")
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, Route | WebSocketRoute)]
    paths = {route.path for route in routes}
    missing = [path for path in sorted(paths) if path not in text and path.removeprefix("/api/v1") not in text]
    assert routes
    assert missing == []


def commands():
    """Each subcommand with its option strings, nested verbs included."""
    from ronda.arguments import parser

    def options(p):
        for action in p._actions:
            if isinstance(action, argparse._SubParsersAction):
                for verb, below in action.choices.items():
                    yield verb
                    yield from options(below)
            elif not isinstance(action, argparse._HelpAction):
                yield from action.option_strings[-1:]

    top = next(a for a in parser()._actions if isinstance(a, argparse._SubParsersAction))
    return {name: set(options(below)) for name, below in top.choices.items()}


def test_every_command_and_option_is_described():
    """docs/commands.md has a section for each command that names its options; common ones stand at the top."""
    text = page("commands.md")
    common = text.split("\n## ")[0]
    for name, options in commands().items():
        described = common + section(text, f"`ronda {name}")
        heading = re.search(rf"^## `ronda {name}.*$", text, re.MULTILINE)[0]
        assert [option for option in sorted(options) if option not in described + heading] == [], name


def test_no_command_is_described_that_is_gone():
    """Every section of docs/commands.md is a command that exists."""
    assert set(re.findall(r"^## `ronda (\w+)", page("commands.md"), re.MULTILINE)) == set(commands())


def test_roles_of_the_command_line_are_those_of_core():
    """The parser names the roles itself, to stay quick; they are the same list."""
    from ronda.arguments import ROLES

    assert tuple(ROLES) == typing.get_args(Role)
