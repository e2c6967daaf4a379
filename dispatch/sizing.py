"""How many to ask: enough that, with the probability wished for, as many as are needed come.

Whether somebody comes is a coin of their own (`p`); how many do is then Poisson-binomial. Acceptance is learned for
all volunteers together while little is known of each: everybody starts from the common rate and departs from it as
their own answers grow. An offer without an answer is worth less by the minute; that, not a timeout, decides when more
are asked. Probabilities are of people in the order in which they would be asked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ENOUGH: Final = {1: 0.80, 2: 0.80, 3: 0.95}  # by severity: probability that all needed come


@dataclass(frozen=True, slots=True)
class Answers:
    """Offers made and how many of them were accepted; fractions, because old ones fade."""

    accepted: float
    asked: float

    def __post_init__(self) -> None:
        if not 0 <= self.accepted <= self.asked < math.inf:
            raise ValueError(f"{self.accepted} accepted of {self.asked}: correct the counts")

    def plus(self, other: Answers) -> Answers:
        return Answers(self.accepted + other.accepted, self.asked + other.asked)

    def faded(self, age_s: float, half_life_s: float) -> Answers:
        """These answers when `age_s` more has passed."""
        left = 0.5 ** (max(0.0, age_s) / half_life_s)
        return Answers(self.accepted * left, self.asked * left)


PRIOR: Final = Answers(3.5, 10)  # what is believed before the first answer: an acceptance of .35
OWN_WEIGHT: Final = 20.0  # offers of one's own after which one's own answers count as much as the common rate


def pooled(answers: Answers, prior: Answers = PRIOR) -> float:
    """The common rate: the mean of a Beta with these and the prior's counts."""
    return _mean(answers.plus(prior))


def personal(own: Answers, common: float, weight: float = OWN_WEIGHT) -> float:
    """One volunteer's rate: the common one, corrected by their own answers."""
    return _mean(own.plus(Answers(common * weight, weight)))


def _mean(answers: Answers) -> float:
    if not answers.asked:
        raise ValueError("no answers and no prior: give at least one of them")
    return answers.accepted / answers.asked


@dataclass(frozen=True, slots=True)
class Latency:
    """How long an answer takes, for those who answer: lognormal. `sigma` is of the logarithm."""

    median_s: float = 20.0
    sigma: float = 0.7

    def answered(self, age_s: float) -> float:
        """The share of answers that have come by then."""
        if age_s <= 0:
            return 0.0
        return 0.5 * (1 + math.erf(math.log(age_s / self.median_s) / (self.sigma * math.sqrt(2))))


def still_accepts(accept: float, decline: float, age_s: float, latency: Latency) -> float:
    """The probability that an offer without an answer so far is accepted after all.

    `accept` and `decline` are of a new offer; what is missing to 1 never answers, and is ever likelier the case.
    """
    came = latency.answered(age_s)
    silent = 1 - (accept + decline) * came
    return accept * (1 - came) / silent if silent > 0 else 0.0


def at_least(needed: int, chances: Sequence[float]) -> float:
    """P(at least `needed` of these come)."""
    return _coming(needed, chances)[-1]


def _coming(needed: int, chances: Sequence[float]) -> list[float]:
    """Probability of 0, 1, ... comers; the last is of `needed` and more."""
    coming = [1.0] + [0.0] * max(0, needed)
    for p in chances:
        coming = _joined(coming, p)
    return coming


def _joined(coming: list[float], p: float) -> list[float]:
    """One person more."""
    joined = [here * (1 - p) + before * p for here, before in zip(coming, [0.0, *coming[:-1]], strict=True)]
    joined[-1] += coming[-1] * p  # enough stays enough
    return joined


def how_many(needed: int, chances: Sequence[float], enough: float, asked: Sequence[float] = ()) -> int | None:
    """The fewest of `chances`, from the first, to ask beside those in `asked`; None when all are too few.

    For a top-up `asked` holds what each pending offer is still worth, and `needed` is what accepted offers leave open.
    """
    coming = _coming(needed, asked)
    if coming[-1] >= enough:
        return 0
    for many, p in enumerate(chances, 1):
        coming = _joined(coming, p)
        if coming[-1] >= enough:
            return many
    return None


def top_up(needed: int, chances: Sequence[float], enough: float, asked: Sequence[float] = ()) -> int:
    """How many more to ask now: as `how_many`, and everybody when even all are too few."""
    many = how_many(needed, chances, enough, asked)
    return len(chances) if many is None else many


def spare_s(needed: int, chances: Sequence[float], place_s: int) -> tuple[int, ...]:
    """What each place beyond `needed` is worth, in whole seconds; `place_s` is what an empty place is held to cost.

    One more offer fills a place when it is accepted and places are open still: p x P(too few so far). Falling, so the
    matcher stays exact. `chances` is of all places, the needed ones first; those that come late are worth little.
    """
    coming, worths, most = _coming(needed, chances[:needed]), [], place_s
    for p in chances[needed:]:
        most = min(most, int(place_s * p * (1 - coming[-1])))
        worths.append(most)
        coming = _joined(coming, p)
    return tuple(worths)
