"""What became of an incident, afterwards."""

from hypothesis import given

from core.events import IncidentChanged, Price
from dispatch import offers
from dispatch.review import Heads, review
from dispatch.state import LOOK
from tests.dispatch.stories import Said, about, story
from tests.dispatch.test_laws import stories, told
from tests.dispatch.town import NOW, SECOND, Town, command, of, opened, person, register, sight, tick

DESK = {"actor": "desk"}


def town(*metres):
    """Volunteers 1, 2, ... so many metres north of the incident."""
    numbers = dict(enumerate(metres, 1))
    return Town(register(*(person(n) for n in numbers)), sight(0, numbers))


def says(number, at_s, answer="accept"):
    """The answer of a volunteer; offers are numbered as they are made, the nearest first."""
    return command("offer.answer", at_s, id_=f"{number}@{at_s}", actor=f"p{number}", offer=f"i.{number}", answer=answer)


def seconds(us):
    return None if us is None else (us - NOW) / SECOND


def served():
    """One of three accepts, sets out, works and goes; one declines, one says nothing and is asked no longer."""
    place = town(500, 600, 3000)
    return story(
        place, opened(at_s=10), says(1, 20, "decline"), says(2, 30), sight(60, {2: 400}), tick(61), sight(90, {2: 10}),
        sight(91, {2: 10}), sight(300, {2: 10}, stood=[2]), sight(900, {2: 500}),
        command("incident.close", 950, id="i"),
    )  # fmt: skip


def test_the_times_of_an_incident():
    """Each is when it was first so, from the report to the end."""
    found = review(served())
    assert [seconds(us) for us in (found.dispatched_us, found.asked_us, found.filled_us)] == [10, 10, 30]
    assert [seconds(us) for us in (found.first_us, found.all_us, found.incident.closed_us)] == [91, 91, 950]
    assert (found.verified_us, found.wanted) == (None, {"": 1})


def test_what_became_of_each():
    """Answered, on the way, there, gone again; who was not needed said nothing."""
    found = review(served())
    assert found.outcomes() == {"accepted": 1, "declined": 1, "unanswered": 0, "withdrawn": 1, "waiting": 0}
    came = found.turns["i.2"]
    times = [came.asked_us, came.answered_us, came.departed_us, came.arrived_us, came.worked_us, came.ended_us]
    assert [seconds(us) for us in times] == [10, 30, 60, 91, 300, 950]
    assert (came.person, came.state, came.manual) == ("p2", "released", False)


def test_the_heads_over_time():
    """A step wherever it changed, nobody after the end."""
    steps = [(seconds(at_us), coming, there) for at_us, coming, there in review(served()).heads]
    assert steps == [(30, 1, 0), (91, 0, 1), (950, 0, 0)]


def test_what_is_not_known_is_none():
    """A report that nobody did anything about; and no story at all."""
    found = review(story(town(500), opened()[0]))
    assert (found.dispatched_us, found.asked_us, found.filled_us, found.first_us, found.beside) == (None,) * 5
    assert review([]) is None


def test_the_first_plan_after_the_word_to_ask_is_the_one_compared():
    """Not the proposal before it, nor a later one."""
    place = town(500)
    found = review(story(place, opened()[0], sight(5, {1: 900}), opened(at_s=6)[1:], sight(20, {1: 300})))
    assert (found.beside.places, found.beside.ours.etas_s) == (1, (238,))


def test_what_was_decided_by_hand_and_what_the_plan_said_of_it():
    """A farther one is sent, by the plan 56 s more; the nearest is excluded, nobody told what that costs."""
    place = town(500, 1000)
    found = review(
        story(
            place, opened()[0], command("incident.assign", 1, id="i", person="p2", **DESK),
            command("incident.exclude", 2, id="i", person="p1", **DESK), command("incident.pause", 3, id="i", **DESK),
        )
    )  # fmt: skip
    assert [(hand.act, hand.person, hand.cost) for hand in found.by_hand] == [
        ("incident.assign", "p2", Price(seconds=56)),
        ("incident.exclude", "p1", None),
        ("incident.pause", None, None),
    ]
    assert {hand.actor for hand in found.by_hand} == {"desk"}


