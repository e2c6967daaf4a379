"""What geo and dispatch say: small immutable records, rare beside fixes (about one in thirty).

A dwell is a *row* with a life: its id never changes, its revision grows, and a retracted row says so.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Purpose = Literal["planned", "allowed", "break", "unexplained", "unlabelled"]
RowState = Literal["open", "closed", "retracted"]
Cause = Literal["open", "timer", "limit", "close", "revise", "retract", "merge", "relabel"]
SpellKind = Literal["trip", "visit", "service", "speeding", "gap"]
AlertKind = Literal["dwell_limit", "sos", "rule"]
OfferState = Literal[
    "offered", "delivered", "seen", "accepted", "committed", "en_route", "arrived", "working", "released",
    "declined", "expired", "withdrawn", "stood_down", "no_progress",
]  # fmt: skip
Mover = Literal["volunteer", "gps", "clock", "coordinator", "matcher", "channel"]
NoticeKind = Literal["offer", "verify", "wake", "withdrawn", "stood_down", "moved"]
Count = Annotated[int, msgspec.Meta(ge=0, le=100_000_000)]
Note = Annotated[str, msgspec.Meta(max_length=2000)]


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
    """The effect of a person's command is in the log; HTTP may answer. `reason`: why not, or a remark."""

    at_us: int
    id: str
    ok: bool
    reason: str = ""


