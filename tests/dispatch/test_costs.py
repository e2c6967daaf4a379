"""What each costs where: rest, fairness, hazards; by lists as by the table."""

import msgspec
import numpy as np
import pytest

from core.entries import Config
from core.events import PlanMade
from dispatch.costs import Charged, Everybody, charge_s
from dispatch.desk import Desk
from dispatch.engine import step
from dispatch.matching.problem import Need, Problem
from dispatch.matching.solve import match
from dispatch.people import Crew
from dispatch.plan import row_of
from dispatch.reach import Ways
from dispatch.roads.packing import rows_of
from dispatch.state import Params, open_incidents
from tests.dispatch.roads.maps import at, box
from tests.dispatch.test_reach import TOWN
from tests.dispatch.town import NOW, SECOND, Town, command, of, opened, person, register, sight

HOUR = 3600 * SECOND
CLASSES = ("motorbike", "car", "foot", "truck")


def charges(town):
    """Seconds by person."""
    everybody = Everybody(Desk(town.state, town.params))
    return {ranger.name: int(s) for ranger, s in zip(everybody.people, everybody.charge_s, strict=True)}


def test_long_duty_costs_half_a_minute_an_hour():
    """From the fourth hour on, two minutes at most."""
    people = [
        msgspec.structs.replace(person(n), duty=((NOW - h * HOUR, NOW + HOUR),)) for n, h in enumerate((3, 6, 20))
    ]
    assert charges(Town(register(*people), sight(0, {0: 0, 1: 0, 2: 0}))) == {"p0": 0, "p1": 60, "p2": 120}


def test_who_just_came_back_is_charged_two_minutes_and_the_offer():
    """For half an hour; the offer counts for an hour."""
    town = Town(register(person(0)), sight(0, {0: 0}), opened())
    town.answer(0, 1)
    offer = town.offer(0).id
    town.run(command("offer.arrived_for", 2, offer=offer), command("offer.left_for", 3, offer=offer))
    assert charges(town) == {"p0": 135}
    assert charges(later(town, 1900)) == {"p0": 15}


def later(town, at_s):
    town.run(sight(at_s, {0: 0}))
    return town


def test_who_was_asked_often_is_charged_up_to_a_minute():
    """Fifteen seconds for each offer of the last hour that came to nothing."""
    town = Town(register(person(0)), sight(0, {0: 0}))
    for n in range(6):
        town.run(opened(f"i{n}", 200 * n), command("incident.close", 200 * n + 90, id_=f"c{n}", id=f"i{n}"))
        if n == 1:
            assert charges(town) == {"p0": 30}
    assert charges(town) == {"p0": 60}


def test_the_rested_goes_when_it_costs_less():
    """A minute farther, but not an hour-old duty of eight hours: 56 s against 120 s."""
    tired = msgspec.structs.replace(person(0), duty=((NOW - 9 * HOUR, NOW + HOUR),))
    plan = of(PlanMade, Town(register(tired, person(1)), sight(0, {0: 500, 1: 1000})).run(opened()[0]))[0]
    assert [c.device for c in plan.chosen] == ["d1"]


def test_no_charge_leaves_a_place_empty():
    """However tired: severity and places come first."""
    tired = msgspec.structs.replace(person(0), duty=((NOW - 20 * HOUR, NOW + HOUR),))
    town = Town(register(tired), sight(0, {0: 500}), opened("a", severity=1)[0])
    plan = of(PlanMade, town.run(opened("b", severity=3)[0]))
    assert {p.incident: len(p.chosen) for p in plan} == {"a": 0, "b": 1}


def test_water_keeps_away_whom_it_stops():
    """A motorbike in half a metre of water is not sent, a truck is; both are nearer than who is sent beside them."""
    people = [person(0), person(1, vehicle="truck"), person(2)]
    town = Town(register(*people), sight(0, {0: 500, 1: 600, 2: 3000}))
    flood = {"shape": _square(400, 700), "depth_cm": 50}
    plan = of(PlanMade, town.run(opened(count=3, hazard=flood)[0]))[0]
    assert [c.device for c in plan.chosen] == ["d1", "d2"]


