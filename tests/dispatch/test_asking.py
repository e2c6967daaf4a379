"""Who is asked, who gives way, who is told."""

import pytest

from core.entries import Config
from core.events import CommandDone, NoticeAsked, PlanMade
from dispatch.state import Params
from tests.dispatch.town import (
    NOW,
    SECOND,
    Town,
    command,
    moves,
    notices,
    of,
    opened,
    person,
    register,
    sight,
    tick,
)  # fmt: skip

ROW = {n: 500 * (n + 1) for n in range(6)}  # volunteers at 500, 1000, ... m: 192, 249, 306, 362, ... s away


@pytest.fixture
def town():
    """Six volunteers in a row."""
    return Town(register(*(person(n) for n in range(6))), sight(0, ROW))


def test_just_enough_are_asked(town):
    """With an acceptance of .35, four are enough for one to come with .80: 1 - .65^4 = .82. The nearest four."""
    assert moves(town.run(opened())) == [("p0", "offered"), ("p1", "offered"), ("p2", "offered"), ("p3", "offered")]


def test_nobody_is_asked_before_a_coordinator_says_so(town):
    """A report has a plan, and no offers."""
    said = town.run(opened()[0])
    assert (moves(said), len(of(PlanMade, said)[0].chosen)) == ([], 1)


def test_each_offer_is_said_once_to_each(town):
    """A notice with an id that stays the same, and a life."""
    first = of(NoticeAsked, town.run(opened()))[0]
    assert (first.id, first.kind, first.person, first.device) == ("i.1:1:offer", "offer", "p0", "d0")
    assert first.expires_us == NOW + 300 * SECOND


def test_who_accepts_sends_home_those_who_cannot_help(town):
    """The third accepts: the fourth is withdrawn, the nearer ones may still win more than a minute."""
    town.run(opened())
    assert moves(town.answer(2, 5)) == [("p2", "accepted"), ("p1", "withdrawn"), ("p3", "withdrawn")]
    assert town.states()[0] == "offered"


def test_a_nearer_volunteer_takes_the_place(town):
    """114 s are gained, the other has not gone far: swapped, and the other stands down."""
    town.run(opened())
    town.answer(2, 5)
    assert moves(town.answer(0, 8)) == [("p0", "accepted"), ("p2", "stood_down")]
    assert town.state.incidents["i"].status == "responding"


def test_who_has_gone_far_keeps_the_place(town):
    """With less than two thirds of the way left nobody can take it any more: the others are let go."""
    town.run(opened())
    town.answer(3, 5)
    assert moves(town.run(sight(20, {3: 700}))) == [("p3", "en_route"), ("p0", "withdrawn"), ("p1", "withdrawn")]


def test_a_locked_place_is_not_taken(town):
    """A coordinator's lock holds against somebody nearer."""
    town.run(opened())
    town.answer(2, 5)
    town.run(command("offer.lock", 6, offer=town.offer(2).id))
    assert moves(town.answer(0, 8)) == [("p0", "accepted"), ("p0", "stood_down")]


def test_a_decline_asks_the_next(town):
    """Of four asked one says no, three are silent for 8 s: two more are asked, the one who declined is not."""
    town.run(opened())
    said = town.answer(0, 5, "decline") + town.run(tick(8))
    assert moves(said) == [("p0", "declined"), ("p4", "offered"), ("p5", "offered")]


def test_who_was_told_a_moment_ago_keeps_nobody_from_being_asked(town):
    """Two are let go, then something happens at the same place: everybody else is asked at once, not those two."""
    town.run(opened())
    assert moves(town.answer(2, 5))[1:] == [("p1", "withdrawn"), ("p3", "withdrawn")]
    asked = [("p0", "offered"), ("p4", "offered"), ("p5", "offered")]
    assert [move for move in moves(town.run(opened("j", 10))) if move[1] == "offered"] == asked


def test_not_today_holds_for_the_next_incident_too(town):
    """Twelve hours of silence."""
    town.run(opened())
    town.answer(0, 5, "decline_today")
    assert ("p0", "offered") not in moves(town.run(opened("j", 10), tick(15), opened("k", 400)))


