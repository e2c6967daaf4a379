"""The registry's nouns. Device, vehicle, person and route are separate things, joined by assignments with dates.

All are immutable; a change is a new version that enters the log as a config entry (see `core.entries`).
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, NewType

import msgspec

from core.events import Need

DeviceId = NewType("DeviceId", str)
VehicleId = NewType("VehicleId", str)
PersonId = NewType("PersonId", str)
RouteId = NewType("RouteId", str)
PlaceId = NewType("PlaceId", str)
AreaId = NewType("AreaId", str)
ZoneId = NewType("ZoneId", str)
StreetId = NewType("StreetId", str)

Lon = Annotated[float, msgspec.Meta(ge=-180, le=180)]  # a comparison with NaN is false: refused too
Lat = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Metres = Annotated[float, msgspec.Meta(ge=0, le=1e7)]
Speed = Annotated[float, msgspec.Meta(ge=0, le=1e3)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e10)]
DUTY_S: Final = 8 * 3600  # a duty that nobody ended is over after this
ROAD_PARTS: Final = 1_000
DUTY_SPANS: Final = 20  # spans of duty that a person's row remembers: late fixes are judged by them

DeviceClass = Literal["truck", "phone"]
PlaceKind = Literal["depot", "service_point", "landfill", "workshop", "fuel", "break", "other"]
Role = Literal[
    "admin", "supervisor", "coordinator", "driver", "volunteer", "revenue_officer", "researcher", "leader",
    "auditor", "device", "bank",
]  # fmt: skip


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A tracker or a phone: what speaks. `cls` picks the profile of the geo kernel, unless `profile` names another."""

    id: DeviceId
    cls: DeviceClass = "truck"
    name: str = ""
    profile: str = ""
    sim_expires: str = ""  # a city day, 2026-12-31
    note: str = ""


class Vehicle(msgspec.Struct, frozen=True, kw_only=True):
    """A truck: what reports key on."""

    id: VehicleId
    plate: str = ""
    group: str = ""
    workshop: bool = False


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A driver or a volunteer.

    A volunteer's fixes are kept only with consent (`consent_us`: since when; None: no) and inside a span of duty:
    (from, until) in microseconds, the newest last, each of them ended by itself after `DUTY_S`.
    """

    id: PersonId
    name: str = ""
    kind: Literal["driver", "volunteer", "staff"] = "staff"
    skills: tuple[str, ...] = ()
    phone: str = ""
    consent_us: int | None = None
    duty: tuple[tuple[int, int], ...] = ()
    vehicle: Literal["foot", "motorbike", "car", "truck", "boat"] = "motorbike"  # what a volunteer comes with
    area: AreaId | None = None  # home, for those who may be woken
    wake: bool = False  # may be asked off duty when an incident is severe and a coordinator says so
    links: int = 0  # grows when links to the person's own page that were given out shall open nothing any more


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A round: the service points in order, and a line to draw."""

    id: RouteId
    name: str = ""
    points: tuple[PlaceId, ...] = ()
    line: tuple[tuple[Lon, Lat], ...] = ()
    due_min: tuple[int, ...] = ()  # when each point is due, minutes after midnight like a shift's; empty: in the shift
    streets: tuple[StreetId, ...] = ()  # segments to be driven along
    days: tuple[int, ...] = ()  # ISO weekdays of its weekly round; empty: whenever its shift works


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """Working hours of a day, city time, minutes after midnight; `days` are ISO weekdays 1..7."""

    id: str
    name: str = ""
    start_min: int
    end_min: int
    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    holidays: bool = False  # whether it works on holidays too


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """A dated join: from `from_us` (inclusive) until `until_us` (exclusive; None: still)."""

    id: str
    from_us: int
    until_us: int | None = None
    device: DeviceId | None = None
    vehicle: VehicleId | None = None
    person: PersonId | None = None
    route: RouteId | None = None
    shift: str | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A known point with a radius: depot, service point, landfill, a stall that somebody named."""

    id: PlaceId
    name: str
    kind: PlaceKind
    lon: Lon
    lat: Lat
    radius_m: Metres = 60.0
    queue_m: Metres = 0.0  # landfill: who stands so near outside waits in its queue
    max_s: Seconds = 0.0  # a stop longer than this is not explained by the place; 0: however long


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """A polygon of the city's boundary set (a kelurahan): parts of rings of (lon, lat); the first ring is the shell."""

    id: AreaId
    name: str
    parent: str = ""
    polygons: tuple[tuple[tuple[tuple[Lon, Lat], ...], ...], ...] = ()
    version: str = ""  # of the boundary set that it came with


