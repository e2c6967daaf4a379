"""Laws of dispatch: whatever happens, in whatever order, these hold after every entry."""

from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from core.codec import decode as decode_entry
from core.codec import encode as encode_entry
from core.entries import Command, Config
from core.events import CommandDone, IncidentChanged, NoticeAsked, OfferChanged
from dispatch import offers
from dispatch.engine import ACTS, step
from dispatch.incidents import ENDED, MOVES
from dispatch.reach import Ways
from dispatch.rows import changed, restored
from dispatch.state import LOOK, Params, State
from tests.dispatch.town import HERE, NOW, SECOND, command, of, person, register, sight, tick

PARAMS = Params(max_open=6, max_ended=2, max_offers=40)
PEOPLE = 7
METRES = (0, 20, 60, 90, 150, 400, 900, 2000, 3000, 5000)
KINDS = (
    {"id": "wave", "needs": [{"count": 1}], "aliases": ["water"]},
    {"id": "fire", "needs": [{"count": 2}]},
    {"id": "flood", "needs": [{"role": "medic"}], "aliases": ["water"], "depth_cm": 50},
)


def box(metres, half_m=200):
    """A square about a place so many metres north of the incident."""
    lat, d = HERE[1] + metres / 111_195, half_m / 111_195
    ring = [[HERE[0] + x * d, lat + y * d] for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]
    return {"type": "Polygon", "coordinates": [ring]}


WATER = (None, {"shape": box(0)}, {"shape": box(900), "depth_cm": 40}, {"shape": box(900), "access": 4})
DESK = {
    **dict.fromkeys((*MOVES, "photo", "distinct"), 1),
    **dict.fromkeys(("exclude", "include", "pause", "merge", "unmerge", "move", "edit", "wake"), 2),
    **dict.fromkeys(("dispatch", "assign", "look", "undo", "resume"), 4),
}
OFFER = {**dict.fromkeys((act for act in ACTS if act.startswith("offer.")), 1), "offer.answer": 12}


def any_of(draw, weights):
    return draw.choices(list(weights), list(weights.values()))[0]


def needs(draw):
    """None, or up to two needs of different roles."""
    return [{"role": role, "count": draw.randint(1, 2)} for role in draw.sample(["", "medic"], draw.randint(0, 2))]


def desk_command(draw):
    number, act = draw.randrange(PEOPLE), any_of(draw, DESK)
    one, other = draw.choice(["i0", "i1", "i2", "i3", "m0", "m1"]), f"i{draw.randrange(4)}"
    body = {"id": one, "person": f"p{number}", "into": other, "other": other, "area": "k"}
    body |= {"lon": HERE[0], "lat": HERE[1] + number / 200, "severity": draw.randint(1, 3), "needs": needs(draw)}
    body |= {"sha256": f"{number:064x}"}
    body |= {"revision": 2} if draw.random() < 0.1 else {}
    body |= {"hazard": draw.choice(WATER)} if act == "edit" and draw.random() < 0.5 else {}
    body |= {"kind": draw.choice(["fire", "flood", "storm"])} if act == "edit" and draw.random() < 0.3 else {}
    return (f"incident.{act}", draw.choice(["ani", "budi"]), body)


def offer_command(draw):
    answer = any_of(draw, {"accept": 6, "accept_in": 2, "decline": 2, "decline_today": 1})
    body = {"offer": draw.random(), "answer": answer, "minutes": draw.randint(0, 3), "real": draw.random() < 0.5}
    return (any_of(draw, OFFER), f"p{draw.randrange(PEOPLE)}" if draw.random() < 0.1 else "", body)


def opening(draw):
    lat = HERE[1] + draw.choice(METRES) / 111_195
    kind = draw.choice(["fire", "fire", "fire", "flood", "water", "storm"])
    body = {"severity": draw.randint(1, 3), "needs": needs(draw), "area": "k", "lat": lat, "kind": kind}
    return ("open", f"i{draw.randrange(4)}", body)


def alert(draw):
    """An official alert, what changes or ends it, in whatever order; some are over soon."""
    message, key = draw.choice(["alert", "alert", "update", "cancel"]), f"m{draw.randrange(6)}"
    body = {"message": message, "refs": [f"m{n}" for n in range(2) if draw.random() < 0.5], "note": "over"}
    body |= {"sent_s": draw.randint(0, 5), "life_s": draw.choice([None, 2, 60])}
    incident = {"kind": draw.choice(["water", "storm"]), "lon": HERE[0], "lat": HERE[1] + draw.choice(METRES) / 111_195}
    return ("alert", key, body | {"incident": incident | {"hazard": draw.choice(WATER), "needs": needs(draw)}})


