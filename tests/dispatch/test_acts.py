"""Commands about incidents."""

import pytest

from core.events import CommandDone, IncidentChanged
from dispatch.state import Params
from tests.dispatch.town import HERE, Town, command, moves, notices, of, opened, person, register, sight, tick

ROW = {n: 500 * (n + 1) for n in range(4)}


@pytest.fixture
def town():
    """Four volunteers, and an incident that asks."""
    return Town(register(*(person(n) for n in range(4))), sight(0, ROW), opened())


def refused(said):
    return of(CommandDone, said)[-1].reason


def incident(town, id_="i"):
    return town.state.incidents[id_]


def test_an_edit_changes_what_it_names(town):
    """The rest stays; the needs count at once."""
    town.run(command("incident.edit", 3, id="i", severity=3, needs=[{"role": "", "count": 2}]))
    assert (incident(town).severity, incident(town).needs[0].count, incident(town).kind) == (3, 2, "fire")


def test_two_coordinators_never_overwrite_each_other(town):
    """The second, who saw the older version, is told."""
    town.run(command("incident.edit", 3, id="i", revision=2, text="asap"))
    said = town.run(command("incident.edit", 4, id="i", revision=2, text="api"))
    assert (refused(said), incident(town).text) == ("somebody changed it meanwhile (revision 3); read it again", "asap")


@pytest.mark.parametrize(
    ("needs", "reason"),
    [
        ([{"role": "", "count": 0}], "1 to 200 people"),
        ([{"role": "a"}, {"role": "a"}], "roles of needs must differ"),
        ([{"role": "look"}], "is taken"),
        ([{"role": str(n), "count": 200} for n in range(6)], "more than 1000 people"),
    ],
)
def test_needs_that_cannot_be_matched_are_refused(town, needs, reason):
    """The answer says what to correct, and nothing changes."""
    said = town.run(command("incident.edit", 3, id="i", needs=needs))
    assert reason in refused(said)
    assert incident(town).revision == 2


def test_a_hazard_must_have_a_shape(town):
    """A polygon of two corners is refused."""
    said = town.run(
        command(
            "incident.edit", 3, id="i", hazard={"shape": {"type": "Polygon", "coordinates": [[[1, 2]]]}, "access": 1}
        )
    )
    assert "the hazard cannot be used" in refused(said)


def test_deep_water_holds_back_those_in_it(town):
    """Motorbikes within the flooded square are asked no more; the nearest outside is."""
    x, y = HERE
    square = [
        [x - 0.01, y + 0.003],
        [x + 0.01, y + 0.003],
        [x + 0.01, y + 0.006],
        [x - 0.01, y + 0.006],
        [x - 0.01, y + 0.003],
    ]
    hazard = {"shape": {"type": "Polygon", "coordinates": [square]}, "depth_cm": 90, "label": "rob"}
    town.run(command("incident.edit", 3, id="i", hazard=hazard))
    assert town.state.plans["i"][0] == "d1"


def test_reports_of_one_kind_near_in_place_and_time_may_be_the_same(town):
    """Proposed, not merged; another kind, or one far away, is not."""
    for id_, more in (("a", {}), ("b", {"kind": "flood"}), ("c", {"lat": HERE[1] + 0.003})):
        town.run(command("incident.open", 60, id_=id_, **({"kind": "fire", "lon": HERE[0], "lat": HERE[1]} | more)))
    assert [incident(town, i).duplicates for i in "abc"] == [("i",), (), ()]


def test_a_placeholder_is_compared_by_area(town):
    """The city's centre says nothing about the place; the kelurahan does."""
    body = {"kind": "fire", "lon": 123.7, "lat": -10.2, "area": "k"}
    town.run(
        command("incident.open", 60, id_="a", **body),
        command("incident.open", 61, id_="b", placed="placeholder", **body),
    )
    assert incident(town, "b").duplicates == ("a",)


def test_what_is_not_the_same_is_not_proposed_any_more(town):
    """A person decides it, on either side; who was not proposed cannot be told apart."""
    town.run(command("incident.open", 60, id_="a", kind="fire", lon=HERE[0], lat=HERE[1]))
    town.run(command("incident.distinct", 70, id="i", other="a"))
    assert incident(town, "a").duplicates == ()
    assert "not named as the same" in refused(town.run(command("incident.distinct", 80, id="a", other="i")))


