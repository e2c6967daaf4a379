"""What an incident did, entered piece by piece."""

import pytest

from core.errors import ConflictError
from core.events import Impact, IncidentChanged
from dispatch.impact import merged
from tests.dispatch.town import NOW, SECOND, Town, command, of, opened


def test_pieces_add_up():
    """What is named replaces, null takes back, the rest stays; nothing left is nothing known."""
    first = merged(None, {"deaths": 0, "houses_light": 2})
    second = merged(first, {"houses_light": 3, "losses": "Rp 20 juta", "deaths": None})
    assert first == Impact(deaths=0, houses_light=2)
    assert second == Impact(houses_light=3, losses="Rp 20 juta")
    assert merged(second, {"houses_light": None, "losses": None}) is None


def test_a_word_that_it_has_not_is_refused():
    """By name, with those that there are."""
    with pytest.raises(ConflictError, match="impact has no dead; it has deaths, missing"):
        merged(None, {"dead": 1})


@pytest.mark.parametrize(
    "told", [{"deaths": -1}, {"deaths": 1.5}, {"deaths": "1"}, {"losses": 7}, {"losses": "x" * 2001}]
)
def test_what_cannot_be_changes_nothing(told):
    """The command is refused, the incident stays at its revision."""
    place = Town(opened()[0])
    done = place.run(command("incident.edit", 1, id="i", impact=told))[-1]
    assert (done.ok, place.state.incidents["i"].revision) == (False, 1)


def test_it_can_be_undone():
    """As every other edit."""
    place = Town(opened()[0])
    place.run(command("incident.edit", 1, id="i", impact={"missing": 2}))
    back = of(IncidentChanged, place.run(command("incident.undo", 2)))[-1]
    assert (back.impact, back.revision) == (None, 3)


def test_it_is_entered_when_it_is_over():
    """Losses are counted afterwards; nothing else of an incident that ended is changed."""
    place = Town(opened()[0])
    place.run(command("incident.close", 1, id="i"))
    later = of(IncidentChanged, place.run(command("incident.edit", 2, id="i", impact={"deaths": 1})))[-1]
    refused = place.run(command("incident.edit", 3, id="i", impact={"deaths": 2}, text="?"))[-1]
    assert (later.status, later.impact.deaths, later.closed_us - NOW) == ("closed", 1, SECOND)
    assert (refused.ok, refused.reason) == (False, "the incident is closed; reopen it first")


def test_an_older_incident_has_none():
    """A row that an older version wrote is read."""
    assert IncidentChanged(at_us=0, id="i", kind="k", severity=1, status="closed", lon=0, lat=0).impact is None
