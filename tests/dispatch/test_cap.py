"""Official alerts: opened as reported, updated, ended; a person's change wins."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events import CommandDone, IncidentChanged, NoticeAsked
from dispatch.engine import step
from dispatch.incidents import ENDED
from dispatch.rows import changed, restored
from dispatch.state import Params
from tests.dispatch.town import HERE, NOW, SECOND, Town, command, notices, of, person, register, sight, tick

SQUARE = [[[123.5, -10.3], [123.7, -10.3], [123.7, -10.0], [123.5, -10.0], [123.5, -10.3]]]
PEOPLE = [register(*(person(n) for n in range(3))), sight(0, {0: 500, 1: 900, 2: 1500})]


def alert(key="a", at_s=0.0, *, message="alert", refs=(), sent_s=0, life_s=3600, exercise=False, sender="bmkg", **more):
    """A message as the reader tells it; `more` are fields of the incident."""
    cap = {
        "sender": sender, "identifier": key, "sent_us": NOW + sent_s * SECOND, "event": "Hujan Lebat",
        "attribution": "BMKG", "expires_us": NOW + life_s * SECOND,
    }  # fmt: skip
    incident = {
        "kind": "banjir", "lon": HERE[0], "lat": HERE[1], "severity": 2, "text": "hujan\nSumber: BMKG",
        "placed": "area",
        "needs": [{"count": 2}], "hazard": {"shape": {"type": "Polygon", "coordinates": SQUARE}, "label": "Hujan"},
    } | more  # fmt: skip
    body = {"message": message, "cap": cap, "refs": list(refs), "exercise": exercise, "note": "BMKG mencabut."}
    return command("incident.alert", at_s, id_=key, actor="cap:bmkg", **body | {"incident": incident})


def update(key="u", at_s=60, **more):
    return alert(key, at_s, message="update", **{"refs": ("a",), "sent_s": 60} | more)


def cancel(key="c", at_s=90, **more):
    return alert(key, at_s, message="cancel", **{"refs": ("a",), "sent_s": 90} | more)


def reason(said):
    return of(CommandDone, said)[-1].reason


def now(town, id_="a"):
    found = town.state.incidents[id_]
    return found.status, found.severity, found.cap.state


def test_an_alert_is_a_report_that_asks_nobody():
    """It bears the alert's key, source and issuer; volunteers hear nothing."""
    town = Town(*PEOPLE, alert(), *(tick(s) for s in range(1, 30)))
    found = town.state.incidents["a"]
    assert (found.status, found.source, found.cap.attribution, found.area) == ("reported", "cap", "BMKG", None)
    assert (of(NoticeAsked, town.said), town.state.offers) == ([], {})


def test_an_alert_over_the_whole_city_neither_stops_nor_slows_anybody():
    """Everybody within its polygon is planned as without it, and comes when asked."""
    house = {"kind": "fire", "lon": HERE[0], "lat": HERE[1], "needs": [{"count": 3}]}
    fire = [command("incident.open", 1, id_="f", **house), command("incident.dispatch", 1, id_="go", id="f")]
    without, within = Town(*PEOPLE, *fire), Town(*PEOPLE, alert(), *fire)
    assert within.state.plans["f"] == without.state.plans["f"] == ("d0", "d1", "d2")
    assert [o.eta_s for o in within.state.offers.values()] == [o.eta_s for o in without.state.offers.values()]


def test_a_report_within_an_alert_is_no_duplicate_of_it():
    """Two alerts over the same area may be one; an exercise is no duplicate of anything real."""
    report = command("incident.open", 5, id_="r", kind="banjir", lon=HERE[0], lat=HERE[1])
    town = Town(alert(), report, alert("b", 9), alert("x", 10, exercise=True))
    assert [town.state.incidents[i].duplicates for i in ("a", "r", "b", "x")] == [(), (), ("a",), ()]


def test_an_update_changes_what_nobody_touched():
    """Severity, text and place follow; the timeline has a new version."""
    town = Town(alert(), update(severity=3, text="lebih lebat", lon=123.61))
    found = town.state.incidents["a"]
    assert (found.severity, found.text, found.lon, found.revision) == (3, "lebih lebat", 123.61, 2)


def test_what_a_person_changed_stays_theirs():
    """Their severity holds through an update; the text, which they left alone, is new."""
    edit = command("incident.edit", 30, actor="ani", id="a", severity=1)
    town = Town(
        alert(), edit, update(severity=3, text="lebih lebat"), update("u2", 80, sent_s=80, severity=3, text="x")
    )
    found = town.state.incidents["a"]
    assert (found.severity, found.text) == (1, "x")


def test_the_place_stays_while_somebody_is_on_the_way():
    """Nobody is sent elsewhere by an alert; when they are gone the next update moves it."""
    town = Town(*PEOPLE, alert(), command("incident.dispatch", 1, id="a"))
    town.answer(0, 5)
    said = town.run(update(lon=123.65))
    assert (town.state.incidents["a"].lon, notices(said)) == (HERE[0], [])
    town.run(command("incident.pause", 61, id="a"))
    for offer in [o.id for o in town.state.offers.values() if o.id in town.state.trails]:
        town.run(command("offer.stand_down", 62, id_=f"s{offer}", offer=offer))
    town.run(update("u2", 80, sent_s=80, lon=123.65))
    assert town.state.incidents["a"].lon == 123.65


def test_a_cancel_ends_what_nobody_touched():
    """Nothing else changes."""
    town = Town(alert(), cancel())
    assert now(town) == ("cancelled", 2, "cancelled")