def test_merged_reports_count_together_and_apart_again(town):
    """Merged it is cancelled, unmerged it is reported again."""
    town.run(opened("j", 10), command("incident.merge", 20, id="i", into="j"))
    assert (incident(town).status, incident(town).merged_into, incident(town, "j").reports) == ("cancelled", "j", 2)
    town.run(command("incident.unmerge", 30, id="i"))
    assert (incident(town).status, incident(town).merged_into, incident(town, "j").reports) == ("reported", None, 1)


def test_who_comes_to_a_merged_incident_comes_to_the_other(town):
    """They are told that the place is another; who was only asked is let go."""
    town.answer(0, 5)
    town.run(opened("j", 10))
    said = town.run(command("incident.merge", 70, id="i", into="j"))
    assert (town.offer(0).incident, town.offer(0).state) == ("j", "committed")
    assert ("moved", "p0") in notices(said)
    assert incident(town, "j").status == "responding"


def test_undo_takes_back_ones_own_last_command(town):
    """A close by mistake: the incident is what it was, and people are asked anew; five minutes later it is too late."""
    town.run(command("incident.close", 10, id="i"))
    assert moves(town.run(command("incident.undo", 20), tick(80)))[0] == ("p0", "offered")
    assert (incident(town).status, incident(town).closed_us) == ("dispatching", None)
    town.run(command("incident.close", 100, id="i"))
    assert "nothing of yours" in refused(town.run(command("incident.undo", 401)))


def test_who_comes_is_told_that_a_move_was_taken_back(town):
    """Their way is measured anew, to the place where it was."""
    town.answer(0, 5)
    town.run(command("incident.move", 70, id="i", lon=HERE[0] + 0.03, lat=HERE[1]))
    town.run(sight(135, {0: 800}))
    said = town.run(command("incident.undo", 140))
    assert (notices(said), town.state.trails["i.1"].eta_s) == ([("moved", "p0")], None)


def test_an_incident_that_outlasted_many_can_be_closed(town):
    """Of those that ended the first to end is forgotten, never the one that ends just now."""
    town.params = Params(max_ended=1)
    town.run(opened("j", 10), command("incident.close", 20, id="j"), command("incident.close", 30, id="i"))
    assert [(i.id, i.status) for i in town.state.incidents.values()] == [("i", "closed")]


def test_nobody_undoes_what_somebody_else_changed_since(town):
    """Two coordinators: the second's change stands."""
    town.run(command("incident.pause", 10, id="i"), command("incident.edit", 11, actor="budi", id="i", text="x"))
    assert "changed since" in refused(town.run(command("incident.undo", 20)))


def test_three_look_and_one_confirms():
    """Asked at a report that nobody believed yet; verified by the one who saw it, the others are let go."""
    town = Town(register(*(person(n) for n in range(4))), sight(0, ROW), opened()[0])
    asked = moves(town.run(command("incident.look", 1, id="i", count=1)))
    assert asked == [("p0", "offered"), ("p1", "offered"), ("p2", "offered"), ("p3", "offered")]
    said = town.run(command("offer.looked", 30, actor="p1", offer=town.offer(1).id, real=True, text="api besar"))
    found = of(IncidentChanged, said)[-1]
    assert (found.status, found.verified_by, found.text) == ("verified", ("p1",), "api besar")
    assert town.states() == {0: "withdrawn", 1: "released", 2: "withdrawn", 3: "withdrawn"}


def test_off_duty_is_not_assigned(town):
    """By hand too: off duty is silence."""
    town.run(register(person(1, duty=False))[0])
    assert "not on duty" in refused(town.run(command("incident.assign", 3, id="i", person="p1")))


def test_old_bytes_load():
    """A state of before the offers, as it was written then."""
    import msgspec

    from dispatch.rows import restored

    old = {"version": 1, "incidents": {"i": {"type": "incident", "at_us": 1, "id": "i", "kind": "fire", "severity": 2,
           "status": "reported", "lon": 1.0, "lat": 2.0}}, "plans": {"i": ["d"]}, "done": ["c"]}  # fmt: skip
    state, _ = restored({"state": msgspec.msgpack.encode(old)})
    assert (state.plans, state.incidents["i"].reports, state.offers) == ({"i": ("d",)}, 1, {})
