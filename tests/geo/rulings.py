"""Rules, facts and settings for the tests of rules; seconds are of the tests' day, whose midnight is second 0."""

from __future__ import annotations

from typing import Any

import msgspec

from core.entities import Rule
from core.entries import Config
from core.events import AlertChanged, Event, Spell, SpellChanged
from geo.config import GeoConfig
from geo.partition import RULES_KEY, GeoState
from geo.rules.facts import Fact
from geo.steps.raising import judged
from tests.geo.tracks import DAY_US, dump

MONDAY_US = 1_764_547_200_000_000  # 2025-12-01 00:00 UTC, a Monday
UTC_CITY = Config(section="city", rows=({"id": "city", "offsets": [[0, 0]]},))


def rule(id_: str = "r1", fact: Any = "dwell", **fields: Any) -> Rule:
    """A rule about any truck."""
    return Rule(id=id_, fact=fact, **fields)


def ruled(*rules: Rule) -> Config:
    """The configuration that switches these on, and no others."""
    return Config(section="rules", op="set", rows=tuple(msgspec.to_builtins(r) for r in rules))


def setting(*configs: Config) -> GeoConfig:
    """A configuration in force."""
    config = GeoConfig()
    for change in configs:
        config.apply(change)
    return config


def fact(
    start_s: float, end_s: float | None, known_s: float | None = None, *, day_us: int = DAY_US, **fields: Any
) -> Fact:
    """A fact of truck t1: an unexplained dwell unless told otherwise."""
    given: dict[str, Any] = {"id": f"f{start_s:g}", "kind": "dwell", "purpose": "unexplained"} | fields
    known = end_s if known_s is None else known_s
    return Fact(
        device="t1", start_us=at(start_s, day_us), end_us=None if end_s is None else at(end_s, day_us),
        known_us=at(start_s if known is None else known, day_us), lon=123.6, lat=-10.17, **given,
    )  # fmt: skip


def at(second: float, day_us: int = DAY_US) -> int:
    return day_us + int(second * 1e6)


def visit(start_s: float, end_s: float | None, subject: str = "zone:z1", **fields: Any) -> SpellChanged:
    """A visit as it is told when it begins, or ends."""
    given: dict[str, Any] = {"id": f"v{start_s:g}", "kind": "visit", "revision": 1, "state": "open"} | fields
    if end_s is not None and "state" not in fields:
        given |= {"state": "closed", "revision": 2}
    row = Spell(
        device="t1", cls="truck", start_us=at(start_s), end_us=None if end_s is None else at(end_s),
        last_us=at(start_s if end_s is None else end_s), fixes=2, lon=123.6, lat=-10.17, subject=subject, **given,
    )  # fmt: skip
    return SpellChanged(at_us=row.last_us, cause="open" if end_s is None else "close", row=row)


def say(state: GeoState, *events: Event) -> list[tuple[Any, ...]]:
    """Have rows told, as a tick or a command would; returns the alerts of rules in brief."""
    return alarms(judged(state, list(events)))


def alarms(events: list[Any]) -> list[tuple[Any, ...]]:
    """Alerts of rules: rule, state, second of the day, revision, level; `digest` and `quiet` where they are."""
    return [
        (e.rule, e.state, (e.at_us - DAY_US) / 1e6, e.revision, e.level, *flags(e))
        for e in events
        if isinstance(e, AlertChanged) and e.kind == "rule"
    ]


def flags(alert: AlertChanged) -> list[str]:
    return [name for name in ("digest", "quiet") if getattr(alert, name)]


def standing(events: list[Any]) -> list[tuple[Any, ...]]:
    """Alerts of rules as the product shows them in the end: newest version, cleared ones left out."""
    newest: dict[str, AlertChanged] = {}
    for event in events:
        if isinstance(event, AlertChanged) and event.kind == "rule":
            assert event.id not in newest or newest[event.id].revision < event.revision
            newest[event.id] = event
    return sorted((e.rule, e.device, e.state) for e in newest.values() if e.state != "cleared")


def saved(state: GeoState) -> dict[str, bytes]:
    """The whole state in its persisted form, with what rules remember."""
    return dump(state) | {RULES_KEY + device: msgspec.msgpack.encode(f) for device, f in state.followed.items()}