def test_a_cancel_tells_a_coordinator_who_took_the_incident_up():
    """It goes on; the text says that the alert was cancelled."""
    town = Town(*PEOPLE, alert(), command("incident.verify", 10, id="a"), cancel(), tick(4000))
    assert now(town) == ("verified", 2, "cancelled")
    assert town.state.incidents["a"].text == "hujan\nSumber: BMKG\nBMKG mencabut."


def test_an_alert_that_is_over_ends_its_incident():
    """By the clock, an hour later; one that a person touched goes on."""
    town = Town(alert(), tick(3599))
    assert now(town)[0] == "reported"
    town.run(tick(3600))
    assert now(town) == ("cancelled", 2, "expired")
    touched = Town(alert(), command("incident.edit", 10, id="a", text="dilihat"), tick(3600))
    assert now(touched)[0] == "reported"


def test_an_update_of_an_alert_that_ended_by_itself_opens_anew():
    """What a person closed stays closed."""
    town = Town(alert(life_s=10), tick(20), update())
    assert (now(town)[0], now(town, "u")[0]) == ("cancelled", "reported")
    closed = Town(alert(), command("incident.close", 10, id="a"))
    assert "a person made the incident closed" in reason(closed.run(update()))
    assert list(closed.state.incidents) == ["a"]


def test_an_alert_again_changes_nothing():
    """Not even when dispatch has long forgotten that it carried it out."""
    town = Town(alert(), params=Params(max_done=1))
    town.run(command("incident.open", 1, kind="x", lon=1, lat=1), update())
    before = town.state.incidents
    assert [of(IncidentChanged, town.run(one)) for one in (alert(at_s=70), update(at_s=70))] == [[], []]
    assert town.state.incidents == before


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_messages_in_any_order_leave_the_same(order):
    """The alert, an update and a second one that names only the first: the newest holds, in one incident."""
    messages = [alert(severity=1), update(severity=3), update("u2", 80, sent_s=80, severity=2)]
    town = Town(*(messages[n] for n in order))
    open_ones = [i for i in town.state.incidents.values() if i.status == "reported"]
    assert [(i.severity, i.cap.identifier) for i in open_ones] == [(2, "u2")]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_cancel_in_any_order_leaves_nothing_open(order):
    """Though it names the alert alone, and not the update before it; an update sent after it is a new life."""
    messages = [alert(), update(), cancel()]
    town = Town(*(messages[n] for n in order))
    assert [i.id for i in town.state.incidents.values() if i.status not in ENDED] == []
    town.run(update("u2", 100, sent_s=100))
    assert [i.id for i in town.state.incidents.values() if i.status not in ENDED] == ["u2"]


def test_a_cancel_before_its_alert_is_remembered():
    """Also by a state that was written down and read again."""
    town = Town(cancel())
    rows = {name: body for name, body in changed(None, town.state).items() if body is not None}
    town.state = restored(rows)[0]
    assert "a later message about it was heard already" in reason(town.run(alert()))
    assert town.state.incidents == {}


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (cancel(exercise=True), "an exercise changes nothing real"),
        (cancel(sender="somebody"), "only who issued an alert"),
        (update(sent_s=-5), "a later message about it"),
        (alert("late", life_s=-1), "it had expired before it was heard"),
        (command("incident.alert", 0, id_="x", message="shout"), "Invalid enum value"),
    ],
)
def test_a_message_that_cannot_hold_is_refused_with_the_reason(message, why):
    """The incident stays as it was."""
    town = Town(alert())
    assert why in reason(town.run(message))
    assert now(town) == ("reported", 2, "in_force")


def test_an_exercise_is_one_from_the_alert_on():
    """The incident says so."""
    assert Town(alert(exercise=True)).state.incidents["a"].exercise


MESSAGES = st.tuples(
    st.sampled_from(["alert", "update", "update", "cancel"]), st.integers(0, 4), st.sets(st.integers(0, 2))
)
COMMANDS = st.tuples(
    st.sampled_from(["verify", "cancel", "close", "reopen", "edit", "edit", "undo"]), st.integers(0, 1)
)
STORIES = st.lists(MESSAGES | COMMANDS, min_size=8, max_size=20).map(lambda story: [("alert", 0, set()), *story])


def happen(n, what, number, refs=None):
    """A message of the alert that was sent `number`th, or a person's command about what such a one opened."""
    if refs is None:
        return command(f"incident.{what}", n, id_=f"p{n}", id=f"m{number}", text="orang")
    sent = {"sent_s": number, "life_s": 15 + number}
    return alert(f"m{number}", n, message=what, refs=[f"m{ref}" for ref in sorted(refs)], text=f"{number}", **sent)


@given(STORIES)
def test_whatever_comes_a_persons_word_holds(story):
    """Their text stays while it is open and what they ended stays ended; a state read again goes on in the same way."""
    town, theirs, ended = Town(), set(), set()
    for n, one in enumerate(story):
        entry = happen(n, *one)
        again, _ = step(restored({k: b for k, b in changed(None, town.state).items() if b})[0], entry, town.params)
        ok = of(CommandDone, town.run(entry))[-1].ok
        assert again == town.state
        if ok and entry.actor == "ani":
            id_, kind = entry.body["id"], entry.kind
            theirs = (
                theirs | {id_} if kind == "incident.edit" else theirs - {id_} if kind == "incident.undo" else theirs
            )
            over = town.state.incidents.get(id_) is not None and town.state.incidents[id_].status in ENDED
            ended = ended | {id_} if over else ended - {id_}
        for id_ in theirs & town.state.incidents.keys():
            assert town.state.incidents[id_].text.startswith("orang")
        assert all(town.state.incidents[id_].status in ENDED for id_ in ended)