def forgetting(draw):
    """Whoever is not asked now is forgotten."""
    number = draw.randrange(PEOPLE)
    return ("person.forget", "ani", {"person": f"p{number}", "devices": [f"d{number}"]})


def sighting(draw):
    return ("sight", {n: draw.choice(METRES) for n in draw.sample(range(PEOPLE), draw.randint(1, PEOPLE))})


def closing(draw):
    """Closures come, are drawn anew, end by themselves or by a word."""
    row = {"id": f"c{draw.randrange(3)}", "shape": box(draw.choice(METRES)), "lasts_s": draw.choice([None, 1, 60])}
    row |= {"vehicles": draw.choice([[], ["motorbike"]])}
    return ("closures", (draw.choice(["upsert", "upsert", "delete", "set"]), [row]))


def change_of_duty(draw):
    return ("person", (draw.randrange(PEOPLE), draw.random() < 0.6, draw.random() < 0.8))


HAPPENINGS = {
    desk_command: 6, offer_command: 10, opening: 1, alert: 1, sighting: 5, change_of_duty: 1, closing: 1,
    forgetting: 0.3,
    lambda _: ("tick", None): 3, lambda draw: (f"dispatch.{draw.choice(['pause', 'resume', 'resume'])}", "ani", {}): 1,
}  # fmt: skip


def story_of(seed, length):
    """Two incidents that ask, one that is reported, then whatever may happen, seconds apart."""
    draw = Random(seed)
    story = [
        (0, ("open", f"i{n}", {"severity": 3 - n, "needs": needs(draw), "area": "k", "lat": HERE[1]})) for n in range(3)
    ]
    story += [(0, ("incident.dispatch", "ani", {"id": f"i{n}"})) for n in range(2)]
    return story + [
        (draw.choice((0, 0, 1, 1, 2, 7, 31, 95, 400)), any_of(draw, HAPPENINGS)(draw)) for _ in range(length)
    ]


stories = st.builds(story_of, st.integers(0, 2**32), st.integers(0, 60))


def closed(number, at_s, op, rows):
    """A change of closures; one that lasts so many seconds says when it is over."""
    at_us = NOW + at_s * SECOND
    timed = tuple(
        {k: v for k, v in row.items() if k != "lasts_s"}
        | {"until_us": row["lasts_s"] and at_us + row["lasts_s"] * SECOND}
        for row in rows
    )
    return Config(section="closures", op=op, rows=timed, at_us=at_us, id=f"c{number}")


def alerted(key, at_s, *, sent_s, life_s, **body):
    """A message that was sent a little before or after the others, and lasts so long from now."""
    expires_us = life_s and NOW + (at_s + life_s) * SECOND
    cap = {"sender": "bmkg", "identifier": key, "sent_us": NOW + sent_s * SECOND, "event": "rain"}
    return command("incident.alert", at_s, id_=key, actor="cap:bmkg", cap=cap | {"expires_us": expires_us}, **body)


def happening(number, at_s, what):
    """What nobody commands: positions, time, the register."""
    match what:
        case ("sight", places):
            return sight(at_s, places, stood=[n for n in places if n % 2])
        case ("tick", _):
            return tick(at_s)
        case ("person", (n, duty, agreed)):
            row = msgspec.to_builtins(person(n, duty=duty, consent=agreed, wake=True, area="k"))
            return Config(section="people", rows=(row,), at_us=NOW + at_s * SECOND)
        case ("closures", (op, rows)):
            return closed(number, at_s, op, rows)
    return None


def entry_of(number, at_s, what, state):
    """An entry; a command about an offer is told of a live one if there is any, by whom it is for."""
    if (entry := happening(number, at_s, what)) is not None:
        return entry
    match what:
        case ("open", name, body):
            return command("incident.open", at_s, id_=name, lon=HERE[0], **({"kind": "fire"} | body))
        case ("alert", key, body):
            return alerted(key, at_s, **body)
        case (act, actor, body) if act.startswith("offer."):
            live = list(state.trails)
            offer = live[int(body["offer"] * len(live))] if live else "i0.1"
            actor = actor or (state.offers[offer].person if live else "p0")
            return command(act, at_s, id_=f"c{number}", actor=actor, **(body | {"offer": offer}))
        case (act, actor, body):
            return command(act, at_s, id_=f"c{number}", actor=actor, **body)


