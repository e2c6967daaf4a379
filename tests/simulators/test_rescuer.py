"""Volunteers who are asked."""

import math

import numpy as np
import pytest

from simulators.rescuer import Habits, Rescuer, World

PLAIN = Habits(accept=1.0, later=0.0, drop=0.0, lost=0.0)


@pytest.fixture(scope="module")
def world(graph):
    return World(graph, seed=1, lasting_s=7200.0)


@pytest.fixture(scope="module")
def offer(graph):
    lon, lat = graph.plane.inverse(*graph.xy[graph.place_node["tps-5371061010-1"]] + 30.0)
    return {"type": "offer", "offer": "o", "incident": "i", "lon": float(lon), "lat": float(lat)}


def asked(world, told, habits=PLAIN, number=0, **more):
    person = Rescuer(world, number, f"d{number}", habits)
    person.hear(60.0, told | more)
    return person


def words(person, until_s=7200.0, topic="answer"):
    return [said for said in person.due(until_s) if said.topic == topic]


def test_the_same_seed_gives_the_same_person(world, offer):
    """Every word, to the moment."""
    assert asked(world, offer).due(3000.0) == asked(world, offer).due(3000.0)


def test_the_name_of_an_offer_decides_nothing(world, offer):
    """So whatever engine asks, the same people come."""
    first, second = asked(world, offer), asked(world, offer, offer="other", incident="elsewhere")
    assert first.deeds[0].after_s == second.deeds[0].after_s
    assert (first.at(900.0) == second.at(900.0)).all()


def test_somebody_takes_over_the_way_of_another_in_mid_motion(world):
    """They are where the other is, and say nothing of what was before."""
    other = Rescuer(world, 3, "d3", PLAIN)
    person = Rescuer(world, 0, "d0", PLAIN, motion=other.motion, from_s=1800.0)
    assert min(said.of_s for said in person.due(1900.0)) >= 1800.0
    assert (person.at(1850.0) == other.at(1850.0)).all()


def test_so_many_accept_decline_and_are_silent(world, offer):
    """Of 600: .35 accept, .4 of the others decline; half of the answers come within 20 s."""
    habits = Habits()
    deeds = [asked(world, offer, habits, number).deeds[0] for number in range(600)]
    yes = sum(deed.act in ("accept", "accept_in") for deed in deeds) / 600
    no = sum(deed.act in ("decline", "decline_today") for deed in deeds) / 600
    assert yes == pytest.approx(0.35, abs=0.05)
    assert no == pytest.approx(0.26, abs=0.05)
    assert np.median([deed.after_s for deed in deeds]) == pytest.approx(20.0, abs=2.0)


def test_who_accepts_comes_by_road_stands_there_and_leaves(world, offer, graph):
    """At the moment foretold they are at the place; half an hour and more later they are not."""
    person = asked(world, offer)
    (said,) = words(person, until_s=900.0)
    assert said.body == {"offer": "o", "answer": "accept"}
    place, there_s = graph.plane.forward(offer["lon"], offer["lat"]), person.arrives_s["o"]
    away_m = [math.hypot(*(person.at(s) - place)) for s in (60.0, there_s + 1.0, there_s + 500.0, there_s + 2600.0)]
    assert away_m[0] > 200.0
    assert away_m[1:3] == pytest.approx([0.0, 0.0], abs=0.1)
    assert away_m[3] > 100.0


def test_nobody_jumps(world, offer):
    """Withdrawn on the way, they go on from where they are: never faster than a motorbike."""
    person = asked(world, offer)
    person.hear(200.0, {"type": "withdrawn", "offer": "o", "incident": "i"})
    steps = np.hypot(*np.diff(person.motion.at(np.arange(0.0, 3000.0)), axis=0).T)
    assert steps.max() < 16.0


def test_a_question_withdrawn_before_the_answer_gets_none(world, offer):
    """They do not set out either."""
    person = asked(world, offer)
    person.hear(60.5, {"type": "withdrawn", "offer": "o", "incident": "i"})
    assert words(person) == []
    assert person.arrives_s == {}


def test_without_a_network_words_come_late_and_speak_of_their_own_moment(world, offer):
    """All of them at once, when it is back."""
    person = asked(world, offer, Habits(accept=1.0, later=0.0, drop=0.0, lost=1.0, lost_s=(300.0, 300.0)))
    late = [said for said in person.due(2000.0) if 60.0 <= said.of_s < 360.0]
    assert {said.at_s for said in late} == {360.0}
    assert {said.topic for said in late} == {"fix", "answer"}


def test_who_drops_out_accepts_and_never_arrives(world, offer, graph):
    """The engine must find out by their positions."""
    person = asked(world, offer, Habits(accept=1.0, later=0.0, drop=1.0, lost=0.0))
    place = graph.plane.forward(offer["lon"], offer["lat"])
    assert [said.body["answer"] for said in words(person, 600.0)] == ["accept"]
    assert person.arrives_s == {}
    assert person.deeds[0].drops
    assert np.hypot(*(person.motion.at(np.arange(60.0, 900.0)) - place).T).min() > 5.0


def test_who_looks_says_what_is_true(graph, offer):
    """Nothing there: they say so from the place."""
    nothing = World(graph, seed=1, lasting_s=7200.0, real=lambda _lon, _lat: False)
    person = asked(nothing, offer, type="verify")
    looked = words(person)[-1]
    assert (looked.body["answer"], looked.body["real"]) == ("looked", False)
    assert looked.of_s > person.arrives_s["o"]
