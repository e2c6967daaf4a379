"""When a rule raises an alert: pure judgement of intervals, the same live and in a backtest.

A rule watches facts of one kind (`geo.rules.facts`). It raises when a fact has lasted `for_s` within one of the
stretches in which the rule watches: its `hours`, the vehicle's shift, both, or always. Stretches that touch are one.
Whether anybody knew of it in time is not asked here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple, Protocol

from core.calendar import Calendar, Span
from core.entities import Hours, Place, Rule
from core.units import DAY_US, US_PER_S
from geo.city.world import World
from geo.meaning.duty import Duties, Duty, merged
from geo.rules.facts import FOREVER, Fact, FactKind, between, holed, joined, piece

AHEAD: Final = 400 * DAY_US  # how far a fact that lasts is followed: a rule that watches once a year is found
WEEK: Final = 7 * DAY_US
WATCHED: Final[dict[str, FactKind]] = {
    "dwell": "dwell", "inside": "visit", "outside": "visit", "speeding": "speeding", "silence": "silence",
}  # fmt: skip
ALWAYS: Final = (Hours(),)


class Setting(Protocol):
    """What a rule asks of the configuration in force."""

    @property
    def calendar(self) -> Calendar: ...
    @property
    def duties(self) -> Duties: ...
    @property
    def rules(self) -> Rulebook: ...
    @property
    def world(self) -> World: ...


class Due(NamedTuple):
    """A fact, and when a rule raises an alert about it."""

    at_us: int
    fact: Fact

    @property
    def known(self) -> bool:
        """Whether it surely lasted until then."""
        return self.at_us <= self.fact.known_us


class Rulebook:
    """The rules that are switched on, by what they watch."""

    def __init__(self, rules: Iterable[Rule] = (), places: Iterable[Place] = ()) -> None:
        self.rules: Final = {rule.id: rule for rule in sorted(rules, key=lambda r: r.id) if rule.on}
        self.of: Final = {fact: [rule for rule in self.rules.values() if rule.fact == fact] for fact in WATCHED}
        self.kinds: Final = {f"place:{place.id}": place.kind for place in places}
        self.silence_us: Final = min((for_us(rule) for rule in self.of["silence"]), default=0)
        self.apart_us: Final = max((int(rule.clear_s * US_PER_S) for rule in self.rules.values()), default=0)


def for_us(rule: Rule) -> int:
    """How long a fact must have lasted."""
    return int(rule.for_s * US_PER_S)


def concerns(rule: Rule, cls: str, device: str, at_us: int, setting: Setting) -> bool:
    """Whether a rule is about a device at all, as it was assigned then."""
    if cls not in rule.classes or (rule.devices and device not in rule.devices):
        return False
    return not rule.groups or setting.duties.of(device, at_us).group in rule.groups


def matches(rule: Rule, fact: Fact, setting: Setting) -> bool:
    """Whether a fact is one that the rule watches, however long it lasts; of being outside: a visit that ends it."""
    if fact.kind != WATCHED[rule.fact] or not concerns(rule, fact.cls, fact.device, fact.start_us, setting):
        return False
    if fact.kind == "speeding":
        return fact.max_mps >= rule.over_mps
    if fact.kind == "dwell" and fact.purpose not in rule.purposes:
        return False
    return fact.kind not in ("dwell", "visit") or lies(rule, fact, setting)


def lies(rule: Rule, fact: Fact, setting: Setting) -> bool:
    """Whether a dwell or a visit is where the rule looks."""
    subjects = fact.subjects
    if fact.kind == "dwell" and any(subject.startswith("zone:") for subject in rule.subjects):
        subjects = (*subjects, *setting.world.fences_at(fact.lon, fact.lat))
    if rule.kinds and not any(setting.rules.kinds.get(subject) in rule.kinds for subject in subjects):
        return False
    return not rule.subjects or any(subject in rule.subjects for subject in subjects)


def judge(rule: Rule, fact: Fact, setting: Setting, floor_us: int = 0) -> int | None:
    """When the fact has lasted long enough for the rule, not before `floor_us`; None: never.

    A fact that lasts is judged as if it went on: whether it did is to be seen then.
    """
    end_us = FOREVER if fact.end_us is None else fact.end_us
    since_us = until_us = -FOREVER
    for from_us, to_us in stretches(rule, fact, setting):
        if from_us > until_us:
            since_us = from_us
        until_us = max(until_us, to_us)
        at_us = max(since_us + for_us(rule), floor_us)
        if at_us <= min(until_us, end_us):
            return at_us
    return None


def stretches(rule: Rule, fact: Fact, setting: Setting) -> Iterator[Span]:
    """The parts of a fact's time in which the rule watches, by start; a hole in it parts them."""
    end_us = FOREVER if fact.end_us is None else fact.end_us + 1  # a moment has a length too
    spans: Iterable[Span] = [(fact.start_us, end_us)]
    if fact.kind != "outside" and (rule.hours or rule.on_shift):  # being outside was cut to size before
        spans = watched(rule, setting.duties.of(fact.device, fact.start_us), fact.start_us, end_us, setting)
    for span in spans:
        yield from _unbroken(*span, fact.holes)


