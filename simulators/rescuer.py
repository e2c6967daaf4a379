"""A volunteer who is asked: rides about, hears an offer, answers or does not, comes, stands there, leaves.

Pure: what the phone hears goes in with its moment, what it says comes out with its own. Times are seconds of the
simulated world. The same seed gives the same person: what they do about an incident is drawn from its place, which no
engine can change, never from the name of an offer.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulators.motion import Driver, Motion
from simulators.people import PACE, ride, roam
from simulators.streets import Streets

Act = Literal["accept", "accept_in", "decline", "decline_today", "ignore"]
ASKING: Final = frozenset({"offer", "verify", "wake"})  # notices that want an answer
NOTHING: Final = "tidak ada apa-apa"  # what somebody says who looked and saw nothing
_WALK_MPS: Final = 4.0  # the last metres, off the roads
_NOISE_M: Final = 4.0
_MOVING_M: Final = 20.0  # between two words of a phone that moves
_REST_S: Final = 30.0  # between two of one that stands


@dataclass(frozen=True, slots=True)
class Habits:
    """How volunteers behave. What is missing to one after accepting and declining never answers."""

    accept: float = 0.35
    decline: float = 0.40  # of those who do not accept
    later: float = 0.15  # of those who accept: "I come in so many minutes"
    today: float = 0.10  # of those who decline: "not today"
    median_s: float = 20.0  # until the answer, lognormal
    sigma: float = 0.7  # of its logarithm
    drop: float = 0.06  # of those who accept, and turn round on the way without a word
    lost: float = 0.08  # of offers, after which the phone has no network for `lost_s`: everything comes late
    lost_s: tuple[float, float] = (60.0, 600.0)
    turnout_s: tuple[float, float] = (20.0, 90.0)
    stay_s: tuple[float, float] = (600.0, 1800.0)
    interval_s: float = 10.0  # between fixes


class Said(NamedTuple):
    """One message of a phone: when it leaves, of which moment it speaks, its topic's last word, and its body."""

    at_s: float
    of_s: float
    topic: str
    body: dict[str, Any]


class Deed(NamedTuple):
    """What somebody decided about an offer: the truth behind what dispatch will see."""

    at_s: float
    device: str
    offer: str
    incident: str
    act: Act
    after_s: float  # between hearing and answering
    drops: bool
    lost: bool


@dataclass(frozen=True, slots=True)
class World:
    """What all volunteers share. `ways` are the streets as passable at a moment; `real` whether a report is true."""

    streets: Streets
    seed: int
    lasting_s: float
    hour0: float = 12.0
    ways: Callable[[float], Streets] | None = None
    real: Callable[[float, float], bool] = lambda _lon, _lat: True