def test_who_was_chosen_anyway_costs_nothing():
    """A coordinator gives the place to the one whom the matcher would have sent."""
    found = review(story(town(500), opened()[0], command("incident.assign", 1, id="i", person="p1", **DESK)))
    assert [(hand.person, hand.cost) for hand in found.by_hand] == [("p1", Price())]


def test_without_needs_the_usual_number_is_wanted():
    """As the plan counts them: three, where nobody said how many."""
    place = {"lon": 123.6, "lat": -10.17}
    reported = command("incident.open", id_="i", kind="fire", severity=1, **place)
    assert review(story(town(500), reported, command("incident.dispatch", 1, id="i"))).wanted == {"": 3}


def test_who_only_looks_is_not_counted():
    """Going to see is not helping."""
    found = review(story(town(500), opened()[0], command("incident.look", 1, id="i", count=1)))
    assert (found.turns, found.heads) == ({}, [])


def test_steps_of_one_instant_are_one():
    """Two words at the same time leave one step."""
    place = town(500, 600)
    found = review(story(place, opened(count=2), says(1, 10), says(2, 10)))
    assert [Heads(seconds(h.at_us), h.coming, h.there) for h in found.heads] == [Heads(10, 2, 0)]


def test_who_promised_is_carried_over_by_a_merge():
    """The other incident has them from then on, asked when they were; the one that was merged has nobody any more."""
    entries = [
        opened()[0], command("incident.open", 1, id_="j", kind="fire", severity=1, lon=123.6, lat=-10.17),
        command("incident.dispatch", 2, id_="go-j", id="j"), command("incident.merge", 40, id="j", into="i"),
    ]  # fmt: skip
    yes = command("offer.answer", 30, actor="p1", offer="j.1", answer="accept")
    both = {name: story(town(500), *entries[:3], yes, entries[3], incident=name) for name in ("i", "j")}
    gone, kept = review(both["j"]), review(both["i"])
    assert [(seconds(h.at_us), h.coming) for h in gone.heads] == [(30, 1), (40, 0)]
    assert [(seconds(h.at_us), h.coming) for h in kept.heads] == [(40, 1)]
    assert (seconds(kept.asked_us), kept.turns["j.1"].outcome) == (2, "accepted")


def test_who_was_carried_over_does_not_come_back_with_the_incident():
    """It was not the same after all: whoever comes, comes to the other one."""
    told = story(
        town(500), opened()[0], command("incident.open", 1, id_="j", kind="fire", severity=1, lon=123.6, lat=-10.17),
        command("incident.dispatch", 2, id_="go-j", id="j"),
        command("offer.answer", 30, actor="p1", offer="j.1", answer="accept"),
        command("incident.merge", 40, id="j", into="i"), command("incident.unmerge", 50, id="j"), incident="j",
    )  # fmt: skip
    assert [(seconds(h.at_us), h.coming) for h in review(told).heads] == [(30, 1), (40, 0)]


@given(stories)
def test_the_heads_are_those_that_dispatch_counts(happened):
    """Whatever happens, the newest step is who promised and who is there; instants stand in their order."""
    steps = told(happened)
    state = steps[-1][3]
    for name in {event.id for *_, said, _ in steps for event in of(IncidentChanged, said)}:
        found = review(Said(event, None, None) for *_, said, _ in steps for event in said if about(event) == name)
        mine = [o for o in state.offers.values() if o.id in state.trails and o.incident == name and o.role != LOOK]
        promised, there = (sum(o.state in states for o in mine) for states in (offers.PROMISED, offers.THERE))
        assert (found.heads[-1][1:] if found.heads else (0, 0)) == (promised - there, there)
        assert [h.at_us for h in found.heads] == sorted({h.at_us for h in found.heads})
        assert sum(found.outcomes().values()) == len(found.turns)
        for earlier, later in ((found.asked_us, found.first_us), (found.first_us, found.all_us)):
            assert later is None or earlier <= later
