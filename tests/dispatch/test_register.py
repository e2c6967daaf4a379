"""The register as dispatch follows it."""

import msgspec
import pytest

from core.entries import OF_DISPATCH, Config
from core.events import CommandDone
from dispatch.register import FOLLOWED
from dispatch.roads import packing
from dispatch.roads.build import build
from dispatch.roads.packing import rows_of
from dispatch.state import State
from tests.dispatch.roads.maps import way
from tests.dispatch.town import NOW, Town, person, register

WATER = {"id": "w", "shape": {"type": "Point", "coordinates": [123.6, -10.17]}, "depth_cm": 80}


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(packing, "PART_BYTES", 100)


def roads(length=1000):
    return rows_of(build([way((0, 0), (length, 0)), way((300, 0), (300, 400), oneway="yes")])[0])


def told(section, *rows, op="upsert"):
    return Config(section=section, op=op, rows=rows, at_us=NOW, id=f"{section}-1")


def test_what_dispatch_follows_is_what_it_is_sent():
    """The list by which entries are sent is the list of what is read."""
    assert set(FOLLOWED) == OF_DISPATCH


def test_a_map_holds_once_all_its_parts_are_there():
    """In any order, in entries of their own."""
    rows = roads()
    town = Town(*(told("roads", row) for row in rows[:0:-1]))
    assert (len(rows) > 2, town.state.roads) == (True, {})
    town.run(told("roads", rows[0]))
    assert ({*town.state.roads}, town.state.coming) == ({row["id"] for row in rows}, {})


def test_the_old_map_holds_until_the_new_one_is_whole():
    """An import that is cut short changes nothing; the next one begins anew."""
    old, new, newer = roads(), roads(900), roads(800)
    town = Town(told("roads", *old), told("roads", *new[:-1]))
    assert {part.version for part in town.state.roads.values()} == {old[0]["version"]}
    town.run(told("roads", *newer))
    assert {part.version for part in town.state.roads.values()} == {newer[0]["version"]}


@pytest.mark.parametrize("change", [told("roads", op="set"), told("roads", {"id": "roads-0001"}, op="delete")])
def test_a_map_is_taken_away(change):
    """By a set of nothing, or part by part."""
    assert Town(told("roads", *roads()), change).state.roads == {}


def test_a_map_comes_from_the_archive():
    """Its bytes are text there."""
    assert Town(told("roads", *msgspec.to_builtins(roads(), str_keys=True))).state.roads


def test_the_clock_of_the_city_is_kept():
    """Other rows of the section are not dispatch's."""
    town = Town(
        told("city", {"id": "city", "offsets": [[0, 28_800]], "name": "Kota Kupang"}), told("city", {"id": "x"})
    )
    assert town.state.offsets == ((0, 28_800),)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (told("people", {"id": "p", "kind": "king"}), "people: Invalid enum value 'king'"),
        (told("people", {"name": "x"}), "people: a row has no `id`"),
        (told("people", {"id": ["p"]}, op="delete"), "people: a row has no `id`"),
        (told("assignments", {"id": "a"}), "assignments: Object missing required field `from_us`"),
        (told("areas", {"id": "a", "name": "a", "polygons": 5}), "areas: Expected `array`"),
        (told("closures", WATER | {"shape": {"type": "Polygon"}}), "closure w: its shape cannot be read"),
        (told("city", {"id": "city", "offsets": []}), "city: a clock needs at least one offset"),
        (told("roads", *(row | {"body": b"x"} for row in roads())), "roads: the roads in the log are damaged"),
    ],
)
def test_what_cannot_be_used_changes_nothing_and_says_why(change, why):
    """Whatever stands in a row of the log, the step goes on."""
    town = Town(*register(person(1)), told("closures", WATER))
    before = town.state
    (answer,) = town.run(change)
    assert isinstance(answer, CommandDone)
    assert (answer.id, answer.ok, answer.reason[: len(why)] == why or why in answer.reason) == (change.id, False, True)
    assert town.state == before


def test_other_sections_are_not_dispatchs():
    """A vehicle changes nothing here."""
    assert msgspec.structs.replace(Town(told("vehicles", {"id": "v"})).state, now_us=0) == State()
