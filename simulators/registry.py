"""The registry of the simulated city, as rows of configuration: who is who, and what belongs together since when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from cities import City
from core.boundaries import set_version
from core.entities import (
    Assignment,
    Day,
    Device,
    DeviceId,
    IncidentKind,
    Person,
    PersonId,
    Place,
    Route,
    RouteId,
    Shift,
    Vehicle,
    VehicleId,
)  # fmt: skip
from core.entries import Config, Section
from simulators.clocks import offsets
from simulators.day import on_duty, phone_device, truck_device
from simulators.people import duty
from simulators.rounds import routes
from simulators.streets import Streets

_FIRST_NAMES: Final = ("Yohanis", "Maria", "Petrus", "Ana", "Markus", "Yuliana", "Daniel", "Marta", "Agus", "Rosalina")
_LAST_NAMES: Final = ("Tanau", "Bessie", "Lakusa", "Manefo", "Nubatan", "Seranis", "Otemusu", "Foeran")  # made up
_SKILLS: Final = (("p3k",), (), ("p3k", "evakuasi"), (), ("perahu",), ())
ROUND_THE_CLOCK: Final = Shift(id="simulasi", name="Simulasi", start_min=0, end_min=1440, holidays=True)


def city_configs(
    city: City, streets: Streets | None = None, *, at_us: int, actor: str, scenery: bool = True
) -> list[Config]:
    """What the city itself brings: facts, clock, holidays, profiles, areas, places, shifts; streets to draw, if any.

    Without `scenery` only the places that exist.
    """
    facts: dict[str, Any] = {
        "id": "city", "code": city.code, "name": city.name, "tz": city.tz, "origin": city.origin, "bounds": city.bounds,
        "offsets": offsets(city.tz),
    }  # fmt: skip
    rows = [facts] if streets is None else [facts, {"id": "streets", "lines": streets.lines()}]
    profiles = [{"id": profile.cls, **row} for profile, row in zip(city.profiles, _rows(city.profiles), strict=True)]
    sections: dict[Section, list[dict[str, Any]]] = {
        "city": rows,
        "profiles": profiles,
        "kinds": kind_rows(city),
        "areas": [row | {"version": set_version(city.areas)} for row in _rows(city.areas)],
        "places": _rows(city.places if scenery else city.known_places()),
        "shifts": _rows(city.shifts),
        "calendar": _rows(Day(id=day, name=name) for day, name in city.holidays.items()),
    }
    return _configs(sections, at_us, actor)


def kind_rows(city: City) -> list[dict[str, Any]]:
    """The city's kinds of incident as dispatch follows them."""
    return _rows(
        IncidentKind(id=h.kind, name=h.name, needs=h.needs, aliases=h.aliases, depth_cm=h.depth_cm)
        for h in city.hazards
    )


def fleet_configs(
    city: City, *, trucks: int, volunteers: int, from_us: int, at_us: int, actor: str, duty_us: tuple[int, int]
) -> list[Config]:
    """Trackers in trucks on routes with drivers, and volunteers with phones, all joined since `from_us`.

    Volunteers have consented since then; those who publish are on duty in `duty_us`, else nothing of them is kept. The
    pretended fleet is mid-shift at any hour and day, so its shift works round the clock.
    """
    rounds = routes(city, trucks)
    sections: dict[Section, list[dict[str, Any]]] = {
        "devices": _rows([*_trackers(trucks), *_phones(volunteers)]),
        "vehicles": _rows(vehicle(i) for i in range(trucks)),
        "people": _rows([*(driver(i) for i in range(trucks)), *team(volunteers, from_us, duty_us)]),
        "routes": _rows(_route(i, points) for i, points in enumerate(rounds)),
        "shifts": _rows([ROUND_THE_CLOCK]),
        "assignments": _rows(_assignments(trucks, volunteers, from_us)),
    }
    return _configs(sections, at_us, actor)


def vehicle(number: int) -> Vehicle:
    """Truck `number` (from 0); plates of the series that Kupang uses, numbers made up."""
    return Vehicle(id=VehicleId(f"truk-{number + 1:02d}"), plate=f"DH {8100 + number} XX", group="Armada sampah")


def driver(number: int) -> Person:
    return Person(id=PersonId(f"sopir-{number + 1:02d}"), name=_name(7 * number + 3), kind="driver")


def volunteer(number: int) -> Person:
    skills = _SKILLS[number % len(_SKILLS)]
    return Person(id=PersonId(f"tr-{number + 1:02d}"), name=_name(3 * number), kind="volunteer", skills=skills)


