"""What becomes of those who were asked when a road is closed, or opened again."""

from core.entries import Config
from core.events import OfferChanged, PlanMade
from dispatch.engine import step
from dispatch.reach import Ways
from dispatch.rows import changed, restored
from tests.dispatch.town import HERE, NOW, SECOND, Town, command, of, opened, person, register, sight


def square(metres_north, half_m=150.0):
    """A polygon about a place north of the incident."""
    lat, d = HERE[1] + metres_north / 111_195, half_m / 111_195
    return {
        "type": "Polygon",
        "coordinates": [[(HERE[0] + x * d, lat + y * d) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]],
    }


def closing(at_s, metres_north, **more):
    row = {"id": "c1", "shape": square(metres_north)} | more
    return Config(section="closures", rows=(row,), at_us=NOW + round(at_s * SECOND), id=f"c1@{at_s}")


def reopening(at_s):
    return Config(section="closures", op="delete", rows=({"id": "c1"},), at_us=NOW + round(at_s * SECOND))


def two(*, asks=True):
    """One place; volunteer 1 is 500 m away, volunteer 2 is 1,500 m away."""
    story = opened()
    return Town(*register(person(1), person(2)), sight(0, {1: 500, 2: 1500}), story if asks else story[:1])


def test_a_closure_changes_the_plan_in_the_same_entry():
    """Who stands within it cannot come; the next nearest is planned, and the plan says so at once."""
    town = two(asks=False)
    said = town.run(closing(1, 500))
    assert [[c.device for c in p.chosen] for p in of(PlanMade, said)] == [["d2"]]
    assert [[c.device for c in p.chosen] for p in of(PlanMade, town.run(reopening(1)))] == [["d1"]]


def test_a_closure_ends_by_itself():
    """At the first entry after its time, without anybody's word."""
    town = two(asks=False)
    town.run(closing(1, 500, until_us=NOW + 30 * SECOND))
    assert list(town.state.closures) == ["c1"]
    said = town.run(sight(31, {}))
    assert (town.state.closures, [[c.device for c in p.chosen] for p in of(PlanMade, said)]) == ({}, [["d1"]])


def test_a_closure_that_is_over_already_is_not_taken_in():
    """It came late; it would end at once."""
    town = two(asks=False)
    assert town.run(closing(40, 500, until_us=NOW)) == []
    assert town.state.closures == {}


def test_only_the_vehicles_named_are_kept_out():
    """A lane that no car fits into is no hindrance to a motorbike."""
    town = two(asks=False)
    assert of(PlanMade, town.run(closing(1, 500, vehicles=("car", "truck")))) == []
    assert [[c.device for c in p.chosen] for p in of(PlanMade, town.run(closing(2, 500, vehicles=("motorbike",))))] == [
        ["d2"]
    ]


def test_who_comes_is_measured_anew_and_not_held_to_stand_still():
    """Cut off and let through again: the offer says both times; progress counts from the change on."""
    town = two()
    town.answer(1, 1)
    cut = of(OfferChanged, town.run(closing(10, 500)))
    free = of(OfferChanged, town.run(reopening(100)))
    assert [(o.person, o.state, o.eta_s) for o in cut if o.person == "p1"] == [("p1", "accepted", None)]
    assert [(o.person, o.state, o.eta_s) for o in free if o.person == "p1"] == [
        ("p1", "committed", None),
        ("p1", "committed", 192.5),
    ]
    assert town.state.trails[town.offer(1).id].best_us == NOW + 137 * SECOND
    assert "no_progress" not in town.states().values()


def test_who_cannot_get_there_any_more_loses_the_place():
    """After the time that no progress takes, somebody else is asked."""
    town = two()
    town.answer(1, 1)
    town.run(closing(10, 500), sight(150, {2: 1500}), sight(230, {2: 1500}))
    assert town.states() == {1: "no_progress", 2: "offered"}


def test_a_hazard_of_an_incident_does_the_same():
    """Drawn by an edit, gone with the incident."""
    town = two(asks=False)
    water = {"shape": square(500), "depth_cm": 60}
    said = town.run(
        command(
            "incident.open",
            1,
            id_="w",
            kind="flood",
            lon=HERE[0],
            lat=HERE[1] + 0.09,
            hazard=water,
            severity=1,
            needs=[{"count": 1}],
        )
    )
    assert {p.incident: [c.device for c in p.chosen] for p in of(PlanMade, said)}["i"] == ["d2"]
    said = town.run(command("incident.close", 2, id="w"))
    assert {p.incident: [c.device for c in p.chosen] for p in of(PlanMade, said)}["i"] == ["d1"]


def test_kept_ways_and_new_ones_say_the_same():
    """The way is the same whether the caller keeps what it computed or not, and after a restart."""
    town, kept = two(), Ways()
    rows = changed(None, town.state)
    again, _ = restored({key: body for key, body in rows.items() if body is not None})
    for entry in (closing(10, 500), sight(12, {1: 480, 2: 800}), reopening(15)):
        said = town.run(entry)
        again, also = step(again, entry, town.params, kept)
        assert (also, again) == (said, town.state)


def test_a_line_is_as_wide_as_it_is_said_to_be():
    """A barrier 400 m wide covers who stands 150 m beside its line."""
    town = two(asks=False)
    line = {
        "type": "LineString",
        "coordinates": [(HERE[0] - 0.01, HERE[1] + 350 / 111_195), (HERE[0] + 0.01, HERE[1] + 350 / 111_195)],
    }
    assert of(PlanMade, town.run(closing(1, 0, shape=line))) == []
    assert [[c.device for c in p.chosen] for p in of(PlanMade, town.run(closing(2, 0, shape=line, width_m=400)))] == [
        ["d2"]
    ]


def test_the_same_closure_told_again_changes_nothing():
    """Nothing is said, and nobody's progress is counted anew."""
    town = two()
    town.answer(1, 1)
    town.run(closing(10, 3000))
    before = town.state.trails
    assert (town.run(closing(10, 3000)), town.state.trails) == ([], before)
