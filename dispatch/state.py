"""What dispatch remembers, and the parameters of its decisions. As bytes: `rows`; fields are only ever added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Final

import msgspec

from core.entities import Area, Assignment, Closure, IncidentKind, Person, RoadPart
from core.errors import ConfigError
from core.events import IncidentChanged, Need, NoticeAsked, OfferChanged
from dispatch.incidents import ENDED
from dispatch.matching.problem import MAX_PLACES, MAX_TIME_S
from dispatch.skew import Lag

VERSION: Final = 2  # 1: all of it in one row
LOOK: Final = "look"  # the role of those who are asked to go and see whether a report is true


class Volunteer(msgspec.Struct, frozen=True, kw_only=True):
    """A volunteer's device: the newest known position, its time, and since when it stands."""

    device: str
    lon: float
    lat: float
    time_us: int  # by its own clock
    stood_us: int | None = None
    lag: Lag | None = None

    @property
    def seen_us(self) -> int:
        """When it was there, by our clock: its own time, less what its clock is wrong by."""
        return self.time_us + (self.lag.skew_us if self.lag else 0)


class Trail(msgspec.Struct, frozen=True, kw_only=True):
    """What sightings told about one offer: time to arrive at first, now and at best, and when that last fell."""

    start_s: float | None = None  # None: nobody follows them
    eta_s: float | None = None
    best_s: float | None = None
    best_us: int = 0  # in the future: by then they will have set out
    fix_us: int = 0  # of the newest sighting used
    near: int = 0  # sightings in a row at the scene
    far_us: int | None = None  # since when they are away from it again
    woken: bool = False


class Undo(msgspec.Struct, frozen=True, kw_only=True):
    """A person's last command that can be undone: the incident before it (None: it was opened) and what it became."""

    at_us: int
    incident: str
    revision: int
    before: IncidentChanged | None = None


class State(msgspec.Struct, frozen=True, kw_only=True):
    """`incidents` in order of opening, ended ones too until they are forgotten; `plans` names the open ones' people."""

    version: int = VERSION
    incidents: dict[str, IncidentChanged] = {}
    plans: dict[str, tuple[str, ...]] = {}
    done: tuple[str, ...] = ()  # ids of the newest commands carried out: a log may hold one twice
    now_us: int = 0
    seen: dict[str, Volunteer] = {}  # by device
    people: dict[str, Person] = {}  # volunteers
    holds: dict[str, Assignment] = {}  # who carries which device
    areas: dict[str, Area] = {}
    roads: dict[str, RoadPart] = {}  # the map in force: all its parts
    coming: dict[str, RoadPart] = {}  # those of a new one that are there so far
    closures: dict[str, Closure] = {}  # drawn by people, beside the hazards of incidents
    kinds: dict[str, IncidentKind] = {}  # of incidents, as the city lists them
    bounds: tuple[float, float, float, float] | None = None  # of the city: west, south, east, north
    centre: tuple[float, float] | None = None
    offsets: tuple[tuple[int, int], ...] = ()  # the city's clock (from_us, offset_s); empty: nobody told it
    offers: dict[str, OfferChanged] = {}
    trails: dict[str, Trail] = {}  # of live offers
    numbered: int = 0  # offers made so far
    accepted: float = 0.0  # of `asked`: what acceptance is learned from
    asked: float = 0.0
    away_us: dict[str, int] = {}  # until when a person is not asked: "not today"
    told_us: dict[str, int] = {}  # when a person was last told of a change
    owed: dict[str, NoticeAsked] = {}  # changes that wait until a minute has passed since the last
    undo: dict[str, Undo] = {}  # by actor
    paused: bool = False  # the matcher asks nobody in the whole city
    dirty: bool = False  # something changed since the last matching
    matched_us: int = 0
    revoked: dict[str, int] = {}  # official alerts cancelled before they were heard: key, when the cancel was sent


@dataclass(frozen=True, slots=True)
class Params:
    """How dispatch decides. `needs` is the number of people by kind of incident; each bound is a promise of memory."""

    needs: Mapping[str, int] = field(default_factory=dict)
    default_need: int = 3
    cutoff_s: float = 1800.0
    position_max_age_s: float = 1800.0
    sticky_s: float = 60.0
    max_open: int = 100
    max_ended: int = 200
    max_done: int = 500
    max_revoked: int = 200
    max_offers: int = 2000  # ended ones remembered
    match_every_s: float = 2.0
    offer_life_s: float = 300.0
    settle_s: float = 30.0  # a promise that old is firm
    swap_s: float = 60.0  # somebody else must be so much nearer to take a promised place
    quiet_s: float = 60.0  # between two changes told to one person
    stall_s: float = 90.0  # without a falling time to arrive
    undo_s: float = 300.0
    today_s: float = 12 * 3600.0  # "not today"
    arrive_m: float = 75.0
    left_m: float = 200.0
    left_s: float = 60.0
    work_s: float = 120.0  # standing at the scene so long is working
    same_m: float = 300.0  # reports of one kind so near, within `same_s`, may be one incident
    same_s: float = 3 * 3600.0
    tired_after_s: float = 4 * 3600.0  # on duty; from then on
    tired_s: float = 30.0  # is charged for each full hour
    tired_most_s: float = 120.0
    rest_s: float = 120.0  # is charged who did their part within
    rest_for_s: float = 1800.0
    fair_s: float = 15.0  # is charged for each offer made within
    fair_for_s: float = 3600.0
    fair_most_s: float = 60.0

    def __post_init__(self) -> None:
        most = max([self.default_need, *self.needs.values()])
        if min([self.default_need, *self.needs.values()]) < 1:
            raise ConfigError("each kind of incident needs at least 1 person: correct `needs`")
        if most * self.max_open > MAX_PLACES:
            raise ConfigError(f"{self.max_open} incidents of {most} people exceed {MAX_PLACES} places: lower one")
        if not 0 < self.cutoff_s <= MAX_TIME_S or self.sticky_s < 0:
            raise ConfigError(f"cutoff_s must be within 0..{MAX_TIME_S} and sticky_s not negative")
        charged = (self.tired_s, self.tired_most_s, self.rest_s, self.fair_s, self.fair_most_s)
        if min(charged) < 0 or self.cutoff_s + self.most_charged_s > MAX_TIME_S:
            raise ConfigError(
                f"what rest and fairness charge must not be negative, nor exceed {MAX_TIME_S} s with cutoff_s"
            )

    @property
    def most_charged_s(self) -> int:
        """What rest and fairness charge a person at most."""
        return ceil(self.tired_most_s + self.rest_s + self.fair_most_s)

    def need_of(self, kind: str) -> int:
        """People that an incident of this kind asks for."""
        return self.needs.get(kind, self.default_need)

    def needs_of(self, incident: IncidentChanged) -> tuple[Need, ...]:
        """What an incident wants: as a coordinator said, else as its kind does; roles are unique."""
        if any(need.role != LOOK for need in incident.needs):
            return incident.needs
        return (Need(count=self.need_of(incident.kind)), *incident.needs)


def open_incidents(state: State) -> list[IncidentChanged]:
    """Incidents that still want people, in order of opening."""
    return [incident for incident in state.incidents.values() if incident.status not in ENDED]
