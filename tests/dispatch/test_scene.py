"""What positions and the clock tell about who was asked."""

import pytest

from core.events import OfferChanged
from tests.dispatch.town import HERE, Town, command, moves, notices, of, opened, person, register, sight, tick


@pytest.fixture
def town():
    """One volunteer, 2 km away, who accepted at second 5."""
    town = Town(register(person(0)), sight(0, {0: 2000}), opened())
    town.answer(0, 5)
    return town


def test_toward_the_place_is_on_the_way(town):
    """20 s nearer than at first."""
    assert moves(town.run(sight(15, {0: 1900}))) == []
    assert moves(town.run(sight(20, {0: 1800}))) == [("p0", "en_route")]


def test_an_offer_says_how_long_they_still_need(town):
    """Not what it was when they were asked, but at the move."""
    said = of(OfferChanged, town.run(sight(15, {0: 1900}), sight(20, {0: 1800})))
    assert [(o.state, o.eta_s) for o in said] == [("en_route", 339.5)]


def test_two_sightings_at_the_scene_are_an_arrival(town):
    """One may be a stray; the incident is then on scene."""
    assert ("p0", "arrived") not in moves(town.run(sight(60, {0: 70})))
    assert ("p0", "arrived") in moves(town.run(sight(70, {0: 70})))
    assert town.state.incidents["i"].status == "on_scene"


def test_a_hazard_that_was_taken_in_keeps_nobody_from_arriving():
    """Two lie too far apart to be drawn together, once the one between them is gone; that may end all the same."""
    town = Town(register(person(0)), sight(0, {0: 2000}))
    for id_, east in (("h", 0), ("i", -15), ("j", 15)):
        box = {"type": "Point", "coordinates": [HERE[0] + east, HERE[1]]}
        town.run(opened(id_, hazard={"shape": box, "depth_cm": 20}, severity=3 if id_ == "i" else 1))
    town.run(command("incident.close", 3, id="h"))
    town.answer(0, 5)
    town.run(sight(60, {0: 70}), sight(70, {0: 70}))
    assert [incident.status for incident in town.state.incidents.values()] == ["closed", "on_scene", "dispatching"]


def test_one_is_enough_when_the_kernel_says_that_it_stands(town):
    """The same word as for the trucks."""
    assert ("p0", "arrived") in moves(town.run(sight(60, {0: 70}, stood=[0])))


def test_passing_by_is_no_arrival(town):
    """70 m, then beyond, then 70 m again: never twice in a row."""
    town.run(sight(60, {0: 70}), sight(70, {0: 90}), sight(80, {0: 70}))
    assert town.states() == {0: "en_route"}


def test_standing_there_is_work_and_going_away_ends_it(town):
    """Two minutes of standing; beyond 200 m for a minute."""
    town.run(sight(60, {0: 10}), sight(70, {0: 10}))
    assert moves(town.run(sight(180, {0: 10}, stood=[0]))) == [("p0", "working")]
    assert moves(town.run(sight(300, {0: 250}), sight(359, {0: 250}))) == []
    assert moves(town.run(sight(360, {0: 250}))) == [("p0", "released")]


def test_a_short_way_out_is_no_end(town):
    """Back within 200 m before the minute is over."""
    town.run(sight(60, {0: 10}), sight(70, {0: 10}), sight(100, {0: 250}), sight(140, {0: 90}), sight(170, {0: 250}))
    assert town.states() == {0: "arrived"}


def test_no_progress_is_told_ninety_seconds_after_the_start_and_the_place_is_open():
    """Setting out may take the 136 s that every time to arrive allows for it; standing still then, somebody else is
    asked, and whoever arrives is there.
    """
    town = Town(register(person(0), person(1)), sight(0, {0: 2000, 1: 2500}), opened())
    town.answer(0, 5)
    assert moves(town.run(tick(5 + 136 + 89))) == [("p0", "committed")]
    assert moves(town.run(sight(233, {0: 2000, 1: 2500}))) == [("p0", "no_progress"), ("p1", "offered")]