def told(story):
    """The entries of a story, each with the state before, what was said, and the state after."""
    people = [person(n, wake=True, area="k") for n in range(PEOPLE)]
    start = [
        *register(*people),
        Config(section="kinds", rows=KINDS, at_us=NOW),
        sight(0, {n: 300 * (n + 1) for n in range(PEOPLE)}),
    ]
    steps, state, at_s = [], State(), 0
    for number, (wait_s, what) in enumerate([*((0, entry) for entry in start), *story]):
        at_s += wait_s
        entry = what if number < len(start) else entry_of(number, at_s, what, state)
        after, said = step(state, entry, PARAMS)
        steps.append((entry, state, said, after))
        state = after
    return steps


@given(stories)
def test_only_moves_of_the_table_happen(story):
    """Each version of an offer follows from the one before by a move, by whom the move is for; or only its lock."""
    known = {}
    for _, _, said, _ in told(story):
        for offer in of(OfferChanged, said):
            before = known.get(offer.id)
            if before is None:
                assert (offer.state, offer.revision) == ("offered", 1)
            elif before.state != offer.state:
                assert (offer.state, True) in [(to, offer.by in by) for to, by in offers.TABLE[before.state].values()]
            known[offer.id] = offer
            assert before is None or offer.revision == before.revision + 1


@given(stories)
def test_one_live_offer_for_each_volunteer(story):
    """Nobody is asked for two things at once."""
    for *_, state in told(story):
        live = [state.offers[i].person for i in state.trails]
        assert len(live) == len(set(live))
        assert set(state.trails) == {i for i, offer in state.offers.items() if offer.state in offers.LIVE}


@given(stories)
def test_nobody_is_promised_beyond_the_need(story):
    """Who comes and was not assigned by hand has a place, and those who are there already count."""
    for *_, state in told(story):
        for incident in state.incidents.values():
            counts = {need.role: need.count for need in PARAMS.needs_of(incident)}
            for role, count in counts.items():
                mine = [state.offers[i] for i in state.trails]
                mine = [o for o in mine if (o.incident, o.role) == (incident.id, role) and o.state in offers.PROMISED]
                coming = [o for o in mine if o.state in offers.COMING and not o.manual]
                assert not coming or len(mine) <= count


@given(stories)
def test_an_incident_that_ended_has_no_live_offer(story):
    """Whoever was asked or came is let go with it, and so is who was to look once it is believed."""
    for *_, state in told(story):
        for offer in (state.offers[i] for i in state.trails):
            incident = state.incidents[offer.incident]
            assert incident.status not in ENDED
            assert offer.role != LOOK or incident.status == "reported" or offer.state in offers.THERE or offer.manual


@given(stories)
def test_off_duty_is_silence(story):
    """An offer goes to those with consent and on duty; off duty to those woken, who agreed to that."""
    for _, _, said, state in told(story):
        for offer in of(OfferChanged, said):
            if offer.revision == 1:
                who = state.people[offer.person]
                assert who.consent_us is not None
                assert who.duty or (who.wake and offer.why == "woken")


@given(stories)
def test_a_no_is_a_no(story):
    """Who declined, did not answer or did their part is not asked for the same incident again by the matcher."""
    for _, before, said, _ in told(story):
        over = {(o.incident, o.person) for o in before.offers.values() if o.state in offers.OVER}
        asked = [o for o in of(OfferChanged, said) if o.revision == 1 and o.why != "assigned"]
        assert not over.intersection((o.incident, o.person) for o in asked)


@given(stories)
def test_every_command_is_answered_once_at_last(story):
    """One answer, the last of what is said; a refusal says nothing else of the incident."""
    for entry, _, said, _ in told(story):
        done = of(CommandDone, said)
        assert [d.id for d in done] == ([entry.id] if isinstance(entry, Command) else [])
        assert not done or said[-1] is done[0]


@given(stories)
def test_a_change_is_told_once_a_minute(story):
    """Between two notices of change to one person lies a minute."""
    last = {}
    for _, _, said, _ in told(story):
        for notice in of(NoticeAsked, said):
            if notice.kind in ("withdrawn", "stood_down", "moved"):
                assert notice.at_us - last.get(notice.person, 0) >= 60 * SECOND
                last[notice.person] = notice.at_us
            assert notice.at_us < notice.expires_us