class Rescuer:
    """One volunteer with a phone, who rides as `motion` says, else as drawn by number, and speaks from `from_s` on."""

    def __init__(
        self,
        world: World,
        number: int,
        device: str,
        habits: Habits | None = None,
        *,
        motion: Motion | None = None,
        from_s: float = 0.0,
    ) -> None:
        self.world, self.device, self.habits = world, device, habits or Habits()
        self.motion = motion or ride(
            world.streets, str(world.seed), number, hour0=world.hour0, lasting_s=world.lasting_s
        )
        self.deeds: list[Deed] = []
        self.arrives_s: dict[str, float] = {}  # by offer: when they truly are there, unless they turn round
        self._noise = random.Random(f"{world.seed}/{device}/noise")  # noqa: S311 - scenery
        self._queue: list[tuple[float, int, Said]] = []
        self._numbers = 0
        self._offline: tuple[float, float] = (math.inf, math.inf)
        self._next_s = from_s + self._noise.uniform(0.0, self.habits.interval_s)
        self._last: tuple[float, NDArray[np.float64]] | None = None
        self._doing = ""  # the offer that they answer or come for
        self._acts_s = math.inf  # when they do what they decided

    def at(self, at_s: float) -> NDArray[np.float64]:
        """Where they truly are, in metres."""
        here: NDArray[np.float64] = self.motion.at(np.array([at_s]))[0]
        return here

    def hear(self, at_s: float, told: Mapping[str, Any]) -> None:
        """A message on the phone's own topics, once there is a network."""
        at_s = self._online(at_s)
        kind, offer = str(told.get("type", "")), str(told.get("offer", ""))
        if kind in ASKING:
            self._asked(at_s, told)
        elif offer == self._doing and kind in ("withdrawn", "stood_down"):
            self._forget(at_s, offer)
        elif offer == self._doing and kind == "moved" and at_s >= self._acts_s:
            self._go(at_s, told, self._rng(told))

    def report(self, at_s: float, body: dict[str, Any]) -> None:
        """Say that something happened."""
        self._say(at_s, "report", body)

    def due(self, until_s: float) -> list[Said]:
        """What the phone says by then, in order."""
        while self._next_s <= until_s:
            self._fix(self._next_s)
            self._next_s += self.habits.interval_s
        said = []
        while self._queue and self._queue[0][0] <= until_s:
            said.append(heapq.heappop(self._queue)[2])
        return said

    def _asked(self, at_s: float, told: Mapping[str, Any]) -> None:
        if str(told["offer"]) == self._doing:
            return  # the same letter again
        rng, habits, offer = self._rng(told), self.habits, str(told["offer"])
        act = _act(rng, habits)
        after_s = habits.median_s * math.exp(rng.gauss(0.0, habits.sigma))
        drops, lost = rng.random() < habits.drop, rng.random() < habits.lost
        comes = act in ("accept", "accept_in")
        self.deeds.append(Deed(at_s, self.device, offer, str(told["incident"]), act, after_s, drops and comes, lost))
        if lost:
            self._offline = (at_s, at_s + rng.uniform(*habits.lost_s))
        if act == "ignore":
            return
        minutes = rng.choice((2, 5, 10)) if act == "accept_in" else 0
        self._say(at_s + after_s, "answer", {"offer": offer, "answer": act} | ({"minutes": minutes} if minutes else {}))
        if comes:
            self._doing, self._acts_s = offer, at_s + after_s
            self._go(at_s + after_s + 60.0 * minutes, told, rng, drops=drops)

    def _go(self, at_s: float, told: Mapping[str, Any], rng: random.Random, *, drops: bool = False) -> None:
        """To the place by road, and stay there; whoever drops out turns round on the way."""
        place = self.world.streets.plane.forward(told["lon"], told["lat"])
        driver = self._driver(at_s, rng)
        driver.stand(rng.uniform(*self.habits.turnout_s), "wait")
        driver.go(driver.streets.nearest(place))
        driver.walk(place, _WALK_MPS)
        there_s = driver.t
        driver.stand(rng.uniform(*self.habits.stay_s), "wait")
        roam(driver, self._corners, self.world.lasting_s)
        self.motion = self.motion.then(driver.motion())
        if drops:
            self._turn(at_s + rng.uniform(0.3, 0.9) * (there_s - at_s), rng)
            return
        self.arrives_s[str(told["offer"])] = there_s
        if told.get("type") == "verify":
            self._look(there_s + 30.0, told)

    def _look(self, at_s: float, told: Mapping[str, Any]) -> None:
        real = self.world.real(told["lon"], told["lat"])
        body = {"offer": told["offer"], "answer": "looked", "real": real}
        self._say(at_s, "answer", body | {"text": "benar, sudah saya lihat" if real else NOTHING})

    def _forget(self, at_s: float, offer: str) -> None:
        """Not needed any more: nothing more is said of it, and they turn round."""
        self._queue = [item for item in self._queue if item[2].body.get("offer") != offer]
        heapq.heapify(self._queue)
        if self.arrives_s.get(offer, math.inf) > at_s:
            self.arrives_s.pop(offer, None)
        self._turn(at_s, random.Random(f"{self.world.seed}/{self.device}/{at_s:.0f}"))  # noqa: S311 - scenery
        self._doing = ""

    def _turn(self, at_s: float, rng: random.Random) -> None:
        driver = self._driver(at_s, rng)
        roam(driver, self._corners, self.world.lasting_s)
        self.motion = self.motion.then(driver.motion())

    def _driver(self, at_s: float, rng: random.Random) -> Driver:
        """Somebody who is where they are then, on the roads or not."""
        streets, here = self.world.ways(at_s) if self.world.ways else self.world.streets, self.at(at_s)
        driver = Driver(streets, rng, streets.nearest(here), self.world.hour0, t=at_s, pace=PACE)
        driver.points[0] = here
        driver.stand(1.0, "wait")
        return driver

    @property
    def _corners(self) -> list[int]:
        return sorted(self.world.streets.place_node.values())

    def _fix(self, at_s: float) -> None:
        here = self.at(at_s)
        if self._last is not None:
            since_s, moved_m = at_s - self._last[0], float(np.hypot(*(here - self._last[1])))
            if moved_m < _MOVING_M and since_s < _REST_S:
                return
        self._last = (at_s, here)
        x, y = (float(v) + self._noise.gauss(0.0, _NOISE_M) for v in here)
        lon, lat = self.world.streets.plane.inverse(x, y)
        self._say(at_s, "fix", {"lat": round(float(lat), 6), "lon": round(float(lon), 6), "accuracy": 8.0})

    def _say(self, of_s: float, topic: str, body: dict[str, Any]) -> None:
        self._numbers += 1
        said = Said(self._online(of_s), of_s, topic, body)
        heapq.heappush(self._queue, (said.at_s, self._numbers, said))

    def _online(self, at_s: float) -> float:
        """When the network is there: now, or when it is back."""
        return self._offline[1] if self._offline[0] <= at_s < self._offline[1] else at_s

    def _rng(self, told: Mapping[str, Any]) -> random.Random:
        place = f"{told['lon']:.6f}/{told['lat']:.6f}/{told.get('type') == 'verify'}"
        return random.Random(f"{self.world.seed}/{self.device}/{place}")  # noqa: S311 - scenery


def _act(rng: random.Random, habits: Habits) -> Act:
    if rng.random() < habits.accept:
        return "accept_in" if rng.random() < habits.later else "accept"
    if rng.random() < habits.decline:
        return "decline_today" if rng.random() < habits.today else "decline"
    return "ignore"


def crew(world: World, devices: list[str], habits: Habits | None = None) -> Iterator[Rescuer]:
    """One volunteer for each phone."""
    for number, device in enumerate(devices):
        yield Rescuer(world, number, device, habits)
