"""Alerts of rules that come due as time passes: at each tick the devices whose time has come, and no others.

A fact that a standing truck or a silence draws out comes due by the clock. What only a fix can prove, because the
device moved when it was heard last, waits for one. When to look again is kept in a queue (`geo.rules.followed.Dues`).
A look raises nothing that comes due after its tick, though a fast clock of the device has proved it: else what is told
would depend on when else the device was looked at, and a restart looks at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.events import Dwell, Event, Spell
from core.units import DAY_US, MINUTE_US
from geo.folds.layout import H_N, LX, LY, NEVER, OUT_N, PHASE, TLAST, N
from geo.partition import RULES_KEY, GeoState
from geo.rules.facts import Fact, fact_of
from geo.rules.followed import Followed
from geo.rules.judging import WATCHED, Due, for_us
from geo.steps.court import ASKING, Court, Moment
from geo.steps.evidence import Evidence, certain_spells, evidence_of, extended, silence_now
from geo.steps.live import open_rows_of

STIRS: Final = [TLAST, PHASE, N, OUT_N, H_N]  # one of these changes with each fix that the kernel uses, a late one too
RULED: Final = frozenset(
    {"rules", "city", "devices", "vehicles", "routes", "shifts", "assignments", "places", "zones", "calendar"}
)  # sections that rules ask


def by_clock(state: GeoState) -> list[Event]:
    """Alerts that come due at this tick."""
    now_us, due = state.watch.now_us, state.dues
    _meet(state)
    events: list[Event] = []
    for device in sorted(due.pop(now_us) | _stirred(state)):
        due.waiting.pop(device, None)
        slot = state.devices.slots.get(device)
        if slot is None or state.devices.k[slot, TLAST] == NEVER:  # nothing that counts was heard of it
            due.put(device, now_us + MINUTE_US)
        else:
            events += _look(state, device, slot)
    return events


def _meet(state: GeoState) -> None:
    """Devices that were never looked at: of these only silence, and being outside, may come due without a row."""
    due, book, size = state.dues, state.config.rules, len(state.devices.ids)
    least_us = min((for_us(rule) for name in ("silence", "outside") for rule in book.of[name]), default=None)
    if least_us is not None:
        newest = state.devices.k[due.seen : size, TLAST].tolist()
        for device, heard_us in zip(state.devices.ids[due.seen :], newest, strict=True):
            due.put(device, heard_us + least_us)
    due.seen = size


def _stirred(state: GeoState) -> set[str]:
    """Devices that wait for a fix, and got one since; thousands of sleeping trackers cost one look at the arrays."""
    waiting = state.dues.waiting
    if not waiting:
        return set()
    known = np.array(list(waiting.values()))
    changed = (state.devices.k[known[:, :1], STIRS] != known[:, 1:]).any(axis=1)
    return {device for device, stirs in zip(waiting, changed.tolist(), strict=True) if stirs}


def _look(state: GeoState, device: str, slot: int) -> list[Event]:
    """All rules over one device as the clock stands; when to look again is noted."""
    evidence, now_us = evidence_of(state, slot), state.watch.now_us
    court = Court(state, device, Moment(now_us, evidence.heard_us, evidence.lon, evidence.lat))
    facts = _grown(state, slot, court.followed.facts, evidence)
    facts.append(silence_now(device, court.cls, evidence))
    again: list[int] = []
    kinds, told = {"outside", *(f.kind for f in facts)}, {alert.rule for alert in court.followed.told}
    for rule in state.config.rules.rules.values():
        if rule.fact in kinds or WATCHED[rule.fact] in kinds or rule.id in told:
            again += [at for d in court.settle(rule, facts, until_us=now_us) for at in _next_us(d, evidence, now_us)]
            again += [at_us for at_us in [court.teller.escalate(rule)] if at_us is not None]
            again += [now_us + DAY_US] if rule.fact == "outside" else []  # hours of a week ahead are looked at
    court.teller.withdraw(state.config.rules.rules)
    if court.events:
        court.save()
    _note(state, device, slot, [*again, *_silence_next(court, evidence), *_faster(court, facts)])
    return court.events


def _grown(state: GeoState, slot: int, facts: list[Fact], evidence: Evidence) -> list[Fact]:
    """Facts as far as they are known now; visits and speedings grow silently until something is told of them."""
    lasting = any(fact.end_us is None and fact.kind in ("visit", "speeding") for fact in facts)
    rows = {row.id: row for row in certain_spells(state, slot)} if lasting else {}
    return [extended(fact, evidence, rows.get(fact.id)) for fact in facts]


def _next_us(due: Due, evidence: Evidence, now_us: int) -> Iterator[int]:
    """When a fact may have lasted so long: a fix can prove it from its time on, the clock when our outages are over."""
    yield due.at_us
    if due.fact.kind == "silence" or (evidence.standing and due.fact.kind in ("dwell", "visit")):
        yield due.at_us + (now_us - evidence.clock_us)


def _silence_next(court: Court, evidence: Evidence) -> Iterator[int]:
    """When a silence may begin to count, if any rule asks for it."""
    least_us = court.config.rules.silence_us
    if court.config.rules.of["silence"]:
        yield evidence.spoke_us + least_us + (court.moment.now_us - evidence.clock_us)


def _faster(court: Court, facts: Sequence[Fact]) -> Iterator[int]:
    """A fix may show that a speeding which lasts is one that a rule asks for."""
    lasting = [fact for fact in facts if fact.kind == "speeding" and fact.end_us is None]
    if any(fact.max_mps < rule.over_mps for fact in lasting for rule in court.config.rules.of["speeding"]):
        yield court.moment.now_us


def _note(state: GeoState, device: str, slot: int, again: Sequence[int]) -> None:
    """Look again at the first moment to come; what is due already waits for a fix as well."""
    coming = [at_us for at_us in again if at_us > state.watch.now_us]
    if coming:
        state.dues.put(device, min(coming))
    if any(at_us <= state.watch.now_us for at_us in again):
        state.dues.waiting[device] = slot, *state.devices.k[slot, STIRS].tolist()


def by_config(state: GeoState, section: str) -> None:
    """The configuration changed: what lasts is known to new rules, and all that is followed is looked at by a tick."""
    if section == "rules" and state.config.rules.rules:
        for slot, device in enumerate(state.devices.ids):
            if state.devices.k[slot, TLAST] != NEVER:
                _follow(state, slot, device)
    if section in RULED:
        for device in state.followed:
            state.dues.soon(device)
        state.dues.seen = 0


def _follow(state: GeoState, slot: int, device: str) -> None:
    """Take in the rows that last and are not known yet; being outside of new subjects is counted from now on."""
    heard_us, (lon, lat) = int(state.devices.k[slot, TLAST]), state.devices.f[slot, [LX, LY]].tolist()
    court, book = Court(state, device, Moment(state.watch.now_us, heard_us, lon, lat)), state.config.rules
    rows: list[Dwell | Spell] = [*open_rows_of(state, slot), *certain_spells(state, slot)]
    facts = {fact.id: fact for row in rows if (fact := fact_of(row))}
    facts |= {fact.id: fact for fact in court.followed.facts}
    for rule in book.of["outside"]:
        if rule.id not in court.followed.covered_us:
            court.count_from(rule, heard_us)
    kept = [fact for fact in facts.values() if any(book.of[name] for name in ASKING[fact.kind])]
    if kept or book.of["outside"] or court.followed.facts:
        court.keep(kept)


def welcome(state: GeoState, known: int, slots: NDArray[np.int64], time_us: NDArray[np.int64]) -> None:
    """Devices from slot `known` on were never heard before: their being outside is counted from their first fix."""
    rules = state.config.rules.of["outside"]
    if rules and len(state.devices.ids) > known:
        new, rows = np.unique(slots, return_index=True)
        for slot, row in zip(new[new >= known].tolist(), rows[new >= known].tolist(), strict=True):
            device, at_us = state.devices.ids[slot], int(time_us[row])
            state.followed[device] = Followed(covered_us={rule.id: at_us for rule in rules})
            state.dirty_keys.add(RULES_KEY + device)
