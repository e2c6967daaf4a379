"""Who may be asked: the arrays say what a step for each would."""

from random import Random

import msgspec
import pytest

from core.entities import Assignment
from core.entries import Config, Sightings
from core.units import seconds_to_us
from dispatch.desk import Desk
from dispatch.people import Crew, Ranger, carriers, last_seen, on_call
from dispatch.reach import Ways
from dispatch.state import State, Volunteer
from tests.dispatch.town import NOW, SECOND, Town, person, register, sight

HOUR = 3600 * SECOND


def slowly(state, params):
    """Everybody who may be asked, one by one: each person where they were seen last."""
    oldest_us, who, newest = state.now_us - seconds_to_us(params.position_max_age_s), carriers(state), {}
    for v in state.seen.values():
        if v.time_us >= oldest_us and v.device in who:
            other = newest.get(who[v.device])
            if other is None or (other.time_us, other.device) < (v.time_us, v.device):
                newest[who[v.device]] = v
    known = [(v, state.people[name]) for name, v in newest.items() if name in state.people]
    called = [Ranger(v.device, p, v.lon, v.lat, v.time_us) for v, p in known if on_call(state, p)]
    return sorted(called, key=lambda ranger: ranger.device)


def muddle(seed):
    """A state in which devices change hands, people have several, and many may not be asked."""
    draw = Random(seed)
    when = lambda: NOW + draw.randint(-9, 9) * HOUR  # noqa: E731 - a draw
    people = {
        f"p{n}": msgspec.structs.replace(
            person(n, consent=draw.random() < 0.8),
            duty=tuple(sorted((a, a + draw.randint(1, 9) * HOUR) for a in (when() for _ in range(draw.randint(0, 3))))),
        )
        for n in range(30)
    }
    held = [
        Assignment(
            id=f"a{n}", from_us=when(), until_us=draw.choice((None, when())),
            device=f"d{draw.randrange(20)}", person=f"p{draw.randrange(33)}",
        )
        for n in range(60)
    ]  # fmt: skip
    seen = [
        Volunteer(device=f"d{n}", lon=draw.random(), lat=1.0, time_us=NOW - draw.randint(0, 4) * HOUR // 6)
        for n in draw.sample(range(25), 22)
    ]
    return State(
        now_us=NOW,
        people=people,
        holds={a.id: a for a in held},
        seen={v.device: v for v in seen},
        away_us={f"p{n}": NOW + draw.randint(-1, 1) for n in range(0, 30, 3)},
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_everybody_at_once_is_everybody_one_by_one(seed):
    """Who, by which device, where, in which order; and who is found under which name."""
    state, params = muddle(seed), Town().params
    crew = Crew(Desk(state, params))
    assert list(crew) == slowly(state, params)
    assert {name: crew[column].name for name, column in crew.person.items()} == {r.name: r.name for r in crew}
    assert [crew.column[ranger.device] for ranger in crew] == list(range(len(crew)))
    assert "d99" not in crew.column


@pytest.mark.parametrize("seed", range(10))
def test_on_duty_since(seed):
    """Since the last of the spans that hold now began."""
    state = muddle(seed)
    crew = Crew(Desk(state, Town().params))
    spans = [[a for a, b in ranger.person.duty if a <= NOW < b] for ranger in crew]
    assert crew.since_us.tolist() == [since[-1] for since in spans]


def test_a_person_with_two_devices_is_where_the_newer_word_is_from():
    """Whoever of them is asked about; somebody without a word is nowhere."""
    town = Town(register(person(0), person(1)), sight(0, {0: 0, 9: 100}), sight(5, {9: 200}))
    held = {"id": "b", "from_us": 0, "device": "d9", "person": "p0"}
    town.run(Config(section="assignments", rows=(held,), at_us=NOW))
    found = last_seen(Desk(town.state, town.params), ["p0", "p1", "px"])
    assert {name: v.device for name, v in found.items()} == {"p0": "d9"}


def test_what_is_kept_follows_register_and_positions():
    """One `Ways` while people come, move and change hands: the same as with none."""
    town, kept = Town(register(*(person(n) for n in range(3))), sight(0, {n: n for n in range(3)})), Ways()
    moved = Sightings(
        now_us=NOW + SECOND, rows=(("d1", 123.0, -10.0, NOW + SECOND), ("d7", 123.0, -10.0, NOW + SECOND))
    )
    for entry in (
        moved,
        *register(person(5)),
        sight(9, {7: 1}),
        Config(section="people", rows=(), at_us=NOW, op="set"),
    ):
        town.run(entry)
        assert list(Crew(Desk(town.state, town.params, ways=kept))) == list(Crew(Desk(town.state, town.params)))
