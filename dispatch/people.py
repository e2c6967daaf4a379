"""Who can be asked: devices that were seen lately, the people who carry them, their duty and consent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, overload

import numpy as np

from core.duty import kept, on_duty
from core.entities import Assignment, Person
from core.entries import Sightings
from core.events import IncidentChanged
from core.units import seconds_to_us
from dispatch.desk import Desk
from dispatch.roads.speeds import NUMBER
from dispatch.roll import NOBODY, Columns, columns_of
from dispatch.skew import heard
from dispatch.state import State, Volunteer


class Ranger(NamedTuple):
    """A volunteer as the matcher sees them. Without a register `person` is None: a proposal that nobody is asked by."""

    device: str
    person: Person | None
    lon: float
    lat: float
    time_us: int

    @property
    def name(self) -> str:
        return self.person.id if self.person else ""

    @property
    def vehicle(self) -> str:
        return self.person.vehicle if self.person else "motorbike"

    @property
    def skills(self) -> frozenset[str]:
        return frozenset(self.person.skills) if self.person else frozenset()


def see(desk: Desk, sightings: Sightings) -> None:
    """Newer positions replace older ones; the word that a device stands belongs to its position."""
    seen, stood = dict(desk.state.seen), dict(sightings.stood)
    for device, lon, lat, time_us in sightings.rows:
        known = seen.get(device)
        if known is None or known.time_us < time_us:
            lag = heard(known.lag if known else None, sightings.now_us - time_us, sightings.now_us)
            seen[device] = Volunteer(
                device=device, lon=lon, lat=lat, time_us=time_us, stood_us=stood.get(device), lag=lag
            )
    if seen != desk.state.seen:
        desk.put(seen=seen, dirty=True)


def carriers(state: State) -> dict[str, str]:
    """The person of each device now."""
    now_us = state.now_us
    held: dict[str, Assignment] = {}
    for a in state.holds.values():
        if a.from_us <= now_us and (a.until_us is None or now_us < a.until_us):
            other = held.get(str(a.device))
            if other is None or (other.from_us, other.id) < (a.from_us, a.id):
                held[str(a.device)] = a
    return {device: str(a.person) for device, a in held.items()}


def device_of(state: State, person: str) -> str:
    """The device by which a person is reached: the one seen last, else any, else none."""
    mine = [device for device, who in carriers(state).items() if who == person]
    return max(mine, key=lambda d: (state.seen[d].seen_us if d in state.seen else 0, d), default="")


def last_seen(desk: Desk, people: Iterable[str]) -> dict[str, Volunteer]:
    """Where each of these was seen last, those who were."""
    state, roll, at = desk.state, desk.ways.roll(desk.state), desk.ways.positions(desk.state)
    rows, persons = at.newest(roll.carried(state.now_us))
    row = columns_of(persons, len(roll.names))
    known = [(name, row[roll.person[name]]) for name in people if name in roll.person]
    return {name: state.seen[at.devices[rows[j]]] for name, j in known if j != NOBODY}


def on_call(state: State, person: Person) -> bool:
    """On duty, with consent, and not away for today."""
    return kept(person, state.now_us) and state.away_us.get(person.id, 0) <= state.now_us


def may_wake(desk: Desk, incident: IncidentChanged, person: Person) -> bool:
    """Whether somebody off duty agreed to be woken for a severe incident near home."""
    agreed = person.wake and person.consent_us is not None and person.area == incident.area
    barred = desk.over(incident.id).union(incident.excluded)
    free = person.id not in barred and desk.state.away_us.get(person.id, 0) <= desk.now_us
    return agreed and free and not on_duty(person, desk.now_us) and desk.live_of(person.id) is None


class Crew(Sequence[Ranger]):
    """Everybody who may be asked now, by device: each person once, where they were seen last. A column is one of them.

    What is asked of all stands in arrays; a `Ranger` is made of those only that are named.
    """

    def __init__(self, desk: Desk) -> None:
        state, self.now_us = desk.state, desk.now_us
        oldest_us = state.now_us - seconds_to_us(desk.params.position_max_age_s)
        if state.people:
            roll, at = desk.ways.roll(state), desk.ways.positions(state)
            rows, persons = at.newest(roll.carried(state.now_us), oldest_us)
            called = roll.on_call(state.now_us, state.away_us)[persons]
            self._rows, persons = rows[called], persons[called]
            self.column: Mapping[str, int] = Columns(roll.device, columns_of(at.number[self._rows], len(roll.devices)))
            self.person: Mapping[str, int] = Columns(roll.person, columns_of(persons, len(roll.names)))
            self.people: list[Person | None] = [roll.people[n] for n in persons.tolist()]
            self.skills, self.skill_set, self.cls = roll.skills, roll.skill_set[persons], roll.cls[persons]
            self.since_us = roll.since_us(state.now_us)[persons]
        else:
            at, n = desk.ways.positions(state), len(state.seen)
            fresh = sorted((name, row) for row, name in enumerate(at.devices) if at.seen_us[row] >= oldest_us)
            self._rows, n = np.array([row for _, row in fresh], np.int64), len(fresh)
            self.column, self.person = {name: column for column, (name, _) in enumerate(fresh)}, {}
            self.people, self.skills = [None] * n, [frozenset()]
            self.skill_set, self.cls = np.zeros(n, np.int64), np.full(n, NUMBER["motorbike"], np.int8)
            self.since_us = np.full(n, state.now_us)
        self._at, self.lons, self.lats = at, at.lon[self._rows], at.lat[self._rows]

    def __len__(self) -> int:
        return len(self._rows)

    def device(self, column: int) -> str:
        """By which device somebody is seen."""
        name: str = self._at.devices[self._rows[column]]
        return name

    def name(self, column: int) -> str:
        """Who they are; without a register nobody."""
        person = self.people[column]
        return person.id if person else ""

    @overload
    def __getitem__(self, column: int) -> Ranger: ...
    @overload
    def __getitem__(self, column: slice) -> Sequence[Ranger]: ...
    def __getitem__(self, column: int | slice) -> Ranger | Sequence[Ranger]:
        if isinstance(column, slice):
            return [self[j] for j in range(*column.indices(len(self)))]
        at, row = self._at, self._rows[column]
        return Ranger(
            at.devices[row], self.people[column], float(at.lon[row]), float(at.lat[row]), int(at.seen_us[row])
        )
