"""The configuration in force, as config entries built it up; applied in the order of the log.

Rows are checked when they come; what the detectors read is built from them at its first use after a change, or at once
by who must not be stopped by it later (`take`).
"""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property
from typing import Any, Final

import msgspec
import shapely

from core.calendar import Calendar, CityZone, day_number
from core.entities import SECTIONS, Area, Day, Profile, Zone
from core.entries import DISPATCH_ONLY, Config
from core.shaping import polygons_fault
from geo.city.world import World
from geo.meaning.duty import Duties
from geo.meaning.label import Labels
from geo.meaning.purpose import Purposes
from geo.rules.judging import Rulebook

TRUCK: Final = Profile()
PHONE: Final = Profile(
    cls="phone",
    r_in_m=50,
    r_out_m=70,
    noise_m=20,
    exit_s=60,
    tau_s=300,
    min_dwell_s=180,
    silent_after_s=900,
    wake_m=150,
)


class CityFacts(msgspec.Struct, frozen=True):
    """What the detectors read of the row city/city: since when the city's clock is how far ahead of UTC."""

    id: str
    offsets: tuple[tuple[int, int], ...] = ()  # (from_us, offset_s)


TYPES: Final[dict[str, type[msgspec.Struct]]] = {  # sections that decide something here: who is who does not
    "city": CityFacts,
    **{section: kind for section, kind in SECTIONS.items() if section not in {"people", *DISPATCH_ONLY}},
}
USED: Final = tuple(TYPES)
LABELS_MAX: Final = 10_000  # the newest: every change saves the whole section
Rows = dict[str, dict[str, Any]]  # by id
_SHOWN: Final = 200  # characters of an id, in a reason
_KEY: Final = {"profiles": "cls"}
_BUILT_OF: Final = {  # what is derived, and the sections that it follows from
    "profiles": {"profiles"},
    "calendar": {"city", "calendar"},
    "duties": {"city", "calendar", "vehicles", "routes", "shifts", "assignments"},
    "world": {"areas", "places", "zones", "streets"},
    "labels": {*USED} - {"profiles", "devices", "rules"},
    "rules": {"rules", "places"},
}


class GeoConfig:
    """Sections by row id, and what the detectors read of them."""

    def __init__(self, sections: dict[str, Rows] | None = None) -> None:
        self.sections = sections or {}
        self._entities: dict[str, dict[str, Any]] = {}

    def take(self, change: Config) -> bool:
        """`apply`, and build at once what follows from it: whatever fails, nothing has changed."""
        before = self.__dict__.copy()
        try:
            applied = self.apply(change)
            for name in _BUILT_OF if applied else ():
                getattr(self, name)
        except Exception:
            self.__dict__ = before
            raise
        return applied

    def apply(self, change: Config) -> bool:
        """Take a config entry in, whole or (with an error that says why) not at all; False when it decides nothing."""
        section = change.section
        if section not in TYPES:
            return False
        rows = _rows_of(change)
        if not rows and change.op != "set":
            return False
        read = {} if change.op == "delete" else {id_: _read(section, id_, row) for id_, row in rows.items()}
        kept = _changed(self.sections.get(section, {}), change.op, rows)
        if section == "labels":
            kept = dict([*kept.items()][-LABELS_MAX:])
        entities = self.entities(section) | read
        self.sections = self.sections | {section: kept}
        self._entities = self._entities | {section: {id_: entities[id_] for id_ in kept if id_ in entities}}
        for name, sections in _BUILT_OF.items():
            if section in sections:
                self.__dict__.pop(name, None)
        return True

    def entities(self, section: str) -> dict[str, Any]:
        """The rows of a section as entities, by id; a saved row that cannot be read any more is left out."""
        if section not in self._entities:
            read = self._entities[section] = {}
            for id_, row in self.sections.get(section, {}).items():
                with suppress(msgspec.ValidationError):
                    read[id_] = msgspec.convert(row, TYPES[section])
        return self._entities[section]

    def cls(self, device: str) -> str:
        """Class of a device; an unregistered one counts as a truck."""
        known = self.entities("devices").get(device)
        return known.cls if known else "truck"

    def profile(self, device: str) -> Profile:
        """The profile that the device asks for by name, else its class's."""
        known = self.entities("devices").get(device)
        asked = self.profiles.get(known.profile) if known and known.profile else None
        return asked if asked is not None else self.profiles[known.cls if known else "truck"]

    @cached_property
    def profiles(self) -> dict[str, Profile]:
        """By class or name."""
        return {"truck": TRUCK, "phone": PHONE} | self.entities("profiles")

    @cached_property
    def calendar(self) -> Calendar:
        """Days of the city, by its own clock once the configuration tells it."""
        city = self.entities("city").get("city")
        zone = CityZone(city.offsets) if city and city.offsets else None
        return Calendar(zone, self.entities("calendar"))

    @cached_property
    def duties(self) -> Duties:
        """Who drives what, and when they work."""
        of = self.entities
        return Duties(self.calendar, of("assignments").values(), of("vehicles"), of("routes"), of("shifts"))

    @cached_property
    def world(self) -> World:
        """Areas, places, zones and streets as the kernels read them."""
        of = self.entities
        return World(of("areas").values(), of("places").values(), of("zones").values(), of("streets").values())

    def zones_at(self, lon: float, lat: float) -> list[str]:
        """Keys of the zones that contain a point."""
        return [key for key in self.world.fences_at(lon, lat) if key.startswith("zone:")]

    @cached_property
    def labels(self) -> Labels:
        """What a dwell is for."""
        of = self.entities
        return Labels(Purposes(self.world, of("places"), of("tasks").values(), of("labels"), self.duties, self.profile))

    @cached_property
    def rules(self) -> Rulebook:
        """Rules that are switched on, by what they watch."""
        return Rulebook(self.entities("rules").values(), self.entities("places").values())


def _rows_of(change: Config) -> Rows:
    """Rows by id; of the city only its facts, not the streets that maps draw."""
    key = _KEY.get(change.section, "id")
    if any(not isinstance(row.get(key), str) for row in change.rows):
        raise ValueError(f"a row has no {key} that is text")
    return {row[key]: row for row in change.rows if change.section != "city" or row[key] == "city"}


def _changed(known: Rows, op: str, rows: Rows) -> Rows:
    """The rows of a section after a change."""
    if op == "delete":
        return {id_: row for id_, row in known.items() if id_ not in rows}
    return rows if op == "set" else known | rows


def _read(section: str, id_: str, row: dict[str, Any]) -> Any:
    """A row as its entity; raises `ValueError` that names the row and says what is wrong with it."""
    try:
        entity = msgspec.convert(row, TYPES[section])
        if isinstance(entity, Area | Zone):
            _check_rings(entity)
        if isinstance(entity, Day):
            day_number(entity.id)
    except ValueError as error:  # msgspec's and shapely's are such, too
        raise ValueError(f"{id_[:_SHOWN]!r}: {error}") from error
    return entity


def _check_rings(entity: Area | Zone) -> None:
    """Refuse a polygon without a shell, and a ring that is none."""
    try:
        shapely.MultiPolygon([(rings[0], rings[1:]) for rings in entity.polygons])
    except (ValueError, IndexError) as error:
        raise ValueError(polygons_fault(entity.polygons) or str(error)) from error
