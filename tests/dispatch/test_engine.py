"""Commands in, incidents and plans out."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.entries import Command, Config, Sightings
from core.errors import ConfigError
from core.events import CommandDone, IncidentChanged, PlanMade
from dispatch.engine import step
from dispatch.roads.build import build
from dispatch.roads.packing import rows_of
from dispatch.rows import changed, restored
from dispatch.state import Params, State, Volunteer
from tests.dispatch.roads.maps import way

NOW = 1_700_000_000_000_000
MINUTE = 60_000_000
PARAMS = Params(needs={"fire": 2})


def opened(id_="i1", *, lon=123.6, lat=-10.17, kind="flood", severity=2, **more):
    body = {"kind": kind, "lon": lon, "lat": lat, "severity": severity, **more}
    return Command(id=id_, kind="incident.open", actor="ani", at_us=NOW - 5, body=body)


def moves(move, incident, id_="m1"):
    return Command(id=id_, kind=f"incident.{move}", actor="ani", at_us=NOW, body={"id": incident})


def rangers(count, *, age_us=0):
    """A row of volunteers, each 0.01 degrees (1.1 km) farther east of the incident."""
    return [Volunteer(device=f"v{i:02}", lon=123.6 + 0.01 * i, lat=-10.17, time_us=NOW - age_us) for i in range(count)]


def run(*commands, state=None, crowd=(), params=PARAMS):
    """The commands one by one, after the crowd was seen; what the sighting itself says is left out."""
    seen = Sightings(now_us=NOW, rows=tuple((v.device, v.lon, v.lat, v.time_us) for v in crowd))
    state, _ = step(state or State(), seen, params)
    events = []
    for command in commands:
        state, said = step(state, command, params)
        events += said
    return state, events


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def test_an_opened_incident_is_reported_planned_and_answered():
    """One command gives the incident, its plan and the answer, in this order."""
    _, events = run(opened(text="Oesapa", area="53.71.02"), crowd=rangers(5))
    incident, plan, done = events
    assert (incident.id, incident.status, incident.opened_us, incident.area) == ("i1", "reported", NOW - 5, "53.71.02")
    assert [c.device for c in plan.chosen] == ["v00", "v01", "v02"]
    assert [c.device for c in plan.others] == ["v03", "v04"]
    assert done == CommandDone(at_us=NOW, id="i1", ok=True)


def test_a_plan_tells_what_it_was_made_from():
    """Distance, age and estimated time of each volunteer stand in the plan."""
    _, events = run(opened(), crowd=rangers(2, age_us=MINUTE))
    second = of(PlanMade, events)[0].chosen[1]
    assert (second.position_age_s, second.distance_m) == (60.0, pytest.approx(1094.5, abs=0.2))
    assert second.eta_s == pytest.approx(259.7, abs=0.1)


def test_the_kind_decides_how_many_are_asked():
    """A fire needs two here, everything else three."""
    _, events = run(opened(kind="fire"), crowd=rangers(5))
    assert len(of(PlanMade, events)[0].chosen) == 2


def test_an_old_position_or_a_far_one_is_not_asked():
    """Half an hour bounds both the age of a position and the time to arrive."""
    stale = msgspec.structs.replace(rangers(1)[0], time_us=NOW - 31 * MINUTE)
    far = Volunteer(device="far", lon=123.9, lat=-10.17, time_us=NOW)
    _, events = run(opened(), crowd=[stale, far])
    assert of(PlanMade, events)[0].chosen == ()
    assert [c.device for c in of(PlanMade, events)[0].others] == ["far"]


def test_a_cutoff_may_lie_between_two_seconds():
    """136.6 s to arrive, within 136.7: asked, though the matcher counts whole seconds."""
    near = Volunteer(device="near", lon=123.6000484, lat=-10.17, time_us=NOW)
    _, events = run(opened(), crowd=[near], params=Params(cutoff_s=136.7))
    assert [c.device for c in of(PlanMade, events)[0].chosen] == ["near"]


def test_somebody_seen_twice_is_one_person():
    """Two positions of one device: the newer counts, and only one place is filled."""
    here = rangers(1)[0]
    before = Volunteer(device="v00", lon=123.7, lat=-10.17, time_us=NOW - MINUTE)
    _, events = run(opened(), crowd=[here, before])
    assert [(c.device, c.lon) for c in of(PlanMade, events)[0].chosen] == [("v00", 123.6)]


def test_nobody_stands_in_two_plans():
    """A second incident at the same place gets the next three."""
    state, _ = run(opened("i1"), crowd=rangers(6))
    state, _ = run(opened("i2"), state=state, crowd=rangers(6))
    assert len({device for plan in state.plans.values() for device in plan}) == 6


def test_a_severe_incident_takes_people_and_says_so():
    """With three volunteers only, the lesser incident's new plan is empty."""
    state, _ = run(opened("i1", severity=1), crowd=rangers(3))
    _, events = run(opened("i2", severity=3), state=state, crowd=rangers(3))
    assert {plan.incident: len(plan.chosen) for plan in of(PlanMade, events)} == {"i1": 0, "i2": 3}