def crew_configs(
    devices: Sequence[str], *, from_us: int, at_us: int, actor: str, duty_us: tuple[int, int]
) -> list[Config]:
    """Volunteers of an exercise, beside those of the city: each with a phone, all on duty in `duty_us`."""
    people = [_rescuer(i, from_us, duty_us) for i in range(len(devices))]
    held = (
        Assignment(id=f"latihan-{i + 1:02d}", from_us=from_us, device=DeviceId(device), person=people[i].id)
        for i, device in enumerate(devices)
    )
    phones = (Device(id=DeviceId(device), cls="phone", name=people[i].name) for i, device in enumerate(devices))
    return _configs({"devices": _rows(phones), "people": _rows(people), "assignments": _rows(held)}, at_us, actor)


def crew_device(number: int) -> str:
    """Phone of the exercise's volunteer `number` (from 0)."""
    return f"latihan-{number + 1:02d}"


def made_up(row: Mapping[str, Any]) -> bool:
    """Whether a person of the register is one of ours, by id and name."""
    found = re.fullmatch(r"(tr|relawan-latihan)-(\d+)", str(row.get("id", "")))
    if found is None:
        return False
    number = int(found[2]) - 1
    return bool(row.get("name") == (volunteer(number) if found[1] == "tr" else _rescuer(number)).name)


def _rescuer(number: int, consent_us: int = 0, duty_us: tuple[int, int] | None = None) -> Person:
    """One of seven comes by car."""
    return Person(
        id=PersonId(f"relawan-latihan-{number + 1:02d}"),
        name=f"{_name(5 * number + 1)} (latihan)",
        kind="volunteer",
        skills=_SKILLS[number % len(_SKILLS)],
        vehicle="car" if number % 7 == 3 else "motorbike",
        consent_us=consent_us,
        duty=duty(*duty_us) if duty_us else (),
    )


def team(volunteers: int, consent_us: int, duty_us: tuple[int, int]) -> Iterable[Person]:
    """The volunteers, who have all consented; those who publish are on duty."""
    publishing = set(on_duty(volunteers))
    for i in range(volunteers):
        spans = duty(*duty_us) if i in publishing else ()
        yield msgspec.structs.replace(volunteer(i), consent_us=consent_us, duty=spans)


def duty_config(volunteers: int, consent_us: int, duty_us: tuple[int, int], *, at_us: int, actor: str) -> Config:
    """The next shift's duty."""
    rows = tuple(_rows(team(volunteers, consent_us, duty_us)))
    return Config(section="people", rows=rows, at_us=at_us, actor=actor, id=f"{actor}-duty-{at_us}")


def _trackers(trucks: int) -> Iterable[Device]:
    return (Device(id=DeviceId(truck_device(i)), cls="truck", name=f"Pelacak {i + 1:02d}") for i in range(trucks))


def _phones(volunteers: int) -> Iterable[Device]:
    return (Device(id=DeviceId(phone_device(i)), cls="phone", name=_name(3 * i)) for i in range(volunteers))


def _route(number: int, points: tuple[Place, ...]) -> Route:
    return Route(
        id=RouteId(f"rute-{number + 1:02d}"),
        name=f"Rute {number + 1:02d}",
        points=tuple(p.id for p in points),
        line=tuple((p.lon, p.lat) for p in points),
    )


def _assignments(trucks: int, volunteers: int, from_us: int) -> Iterable[Assignment]:
    for i in range(trucks):
        truck = vehicle(i).id
        yield Assignment(id=f"pasang-{i + 1:02d}", from_us=from_us, device=DeviceId(truck_device(i)), vehicle=truck)
        yield Assignment(
            id=f"tugas-{i + 1:02d}",
            from_us=from_us,
            vehicle=truck,
            person=driver(i).id,
            route=RouteId(f"rute-{i + 1:02d}"),
            shift=ROUND_THE_CLOCK.id,
        )
    for i in range(volunteers):
        phone = DeviceId(phone_device(i))
        yield Assignment(id=f"relawan-{i + 1:02d}", from_us=from_us, device=phone, person=volunteer(i).id)


def _name(number: int) -> str:
    first, last = number % len(_FIRST_NAMES), (number // len(_FIRST_NAMES) + number) % len(_LAST_NAMES)
    return f"{_FIRST_NAMES[first]} {_LAST_NAMES[last]}"


def _rows(entities: Iterable[msgspec.Struct]) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(entity) for entity in entities]


def _configs(sections: dict[Section, list[dict[str, Any]]], at_us: int, actor: str) -> list[Config]:
    return [
        Config(
            section=section, op="upsert", rows=tuple(rows), at_us=at_us, actor=actor, id=f"{actor}-{section}-{at_us}"
        )
        for section, rows in sections.items()
        if rows
    ]
