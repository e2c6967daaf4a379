"""A small town of volunteers and the entries that happen to it, for tests of the offer protocol."""

import msgspec

from core.entities import Person
from core.entries import Command, Config, Sightings, Tick
from core.events import NoticeAsked, OfferChanged
from dispatch.engine import step
from dispatch.state import Params, State

NOW = 1_700_000_000_000_000
SECOND = 1_000_000
HERE = (123.6, -10.17)
DEGREE_M = 111_195.0


def person(number, *, duty=True, consent=True, **more):
    """A volunteer; on duty for the whole test, with consent."""
    return Person(
        id=f"p{number}",
        kind="volunteer",
        consent_us=0 if consent else None,
        duty=((NOW - 60 * SECOND, NOW + 10**12),) if duty else (),
        **more,
    )


def register(*people):
    """The people, and the device that each of them carries."""
    rows = tuple(msgspec.to_builtins(p) for p in people)
    held = tuple({"id": f"a{p.id}", "from_us": 0, "device": f"d{p.id[1:]}", "person": p.id} for p in people)
    return [
        Config(section="people", rows=rows, at_us=NOW),
        Config(section="assignments", rows=held, at_us=NOW),
    ]


def sight(at_s, places, stood=()):
    """Devices by number, each so many metres north of the incident."""
    at_us = NOW + round(at_s * SECOND)
    rows = tuple((f"d{n}", HERE[0], HERE[1] + metres / DEGREE_M, at_us) for n, metres in places.items())
    return Sightings(now_us=at_us, rows=rows, stood=tuple((f"d{n}", NOW) for n in stood))


def command(act, at_s=0.0, *, id_=None, actor="ani", **body):
    at_us = NOW + round(at_s * SECOND)
    return Command(id=id_ or f"{act}@{at_s}", kind=act, actor=actor, at_us=at_us, body=body)


def opened(id_="i", at_s=0.0, *, count=1, severity=1, kind="fire", **more):
    """An incident that wants `count` people, and the word that they be asked."""
    place = {"lon": HERE[0], "lat": HERE[1]}
    needs = [{"role": "", "count": count}]
    return [
        command("incident.open", at_s, id_=id_, kind=kind, severity=severity, needs=needs, **place, **more),
        command("incident.dispatch", at_s, id_=f"go-{id_}", id=id_),
    ]


def tick(at_s):
    return Tick(now_us=NOW + round(at_s * SECOND))


class Town:
    """Runs entries one after the other and keeps all that was said."""

    def __init__(self, *entries, params=None):
        self.state, self.params, self.said = State(), params or Params(), []
        self.run(*entries)

    def run(self, *entries):
        """What these entries, lists of them too, said."""
        said = []
        for entry in entries:
            for one in entry if isinstance(entry, list) else [entry]:
                self.state, events = step(self.state, one, self.params)
                said += events
        self.said += said
        return said

    def answer(self, number, at_s, answer="accept", **more):
        """The answer of a volunteer to the offer they have."""
        offer = self.offer(number)
        return self.run(command("offer.answer", at_s, id_=f"{number}@{at_s}", actor=f"p{number}", offer=offer.id,
                                answer=answer, **more))  # fmt: skip

    def offer(self, number):
        """The newest offer of a volunteer."""
        return [o for o in self.state.offers.values() if o.person == f"p{number}"][-1]

    def states(self):
        """Volunteer and state of each one's newest offer."""
        return {int(o.person[1:]): o.state for o in self.state.offers.values()}


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def notices(events):
    """Kind and person of each notice."""
    return [(n.kind, n.person) for n in of(NoticeAsked, events)]


def moves(events):
    """Person and state of each offer said."""
    return [(o.person, o.state) for o in of(OfferChanged, events)]