def test_closing_frees_the_volunteers():
    """The other incident gets whom the closed one had; the closed one has no plan any more."""
    state, _ = run(opened("i1"), opened("i2"), crowd=rangers(3))
    state, events = run(moves("close", "i1"), state=state, crowd=rangers(3))
    assert of(IncidentChanged, events)[0].status == "closed"
    assert state.plans == {"i2": ("v00", "v01", "v02")}


def test_a_plan_sticks_to_its_people():
    """Somebody 20 m nearer does not displace a person already proposed; the plan is not said again."""
    state, _ = run(opened("i1"), crowd=rangers(3))
    newcomer = Volunteer(device="near", lon=123.6198, lat=-10.17, time_us=NOW)
    _, events = run(opened("i2", lon=124.5), state=state, crowd=[*rangers(3), newcomer])
    assert [plan.incident for plan in of(PlanMade, events)] == ["i2"]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (opened(severity=4), "severity"),
        (opened(lat=float("nan")), "lat"),
        (opened(kind=""), "kind"),
        (Command(id="x", kind="incident.open", actor="a", at_us=0, body={}), "missing required field"),
        (moves("close", "nobody"), "no such incident"),
        (moves("teleport", "i1"), "unknown command"),
    ],
)
def test_a_wrong_command_is_refused_and_changes_nothing(command, reason):
    """The answer names what is wrong; nothing else is said."""
    before, _ = run(crowd=rangers(3))
    state, events = run(command, state=before)
    assert state == before
    assert (len(events), events[0].ok) == (1, False)
    assert reason in events[0].reason


def test_a_command_that_comes_twice_is_done_once():
    """The log may hold an entry twice; the second is answered and changes nothing."""
    state, _ = run(opened("i1"), moves("close", "i1"), crowd=rangers(3))
    again, events = run(opened("i1"), moves("close", "i1"), state=state, crowd=rangers(3))
    assert again == state
    assert [event.ok for event in events] == [True, True]


def test_memory_is_bounded():
    """At the bound an open incident is refused, and ended ones are forgotten, oldest first."""
    params = Params(max_open=2, max_ended=1, max_done=3)
    state, events = run(opened("a"), opened("b"), opened("c"), params=params)
    assert "2 incidents are open" in events[-1].reason
    state, _ = run(moves("close", "a", "1"), moves("close", "b", "2"), state=state, params=params)
    assert (list(state.incidents), len(state.done)) == (["b"], 3)


@pytest.mark.parametrize("wrong", [{"default_need": 0}, {"max_open": 500}, {"cutoff_s": 9000.0}])
def test_parameters_that_cannot_work_are_refused(wrong):
    """A wrong parameter stops at construction, not in the middle of a flood."""
    with pytest.raises(ConfigError):
        Params(**wrong)


commands = st.lists(
    st.one_of(
        st.builds(
            lambda i, e, s: opened(f"i{i}", lon=123.6 + e / 100, severity=s),
            st.integers(0, 4), st.integers(0, 6), st.sampled_from((1, 2, 3)),
        ),
        st.builds(
            lambda move, i, n: moves(move, f"i{i}", f"m{n}"),
            st.sampled_from(("verify", "close", "reopen", "cancel", "arrive")), st.integers(0, 4), st.integers(0, 99),
        ),
    ),
    max_size=8,
)  # fmt: skip


@given(commands, st.integers(0, 8), st.integers(0, 8))
def test_any_cut_into_batches_gives_the_same(given_commands, cut, crowd_size):
    """The split law: events and state are equal however the commands are batched, across bytes of the state."""
    crowd = rangers(crowd_size)
    whole, events = run(*given_commands, crowd=crowd)
    half, first = run(*given_commands[:cut], crowd=crowd)
    parts, second = run(*given_commands[cut:], state=restored(changed(None, half))[0])
    assert (parts, first + second) == (whole, events)


def test_a_hazard_far_from_the_map_stops_nothing():
    """A report of another country: its hazard hinders nobody, it has a plan, and the step goes on."""
    roads = Config(section="roads", rows=tuple(rows_of(build([way((0, 0), (1000, 0))])[0])), at_us=NOW)
    state, _ = step(State(), roads, PARAMS)
    hazard = {"shape": {"type": "Point", "coordinates": [10.0, 50.0]}, "access": 0}
    state, events = run(opened(lon=10.0, lat=50.0, hazard=hazard), state=state, crowd=rangers(1))
    assert (events[-1].ok, state.plans) == (True, {"i1": ()})


@given(commands, st.permutations(range(6)))
def test_the_order_of_the_positions_does_not_matter(given_commands, order):
    """The same people in another order are the same decision."""
    crowd = rangers(6)
    assert run(*given_commands, crowd=crowd) == run(*given_commands, crowd=[crowd[i] for i in order])


@given(commands, st.integers(0, 8))
def test_open_incidents_and_no_others_have_plans(given_commands, crowd_size):
    """Plans name open incidents, nobody twice, nobody more than needed."""
    state, _ = run(*given_commands, crowd=rangers(crowd_size))
    people = [device for plan in state.plans.values() for device in plan]
    assert len(people) == len(set(people)) == min(crowd_size, 3 * len(state.plans))
    assert set(state.plans) == {i for i, v in state.incidents.items() if v.status not in ("closed", "cancelled")}
