"""Time to the third volunteer on scene, dispatch as it is beside asking in sequence: in a simulated Kupang, and in the
plain town that the wish was written for (`plain`).

Pure time: `dispatch.engine.step` under a clock that only this file moves, no servers. Each incident has a seed; both
policies meet the same people at the same places, who decide the same (`simulators.rescuer`): they accept with the
probability given, answer after a lognormal time of 20 s in the median, 40 % of the others decline, the rest is silent,
and who accepts comes by the streets of the simulated city, or straight in the plain town. On scene is who truly stands
there, whatever GPS says. Both policies estimate arrival over the roads of the city, as after `ronda import roads`, or
with --straight by the line; in the plain town by the line, which is how people come.

In sequence: each open place asks the nearest not yet asked, by the same estimate of arrival; no, or nothing within
45 s, and the next is asked. So three are asked at once for three places, which is quicker than one after another.
"""

from __future__ import annotations

import argparse
import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

import cities
from bench.dispatch import plain
from core.entities import Person
from core.entries import Command, Config, Entry, Section, Sightings, Tick
from core.events import NoticeAsked
from core.units import US_PER_S
from dispatch.engine import step
from dispatch.reach import Ways
from dispatch.roads.build import build
from dispatch.roads.packing import rows_of
from dispatch.roads.speeds import ALL
from dispatch.roads.tags import Way
from dispatch.state import Params, State
from simulators import streets
from simulators.rescuer import Habits, Said, World, crew

NOW_US: Final = 1_770_000_000 * US_PER_S
WARM_S: Final = 120.0  # until the incident: by then everybody was seen
LASTING_S: Final = 3600.0  # who is not there by then is counted as an hour
NEEDED: Final = 3
TIMEOUT_S: Final = 45.0
MESSAGE_S: Final = 0.5  # from a decision to the phone, and from the phone to us
SHARE: Final = 0.65  # of the sequence's time at most
OFFERS: Final = 15
ANSWERS: Final = 100.0  # as many as learning lets weigh
WAYS: Final = Ways()  # what follows from the roads, the same for all incidents


class Somebody(Protocol):
    """A volunteer with a phone: what it hears, what it says by a moment, and where they truly are."""

    device: str
    arrives_s: dict[str, float]

    def hear(self, at_s: float, told: Mapping[str, Any]) -> None: ...
    def due(self, until_s: float) -> list[Said]: ...
    def at(self, at_s: float) -> NDArray[np.float64]: ...


@dataclass(frozen=True, slots=True)
class Scene:
    """One incident and everybody who could come."""

    lon: float
    lat: float
    place: NDArray[np.float64]  # where that is for the people
    volunteers: int
    roads: tuple[dict[str, Any], ...]  # rows of the register; none: the straight line
    crew: Callable[[], Iterable[Somebody]]  # everybody anew: a policy changes where they go
    learned: float | None = None  # the acceptance that dispatch learned before; None: it knows nothing but its prior

    def people(self) -> dict[str, Somebody]:
        return {somebody.device: somebody for somebody in self.crew()}


class Outcome(NamedTuple):
    """Seconds from the incident to the third on scene, and how many were asked."""

    third_s: float
    offers: int


class Policy(Protocol):
    """Who is asked, and who is told otherwise: notices to phones, second by second."""

    offers: int

    def second(self, at_s: float, said: Sequence[tuple[str, Said]]) -> list[tuple[str, dict[str, Any]]]: ...


class Ours:
    """The engine, with a tick each second."""

    def __init__(self, scene: Scene, severity: int) -> None:
        self._scene, self._severity, self.offers = scene, severity, 0
        self._state, self._params = _registered(scene), Params()

    def second(self, at_s: float, said: Sequence[tuple[str, Said]]) -> list[tuple[str, dict[str, Any]]]:
        entries: list[Entry] = [*_sightings(at_s, said), *_answers(at_s, said)]
        entries = entries or [Tick(now_us=_us(at_s))]  # anything else tells the time too
        if at_s == WARM_S:
            needs = [{"role": "", "count": NEEDED}]
            place = {"lon": self._scene.lon, "lat": self._scene.lat}
            body = {"kind": "banjir", "severity": self._severity, "needs": needs, **place}
            entries += [
                _command("incident.open", at_s, "i", body),
                _command("incident.dispatch", at_s, "go", {"id": "i"}),
            ]
        return [notice for entry in entries for notice in self._feed(entry)]

    def _feed(self, entry: Entry) -> list[tuple[str, dict[str, Any]]]:
        self._state, events = step(self._state, entry, self._params, WAYS)
        notices = [event for event in events if isinstance(event, NoticeAsked)]
        self.offers += sum(notice.kind == "offer" for notice in notices)
        return [(n.device, _told(self._scene, n.kind, n.offer)) for n in notices]