def test_not_today_ends_at_the_citys_midnight(town):
    """It is 06:13 in Kupang, the shift lasts beyond 18:13: until 2023-11-16 00:00, eight hours before UTC's."""
    town.run(Config(section="city", rows=({"id": "city", "offsets": [[0, 28800]]},), at_us=NOW), opened())
    town.answer(0, 5, "decline_today")
    assert town.state.away_us == {"p0": 1_700_064_000 * SECOND}


def test_silence_asks_more_before_an_offer_ends(town):
    """After two minutes without an answer the offers are worth little, and the others are asked."""
    town.run(opened())
    assert moves(town.run(sight(120, ROW))) == [("p4", "offered"), ("p5", "offered")]


def test_after_downtime_old_offers_expire_and_are_not_sent(town):
    """An hour without entries: the accept that comes now finds its offer ended."""
    town.run(opened())
    said = town.answer(0, 3600)
    assert ("p0", "expired") in moves(said)
    assert "expired cannot accept" in of(CommandDone, said)[0].reason


def test_somebody_off_duty_hears_nothing():
    """Neither who is off duty nor who did not agree is asked, or stands in a plan."""
    town = Town(register(person(0, duty=False), person(1, consent=False), person(2)), sight(0, ROW), opened())
    assert town.states() == {2: "offered"}


def test_who_ends_duty_is_let_go_in_silence(town):
    """An offer without an answer ends with the duty, and nobody is told."""
    town.run(opened())
    said = town.run(register(person(0, duty=False))[0], tick(3))
    assert ("p0", "withdrawn") in moves(said)
    assert ("withdrawn", "p0") not in notices(said)


def test_a_register_that_cannot_be_read_changes_nothing(town):
    """It says so, and the stage goes on."""
    before = town.state
    said = town.run(Config(section="people", rows=({"id": "p9"}, {"name": "x"}), at_us=NOW, id="c"))
    assert (town.state.people, said[-1].id, said[-1].ok) == (before.people, "c", False)


def test_the_woken_are_those_who_agreed():
    """Off duty, at home in the area of a severe incident, opted in: asked when a coordinator presses."""
    home = {"duty": False, "area": "k"}
    people = [person(0, wake=True, **home), person(1, **home), person(2, wake=True, duty=False, area="x")]
    town = Town(register(*people), opened(severity=3, area="k"))
    assert notices(town.run(command("incident.wake", 1, id="i"))) == [("wake", "p0")]


def test_a_skill_and_a_vehicle_are_demanded():
    """Only who brings both is asked for the need."""
    people = [person(0), person(1, skills=("medic",)), person(2, skills=("medic", "boat"), vehicle="car")]
    town = Town(register(*people), sight(0, ROW))
    needs = [{"role": "medic", "vehicle": "car", "skills": ["medic"], "count": 1}]
    go = opened()
    go[0].body["needs"] = needs
    town.run(go)
    assert town.states() == {2: "offered"}


def test_a_pause_asks_nobody(town):
    """Of the whole city, and of one incident; the plan is made all the same."""
    town.run(command("dispatch.pause"))
    assert moves(town.run(opened())) == []
    town.run(command("incident.pause", 1, id="i"), command("dispatch.resume", 2))
    assert (moves(town.run(tick(5))), town.state.plans["i"]) == ([], ("d0",))


def test_assigned_by_hand_comes_whatever_the_matcher_thinks(town):
    """The farthest gets the place; everybody else asked is let go; the plan says what it costs."""
    town.run(opened())
    said = town.run(command("incident.assign", 3, id="i", person="p5"))
    assert town.states() == dict.fromkeys(range(4), "withdrawn") | {5: "committed"}
    assert of(PlanMade, said)[-1].gauge.promised == 1


def test_excluded_is_not_asked(town):
    """An offer that stands is withdrawn, and none is made again."""
    town.run(opened())
    town.run(command("incident.exclude", 3, id="i", person="p0"), tick(100))
    assert (town.states()[0], town.states()[4]) == ("withdrawn", "offered")


def test_an_answer_by_telephone_is_the_coordinators(town):
    """The offer says who spoke, and that it was not the volunteer."""
    town.run(opened())
    town.run(command("offer.answer_for", 5, offer=town.offer(0).id, answer="accept", actor="budi"))
    assert (town.offer(0).state, town.offer(0).by, town.offer(0).actor) == ("accepted", "coordinator", "budi")


