"""The register as dispatch follows it."""

import msgspec
import pytest

from core.entries import OF_DISPATCH, Config
from core.events import CommandDone, NoticeAsked
from dispatch.register import FOLLOWED
from dispatch.roads import packing
from dispatch.roads.build import build
from dispatch.roads.packing import rows_of
from dispatch.state import State
from tests.dispatch.roads.maps import way
from tests.dispatch.town import NOW, SECOND, Town, command, moves, of, opened, person, register, sight

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


def held(number, who, *, id_="", until_s=None):
    until_us = None if until_s is None else NOW + until_s * SECOND
    return {"id": id_ or f"a{who}", "from_us": 0, "until_us": until_us, "device": f"d{number}", "person": who}


def by_device(device, at_s, offer):
    return command("offer.answer", at_s, id_=f"{device}@{at_s}", actor=device, offer=offer.id, answer="accept")


def test_a_phone_handed_over_in_mid_offer_is_not_its_old_owners_any_more():
    """The question is put again to the phone that its person carries instead; the old one may not answer it."""
    town = Town(register(person(0), person(1)), sight(0, {0: 500}), opened())
    said = town.run(told("assignments", held(0, "p0", until_s=0), held(0, "p1"), held(9, "p0", id_="new")))
    (asked,) = of(NoticeAsked, said)
    assert (asked.kind, asked.person, asked.device, asked.id) == ("offer", "p0", "d9", "i.1:2:offer")
    refused = of(CommandDone, town.run(by_device("d0", 2, town.offer(0))))
    assert [(done.ok, done.reason) for done in refused] == [(False, "that is another volunteer's offer")]
    assert moves(town.run(by_device("d9", 3, town.offer(0))))[0] == ("p0", "accepted")


def test_who_gave_their_only_phone_away_is_told_nothing_on_it():
    """The withdrawal goes to no device; a coordinator may telephone."""
    town = Town(register(person(0), person(1)), sight(0, {0: 500}), opened())
    town.run(told("assignments", held(0, "p0", until_s=0), held(0, "p1")))
    withdrawn = of(NoticeAsked, town.run(command("incident.cancel", 5, id="i")))
    assert [(notice.kind, notice.person, notice.device) for notice in withdrawn] == [("withdrawn", "p0", "")]


def test_of_two_phones_of_one_person_either_answers():
    """Asked on the one that was seen last; the yes of the other is theirs too, and where it is counts."""
    town = Town(register(person(0)), told("assignments", held(9, "p0", id_="second")), sight(0, {0: 500}), opened())
    assert town.offer(0).device == "d0"
    assert moves(town.run(by_device("d9", 2, town.offer(0)))) == [("p0", "accepted")]
    assert moves(town.run(sight(30, {9: 20}), sight(40, {9: 20}))) == [("p0", "en_route"), ("p0", "arrived")]


def test_a_closure_is_taken_away_whatever_is_left():
    """What is left lies too far apart to be drawn together, which is no reason to keep a road closed."""
    far = [{"id": f"x{east}", "shape": {"type": "Point", "coordinates": [123.6 + east, -10.17]}} for east in (-15, 15)]
    town = Town(told("closures", WATER, *far), told("closures", {"id": "w"}, op="delete"))
    assert {*town.state.closures} == {"x-15", "x15"}