class Sequence45:
    """Each open place has one offer out; the next goes out after a no or 45 s of silence."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self.offers, self._reach = scene, 0, WAYS.reach(_registered(scene))
        self._at: dict[str, tuple[float, float]] = {}
        self._asked: set[str] = set()
        self._out: dict[str, float] = {}  # who is asked now, until when
        self._coming: set[str] = set()

    def second(self, at_s: float, said: Sequence[tuple[str, Said]]) -> list[tuple[str, dict[str, Any]]]:
        for device, word in said:
            if word.topic == "fix":
                self._at[device] = (word.body["lon"], word.body["lat"])
            elif word.topic == "answer" and device in self._out:
                del self._out[device]
                if word.body["answer"] in ("accept", "accept_in"):
                    self._coming.add(device)
        late = [device for device, until_s in self._out.items() if until_s <= at_s]
        for device in late:
            del self._out[device]
        asked = self._ask(at_s) if at_s >= WARM_S else []
        return [(d, _told(self._scene, "withdrawn", d)) for d in late] + [
            (d, _told(self._scene, "offer", d)) for d in asked
        ]

    def _ask(self, at_s: float) -> list[str]:
        free = [device for device in sorted(self._at) if device not in self._asked]
        at = np.array([self._at[device] for device in free]).reshape(-1, 2)
        crowd = self._reach.crowd(at[:, 0], at[:, 1], ["motorbike"] * len(free))
        eta_s = self._reach.eta_of(self._scene.lon, self._scene.lat, crowd, why=False).eta_s
        open_ = max(0, NEEDED - len(self._coming) - len(self._out))
        chosen = [free[j] for j in np.argsort(eta_s, kind="stable")[:open_].tolist()]
        self._asked.update(chosen)
        self._out |= dict.fromkeys(chosen, at_s + TIMEOUT_S)
        self.offers += len(chosen)
        return chosen


def played(scene: Scene, policy: Policy) -> Outcome:
    """Second by second until three stand there."""
    people, at_s = scene.people(), 0.0
    post: list[tuple[float, int, str, dict[str, Any]]] = []
    posted = 0
    while at_s < WARM_S + LASTING_S:
        while post and post[0][0] <= at_s:
            due_s, _, device, told = heapq.heappop(post)
            people[device].hear(due_s, told)
        said = [(device, word) for device, rescuer in people.items() for word in rescuer.due(at_s - MESSAGE_S)]
        for device, told in policy.second(at_s, said):
            posted += 1
            heapq.heappush(post, (at_s + MESSAGE_S, posted, device, told))
        if at_s > WARM_S and _there(people, scene.place, at_s) >= NEEDED:
            return Outcome(at_s - WARM_S, policy.offers)
        at_s += 1.0
    return Outcome(LASTING_S, policy.offers)


def soonest_s(scene: Scene) -> float:
    """The best that anybody could do: everyone is asked at once, and the first three who come count."""
    came = []
    for rescuer in scene.people().values():
        rescuer.hear(WARM_S + MESSAGE_S, _told(scene, "offer", "o"))
        came.append(rescuer.arrives_s.get("o", WARM_S + LASTING_S) - WARM_S)
    return sorted(came)[NEEDED - 1]


def _there(people: dict[str, Somebody], place: NDArray[np.float64], at_s: float) -> int:
    """How many of those who came for it stand at the place now."""
    came = [person for person in people.values() if min(person.arrives_s.values(), default=np.inf) <= at_s]
    return sum(float(np.hypot(*(person.at(at_s) - place))) < 5.0 for person in came)


def roads_of(graph: streets.Streets) -> tuple[dict[str, Any], ...]:
    """The city's streets as a road map that somebody took over."""
    lon, lat = graph.plane.inverse(graph.xy[:, 0], graph.xy[:, 1])
    points = np.round(np.column_stack([lon, lat]) * 1e7).astype(np.int64).tolist()
    ends = zip(graph.edges.tolist(), graph.main.tolist(), strict=True)
    ways = [
        Way("secondary" if main else "residential", (tuple(points[a]), tuple(points[b])), ALL, ALL)
        for (a, b), main in ends
    ]
    return tuple(rows_of(build(ways)[0]))


def in_kupang(seed: int, given: argparse.Namespace, accept: float, city: City) -> Scene:
    """An incident at some place of the simulated city."""
    graph, rng = city.graph, np.random.default_rng(seed)
    x, y = graph.xy[rng.choice(sorted(graph.place_node.values()))] + rng.uniform(-200.0, 200.0, 2)
    lon, lat = (round(float(v), 6) for v in graph.plane.inverse(x, y))
    habits = Habits(accept=accept, later=0.0, today=0.0, drop=0.0, lost=0.0)
    world, devices = World(graph, seed, WARM_S + LASTING_S), [f"hp-{i}" for i in range(given.volunteers)]
    place = graph.plane.forward(lon, lat)
    return Scene(lon, lat, place, given.volunteers, city.roads, lambda: crew(world, devices, habits))


def in_plain(seed: int, _given: argparse.Namespace, accept: float, city: City) -> Scene:
    """An incident amid people who come straight, where the acceptance is known."""
    lon, lat = city.graph.plane.lon0, city.graph.plane.lat0
    habits = Habits(accept=accept)
    graph = city.graph
    return Scene(lon, lat, np.zeros(2), plain.PEOPLE, (), lambda: plain.people(graph.plane, str(seed), habits), accept)


