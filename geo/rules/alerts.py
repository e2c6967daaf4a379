"""Alerts of rules with a life: raised, escalated, acknowledged, cleared; one thread for all that is about one fact.

An alert's id follows from its rule and the fact's, so a fact that comes true again raises the same alert anew. What is
found out later than its life (we were down, or the data came late) goes to the digest: nobody can act on it any more.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, Literal

import msgspec

from core.entities import Rule
from core.events import AlertChanged, Event
from core.units import DAY_US, US_PER_S
from geo.rows.matching import made_id
from geo.rules.facts import FOREVER
from geo.rules.judging import Due, Setting, quiet_at

TOLD_MAX: Final = 64  # alerts of rules remembered of a device: what is forgotten is cleared no more
TOLD_US: Final = 8 * DAY_US  # and for how long: rows of seven days may still be judged anew
State = Literal["raised", "cleared", "acknowledged"]


class Told(msgspec.Struct, omit_defaults=True, kw_only=True):
    """An alert of a rule as it was last told."""

    rule: str
    thread: str
    kind: str  # of the fact
    start_us: int  # of the fact
    due_us: int  # the alert's own time
    told_us: int  # when this level was told
    lon: float
    lat: float
    state: State = "raised"
    revision: int = 1
    level: int = 1
    digest: bool = False

    @property
    def id(self) -> str:
        return made_id("r", self.rule, self.thread)

    @property
    def stands(self) -> bool:
        """Whether it was not cleared."""
        return self.state != "cleared"


class Teller:
    """Tells what changes between the alerts of one device and what is due by its rules now."""

    def __init__(self, device: str, told: list[Told], now_us: int, setting: Setting) -> None:
        self.device, self.told, self.now_us, self.setting = device, told, now_us, setting
        self.events: list[Event] = []

    def of(self, rule: Rule) -> dict[str, Told]:
        """The alerts of a rule, by thread."""
        return {alert.thread: alert for alert in self.told if alert.rule == rule.id}

    def settle(self, rule: Rule, due: Sequence[Due], looked_at: Collection[str], until_us: int = FOREVER) -> list[Due]:
        """Raise what has happened, clear what was looked at and has not; returns what may yet happen.

        What comes due after `until_us` is not raised yet, though a device whose clock is fast has proved it.
        """
        known = self.of(rule)
        standing = {thread for thread, alert in known.items() if alert.stands}
        happened = {d.fact.id: d for d in due if d.known and d.at_us <= until_us}
        happened |= {  # of one that lasts it was seen once that it lasted so long
            d.fact.id: d for d in due if d.fact.id in standing and (d.known or d.at_us <= self.now_us)
        }
        for thread in sorted(standing.intersection(looked_at).difference(happened)):
            self._tell(known[thread], self.now_us, rule, state="cleared")
        for thread, found in happened.items():
            if thread not in standing:
                self._raise(rule, found, known.get(thread))
        return [d for d in due if d.fact.id not in happened]

    def escalate(self, rule: Rule) -> int | None:
        """Tell alerts a level higher that nobody acknowledged in time; returns when the next one is due."""
        next_us: list[int] = []
        for alert in self.of(rule).values():
            at_us = escalation_us(rule, alert)
            if at_us is not None and at_us <= self.now_us:  # one level at a time, however long nobody listened
                self._tell(alert, self.now_us, rule, level=alert.level + 1, told_us=self.now_us)
                at_us = escalation_us(rule, alert)
            next_us += [] if at_us is None else [at_us]
        return min(next_us, default=None)

    def withdraw(self, rules: Collection[str]) -> None:
        """Clear what rules that are no more raised and nobody acknowledged."""
        for alert in self.told:
            if alert.rule not in rules and alert.state == "raised":
                self._tell(alert, self.now_us, None, state="cleared")

    def acknowledge(self, alert: Told, at_us: int, by: str, note: str) -> None:
        """A person takes note of it."""
        self._tell(alert, at_us, None, by=by, note=note, state="acknowledged")

    def _raise(self, rule: Rule, due: Due, again: Told | None) -> None:
        """A new alert, or one that was cleared and is true after all."""
        fact = due.fact
        late = self.now_us - due.at_us > int(rule.life_s * US_PER_S)
        fresh = Told(
            rule=rule.id, thread=fact.id, kind=fact.kind, start_us=fact.start_us, due_us=due.at_us,
            told_us=self.now_us, lon=fact.lon, lat=fact.lat, digest=late, revision=again.revision + 1 if again else 1,
        )  # fmt: skip
        if again is not None:
            self.told.remove(again)
        self.told.append(fresh)
        self.events.append(self._event(fresh, due.at_us, rule))

    def _tell(
        self, alert: Told, at_us: int, rule: Rule | None, *, by: str | None = None, note: str = "", **changed: Any
    ) -> None:
        for name, value in changed.items():
            setattr(alert, name, value)
        alert.revision += 1
        self.events.append(self._event(alert, at_us, rule, by, note))

    def _event(self, alert: Told, at_us: int, rule: Rule | None, by: str | None = None, note: str = "") -> AlertChanged:
        return AlertChanged(
            at_us=at_us, id=alert.id, kind="rule", device=self.device, state=alert.state, revision=alert.revision,
            lon=alert.lon, lat=alert.lat, by=by, note=note, rule=alert.rule, thread=alert.thread, level=alert.level,
            dwell=alert.thread if alert.kind == "dwell" else None,
            spell=alert.thread if alert.kind in ("visit", "speeding") else None, digest=alert.digest,
            quiet=rule is not None and alert.state == "raised" and quiet_at(rule, at_us, self.setting),
        )  # fmt: skip


def escalation_us(rule: Rule, alert: Told) -> int | None:
    """When an alert that nobody acknowledges is told a level higher; None: never."""
    if alert.state != "raised" or alert.digest or not rule.escalate_s or alert.level >= rule.levels:
        return None
    return alert.told_us + int(rule.escalate_s * US_PER_S)


def forget(told: list[Told], newest_us: int) -> None:
    """Keep what may still change: the newest alerts, of the last days."""
    if len(told) > TOLD_MAX or any(alert.due_us < newest_us - TOLD_US for alert in told):
        kept = sorted(told, key=lambda a: (a.due_us, a.rule, a.thread))[-TOLD_MAX:]
        told[:] = [alert for alert in kept if alert.due_us >= newest_us - TOLD_US]
