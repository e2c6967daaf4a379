"""Photos of an incident: named by their digest, bounded, and they go with it when it is merged."""

import pytest

from core.events import CommandDone, IncidentChanged, Photo
from dispatch.photos import MOST
from tests.dispatch.town import Town, command, of, opened, register

A, B = "a" * 64, "b" * 64


@pytest.fixture
def town():
    """An incident, and another one like it."""
    return Town(register(), opened("i"), opened("j", 10))


def photo(second, sha256, id_="i", actor="ana"):
    return command("incident.photo", second, actor=actor, id=id_, sha256=sha256)


def names(town, id_="i"):
    return [shot.sha256[0] for shot in town.state.incidents[id_].photos]


def test_a_photo_is_told_with_who_took_it(town):
    """In the next version of the incident; the same one again changes nothing."""
    at_us = photo(20, A).at_us
    said = town.run(photo(20, A), photo(21, A))
    assert [event.photos for event in of(IncidentChanged, said)] == [(Photo(sha256=A, at_us=at_us, by="ana"),)]
    assert [done.ok for done in of(CommandDone, said)] == [True, True]


def test_what_is_no_digest_is_refused(town):
    """Nothing but a digest enters the log's events."""
    done = of(CommandDone, town.run(photo(20, "../x")))[0]
    assert (done.ok, names(town)) == (False, [])


def test_photos_are_bounded(town):
    """The next one is refused with the bound; one that is there already is not."""
    said = town.run(*(photo(20 + n, f"{n:064x}") for n in range(MOST + 1)), photo(90, f"{0:064x}"))
    assert [done.ok for done in of(CommandDone, said)] == [True] * MOST + [False, True]


def test_photos_go_with_a_merged_incident_and_come_back(town):
    """The other shows both while they are one."""
    town.run(photo(20, A), photo(21, B, "j"), command("incident.merge", 30, id="i", into="j"))
    assert names(town, "j") == ["b", "a"]
    town.run(command("incident.unmerge", 40, id="i"))
    assert (names(town, "j"), names(town)) == (["b"], ["a"])


def test_a_photo_of_what_is_over_is_for_its_report(town):
    """It is taken, and the incident stays closed."""
    town.run(command("incident.close", 20, id="i"), photo(30, A))
    assert (names(town), town.state.incidents["i"].status) == (["a"], "closed")