def _registered(scene: Scene) -> State:
    rate = scene.learned
    state = State() if rate is None else State(accepted=ANSWERS * rate, asked=ANSWERS)
    for entry in _register(scene.volunteers, scene.roads):
        state, _ = step(state, entry, Params(), WAYS)
    return state


def _register(volunteers: int, roads: tuple[dict[str, Any], ...]) -> list[Entry]:
    always = ((NOW_US - US_PER_S, NOW_US + 10**12),)
    people = [Person(id=f"p-{i}", kind="volunteer", consent_us=0, duty=always) for i in range(volunteers)]  # type: ignore[arg-type]
    held = tuple({"id": f"a-{i}", "from_us": 0, "device": f"hp-{i}", "person": f"p-{i}"} for i in range(volunteers))
    rows = tuple(msgspec.to_builtins(person) for person in people)
    sections: list[tuple[Section, tuple[dict[str, Any], ...]]] = [
        ("people", rows),
        ("assignments", held),
        *((("roads", roads),) if roads else ()),
    ]
    return [Config(section=section, rows=rows, at_us=NOW_US) for section, rows in sections]


def _sightings(at_s: float, said: Sequence[tuple[str, Said]]) -> list[Entry]:
    rows = tuple((d, w.body["lon"], w.body["lat"], _us(w.of_s)) for d, w in said if w.topic == "fix")
    return [Sightings(now_us=_us(at_s), rows=rows)] if rows else []


def _answers(at_s: float, said: Sequence[tuple[str, Said]]) -> list[Entry]:
    words = [(device, word.body) for device, word in said if word.topic == "answer"]
    return [
        Command(id=f"{body['offer']}@{at_s}", kind="offer.answer", actor=device, at_us=_us(at_s), body=body)
        for device, body in words
    ]


def _command(kind: str, at_s: float, id_: str, body: dict[str, Any]) -> Command:
    return Command(id=id_, kind=kind, actor="desk", at_us=_us(at_s), body=body)


def _told(scene: Scene, kind: str, offer: str) -> dict[str, Any]:
    return {"type": kind, "offer": offer, "incident": "i", "lon": scene.lon, "lat": scene.lat}


def _us(at_s: float) -> int:
    return NOW_US + round(at_s * US_PER_S)


class City(NamedTuple):
    """The simulated city: its streets, and the same as rows of the register."""

    graph: streets.Streets
    roads: tuple[dict[str, Any], ...]


Make = Callable[[int, argparse.Namespace, float, City], Scene]
TOWNS: Final[dict[str, tuple[Make, tuple[float, ...]]]] = {
    "kupang": (in_kupang, (0.35,)),
    "plain": (in_plain, (0.17, 0.35, 0.47)),
}
POLICIES: Final[dict[str, Callable[[Scene], Policy]]] = {
    "in sequence, 45 s": Sequence45,
    "ours, q=.80": lambda scene: Ours(scene, 2),
    "ours, q=.95": lambda scene: Ours(scene, 3),
}


def table(scenes: Sequence[Scene]) -> None:
    """A row for each policy, and what nobody could do better."""
    print(f"{'policy':18}{'median':>8}{'p95':>8}{'offers':>8}{'most':>6}{'of p95':>8}{'of median':>11}")
    base: tuple[float, float] | None = None
    for name, policy in POLICIES.items():
        seen = [played(scene, policy(scene)) for scene in scenes]
        median, p95 = (float(v) for v in np.percentile([o.third_s for o in seen], (50, 95)))
        base = base or (median, p95)
        offers = [o.offers for o in seen]
        print(
            f"{name:18}{median:8.0f}{p95:8.0f}{np.mean(offers):8.1f}{max(offers):6d}"
            f"{p95 / base[1]:8.2f}{median / base[0]:11.2f}",
            flush=True,
        )
    assert base is not None
    median, p95 = (float(v) for v in np.percentile([soonest_s(scene) for scene in scenes], (50, 95)))
    print(
        f"{'everyone at once':18}{median:8.0f}{p95:8.0f}{'':14}{p95 / base[1]:8.2f}{median / base[0]:11.2f}", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--volunteers", type=int, default=65, help="of the simulated city; the plain town has 60")
    parser.add_argument("--accept", type=float, metavar="P", help="probability that somebody accepts")
    parser.add_argument("--town", choices=sorted(TOWNS), help="else both")
    parser.add_argument("--straight", action="store_true", help="estimate arrival by the straight line")
    given = parser.parse_args()
    graph = streets.build(cities.load("kupang"), given.seed)
    city = City(graph, () if given.straight else roads_of(graph))
    print(f"{given.incidents} incidents, {NEEDED} needed; s until the third is there, offers in the mean")
    print(f"wished for at .35 and q=.80: p95 at most {SHARE} of the sequence's, {OFFERS} offers at most")
    for town, (make, rates) in TOWNS.items():
        for accept in (given.accept,) if given.accept is not None else rates:
            if given.town in (None, town):
                print(f"\n{town}, of whom {accept} accept")
                table([make(given.seed * 100_000 + i, given, accept, city) for i in range(given.incidents)])
