"""A plain town: the setting that the wish of `arrivals` was written for.

Sixty people stand about the incident, by a normal distribution of `SPREAD_M` each way. Who is asked decides as in
`simulators.rescuer.Habits`, and who accepts is there after the time that dispatch itself estimates: `START_S`, then
straight on at `DETOUR` times `PACE_S_PER_KM`, whatever streets there are. So nothing is in question but whom to ask.
How far people were spread was not written down; with `SPREAD_M` the best time possible, which depends on no policy, is
300 s in the median for .35, as it was there (374 for .17 where it was 388, 281 for .47 where it was 268).
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dispatch.eta import DETOUR, PACE_S_PER_KM, START_S
from simulators.rescuer import Habits, Said
from simulators.streets import Plane

PEOPLE: Final = 60
SPREAD_M: Final = 2350.0
S_PER_M: Final = PACE_S_PER_KM / 1000 * DETOUR
NOISE_M: Final = 4.0
FIX_S: Final = 10.0  # between words of a phone that moves
REST_S: Final = 30.0  # of one that stands


@dataclass(frozen=True, slots=True)
class Leg:
    """From a place at a moment straight to the incident; before that they stand there."""

    at_s: float
    start: NDArray[np.float64]

    def at(self, at_s: float) -> NDArray[np.float64]:
        left_m = float(np.hypot(*self.start))
        gone = min(1.0, max(0.0, at_s - self.at_s) / (S_PER_M * left_m)) if left_m else 1.0
        return self.start * (1.0 - gone)


class Neighbour:
    """Somebody who stands somewhere, and comes when asked, or not. The incident is at (0, 0)."""

    def __init__(self, plane: Plane, seed: str, device: str, habits: Habits) -> None:
        self.device, self.arrives_s = device, dict[str, float]()
        self._plane, self._habits, self._rng = plane, habits, random.Random(f"{seed}/{device}")
        self._leg = Leg(math.inf, np.array([self._rng.gauss(0.0, SPREAD_M) for _ in "xy"]))
        self._will = (self._rng.random(), self._rng.random(), self._rng.gauss(0.0, habits.sigma))
        self._next_s, self._said_s, self._said_at = self._rng.uniform(0.0, FIX_S), -math.inf, np.full(2, np.inf)
        self._answers: list[tuple[float, str, str]] = []
        self._doing = ""

    def at(self, at_s: float) -> NDArray[np.float64]:
        """Where they are, in metres from the incident."""
        return self._leg.at(at_s)

    def hear(self, at_s: float, told: Mapping[str, Any]) -> None:
        """An offer, or that they are not needed."""
        if told["type"] in ("offer", "verify"):
            self._asked(at_s, str(told["offer"]))
        elif told["offer"] == self._doing:  # they stand where they are then
            self._leg, self._doing = Leg(math.inf, self.at(at_s)), ""
            self._answers = [answer for answer in self._answers if answer[1] != told["offer"]]
            if self.arrives_s.get(str(told["offer"]), 0.0) > at_s:
                del self.arrives_s[str(told["offer"])]

    def _asked(self, at_s: float, offer: str) -> None:
        """What they do about an incident is theirs, not the offer's: asked twice, they do the same."""
        yes, no, late = self._will
        comes = yes < self._habits.accept
        if not comes and no >= self._habits.decline:
            return
        answers_s = at_s + self._habits.median_s * math.exp(late)
        heapq.heappush(self._answers, (answers_s, offer, "accept" if comes else "decline"))
        if comes:
            here = self.at(at_s)
            self._leg, self._doing = Leg(answers_s + START_S, here), offer
            self.arrives_s[offer] = answers_s + START_S + S_PER_M * float(np.hypot(*here))

    def due(self, until_s: float) -> list[Said]:
        """What the phone says by then."""
        said = []
        while self._next_s <= until_s:
            said += self._fix(self._next_s)
            self._next_s += FIX_S
        while self._answers and self._answers[0][0] <= until_s:
            at_s, offer, answer = heapq.heappop(self._answers)
            said.append(Said(at_s, at_s, "answer", {"offer": offer, "answer": answer}))
        return said

    def _fix(self, at_s: float) -> list[Said]:
        here = self.at(at_s)
        if at_s - self._said_s < REST_S and float(np.hypot(*(here - self._said_at))) < NOISE_M:
            return []
        self._said_s, self._said_at = at_s, here
        x, y = (v + self._rng.gauss(0.0, NOISE_M) for v in here.tolist())
        lon, lat = self._plane.inverse(x, y)
        return [Said(at_s, at_s, "fix", {"lon": round(float(lon), 6), "lat": round(float(lat), 6)})]


def people(plane: Plane, seed: str, habits: Habits, many: int = PEOPLE) -> list[Neighbour]:
    """Everybody of one incident anew; they are where they are by the seed, and do what they do."""
    return [Neighbour(plane, seed, f"hp-{i}", habits) for i in range(many)]