def test_who_moves_on_is_on_the_way_again(town):
    """After a halt, 20 s nearer than at best."""
    town.run(tick(100))
    assert moves(town.run(sight(110, {0: 1700}))) == [("p0", "en_route")]


def test_in_ten_minutes_is_no_halt_before_that():
    """The promise counts from when they said that they would come."""
    town = Town(register(person(0)), sight(0, {0: 2000}), opened())
    town.answer(0, 5, "accept_in", minutes=10)
    town.run(tick(826))
    assert (town.offer(0).minutes, town.states()) == (10, {0: "committed"})
    assert moves(town.run(tick(831))) == [("p0", "no_progress")]


def test_in_ten_minutes_holds_where_the_place_moved():
    """Another place takes no promise back."""
    town = Town(register(person(0)), sight(0, {0: 2000}), opened())
    town.answer(0, 5, "accept_in", minutes=10)
    town.run(command("incident.move", 20, id="i", lon=123.61, lat=-10.17), sight(30, {0: 2000}))
    assert "no_progress" not in [state for _, state in moves(town.run(tick(820)))]


def test_a_place_that_moved_is_told_and_measured_anew(town):
    """Who comes hears it; the way so far does not count."""
    said = town.run(command("incident.move", 20, id="i", lon=123.65, lat=-10.17))
    assert notices(said) == [("moved", "p0")]
    assert town.state.trails["i.1"].start_s is None


def test_two_changes_within_a_minute_are_one_notice(town):
    """The second waits until the minute is over; what it says then is the newest."""
    town.run(command("incident.move", 20, id="i", lon=123.65, lat=-10.17))
    said = town.run(command("incident.move", 30, id="i", lon=123.66, lat=-10.17), command("incident.close", 40, id="i"))
    assert notices(said) == []
    assert notices(town.run(tick(79))) == []
    assert notices(town.run(tick(80))) == [("stood_down", "p0")]


def test_an_arrival_by_telephone(town):
    """A coordinator records it for somebody whose phone is silent."""
    town.run(command("offer.arrived_for", 60, offer="i.1"))
    assert (town.offer(0).state, town.offer(0).by, town.offer(0).actor) == ("arrived", "coordinator", "ani")


@pytest.fixture
def stuck():
    """Volunteer 0 accepted 800 m away and stands in a jam; the place is asked anew of volunteer 1, at 4 km."""
    town = Town(register(person(0), person(1)), sight(0, {0: 800, 1: 4000}), opened())
    town.answer(0, 5)
    town.run(sight(232, {0: 800, 1: 4000}), sight(234, {0: 800, 1: 4000}))
    assert town.states() == {0: "no_progress", 1: "offered"}
    return town


def test_who_stands_still_is_not_sent_home_for_somebody_who_comes_later(stuck):
    """Both come; whoever shows to be sooner has the place, and the other is told to turn back."""
    assert moves(stuck.answer(1, 240)) == [("p1", "accepted")]
    assert moves(stuck.run(sight(260, {0: 600, 1: 3900}))) == [("p0", "en_route"), ("p1", "stood_down")]


def test_who_stands_still_goes_home_when_the_other_is_there(stuck):
    """Nobody waits for somebody who does not move."""
    stuck.answer(1, 240)
    assert ("p0", "stood_down") in moves(stuck.run(sight(800, {0: 800, 1: 60}), sight(810, {0: 800, 1: 60})))


def test_who_stands_still_goes_home_for_somebody_who_is_as_near():
    """At 1,000 m the other would not be a minute later."""
    town = Town(register(person(0), person(1)), sight(0, {0: 800, 1: 1000}), opened())
    town.answer(0, 5)
    town.run(sight(232, {0: 800, 1: 1000}), sight(234, {0: 800, 1: 1000}))
    assert moves(town.answer(1, 240)) == [("p1", "accepted"), ("p0", "stood_down")]