class Zone(msgspec.Struct, frozen=True, kw_only=True):
    """A geofence that people drew: polygons (parts of rings, holes too), or a line or point with a width."""

    id: ZoneId
    name: str = ""
    polygons: tuple[tuple[tuple[tuple[Lon, Lat], ...], ...], ...] = ()
    line: tuple[tuple[Lon, Lat], ...] = ()  # a corridor; one point: a circle
    radius_m: Metres = 0.0  # half the corridor's width, or the circle's radius
    enter_s: Seconds = 10.0  # so long inside before it counts
    exit_s: Seconds = 25.0  # so long outside, and beyond `margin_m`, before it ends
    margin_m: Metres = 20.0
    version: str = ""


class Street(msgspec.Struct, frozen=True, kw_only=True):
    """A segment that a round must drive along."""

    id: StreetId
    name: str = ""
    line: tuple[tuple[Lon, Lat], ...] = ()


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A day of the calendar that is not like others; `id` is the city day, 2026-12-25."""

    id: str
    name: str = ""
    kind: Literal["holiday", "workday"] = "holiday"


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do outside the round: a place, for a while, for one vehicle, or for any."""

    id: str
    name: str = ""
    lon: Lon
    lat: Lat
    radius_m: Metres = 60.0
    from_us: int
    until_us: int
    vehicle: VehicleId | None = None


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """What people know of one stop; `id` is the dwell's. Who says what it was for and who says why may be two.

    Of a label from before these were kept apart (`reason_at_us` is 0) `by` is who spoke last of either.
    """

    id: str
    purpose: Literal["planned", "allowed", "break", "unexplained"] | None = None  # None: a reason only
    reason: str = ""
    by: str = ""  # who gave the purpose, or took it away
    device: str = ""
    at_us: int = 0
    reason_by: str = ""
    reason_at_us: int = 0


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the week, city time: minutes after midnight (past midnight: 1440 and more) on ISO weekdays."""

    start_min: int = 0
    end_min: int = 1440
    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    holidays: bool = True


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """When an alert is raised: a fact of a kind, about whom and where, at which hours, for how long.

    Facts are intervals: a dwell, a visit (`inside`), time in no visit of the subject (`outside`), a speeding, a
    silence of the tracker. The alert is raised when the fact has lasted `for_s` within `hours`.
    """

    id: str
    name: str = ""
    on: bool = True
    fact: Literal["dwell", "inside", "outside", "speeding", "silence"]
    for_s: Seconds = 0.0  # persistence
    over_mps: Speed = 0.0  # speeding: at least this at its fastest
    classes: tuple[DeviceClass, ...] = ("truck",)
    devices: tuple[DeviceId, ...] = ()  # empty: all
    groups: tuple[str, ...] = ()  # of vehicles; empty: all
    purposes: tuple[str, ...] = ("unexplained",)  # of dwells
    subjects: tuple[str, ...] = ()  # `place:ID`, `area:ID`, `zone:ID`; of a dwell: where it must lie; empty: anywhere
    kinds: tuple[PlaceKind, ...] = ()  # kinds of place; empty: any
    hours: tuple[Hours, ...] = ()  # when it watches; empty: always
    on_shift: bool = False  # only while the vehicle's shift works
    quiet: tuple[Hours, ...] = ()  # when it raises without sound
    cooldown_s: Seconds = 0.0  # so long after an alert the rule raises no other of the same device
    clear_s: Seconds = 60.0  # hysteresis: facts no farther apart are one
    escalate_s: Seconds = 0.0  # not acknowledged for so long: the next level; 0: never
    levels: int = 3
    life_s: Seconds = 900.0  # found out later than this after its time, it goes to the digest


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """How one device class moves: the parameters of the dwell kernel, in metres and seconds.

    Defaults are the truck's; how true the dwells are with them: docs/accuracy.md. `cls` is the class whose
    default it is, or a name of its own that devices ask for (`Device.profile`).
    """

    cls: str = "truck"
    r_in_m: Metres = 25.0
    r_out_m: Metres = 35.0
    noise_m: Metres = 12.0  # the radii are made for a tracker that wanders so (root mean square); 0: they are fixed
    min_dwell_s: Seconds = 60.0
    exit_s: Seconds = 25.0
    exit_fixes: int = 2
    tau_s: Seconds = 60.0
    silent_after_s: Seconds = 180.0  # a longer interval between fixes is silence
    wake_m: Metres = 300.0  # displacement over a silence that is still "it stood here"
    wake_mps: Speed = 0.5  # ... if no faster than this on average
    rest_mps: Speed = 1.5  # slower than this before a silence: it was at rest
    limit_s: Seconds = 1800.0  # an unexplained dwell this long raises the alert
    horizon_s: Seconds = 900.0  # lateness horizon
    trip_stop_s: Seconds = 300.0  # a stop this long ends a trip
    trip_gap_s: Seconds = 3600.0  # a silence this long, with the device elsewhere after it, ends a trip
    trip_min_m: Metres = 200.0  # less is shunting, no trip
    limit_mps: Speed = 0.0  # faster for `speeding_s` is speeding; 0: nobody watches
    speeding_s: Seconds = 10.0
    break_s: Seconds = 1800.0  # a stop no longer than this ...
    work_s: Seconds = 14400.0  # ... after so much work is a break
    rest_s: Seconds = 900.0  # a stop this long ends the stretch of work


class RoadPart(msgspec.Struct, frozen=True, kw_only=True):
    """Part `part` (from 1) of `of` of the packed road graph `version` (see `dispatch.roads.packing`)."""

    id: str
    version: str
    part: Annotated[int, msgspec.Meta(ge=1, le=ROAD_PARTS)]
    of: Annotated[int, msgspec.Meta(ge=1, le=ROAD_PARTS)]
    body: bytes  # base64 where the row went through JSON


class Closure(msgspec.Struct, frozen=True, kw_only=True):
    """A shape (GeoJSON geometry) that hinders traffic: water so deep, a road so narrowed, or closed to all.

    `access` is what fits through: 0 nobody with wheels, 1 motorbikes, 2 and 3 cars too, 4 all. With neither depth nor
    access the road is closed, to everyone; or to the `vehicles` that it names, whom alone it then concerns.
    """

    id: str
    shape: dict[str, Any]
    depth_cm: Annotated[float, msgspec.Meta(ge=0, le=2000)] | None = None
    access: Annotated[int, msgspec.Meta(ge=0, le=4)] | None = None
    name: str = ""  # what people call it, or why
    vehicles: tuple[Literal["foot", "motorbike", "car", "truck", "boat"], ...] = ()  # empty: all
    width_m: Annotated[float, msgspec.Meta(ge=1, le=2000)] = 20.0  # of a barrier drawn as a line or a point
    until_us: int | None = None  # it ends then by itself


class IncidentKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of incident; `id` is the word that incidents bear. What it usually needs is put in place at the opening.

    `depth_cm`: how deep its water is taken to be where somebody draws it and nobody measured; None: it is no water.
    """

    id: str
    name: str = ""
    needs: tuple[Need, ...] = ()
    aliases: tuple[str, ...] = ()  # other words for it, small letters
    depth_cm: Annotated[float, msgspec.Meta(ge=0, le=2000)] | None = None


REGISTRIES: Final[dict[str, type[msgspec.Struct]]] = {
    "devices": Device,
    "vehicles": Vehicle,
    "people": Person,
    "routes": Route,
    "shifts": Shift,
    "assignments": Assignment,
    "calendar": Day,
    "tasks": Task,
    "rules": Rule,
}
SECTIONS: Final[dict[str, type[msgspec.Struct]]] = {  # of the configuration, by what a row of them is
    **REGISTRIES,
    "profiles": Profile,
    "places": Place,
    "areas": Area,
    "zones": Zone,
    "streets": Street,
    "labels": Label,
    "roads": RoadPart,
    "closures": Closure,
    "kinds": IncidentKind,
}
