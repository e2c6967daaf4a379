"""Many incidents in figures, for whoever leads: how many, how soon, how willing. Nothing about any person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from math import ceil
from statistics import median
from typing import Final, NamedTuple

from core.units import us_to_seconds
from dispatch.review import OUTCOMES, Outcome, Review
from dispatch.worth import in_sequence_s, saved

TIMES: Final = (
    "verify_s", "ask_s", "fill_s", "first_s", "all_s", "close_s",  # of an incident
    "answer_s", "travel_s", "on_scene_s",  # of a person
)  # fmt: skip


class Spread(NamedTuple):
    """Seconds: of how many, the middle one, and what 95 of 100 do not exceed."""

    n: int
    median_s: float | None
    p95_s: float | None


class Answers(NamedTuple):
    """Of those who could answer until the end: asked, accepted. Offers taken back before an answer are none."""

    asked: int
    accepted: int

    @property
    def rate(self) -> float | None:
        return round(self.accepted / self.asked, 3) if self.asked else None


class Gained(NamedTuple):
    """Against a list, summed over incidents (times: over `timed`); and filling in sequence beside filling as it was."""

    incidents: int
    places: int
    timed: int
    seconds: int
    last_s: int
    sequences: int
    in_sequence_s: float
    filled_s: float


class Tally:
    """Adds up reviews, one incident after the other; keeps numbers only."""

    def __init__(self, hour_of: Callable[[int], int]) -> None:
        self._hour_of = hour_of
        self.statuses, self.kinds, self.severities = Counter[str](), Counter[str](), Counter[int]()
        self.merged = 0
        self.outcomes = Counter[Outcome]()
        self.gained = Gained(0, 0, 0, 0, 0, 0, 0.0, 0.0)
        self._by_hour, self._by_kind = dict[int, Counter[bool]](), dict[str, Counter[bool]]()
        self._times: dict[str, list[float]] = {name: [] for name in TIMES}

    def add(self, found: Review) -> None:
        """Count one incident. What was merged is counted as such, and its people all the same."""
        incident = found.incident
        if incident.merged_into is not None:
            self.merged += 1
        else:
            self.statuses[incident.status] += 1
            self.kinds[incident.kind] += 1
            self.severities[incident.severity] += 1
        self._incident_times(found)
        self._people(found)
        self._gain(found)

    def _incident_times(self, found: Review) -> None:
        incident, asked_us = found.incident, found.asked_us
        closed_us = incident.closed_us if incident.status == "closed" else None
        since = {
            "verify_s": (incident.opened_us, found.verified_us),
            "ask_s": (incident.opened_us, asked_us),
            "fill_s": (asked_us, found.filled_us),
            "first_s": (asked_us, found.first_us),
            "all_s": (asked_us, found.all_us),
            "close_s": (incident.opened_us, closed_us),
        }
        for name, (from_us, to_us) in since.items():
            self._time(name, from_us, to_us)

    def _people(self, found: Review) -> None:
        for turn in found.turns.values():
            self.outcomes[turn.outcome] += 1
            if turn.outcome in ("accepted", "declined", "unanswered") and not turn.manual:
                hour = self._hour_of(turn.asked_us)
                self._by_hour.setdefault(hour, Counter())[turn.promised] += 1
                self._by_kind.setdefault(found.incident.kind, Counter())[turn.promised] += 1
                self._time("answer_s", turn.asked_us, turn.answered_us)
            self._time("travel_s", turn.answered_us, turn.arrived_us)
            self._time("on_scene_s", turn.arrived_us, turn.ended_us)

    def _time(self, name: str, from_us: int | None, to_us: int | None) -> None:
        if from_us is not None and to_us is not None and to_us >= from_us:
            self._times[name].append(us_to_seconds(to_us - from_us))

    def _gain(self, found: Review) -> None:
        gain, sequence_s, gained = saved(found.beside), in_sequence_s(found), self.gained
        if gain is not None:
            gained = gained._replace(
                incidents=gained.incidents + 1, places=gained.places + gain.places,
                timed=gained.timed + (gain.seconds is not None),
                seconds=gained.seconds + (gain.seconds or 0), last_s=gained.last_s + (gain.last_s or 0),
            )  # fmt: skip
        if sequence_s is not None and found.filled_us is not None and found.asked_us is not None:
            filled_s = us_to_seconds(found.filled_us - found.asked_us)
            gained = gained._replace(
                sequences=gained.sequences + 1, in_sequence_s=gained.in_sequence_s + sequence_s,
                filled_s=gained.filled_s + filled_s,
            )  # fmt: skip
        self.gained = gained

    def times(self) -> dict[str, Spread]:
        return {name: spread(values) for name, values in self._times.items()}

    def acceptance(self) -> Answers:
        return _answers(sum(self._by_kind.values(), Counter[bool]()))

    def by_hour(self) -> list[tuple[int, Answers]]:
        """By the hour at which they were asked; only hours in which somebody was."""
        return [(hour, _answers(self._by_hour[hour])) for hour in sorted(self._by_hour)]

    def by_kind(self) -> list[tuple[str, Answers]]:
        return [(kind, _answers(self._by_kind[kind])) for kind in sorted(self._by_kind)]

    def asked(self) -> dict[Outcome, int]:
        return {outcome: self.outcomes[outcome] for outcome in OUTCOMES}


def spread(values: Sequence[float]) -> Spread:
    """The p95 is one of the values: the least that at least 95 of 100 do not exceed."""
    if not values:
        return Spread(0, None, None)
    ordered = sorted(values)
    return Spread(len(ordered), round(median(ordered), 1), round(ordered[ceil(0.95 * len(ordered)) - 1], 1))


def _answers(counted: Counter[bool]) -> Answers:
    return Answers(counted.total(), counted[True])
