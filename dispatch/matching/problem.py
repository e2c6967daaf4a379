"""What is matched: needs with places, volunteers as columns, costs in whole seconds.

The order of what counts: least unfilled places of severity 3, then of 2, then of 1, then least time. A need may also
have spare places beyond its count (over-offers), each with a worth in seconds that falls from one to the next: a spare
place is filled by somebody who costs less than that, and never at the price of a place that is needed.

A pair that must not be (excluded, locked elsewhere, resting, out of reach) costs NEVER.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

NEVER: Final = int(np.iinfo(np.int64).max)  # a volunteer who cannot serve this need
EXACT: Final = 2**53  # whole numbers below it are exact in float64
MAX_PLACES: Final = 1000  # that are needed; with MAX_SPARES and times up to MAX_TIME_S, always within EXACT
MAX_SPARES: Final = 1000  # beyond the count, in all needs together
MAX_TIME_S: Final = 7200
SEVERITIES: Final = (1, 2, 3)


class Near(NamedTuple):
    """Some volunteers of one need, cheapest first (equals by column), and a bound for the others.

    `floor_s`: no volunteer outside `columns` costs less; NEVER when all who can serve the need are listed.
    """

    columns: NDArray[np.int64]
    seconds: NDArray[np.int64]
    floor_s: int


class Costs(Protocol):
    """What each volunteer costs at each need: whole seconds within 0..`most_s`, or NEVER."""

    @property
    def volunteers(self) -> int: ...
    @property
    def most_s(self) -> int: ...
    def dense(self) -> NDArray[np.int64]:
        """Every pair, needs by volunteers."""

    def nearest(self, needs: Sequence[int], k: int) -> list[Near]:
        """For each of these needs about `k` volunteers, all who can serve it when `k` is the number of volunteers."""

    def seconds(self, need: int, column: int) -> int:
        """One pair."""


class Table:
    """Costs that are known in full, needs by volunteers."""

    def __init__(self, seconds: NDArray[np.int64], most_s: int) -> None:
        if np.any((seconds < 0) | ((seconds > most_s) & (seconds != NEVER))):
            raise ValueError(f"costs must be whole seconds within 0..{most_s}, or NEVER")
        self._seconds = seconds
        self.most_s = most_s

    @property
    def volunteers(self) -> int:
        return int(self._seconds.shape[1])

    def dense(self) -> NDArray[np.int64]:
        return self._seconds

    def nearest(self, needs: Sequence[int], k: int) -> list[Near]:
        return [self._nearest(need, k) for need in needs]

    def _nearest(self, need: int, k: int) -> Near:
        row = self._seconds[need]
        order = np.argsort(row, kind="stable")[: k + 1]
        order = order[row[order] != NEVER]
        return Near(order[:k], row[order[:k]], int(row[order[k]]) if len(order) > k else NEVER)

    def seconds(self, need: int, column: int) -> int:
        return int(self._seconds[need, column])


@dataclass(frozen=True, slots=True)
class Need:
    """Places to fill at one incident: `count` that are needed, then spare ones with what each is worth in seconds."""

    count: int
    severity: int
    spare_s: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.count < 0 or self.severity not in SEVERITIES:
            raise ValueError(
                f"a need of {self.count} people, severity {self.severity}: correct it (severity 1, 2 or 3)"
            )
        if min(self.spare_s, default=0) < 0 or any(a < b for a, b in pairwise(self.spare_s)):
            raise ValueError(f"worths of spare places must fall and not be negative: {self.spare_s}")

    @property
    def places(self) -> int:
        return self.count + len(self.spare_s)


class Loss(NamedTuple):
    """What a matching leaves undone, worst first: unfilled places by severity, then seconds.

    The seconds are those of everybody sent, and the worth of the spare places left empty. Between two matchings each
    number may be negative.
    """

    unfilled_3: int
    unfilled_2: int
    unfilled_1: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Steps:
    """Price in seconds of an unfilled place by severity: more than twice what all below it can add up to.

    More than once makes the order of what counts exact; twice lets a sum be read back, differences too (`loss`).
    """

    prices_s: tuple[int, int, int]

    def of(self, need: Need) -> tuple[int, ...]:
        """What each place of a need costs while it is empty, never rising."""
        return (self.prices_s[need.severity - 1],) * need.count + need.spare_s

    def loss(self, total_s: int) -> Loss:
        """A sum of times and prices, or a difference of two such sums, taken apart again."""
        unfilled = []
        for price in reversed(self.prices_s):
            unfilled.append((total_s + price // 2) // price)
            total_s -= unfilled[-1] * price
        return Loss(unfilled[0], unfilled[1], unfilled[2], total_s)


@dataclass(frozen=True, slots=True)
class Problem:
    """Needs in the order of the costs' rows. Give volunteers in the order of their ids: it decides between equals."""

    needs: Sequence[Need]
    costs: Costs

    @property
    def places(self) -> int:
        return sum(need.places for need in self.needs)

    def steps(self) -> Steps:
        """Prices for the places that this problem has, one more at each severity for what-ifs."""
        people = min(self.places, self.costs.volunteers) + 1
        below = self.costs.most_s * people + sum(sum(need.spare_s) for need in self.needs)
        prices = []
        for severity in SEVERITIES:
            prices.append(2 * below + 1)
            below += prices[-1] * (1 + sum(need.count for need in self.needs if need.severity == severity))
        if below >= EXACT:
            raise ValueError(
                f"{self.places} places with times up to {self.costs.most_s} s cannot be matched exactly at once: "
                "lower the longest time, or match fewer incidents together"
            )
        return Steps((prices[0], prices[1], prices[2]))
