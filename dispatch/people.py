"""Who can be asked: devices that were seen lately, the people who carry them, their duty and consent."""

from __future__ import annotations

from typing import NamedTuple

from core.duty import kept, on_duty
from core.entities import Assignment, Person
from core.entries import Sightings
from core.events import IncidentChanged
from core.units import seconds_to_us
from dispatch.desk import Desk
from dispatch.skew import heard
from dispatch.state import Params, State, Volunteer


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


def on_call(state: State, person: Person) -> bool:
    """On duty, with consent, and not away for today."""
    return kept(person, state.now_us) and state.away_us.get(person.id, 0) <= state.now_us


def may_wake(desk: Desk, incident: IncidentChanged, person: Person) -> bool:
    """Whether somebody off duty agreed to be woken for a severe incident near home."""
    agreed = person.wake and person.consent_us is not None and person.area == incident.area
    barred = desk.over(incident.id).union(incident.excluded)
    free = person.id not in barred and desk.state.away_us.get(person.id, 0) <= desk.now_us
    return agreed and free and not on_duty(person, desk.now_us) and desk.live_of(person.id) is None


def crowd(state: State, params: Params) -> list[Ranger]:
    """Everybody who may be asked now, by device: each person once, where they were seen last."""
    oldest_us = state.now_us - seconds_to_us(params.position_max_age_s)
    fresh = [v for v in state.seen.values() if v.seen_us >= oldest_us]
    if not state.people:
        return sorted((Ranger(v.device, None, v.lon, v.lat, v.seen_us) for v in fresh), key=lambda r: r.device)
    who, newest = carriers(state), dict[str, Volunteer]()
    for v in fresh:
        person_id = who.get(v.device, "")
        other = newest.get(person_id)
        if other is None or (other.seen_us, other.device) < (v.seen_us, v.device):
            newest[person_id] = v
    found = [
        Ranger(v.device, person, v.lon, v.lat, v.seen_us)
        for person_id, v in newest.items()
        if (person := state.people.get(person_id)) is not None and on_call(state, person)
    ]
    return sorted(found, key=lambda r: r.device)