def _unbroken(from_us: int, to_us: int, holes: Iterable[Span]) -> Iterator[Span]:
    """What holes leave of [from, to), by start."""
    for hole_us, over_us in holes:
        if from_us <= hole_us < to_us:
            yield from_us, hole_us
        if hole_us < to_us:
            from_us = max(from_us, over_us)
    if from_us < to_us:
        yield from_us, to_us


def watched(rule: Rule, duty: Duty, from_us: int, until_us: int, setting: Setting) -> Iterator[Span]:
    """The parts of [from, until) in which the rule watches a vehicle of this duty, by start; a week at a time."""
    until_us = min(until_us, from_us + AHEAD)
    for week_us in range(from_us, until_us, WEEK):
        over_us = min(week_us + WEEK, until_us)
        working = setting.duties.spans(duty, week_us, over_us) if rule.on_shift else [(week_us, over_us)]
        for start_us, end_us in working:
            yield from sorted(
                span for hours in rule.hours or ALWAYS for span in setting.calendar.spans(hours, start_us, end_us)
            )


def quiet_at(rule: Rule, at_us: int, setting: Setting) -> bool:
    """Whether an instant lies in the rule's quiet hours; without a clock of the city nobody knows any."""
    return setting.calendar.known and any(setting.calendar.works(hours, at_us) for hours in rule.quiet)


def outside(rule: Rule, covers: Iterable[Fact], whole: Fact, setting: Setting) -> list[Fact]:
    """Pieces of a stretch of time in which the device was in none of the rule's subjects; cut by the rule's hours.

    Each of those counts anew: who stays away for a week is told of in every shift. `covers` are visits and gaps.
    """
    hidden = [fact for fact in covers if fact.kind == "gap" or (fact.kind == "visit" and matches(rule, fact, setting))]
    found = joined(between(hidden, whole), int(rule.clear_s * US_PER_S))
    if not (rule.hours or rule.on_shift):
        return found
    return [piece(whole, *span) for fact in found for span in _windows(rule, fact, setting)]


def _windows(rule: Rule, fact: Fact, setting: Setting) -> list[Span]:
    """A time outside, cut by the windows of the rule; of one that lasts also those of the week to come."""
    until_us = fact.known_us + WEEK if fact.end_us is None else fact.end_us
    duty = setting.duties.of(fact.device, fact.start_us)
    return merged(watched(rule, duty, fact.start_us, until_us, setting))


def dues(
    rule: Rule, facts: Iterable[Fact], setting: Setting, raised: Iterable[int], told: Collection[str]
) -> list[Due]:
    """Which facts raise an alert and when, in order of time; also those that have yet to last so long.

    `facts` are all of a device that the rule may watch, gaps too (being outside: the pieces). `raised` are times of its
    alerts about older facts, for the cooldown; `told` are threads of which an alert stands: those count though `known`
    is false. A fact that comes due in a cooldown is due at its end, if it lasts until then.
    """
    apart_us, facts = int(rule.clear_s * US_PER_S), list(facts)
    gaps = [fact for fact in facts if fact.kind == "gap"]
    if rule.fact != "outside":
        facts = [fact for fact in facts if matches(rule, fact, setting)]
    if rule.fact not in ("outside", "silence"):  # a fix ends a silence, and the next begins with it
        facts = joined(facts, apart_us)
    if rule.fact == "inside":
        facts = [holed(fact, gaps, apart_us) for fact in facts]
    queue = [(at_us, f.id, n, f) for n, f in enumerate(facts) if (at_us := judge(rule, f, setting)) is not None]
    heapify(queue)
    found: list[Due] = []
    before, cooldown_us = sorted(raised), int(rule.cooldown_s * US_PER_S)
    while queue:
        at_us, id_, n, fact = heappop(queue)
        floor_us = max((r + cooldown_us for r in before if r <= at_us), default=0)
        if floor_us <= at_us:
            found.append(Due(at_us, fact))
            before += [at_us] if found[-1].known or id_ in told else []
        elif (later_us := judge(rule, fact, setting, floor_us)) is not None:
            heappush(queue, (later_us, id_, n, fact))
    return found
