"""What geo and dispatch say: small immutable records, rare beside fixes (about one in thirty).

A dwell is a *row* with a life: its id never changes, its revision grows, and a retracted row says so.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Purpose = Literal["planned", "allowed", "break", "unexplained", "unlabelled"]
RowState = Literal["open", "closed", "retracted"]
Cause = Literal["open", "timer", "limit", "close", "revise", "retract", "merge", "relabel"]


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


class DwellChanged(msgspec.Struct, frozen=True, kw_only=True, tag="dwell"):
    """A dwell row was opened, revised, closed or retracted; the row is whole, the newest revision wins."""

    at_us: int
    cause: Cause
    row: Dwell


class AlertChanged(msgspec.Struct, frozen=True, kw_only=True, tag="alert"):
    """An alert was raised, cleared by better knowledge, or acknowledged by a person."""

    at_us: int
    id: str
    kind: Literal["dwell_limit", "sos"]
    device: str
    state: Literal["raised", "cleared", "acknowledged"]
    revision: int
    lon: float
    lat: float
    dwell: str | None = None
    by: str | None = None
    note: str = ""


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


Event = DwellChanged | AlertChanged | FixFlagged | CommandDone | IncidentChanged | PlanMade