def _square(south_m, north_m):
    """A ring about the way north of the incident."""
    west, east = 123.59, 123.61
    south, north = (-10.17 + metres / 111_195 for metres in (south_m, north_m))
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def crowd_on_roads(seed, people=60, incidents=8):
    """A desk with roads, a flood, and people and incidents about them, some on no road."""
    rng = np.random.default_rng(seed)
    rows = [person(n, vehicle=CLASSES[n % 4], skills=("aid",) if n % 3 else ()) for n in range(people)]
    town = Town(Config(section="roads", rows=tuple(rows_of(TOWN.roads)), at_us=NOW), register(*rows))
    flood = {"id": "b", "shape": box(500, 500, 900, 800), "depth_cm": 50.0}
    town.run(Config(section="closures", rows=(flood,), at_us=NOW))
    places = [at(*xy) for xy in rng.uniform((-900, -900), (2700, 1900), (people, 2))]
    seen = tuple((f"d{n}", lon, lat, NOW) for n, (lon, lat) in enumerate(places))
    town.run(msgspec.structs.replace(sight(0, {}), rows=seen))
    for n, (x, y) in enumerate(rng.uniform((0, -700), (1800, 1000), (incidents, 2))):
        lon, lat = map(float, at(x, y))
        needs = [{"role": "", "count": 2, "skills": ["aid"] if n % 2 else []}]
        body = {"kind": "flood", "lon": lon, "lat": lat, "severity": n % 3 + 1, "needs": needs}
        town.run(command("incident.open", id_=f"i{n}", **body))
    return Desk(town.state, town.params)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("roads", [True, False])
def test_lists_give_the_matching_of_the_table(seed, roads):
    """Who is looked at one by one, by road or straight line, is as good as everybody; bounds hold."""
    desk = crowd_on_roads(seed)
    if not roads:
        desk.put(roads={})
    rows = [row_of(desk, i, need) for i in open_incidents(desk.state) for need in desk.needs(i)]
    assert len(rows) == 8
    places = [Need(row.open, row.incident.severity, (300, 200)) for row in rows]
    taken = np.zeros(60, np.bool_)
    full = match(Problem(places, Charged(Everybody(desk), rows, taken)))
    costs = Charged(Everybody(desk), rows, taken)
    listed = match(Problem(places, costs), dense_cells=-1, first_listed=2)
    assert (listed.loss, listed.certificate.proven) == (full.loss, True)
    table = Charged(Everybody(desk), rows, taken).dense()
    for row, near in zip(table, costs.nearest(range(len(rows)), 5), strict=True):
        assert near.seconds.tolist() == row[near.columns].tolist()
        assert np.delete(row, near.columns).min() >= near.floor_s


def test_nobody_is_charged_where_nobody_is():
    """No people, no charges."""
    desk = Desk(Town().state, Town().params)
    assert charge_s(desk, Crew(desk)).tolist() == []


def test_what_is_kept_between_entries_changes_nothing():
    """Roads come and go, water rises and falls, people move: with one `Ways` all the way and with none."""
    desk = crowd_on_roads(3)
    kept, state, anew = Ways(), desk.state, desk.state
    flood = {"id": "w", "shape": box(0, 300, 700, 900)}
    changes = [Config(section="closures", rows=({**flood, "depth_cm": depth},), at_us=NOW) for depth in (5.0, 90.0)]
    changes += [
        Config(section="roads", rows=(), at_us=NOW, op="set"),
        Config(section="closures", rows=(), at_us=NOW, op="set"),
    ]
    changes += [Config(section="roads", rows=tuple(rows_of(TOWN.roads)), at_us=NOW)]
    for number, change in enumerate(changes):
        moved = tuple(
            (f"d{n}", *map(float, at(30 * n, 100 * number)), NOW + 3 * SECOND * (number + 1)) for n in range(60)
        )
        for entry in (change, msgspec.structs.replace(sight(3 * (number + 1), {}), rows=moved)):
            state, said = step(state, entry, Params(), kept)
            anew, again = step(anew, entry, Params())
            assert said == again
    assert state == anew
