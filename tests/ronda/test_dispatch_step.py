"""Dispatch behind the pump."""

import msgspec

from core.codec import decode, encode
from core.entries import Command, Sightings, Tick
from core.events import PlanMade
from core.live import Live
from dispatch.state import Volunteer
from ronda.steps import DispatchStep, sightings_of
from store.log import Entry

NOW = 1_700_000_000_000_000


def entry(number, value):
    return Entry(id=f"{number}-0", body=encode(value))


def test_positions_of_an_older_version_are_used():
    """The row of volunteers, as it was written before: the plan knows them."""
    seen = {"d": Volunteer(device="d", lon=123.6, lat=-10.17, time_us=NOW)}
    step = DispatchStep({"volunteers": msgspec.msgpack.encode(seen)})
    body = {"kind": "fire", "lon": 123.6, "lat": -10.17}
    commit = step([entry(1, Command(id="i", kind="incident.open", actor="ani", at_us=NOW, body=body))])
    plan = next(event for event in decode(commit.outputs[0].body) if isinstance(event, PlanMade))
    assert [person.device for person in plan.chosen] == ["d"]


def test_positions_are_written_when_they_changed():
    """A tick leaves their row alone; a step that is loaded from the rows has the same state."""
    step = DispatchStep({})
    rows = step([entry(1, Sightings(now_us=NOW, rows=(("d", 1.0, 2.0, NOW),)))]).state
    assert set(step([entry(2, Tick(now_us=NOW + 9_000_000))]).state) == {"state"}
    assert DispatchStep(rows).state.seen == step.state.seen


def test_a_sighting_tells_who_stands():
    """Phones only, those that stand with the time since when."""
    row = {"received_us": 9, "lon": 1.0, "lat": 2.0}
    rows = [
        Live(device="a", cls="phone", time_us=7, motion="stopped", since_us=5, **row),
        Live(device="b", cls="phone", time_us=8, **row),
        Live(device="t", cls="truck", time_us=8, **row),
    ]
    assert sightings_of(rows, 9) == Sightings(
        now_us=9, rows=(("a", 1.0, 2.0, 7), ("b", 1.0, 2.0, 8)), stood=(("a", 5),)
    )