class Need(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """People that an incident wants: so many, each with this vehicle class (None: whichever) and all these skills."""

    role: str = ""
    vehicle: str | None = None
    skills: tuple[str, ...] = ()
    count: int = 1


class Hazard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the danger is: a GeoJSON geometry, how deep the water or which vehicles get through, and a word for it."""

    shape: dict[str, Any]
    label: str = ""
    depth_cm: float | None = None
    access: int | None = None  # 0 nobody with wheels, 1 motorbikes, 2 and 3 cars too, 4 all
    assumed: bool = False  # nobody measured: the depth is what is usual of its kind


class Photo(msgspec.Struct, frozen=True, kw_only=True):
    """A photo of an incident: its digest names it; its bytes are in the archive alone, for a while."""

    sha256: str
    at_us: int
    by: str = ""


class CapAlert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The official alert (Common Alerting Protocol) that an incident comes from, as its newest message has it."""

    sender: str
    identifier: str
    sent_us: int
    event: str
    headline: str = ""
    attribution: str = ""  # whom to name wherever it is shown
    urgency: str = ""
    certainty: str = ""
    web: str = ""
    expires_us: int | None = None
    signed: bool = False  # it bears a signature; nobody checked it
    state: Literal["in_force", "cancelled", "expired"] = "in_force"
    messages: tuple[str, ...] = ()  # keys of all its messages, and of those that they refer to
    said: dict[str, str] = {}  # digests of what it last said of the incident: what differs now, a person changed
    revision: int = 1  # of the incident as the alert left it: a later one is a person's


class Impact(msgspec.Struct, frozen=True, kw_only=True):
    """What an incident did, as entered: people, households, houses by damage. None: nobody knows yet."""

    deaths: Count | None = None
    missing: Count | None = None
    injured_heavy: Count | None = None
    injured_light: Count | None = None
    displaced_families: Count | None = None
    displaced_persons: Count | None = None
    houses_heavy: Count | None = None  # damaged: "rusak berat", ...
    houses_moderate: Count | None = None  # ... "sedang",
    houses_light: Count | None = None  # ... "ringan"
    facilities: Note | None = None  # public ones that are damaged
    losses: Note | None = None
    urgent_needs: Note | None = None
    efforts: Note | None = None  # what others than volunteers do


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
    needs: tuple[Need, ...] = ()  # empty: as many as the kind asks for, of any skill
    address: str | None = None
    hazard: Hazard | None = None
    placed: str = ""  # a doubt, the area is trusted: `placeholder` the city's centre, `area` any point in it
    source: str = ""  # who brought it: empty a coordinator, `volunteer`, `cap`
    reports: int = 1  # how often it was reported, merged incidents counted
    verified_by: tuple[str, ...] = ()
    merged_into: str | None = None
    paused: bool = False  # nobody is asked by the matcher
    excluded: tuple[str, ...] = ()  # people who are not to be asked
    duplicates: tuple[str, ...] = ()  # open incidents that may be the same; a person decides
    photos: tuple[Photo, ...] = ()
    cap: CapAlert | None = None  # of source `cap`
    impact: Impact | None = None


class OfferChanged(msgspec.Struct, frozen=True, kw_only=True, tag="offer"):
    """The newest version of what one volunteer was asked."""

    at_us: int
    id: str
    incident: str
    person: str
    device: str
    state: OfferState
    role: str = ""  # which of the incident's needs
    eta_s: float | None = None  # None: not known, nobody follows their position
    why: str = ""
    expires_us: int = 0
    made_us: int = 0
    minutes: int | None = None  # "I come in so many"
    by: Mover = "matcher"  # who made the last move ...
    actor: str = ""  # ... and which person
    manual: bool = False  # a coordinator gave the place: the matcher never takes it away
    revision: int = 1


class NoticeAsked(msgspec.Struct, frozen=True, kw_only=True, tag="notice"):
    """Something to be said to a person over whatever channel reaches them; not sent after `expires_us`."""

    at_us: int
    id: str  # idempotency: the same notice has the same id however often it is computed
    kind: NoticeKind
    person: str
    device: str
    offer: str
    incident: str
    expires_us: int


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What a change would cost in all, everybody placed anew: places of severity 3, 2, 1 left empty, and seconds."""

    unfilled_3: int = 0
    unfilled_2: int = 0
    unfilled_1: int = 0
    seconds: int = 0


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence for people: Indonesian, English."""

    id: str
    en: str


class Alternative(msgspec.Struct, frozen=True, kw_only=True):
    """A volunteer who was not chosen, and what it would cost to send them here all the same (None: cannot be)."""

    device: str
    cost: Price | None
    role: str = ""
    words: Words | None = None


class Gauge(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands: places, who promised or is there, who is asked, the chance that all come, when the last would."""

    wanted: int
    promised: int
    on_scene: int
    asked: int
    full: float
    fill_s: float | None


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """How the matching was found (table or lists), how many were looked at, how much better another one could be."""

    method: str
    listed: int  # volunteers looked at for the incident's first need
    rounds: int  # times that lists were widened, and once
    gap_s: float  # 0: proven


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One way to fill the open places of a round: who comes to this incident, and how the whole round stands then."""

    devices: tuple[str, ...]  # of this incident, the soonest first
    etas_s: tuple[int, ...]
    unfilled_3: int  # of the whole round, by severity
    unfilled_2: int
    unfilled_1: int
    seconds: int  # to arrive, all people of the round together


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to send if all who are asked come: by a list (incidents as opened, the nearest for each), and together."""

    places: int  # of this incident that were open
    greedy: Answer
    ours: Answer


class PlanMade(msgspec.Struct, frozen=True, kw_only=True, tag="plan"):
    """A matching decision with all it was decided from, so that it can be replayed and explained."""

    at_us: int
    incident: str
    chosen: tuple[Candidate, ...]
    others: tuple[Candidate, ...]
    method: str
    proven: bool = False  # by prices: no other matching is better
    one_more: Price | None = None  # what one person more here would cost in all
    worth: tuple[Price, ...] = ()  # by chosen: what it would cost if they were not there
    alternatives: tuple[Alternative, ...] = ()
    gauge: Gauge | None = None
    certificate: Proof | None = None
    words: tuple[Words, ...] = ()  # why these people, and what one more would cost
    beside: Beside | None = None  # of plans that a command about the incident led to, by a table of all times


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A volunteer as the matcher saw them: where, how old the position, how long to arrive."""

    device: str
    lon: float
    lat: float
    position_age_s: float
    distance_m: float
    eta_s: float


Event = (
    DwellChanged | SpellChanged | AlertChanged | FixFlagged | CommandDone | IncidentChanged | PlanMade | OfferChanged
    | NoticeAsked
)  # fmt: skip
