"""Alerts of rules that follow from rows: each event is judged at once, in its place among the others.

What rules look at is kept per device (`geo.rules.followed`): what lasts, what was over in the last hour, and the
alerts that were told. What only time brings is in `geo.steps.lapse`. All follows from entries, so a replay tells the
same alerts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import msgspec

from core.events import AlertChanged, Dwell, DwellChanged, Event, Spell
from core.fixes import Fixes
from core.units import US_PER_S
from geo.folds.layout import TLAST
from geo.partition import GeoState
from geo.rules.facts import Fact, fact_of, kind_of, parted, row_of, silence
from geo.steps.court import ASKING, Court, Moment
from geo.steps.evidence import certain_spells
from geo.steps.hearing import Heard

LIMIT_LIFE_US: Final = 900 * US_PER_S  # of an alert at the dwell limit


def by_rows(
    state: GeoState, events: list[tuple[int, Event]], fixes: Fixes | None = None, heard: Sequence[Heard] = ()
) -> list[Event]:
    """Events of fixes, those of each with the alerts that follow; `heard` is what they say of silences.

    Where rules watch visits the kernel stands at the fix of the last event: it knows the visits that last as they are.
    """
    if not heard and not state.config.rules.rules and not any(isinstance(e, AlertChanged) for _, e in events):
        return [event for _, event in events]
    found: list[Event] = []
    for row, group in groupby(merge(((h.row, h) for h in heard), events, key=itemgetter(0)), key=itemgetter(0)):
        items = [item for _, item in group]
        latest_us = max(item.at_us for item in items) if fixes is None else int(fixes.received_us[row])
        now_us = max(state.watch.now_us, latest_us)
        said = _dressed(state, [item for item in items if not isinstance(item, Heard)], now_us)
        found += [*said, *_judge(state, items, now_us, by_fix=fixes is not None)]
    return found


def judged(state: GeoState, events: list[Event]) -> list[Event]:
    """The same for the events of an entry that is no batch of fixes."""
    return by_rows(state, [(0, event) for event in events])


def _dressed(state: GeoState, events: list[Event], now_us: int) -> list[Event]:
    """Alerts at the dwell limit with their thread, and whether they come too late for anybody to act on them."""
    dwells = {event.row.id: event.row for event in events if isinstance(event, DwellChanged)}
    return [
        _dress(state, event, dwells.get(event.dwell or ""), now_us)
        if isinstance(event, AlertChanged) and event.kind == "dwell_limit"
        else event
        for event in events
    ]


def _dress(state: GeoState, alert: AlertChanged, row: Dwell | None, now_us: int) -> AlertChanged:
    late = alert.digest
    if row is not None and alert.state == "raised":
        limit_us = int(state.config.profile(alert.device).limit_s * US_PER_S)
        late = now_us - row.start_us - limit_us > LIMIT_LIFE_US
    return msgspec.structs.replace(alert, thread=alert.dwell, digest=late)


def _judge(state: GeoState, items: Iterable[Event | Heard], now_us: int, *, by_fix: bool) -> Iterator[Event]:
    """Alerts that follow from rows as they now are, and from silences that ended; device by device."""
    of: dict[str, list[Any]] = {}
    for item in items:
        row = None if isinstance(item, Heard) else row_of(item)
        if isinstance(item, Heard):
            of.setdefault(item.device, []).append(item)
        elif row is not None and any(state.config.rules.of[name] for name in ASKING[kind_of(row)]):
            of.setdefault(row.device, []).append(row)
    fix_us = max((item.at_us for item in items), default=0) if by_fix else None
    for device, changes in of.items():
        yield from _judge_device(state, device, changes, now_us, fix_us)


def _judge_device(
    state: GeoState, device: str, changes: list[Heard | Dwell | Spell], now_us: int, fix_us: int | None
) -> list[Event]:
    """All that one fix, or one entry that is none, says of a device, at once."""
    slot = state.devices.slots.get(device)
    newest_us = max(c.newest_us if isinstance(c, Heard) else c.last_us for c in changes)
    if slot is not None and fix_us is None:
        newest_us = int(state.devices.k[slot, TLAST])
    heard_us = newest_us if fix_us is None else fix_us
    court = Court(state, device, Moment(now_us, heard_us, changes[-1].lon, changes[-1].lat))
    facts = {fact.id: fact for fact in court.followed.facts}
    kinds = {"silence" if isinstance(change, Heard) else kind_of(change) for change in changes}
    if slot is not None and "visit" in kinds and court.config.rules.of["inside"]:
        changes = [*changes, *certain_spells(state, slot, "visit")]
    for change in changes:
        if isinstance(change, Heard):
            facts = {fact.id: fact for fact in _hear(court, list(facts.values()), change)}
        else:
            facts.pop(change.id, None)
            facts |= {fact.id: fact for fact in [fact_of(change)] if fact is not None}
    if kinds == {"silence"} and list(facts.values()) == court.followed.facts:
        return []  # a late fix that falls into no silence
    court.judge(kinds, list(facts.values()), {change.id for change in changes if not isinstance(change, Heard)})
    state.dues.soon(device)
    return court.events


def _hear(court: Court, facts: list[Fact], heard: Heard) -> list[Fact]:
    """The facts once a fix ended a silence, or proved that it was shorter."""
    if heard.at_us > heard.newest_us:
        known_us = max(heard.newest_us, heard.at_us - heard.outage_us)
        where = heard.lon, heard.lat
        return [*facts, silence(heard.device, heard.newest_us, heard.at_us, known_us, where, court.cls)]
    split = [f for f in facts if f.kind == "silence" and f.start_us < heard.at_us < f.last_us]
    parts = [part for f in split for part in parted(f, heard.at_us, court.config.rules.silence_us)]
    return [*(f for f in facts if f not in split), *parts]
