"""The registry's nouns. Device, vehicle, person and route are separate things, joined by assignments with dates.

All are immutable; a change is a new version that enters the log as a config entry (see `core.entries`).
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, NewType

import msgspec

DeviceId = NewType("DeviceId", str)
VehicleId = NewType("VehicleId", str)
PersonId = NewType("PersonId", str)
RouteId = NewType("RouteId", str)
PlaceId = NewType("PlaceId", str)
AreaId = NewType("AreaId", str)

Lon = Annotated[float, msgspec.Meta(ge=-180, le=180)]  # a comparison with NaN is false: refused too
Lat = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Metres = Annotated[float, msgspec.Meta(ge=0, le=1e7)]
Speed = Annotated[float, msgspec.Meta(ge=0, le=1e3)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e10)]
DUTY_S: Final = 8 * 3600  # a duty that nobody ended is over after this
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


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A round: the service points in order, and a line to draw."""

    id: RouteId
    name: str = ""
    points: tuple[PlaceId, ...] = ()
    line: tuple[tuple[Lon, Lat], ...] = ()


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """Working hours of a day, city time, minutes after midnight; `days` are ISO weekdays 1..7."""

    id: str
    name: str = ""
    start_min: int
    end_min: int
    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)


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


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """A polygon of the city's boundary set (a kelurahan): parts of rings of (lon, lat); the first ring is the shell."""

    id: AreaId
    name: str
    parent: str = ""
    polygons: tuple[tuple[tuple[tuple[Lon, Lat], ...], ...], ...] = ()


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """How one device class moves: the parameters of the dwell kernel, in metres and seconds.

    Defaults are the truck's (measured: F1 .94-.98 at 5, 10 and 30 s sampling with one set). `cls` is the class whose
    default it is, or a name of its own that devices ask for (`Device.profile`).
    """

    cls: str = "truck"
    r_in_m: Metres = 25.0
    r_out_m: Metres = 35.0
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


REGISTRIES: Final[dict[str, type[msgspec.Struct]]] = {
    "devices": Device,
    "vehicles": Vehicle,
    "people": Person,
    "routes": Route,
    "shifts": Shift,
    "assignments": Assignment,
}