@given(stories, st.sets(st.integers(0, 80)))
def test_a_restart_anywhere_changes_nothing(story, restarts):
    """Entries and state through their bytes, the ways kept until then: the same events, the same state in its order."""
    rows, (state, saved), ways = {}, restored({}), Ways()
    for number, (entry, _, said, after) in enumerate(told(story)):
        if number in restarts:
            state, saved = restored({key: rows[key] for key in sorted(rows, reverse=True)})  # in no order that counts
            ways = Ways()
        state, again = step(state, decode_entry(encode_entry(entry)), PARAMS, ways)
        assert again == said
        assert (state, [*state.incidents], [*state.trails]) == (after, [*after.incidents], [*after.trails])
        rows, saved = written(rows, changed(saved, state)), state


@given(stories, st.integers(0, 80), st.integers(1, 20))
def test_the_rows_hold_the_state(story, first, every):
    """Whenever written, and begun with the one row of version 1: read back, the same state in the same order."""
    states = [after for *_, after in told(story)]
    old = states[min(first, len(states) - 1)]
    rows = {
        "state": msgspec.msgpack.encode(msgspec.structs.replace(old, version=1, seen={})),
        "volunteers": msgspec.msgpack.encode(old.seen),
    }
    state, saved = restored(rows)
    assert (state, saved) == (old, None)
    for after in [old, *states[first::every]]:
        rows, saved = written(rows, changed(saved, after)), after
        state, held = restored(rows)
        assert (state, state) == (after, held)
        for name in ("incidents", "offers", "trails", "owed"):
            assert [*getattr(state, name)] == [*getattr(after, name)]


def written(rows, changes):
    """Rows after a commit."""
    return {key: body for key, body in {**rows, **changes}.items() if body is not None}


@given(stories)
def test_a_command_that_comes_twice_changes_nothing(story):
    """The second is answered as done; a refused one may be tried again."""
    for entry, _, said, after in told(story):
        if isinstance(entry, Command) and said[-1].ok:
            again, events = step(after, entry, PARAMS)
            assert again == after
            assert [type(event) for event in events] == [CommandDone]


@given(stories)
def test_a_command_for_another_version_is_refused(story):
    """Two coordinators never overwrite each other: a revision that is not the incident's changes nothing of it."""
    for entry, before, said, _ in told(story):
        if isinstance(entry, Command) and "revision" in entry.body and entry.kind.startswith("incident."):
            known = before.incidents.get(entry.body["id"])
            undone = entry.kind == "incident.undo" or entry.id in before.done
            if known is not None and known.revision != entry.body["revision"] and not undone:
                assert not said[-1].ok


@given(stories)
def test_no_closure_outlives_its_time(story):
    """Whatever entry comes first after its end."""
    for *_, state in told(story):
        assert all(c.until_us is None or c.until_us > state.now_us for c in state.closures.values())


@given(stories)
def test_nobody_new_is_asked_while_the_city_pauses(story):
    """But by hand, or woken by a coordinator; what was asked before stays asked."""
    for _, before, said, state in told(story):
        if before.paused and state.paused:
            asked = [o for o in of(OfferChanged, said) if o.revision == 1]
            assert {o.why for o in asked} <= {"assigned", "woken"}


@given(stories)
def test_a_tick_after_an_entry_changes_nothing_that_is_not_due(story):
    """The same instant told again: nobody is asked twice, nothing is said."""
    for _, _, _, state in told(story)[-1:]:
        once, _ = step(state, tick((state.now_us - NOW) / SECOND), PARAMS)
        twice, said = step(once, tick((state.now_us - NOW) / SECOND), PARAMS)
        assert (said, twice) == ([], once)


@given(stories)
def test_what_is_said_is_what_is_remembered(story):
    """The newest version said of each incident and offer is the one in the state, but for names that were forgotten."""
    known = {}
    for entry, _, said, state in told(story):
        for event in of((IncidentChanged, OfferChanged), said):
            assert event.id not in known or known[event.id].revision < event.revision
            known[event.id] = event
        if isinstance(entry, Command) and entry.kind == "person.forget":
            known |= state.incidents | state.offers
        assert all(known[i] == incident for i, incident in state.incidents.items())
        assert all(known[i] == offer for i, offer in state.offers.items())
