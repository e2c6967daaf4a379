"""Who goes where: exact matching over all needs at once.

Least unfilled places of severity 3, then of 2, then of 1, then least total time. One volunteer fills one place.
Times are whole seconds, so that the severity steps stay exact in float64 (see `_penalties_s`).

Each need looks at its S cheapest volunteers only, S being the number of places of all needs. That is still exact:
in any matching at most S - 1 of them are taken by other places, so a place that goes beyond them can take a free
one among them at no more cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

METHOD: Final = "exact, severity first"
NEVER: Final = np.iinfo(np.int64).max  # a volunteer who cannot serve this need
MAX_PLACES: Final = 1000  # keeps every sum of `_penalties_s` below 2**53 for times up to two hours
MAX_TIME_S: Final = 7200


@dataclass(frozen=True, slots=True)
class Need:
    """Places to fill at one incident. `time_s[j]` is what volunteer j costs here, or NEVER."""

    count: int
    severity: int
    time_s: NDArray[np.int64]


def match(needs: Sequence[Need]) -> list[list[int]]:
    """Column numbers of the volunteers chosen for each need, nearest first; fewer than `count` when short."""
    places = sum(need.count for need in needs)
    if places > MAX_PLACES:
        raise ValueError(f"{places} places at once; at most {MAX_PLACES} can be matched exactly")
    columns = _useful(needs, places)
    if not len(columns):
        return [[] for _ in needs]
    owner = np.repeat(np.arange(len(needs)), [need.count for need in needs])
    times = np.stack([need.time_s[columns] for need in needs])[owner]
    penalties = _penalties_s(places)
    severities = np.array([need.severity for need in needs])[owner]
    unfilled = np.array([penalties[severity] for severity in severities.tolist()], np.float64)
    dummies = np.repeat(unfilled[:, None], places, axis=1)
    never = np.where(times == NEVER, np.inf, times.astype(np.float64))
    rows, picks = linear_sum_assignment(np.hstack([never, dummies]))
    chosen: list[list[int]] = [[] for _ in needs]
    for row, pick in zip(rows.tolist(), picks.tolist(), strict=True):
        if pick < len(columns):
            chosen[owner[row]].append(int(columns[pick]))
    return [sorted(picked, key=lambda j: (int(need.time_s[j]), j)) for need, picked in zip(needs, chosen, strict=True)]


def _penalties_s(places: int) -> dict[int, float]:
    """Price of an empty place by severity: each above the worst that all lower severities and times can add up to."""
    prices, below = {}, float(MAX_TIME_S * places)
    for severity in (1, 2, 3):
        prices[severity] = below + 1
        below += places * prices[severity]
    return prices


def _useful(needs: Sequence[Need], places: int) -> NDArray[np.int64]:
    """Columns that an optimal matching may need, ascending."""
    kept = [np.argsort(need.time_s, kind="stable")[:places] for need in needs]
    reachable = [column[need.time_s[column] != NEVER] for need, column in zip(needs, kept, strict=True)]
    return np.unique(np.concatenate(reachable)) if reachable else np.empty(0, np.int64)
