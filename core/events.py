"""What geo and dispatch say: small immutable records, rare beside fixes (about one in thirty).

A dwell is a *row* with a life: its id never changes, its revision grows, and a retracted row says so.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Purpose = Literal["planned", "allowed", "break", "unexplained", "unlabelled"]
RowState = Literal["open", "closed", "retracted"]
Cause = Literal["open", "timer", "limit", "close", "revise", "retract", "merge", "relabel"]
SpellKind = Literal["trip", "visit", "service", "speeding", "gap"]
AlertKind = Literal["dwell_limit", "sos", "rule"]


class PlaceRef(msgspec.Struct, frozen=True):
    id: str
    name: str
    kind: str


class Dwell(msgspec.Struct, frozen=True, kw_only=True):
    """One dwell. `start_us` is the first fix inside, `end_us` the last (None while open)."""

    id: str
    device: str
    cls: str
    start_us: int
    end_us: int | None
    last_us: int  # last fix inside, also while open
    observed_s: float
    silent_s: float
    lon: float
    lat: float
    radius_m: float
    fixes: int
    state: RowState
    revision: int
    merged_into: str | None = None
    area: str | None = None
    place: PlaceRef | None = None
    purpose: Purpose = "unlabelled"
    alert: bool = False
    why: str = ""  # the word for what the purpose follows from: point, place, task, queue, work (docs/purpose.md)
    reason: str = ""  # what a person said about it: the driver, or who labelled it
    worked_s: float = 0.0  # how long it had worked when this began: since its first fix, or its last rest


class Spell(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a device did from one fix to another, of a kind: an interval with measures, and a life like a dwell's.

    `subject` is what it is about: `area:ID`, `place:ID`, `zone:ID` of a visit; `place:ID`, `street:ID` of a service;
    empty for a trip, a speeding, a gap. Measures that a kind has not are None.
    """

    id: str
    kind: SpellKind
    device: str
    cls: str
    start_us: int
    end_us: int | None  # None while open
    last_us: int  # last fix that belongs to it, also while open
    fixes: int
    state: RowState
    revision: int
    lon: float  # where it began; of a service: where it came nearest
    lat: float
    subject: str = ""
    version: str = ""  # of the boundary set that `subject` is from
    merged_into: str | None = None
    silent_s: float = 0.0  # of it, longer than the tracker's habit
    stopped_s: float | None = None  # at less than walking pace
    to_lon: float | None = None  # trip, gap: where it ended
    to_lat: float | None = None
    distance_m: float | None = None  # trip: driven while heard; gap: straight line
    gap_m: float | None = None  # trip: straight lines over silences, not in `distance_m`
    max_mps: float | None = None  # trip, speeding
    limit_mps: float | None = None  # speeding
    nearest_m: float | None = None  # service: from the track to the point or street
    nearest_us: int | None = None
    heading_deg: float | None = None  # service: of the track where it was nearest
    covered: float | None = None  # service of a street: the share of its length, 0..1
    pieces: int | None = None  # service of a street: which sixteenths of its length, bit 0 the first


class SpellChanged(msgspec.Struct, frozen=True, kw_only=True, tag="spell"):
    """A trip, visit, service, speeding or gap began, was revised, ended or retracted; the newest revision wins."""

    at_us: int
    cause: Cause
    row: Spell


class DwellChanged(msgspec.Struct, frozen=True, kw_only=True, tag="dwell"):
    """A dwell row was opened, revised, closed or retracted; the row is whole, the newest revision wins."""

    at_us: int
    cause: Cause
    row: Dwell


class AlertChanged(msgspec.Struct, frozen=True, kw_only=True, tag="alert"):
    """An alert was raised, cleared by better knowledge, or acknowledged by a person."""

    at_us: int
    id: str
    kind: AlertKind
    device: str
    state: Literal["raised", "cleared", "acknowledged"]
    revision: int
    lon: float
    lat: float
    dwell: str | None = None
    by: str | None = None
    note: str = ""
    rule: str | None = None  # the rule that raised it
    spell: str | None = None  # the visit, speeding or gap it is about
    thread: str | None = None  # one cause, one thread: the id of the row that all its alerts are about
    level: int = 1  # grows with each escalation
    digest: bool = False  # found out so late that nobody can act on it: listed, not sounded
    quiet: bool = False  # within quiet hours: shown, not sounded


class FixFlagged(msgspec.Struct, frozen=True, kw_only=True, tag="fix_flagged"):
    """A fix that the detectors did not use: why. It is in the archive all the same."""

    at_us: int
    device: str
    time_us: int
    reason: Literal["beyond_horizon"]


class CommandDone(msgspec.Struct, frozen=True, kw_only=True, tag="command_done"):
    """The effect of a person's command is in the log; HTTP may answer."""

    at_us: int
    id: str
    ok: bool
    reason: str = ""


class IncidentChanged(msgspec.Struct, frozen=True, kw_only=True, tag="incident"):
    """The newest version of an incident."""

    at_us: int
    id: str
    kind: str
    severity: int
    status: str
    lon: float
    lat: float
    area: str | None = None
    text: str = ""
    exercise: bool = False
    opened_us: int = 0
    closed_us: int | None = None
    revision: int = 1


class PlanMade(msgspec.Struct, frozen=True, kw_only=True, tag="plan"):
    """A matching decision with all it was decided from, so that it can be replayed and explained."""

    at_us: int
    incident: str
    chosen: tuple[Candidate, ...]
    others: tuple[Candidate, ...]
    method: str


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A volunteer as the matcher saw them: where, how old the position, how long to arrive."""

    device: str
    lon: float
    lat: float
    position_age_s: float
    distance_m: float
    eta_s: float


Event = DwellChanged | SpellChanged | AlertChanged | FixFlagged | CommandDone | IncidentChanged | PlanMade
