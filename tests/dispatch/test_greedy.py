"""The answer by list that is told beside a plan."""

from dataclasses import replace

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.events import PlanMade
from dispatch import plan
from dispatch.desk import Desk
from dispatch.greedy import ByList, in_turn, soonest, together
from dispatch.matching.problem import NEVER, Need
from dispatch.matching.solve import match
from tests.dispatch.town import HERE, NOW, Town, command, of, opened, person, register, sight

DEGREE_M = 111_195.0


def town(*, skills=(), **metres):
    """Volunteers, so many metres north of the incident; whose numbers are in `skills` can do first aid."""
    people = [person(int(n[1:]), skills=("aid",) if int(n[1:]) in skills else ()) for n in metres]
    return Town(register(*people), sight(0, {int(n[1:]): away for n, away in metres.items()}))


def test_each_row_takes_the_nearest_that_are_left():
    """The second has to make do; equals go by the column; whoever may not come does not."""
    sent = in_turn([2, 2], np.array([[200, 100, 100, NEVER], [50, 60, 70, NEVER]]))
    assert [columns.tolist() for columns in sent] == [[1, 2], [0]]


@given(st.lists(st.integers(0, 20), max_size=12), st.integers(0, 5))
def test_the_soonest_are_those_of_a_sort(seconds, count):
    """The same as sorting all, by column where times are equal."""
    row = np.array(seconds, np.int64)
    assert soonest(row, count).tolist() == np.argsort(row, kind="stable")[:count].tolist()


def test_together_gives_way_where_a_list_does_not():
    """The first takes the farther one, for the second has nobody else: 110 s in all, by list one place is empty."""
    seconds = np.array([[50, 60], [50, NEVER]])
    needs = [Need(1, 1), Need(1, 1)]
    assert [columns.tolist() for columns in together(needs, seconds, 1800)] == [[1], [0]]
    assert [columns.tolist() for columns in in_turn([1, 1], seconds)] == [[0], []]


def test_a_lone_incident_is_served_by_a_list_as_well():
    """Nobody else wants them: both answers are the nearest, whoever else is asked to spare."""
    told = of(PlanMade, town(d1=500, d2=1000, d3=1500).run(*opened(count=2)))[-1]
    assert told.beside.greedy == told.beside.ours
    assert (told.beside.places, told.beside.ours.devices) == (2, ("d1", "d2"))
    assert (told.beside.ours.etas_s, told.beside.ours.seconds) == ((193, 249), 442)


def test_a_list_sends_the_only_one_with_a_skill_to_the_wrong_place():
    """The first incident takes the nearest, who alone could have helped at the second, a severe one."""
    place = town(skills=(1,), d1=500, d2=600)
    place.run(command("dispatch.pause"), opened("a", count=1)[0])
    needs = [{"role": "", "count": 1, "skills": ["aid"]}]
    said = place.run(
        command("incident.open", 1, id_="b", kind="fire", severity=3, needs=needs, lon=HERE[0], lat=HERE[1])
    )
    told = next(p for p in of(PlanMade, said) if p.incident == "b")
    greedy, ours = told.beside.greedy, told.beside.ours
    assert (greedy.devices, greedy.unfilled_3, greedy.unfilled_1) == ((), 1, 0)
    assert (ours.devices, ours.unfilled_3, ours.unfilled_1) == (("d1",), 0, 0)
    assert ours.seconds == 193 + 204


@given(st.data())
def test_a_list_is_never_better_for_all_together(data):
    """Over whole rounds with scarce people and skills: places by severity, then time."""
    away = data.draw(st.lists(st.integers(0, 9000), min_size=1, max_size=8))
    skilled = data.draw(st.sets(st.integers(0, len(away) - 1)))
    place = town(skills=skilled, **{f"d{n}": metres for n, metres in enumerate(away)})
    place.run(command("dispatch.pause"))
    for n, (count, severity, skill, north) in enumerate(
        data.draw(
            st.lists(
                st.tuples(st.integers(1, 3), st.integers(1, 3), st.booleans(), st.integers(-4000, 4000)),
                min_size=1,
                max_size=4,
            )
        )
    ):
        needs = [{"role": "", "count": count, "skills": ["aid"] if skill else []}]
        where = {"lon": HERE[0], "lat": HERE[1] + north / DEGREE_M}
        place.run(command("incident.open", id_=f"i{n}", kind="fire", severity=severity, needs=needs, **where))
        place.run(command("incident.dispatch", id_=f"go{n}", id=f"i{n}"))
    place.run(command("dispatch.resume", 1))
    for told in [p for p in of(PlanMade, place.said) if p.beside]:
        greedy, ours = told.beside.greedy, told.beside.ours
        assert left(ours) <= left(greedy)
        assert len(ours.devices) <= told.beside.places


def left(answer):
    return answer.unfilled_3, answer.unfilled_2, answer.unfilled_1, answer.seconds


def test_only_a_command_has_it_computed():
    """A plan that positions alone changed bears none: it is not worth its time at each tick."""
    place = Town(register(person(1), person(2)), sight(0, {1: 500}))
    place.run(*opened())
    moved = of(PlanMade, place.run(sight(60, {2: 100})))
    assert [plan.beside for plan in moved] == [None]


def test_a_round_too_large_for_a_table_has_none():
    """Beyond the table's size times of all are not known, and nothing is told."""
    place = town(d1=500)
    place.run(*opened())
    round_ = plan.match(Desk(place.state, place.params))[0]
    listed = replace(round_, matching=match(round_.matching.problem, dense_cells=-1))
    assert ByList(round_).of("i").greedy.devices == ("d1",)
    assert ByList(listed).of("i") is None


def test_a_plan_from_before_has_none():
    """What an older version said is still read."""
    row = {"at_us": NOW, "incident": "i", "chosen": [], "others": [], "method": "exact"}
    assert msgspec.convert(row | {"type": "plan"}, PlanMade).beside is None