def test_nobody_answers_for_another(town):
    """A volunteer's answer to somebody else's offer is refused."""
    town.run(opened())
    said = town.run(command("offer.answer", 5, actor="p1", offer=town.offer(0).id, answer="accept"))
    assert said == [
        CommandDone(at_us=NOW + 5 * SECOND, id="offer.answer@5", ok=False, reason="that is another volunteer's offer")
    ]


def test_a_severe_incident_takes_those_who_were_asked_for_a_lesser_one():
    """One volunteer, asked and silent: withdrawn from the lesser and asked for the severe."""
    town = Town(register(person(0)), sight(0, ROW), opened(severity=1))
    assert moves(town.run(opened("j", 5, severity=3))) == [("p0", "withdrawn"), ("p0", "offered")]


def test_a_report_keeps_nobody_from_an_incident_that_asks():
    """However severe it says it is: nobody said yet that people be asked for it, so it is proposed who is left."""
    town = Town(register(person(0), person(1)), sight(0, ROW), opened("r", severity=3)[0])
    assert sorted(moves(town.run(opened("j", 5)))) == [("p0", "offered"), ("p1", "offered")]
    assert (town.state.plans["r"], sorted(town.state.plans["j"])) == ((), ["d0", "d1"])


def test_a_plan_says_what_it_costs(town):
    """Proven by prices; one more here; what it would cost without the one chosen, or with another instead."""
    plan = of(PlanMade, town.run(opened()[0]))[0]
    assert (plan.proven, plan.one_more.seconds, plan.worth[0].seconds) == (True, 249, 56)
    assert [(a.device, a.cost.seconds) for a in plan.alternatives] == [("d1", 56), ("d2", 113), ("d3", 169)]


def test_a_gauge_tells_the_chance(town):
    """Four asked, one wanted: .82."""
    gauge = of(PlanMade, town.run(opened(), command("incident.edit", id="i", text="x")))[-1].gauge
    assert (gauge.wanted, gauge.promised, gauge.asked, gauge.full) == (1, 0, 4, 0.821)


def test_parameters_bound_what_is_remembered():
    """Ended offers beyond the bound are forgotten."""
    town = Town(register(*(person(n) for n in range(6))), sight(0, ROW), opened(), params=Params(max_offers=2))
    town.run(command("incident.close", 5, id="i"))
    assert len(town.state.offers) == 2


@pytest.mark.parametrize("pause", [("dispatch.pause", {}), ("incident.pause", {"id": "i"})])
def test_offers_that_are_out_when_it_pauses_stay_good(town, pause):
    """Whoever was asked may still say yes and has the place; who says no is replaced only after the pause."""
    town.run(opened(count=2))
    asked = town.states()
    kind, body = pause
    town.run(command(kind, 2, **body))
    assert town.states() == asked
    town.answer(0, 5)
    said = town.run(*(tick(s) for s in range(6, 60)))
    assert (town.states()[0], moves(said)) == ("committed", [("p0", "committed")])
    for number in set(asked) - {0}:
        town.answer(number, 61, "decline")
    assert "offered" not in town.states().values()
    town.run(command(kind.replace("pause", "resume"), 70, **body))
    assert [n for n, state in town.states().items() if state == "offered"] == [n for n in range(6) if n not in asked]


def test_taken_apart_again_whoever_came_stays_with_the_other(town):
    """Two reports were one and are two again: people keep the way they are on, and the first one asks anew."""
    town.run(opened(), opened("j", 1))
    town.answer(0, 5)
    at = town.offer(0).incident
    other = {"i": "j", "j": "i"}[at]
    town.run(command("incident.merge", 6, id=at, into=other))
    assert (town.offer(0).incident, town.offer(0).state) == (other, "accepted")
    town.run(command("incident.unmerge", 8, id=at), command("incident.dispatch", 9, id=at), tick(80))
    assert (town.offer(0).incident, town.offer(0).state) == (other, "committed")
    assert {o.incident for o in town.state.offers.values() if o.state == "offered"} == {at}
