"""One device before the rules in force: what it did, what was told of it, and what follows from both."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from core.entities import Rule
from core.events import Event
from core.units import DAY_US, HOUR_US
from geo.config import GeoConfig
from geo.partition import RULES_KEY, GeoState
from geo.rules.alerts import Teller, forget
from geo.rules.facts import FOREVER, Fact
from geo.rules.followed import FACTS_MAX, Followed
from geo.rules.judging import WATCHED, Due, concerns, dues, matches, outside

KEPT_US: Final = HOUR_US  # so long after its end a fact is kept, and longer if facts farther apart may be one
COUNTED_US: Final = 3 * DAY_US  # windows of being outside that are over for longer are let go
ASKING: Final = {
    "dwell": ("dwell",), "visit": ("inside", "outside"), "gap": ("inside", "outside"), "speeding": ("speeding",),
    "silence": ("silence",),
}  # fmt: skip


class Moment(NamedTuple):
    """Of a device, as it is judged: what time it is, and its newest fix."""

    now_us: int
    heard_us: int
    lon: float = 0.0
    lat: float = 0.0


class Court:
    """One device, judged in one moment by the rules in force; `events` are what follows."""

    def __init__(self, state: GeoState, device: str, moment: Moment) -> None:
        self.state, self.device, self.moment = state, device, moment
        self.config: Final[GeoConfig] = state.config
        self.cls: Final = state.config.cls(device)
        self.followed: Final = state.followed.get(device) or Followed()
        self.teller: Final = Teller(device, self.followed.told, moment.now_us, state.config)

    @property
    def events(self) -> list[Event]:
        return self.teller.events

    def judge(self, kinds: Collection[str], facts: list[Fact], gone: Collection[str]) -> None:
        """All rules that ask for facts of these kinds, over all facts of the device; `gone` may be none any more."""
        for name in dict.fromkeys(name for kind in ASKING if kind in kinds for name in ASKING[kind]):
            for rule in self.config.rules.of[name]:
                self.settle(rule, facts, gone)
        self.keep(facts)

    def settle(
        self, rule: Rule, facts: Sequence[Fact], gone: Collection[str] = (), until_us: int = FOREVER
    ) -> list[Due]:
        """Tell what changes by one rule; `gone` are facts that are none any more. Returns what may yet happen."""
        told = self.teller.of(rule)
        if rule.fact == "outside":
            since_us = self.followed.covered_us.get(rule.id, self.moment.heard_us)
            counted_us = max(since_us, self.moment.heard_us - COUNTED_US)
            looked_at = {thread for thread, alert in told.items() if alert.start_us >= counted_us}
            facts = [f for f in self._outside(rule, facts, since_us) if f.end_us is None or f.end_us >= counted_us]
        else:
            looked_at = {fact.id for fact in facts if fact.kind == WATCHED[rule.fact]} | set(gone)
        stands = {thread: alert for thread, alert in told.items() if alert.stands}
        older = [alert.due_us for thread, alert in stands.items() if thread not in looked_at]
        return self.teller.settle(rule, dues(rule, facts, self.config, older, stands), looked_at, until_us)

    def _outside(self, rule: Rule, facts: Sequence[Fact], since_us: int) -> list[Fact]:
        moment = self.moment
        if not concerns(rule, self.cls, self.device, moment.heard_us, self.config):
            return []
        whole = Fact(
            id=rule.id, kind="outside", device=self.device, cls=self.cls, start_us=since_us, end_us=None,
            known_us=moment.heard_us, lon=moment.lon, lat=moment.lat,
        )  # fmt: skip
        return outside(rule, facts, whole, self.config)

    def keep(self, facts: Iterable[Fact]) -> None:
        """Remember facts and alerts that may still change; of visits that are forgotten, until when they covered."""
        least_us = self.config.rules.silence_us
        facts = [f for f in facts if f.kind != "silence" or f.last_us - f.start_us >= least_us]  # else it was none
        kept = self._lasting(sorted(facts, key=_ending))
        for fact in facts:
            if fact.kind in ("visit", "gap") and fact not in kept:
                self._cover(fact)
        self.followed.facts = kept
        forget(self.followed.told, self.moment.heard_us)
        self.save()

    def _lasting(self, facts: Sequence[Fact]) -> list[Fact]:
        """Of facts by their end: what lasts, what ended not long ago, and what is one with it, or parts it."""
        rules = self.config.rules
        floor_us = self.moment.heard_us - KEPT_US - rules.apart_us
        if rules.of["inside"]:  # one that waits in a fence's margin may yet turn out to have been due first
            floor_us = min([floor_us, *(f.known_us for f in facts if f.kind == "visit" and f.end_us is None)])
        reach_us: dict[tuple[str, ...], int] = {}
        kept: list[Fact] = []
        for fact in reversed(facts[-FACTS_MAX:]):
            chain = (fact.kind, *(fact.subjects if fact.kind == "visit" else ()))
            if fact.end_us is not None and fact.end_us < min(floor_us, reach_us.get(chain, floor_us)):
                continue
            kept.append(fact)
            if fact.kind != "silence":
                reach_us[chain] = min(reach_us.get(chain, FOREVER), fact.start_us - rules.apart_us)
            if fact.kind == "visit" and rules.of["inside"]:
                reach_us["gap",] = min(reach_us.get(("gap",), FOREVER), fact.start_us)
        return kept[::-1]

    def save(self) -> None:
        self.state.followed[self.device] = self.followed
        self.state.dirty_keys.add(RULES_KEY + self.device)
        self.state.dues.note_silence(self.device, self.followed)

    def _cover(self, fact: Fact) -> None:
        for rule in self.config.rules.of["outside"]:
            if fact.end_us and (fact.kind == "gap" or matches(rule, fact, self.config)):
                self.count_from(rule, fact.end_us)

    def count_from(self, rule: Rule, at_us: int) -> None:
        """Being outside is counted from here on, if not from later."""
        covered = self.followed.covered_us
        covered[rule.id] = max(covered.get(rule.id, at_us), at_us)


def _ending(fact: Fact) -> tuple[bool, int, bool, str]:
    """What lasts comes last; a gap before the visit that it ends with."""
    return fact.end_us is None, fact.end_us or 0, fact.kind != "gap", fact.id
