"""What a rule would have raised: archived rows judged by the very functions that judge live.

Rows are given as they are now in the archive, late data and labels included, so the answer is what the rule would have
come to, not which of its alerts were in time. Escalation, digest and acknowledgement are not asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from core.calendar import day_id
from core.entities import Rule
from core.events import Dwell, Spell
from geo.rules.facts import Fact, fact_of
from geo.rules.judging import Due, Setting, dues, matches, outside, quiet_at

EXAMPLES: Final = 20


class Window(NamedTuple):
    """Alerts due in [from_us, to_us) are counted; what lasts is known until `now_us`."""

    from_us: int
    to_us: int
    now_us: int


class Heard(msgspec.Struct):
    """From when to when anything is known of a device: being outside is counted in between."""

    since_us: int
    until_us: int
    cls: str
    lon: float
    lat: float


class Backtest:
    """Takes rows and silences in; `fired` says what a rule makes of them. `size` is how many it keeps."""

    def __init__(self, rule: Rule, window: Window, setting: Setting) -> None:
        self.rule, self.window, self.setting = rule, window, setting
        self.facts: dict[str, list[Fact]] = {}
        self.heard: dict[str, Heard] = {}
        self.size = 0

    def take(self, rows: Iterable[Dwell | Spell | Fact]) -> None:
        """Rows of the archive in their newest revision, and silences."""
        for row in rows:
            if not isinstance(row, Fact):
                self._hear(row)
            fact = row if isinstance(row, Fact) else fact_of(row)
            if fact is not None and self._wanted(fact):
                self._keep(fact)

    def _wanted(self, fact: Fact) -> bool:
        """What the rule watches; of being outside all covers, of a visit also the gaps that part it."""
        asks = self.rule.fact
        return asks == "outside" or (asks == "inside" and fact.kind == "gap") or matches(self.rule, fact, self.setting)

    def _keep(self, fact: Fact) -> None:
        if fact.end_us is None and fact.kind in ("dwell", "silence"):  # they grow by the clock
            until_us = min(self.window.now_us, self.window.to_us)
            fact = msgspec.structs.replace(fact, known_us=max(fact.known_us, until_us))
        self.facts.setdefault(fact.device, []).append(fact)
        self.size += 1

    def _hear(self, row: Dwell | Spell) -> None:
        if row.state == "retracted":
            return
        heard = self.heard.setdefault(row.device, Heard(row.start_us, row.last_us, row.cls, row.lon, row.lat))
        heard.since_us = min(heard.since_us, row.start_us)
        heard.until_us = min(self.window.to_us, max(heard.until_us, row.last_us))

    def fired(self) -> list[Due]:
        """The alerts of the window, in order of time."""
        found = [due for device in sorted(self.heard.keys() | self.facts.keys()) for due in self._of(device)]
        inside = [due for due in found if self.window.from_us <= due.at_us < self.window.to_us]
        return sorted(inside, key=lambda due: (due.at_us, due.fact.device, due.fact.id))

    def _of(self, device: str) -> Iterator[Due]:
        facts: Sequence[Fact] = self.facts.get(device, [])
        if self.rule.fact == "outside":
            facts = self._outside(device, facts)
        yield from (due for due in dues(self.rule, facts, self.setting, (), ()) if due.known)

    def _outside(self, device: str, covers: Iterable[Fact]) -> list[Fact]:
        heard = self.heard.get(device)
        if heard is None:
            return []
        whole = Fact(
            id=self.rule.id, kind="outside", device=device, cls=heard.cls, start_us=heard.since_us,
            end_us=heard.until_us, known_us=heard.until_us, lon=heard.lon, lat=heard.lat,
        )  # fmt: skip
        return outside(self.rule, covers, whole, self.setting)


def report(fired: Sequence[Due], rule: Rule, window: Window, setting: Setting) -> dict[str, Any]:
    """How often, on which days, by which vehicles, and the first examples; instants stay microseconds."""
    calendar, duties = setting.calendar, setting.duties
    days = range(calendar.day(window.from_us), calendar.day(max(window.from_us, window.to_us - 1)) + 1)
    by_day = Counter(calendar.day(due.at_us) for due in fired)
    of = {due: duties.of(due.fact.device, due.at_us).vehicle for due in fired}
    by_vehicle = Counter((of[due], due.fact.device) for due in fired)
    return {
        "fired": len(fired),
        "days": len(days),
        "by_day": [{"day": day_id(day), "fired": by_day[day]} for day in days],
        "by_vehicle": [
            {"vehicle": vehicle, "device": device, "fired": count}
            for (vehicle, device), count in sorted(by_vehicle.items(), key=lambda each: (-each[1], each[0][1]))
        ],
        "examples": [_example(due, of[due], rule, setting) for due in fired[:EXAMPLES]],
    }


def _example(due: Due, vehicle: str | None, rule: Rule, setting: Setting) -> dict[str, Any]:
    fact = due.fact
    return {
        "at_us": due.at_us,
        "device": fact.device,
        "vehicle": vehicle,
        "dwell": fact.id if fact.kind == "dwell" else None,
        "spell": fact.id if fact.kind in ("visit", "speeding") else None,
        "start_us": fact.start_us,
        "end_us": fact.end_us,
        "lon": fact.lon,
        "lat": fact.lat,
        "quiet": quiet_at(rule, due.at_us, setting),
    }
