"""What a dispatcher with a list would have done, beside the same matched together: what matching was worth.

The list: incidents in the order in which they were opened, for each the nearest who are free and may come. Both answer
the same question of a round: whom to send to the places that are still open, if everybody who is asked comes. So nobody
is asked to spare, and times are those to arrive, without what rest, fairness and calm charge. No decision rests on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from core.events import Answer, Beside
from dispatch.costs import Everybody, Row
from dispatch.matching import dense
from dispatch.matching.problem import NEVER, Loss, Need, Problem, Table
from dispatch.matching.solve import Matching

Ints = NDArray[np.int64]
NOBODY: Final = np.empty(0, np.int64)


class Open(Row, Protocol):
    """A need with the places of it that are to be filled."""

    @property
    def open(self) -> int: ...


class Found(Protocol):
    """A matching of rows and people (`dispatch.plan.Round`)."""

    @property
    def rows(self) -> Sequence[Open]: ...
    @property
    def everybody(self) -> Everybody: ...
    @property
    def matching(self) -> Matching: ...


class Sent(NamedTuple):
    """The columns sent to each row, and what the round leaves undone."""

    columns: list[Ints]
    loss: Loss


def in_turn(counts: Sequence[int], seconds: Ints) -> list[Ints]:
    """Each row in turn takes as many as it wants of the columns left, the soonest first."""
    free = np.ones(seconds.shape[1], np.bool_)
    sent = []
    for count, row in zip(counts, seconds, strict=True):
        sent.append(soonest(np.where(free, row, NEVER), count))
        free[sent[-1]] = False
    return sent


def soonest(row: Ints, count: int) -> Ints:
    """The columns of the least times, the soonest first, equals by column; fewer where there are no more."""
    if count <= 0:
        return NOBODY
    columns = np.flatnonzero(row != NEVER)
    if count < len(columns):
        columns = columns[row[columns] <= np.partition(row[columns], count - 1)[count - 1]]
    return columns[np.argsort(row[columns], kind="stable")][:count]


def together(needs: Sequence[Need], seconds: Ints, most_s: int) -> list[Ints]:
    """The best answer for all rows at once: least empty places of severity 3, then 2, then 1, then least time."""
    steps = Problem(needs, Table(seconds, most_s)).steps()
    chosen = dense.solve(seconds, [steps.of(need) for need in needs])
    return [
        soonest(np.where(np.isin(np.arange(len(row)), c), row, NEVER), len(c))
        for row, c in zip(seconds, chosen, strict=True)
    ]


class ByList:
    """Both answers to a round, found when they are first asked for."""

    def __init__(self, found: Found) -> None:
        self._found = found

    def of(self, incident: str) -> Beside | None:
        """Both as an incident sees them; None where there is no table of all times."""
        found = self._found
        if found.matching.certificate.method != "dense":
            return None
        rows = [i for i, row in enumerate(found.rows) if row.incident.id == incident]
        greedy, ours = (self._answer(sent, rows) for sent in self._both)
        return Beside(places=sum(found.rows[i].open for i in rows), greedy=greedy, ours=ours)

    @cached_property
    def _seconds(self) -> Ints:
        """Whole seconds of every pair, NEVER where the matcher may not."""
        seconds = self._found.matching.problem.costs.dense().copy()
        for row, found in zip(seconds, self._found.rows, strict=True):
            may = row != NEVER
            row[may] = np.rint(self._found.everybody.whole(found.incident).eta_s[may])
        return seconds

    @cached_property
    def _both(self) -> tuple[Sent, Sent]:
        needs = [Need(row.open, row.incident.severity) for row in self._found.rows]
        greedy = in_turn([need.count for need in needs], self._seconds)
        ours = together(needs, self._seconds, self._found.matching.problem.costs.most_s)
        return Sent(greedy, _loss(needs, self._seconds, greedy)), Sent(ours, _loss(needs, self._seconds, ours))

    def _answer(self, sent: Sent, rows: Sequence[int]) -> Answer:
        people = self._found.everybody.people
        here = sorted((int(self._seconds[i, j]), people[j].device) for i in rows for j in sent.columns[i].tolist())
        return Answer(
            devices=tuple(device for _, device in here), etas_s=tuple(eta_s for eta_s, _ in here), **sent.loss._asdict()
        )


def _loss(needs: Sequence[Need], seconds: Ints, sent: Sequence[Ints]) -> Loss:
    empty = {1: 0, 2: 0, 3: 0}
    for need, columns in zip(needs, sent, strict=True):
        empty[need.severity] += need.count - len(columns)
    total_s = sum(int(row[columns].sum()) for row, columns in zip(seconds, sent, strict=True))
    return Loss(empty[3], empty[2], empty[1], total_s)
