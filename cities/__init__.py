"""What belongs to one city and to no other: its codes, boundaries, places, hours, words.

A city is a package here (`cities/kupang`) or any importable module with a function `city() -> City`; everything
above asks `load`, so that the engine runs in another city by one setting (`RONDA_CITY`).
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.entities import Area, Place, Profile, Shift
from core.errors import ConfigError
from core.events import Need

LonLat = tuple[float, float]
Line = tuple[LonLat, ...]


@dataclass(frozen=True, slots=True)
class Hazard:
    """A kind of incident: the word that incidents bear, the name people read, and what it usually needs."""

    kind: str
    name: str
    needs: tuple[Need, ...]
    kode_bnpb: str = ""  # of the country's code list
    common: bool = False  # offered first to who reports one
    aliases: tuple[str, ...] = ()  # other words that people use for it, small letters
    depth_cm: float | None = None  # of water that somebody draws and nobody measured; None: it is no water


@dataclass(frozen=True, slots=True)
class Alerts:
    """Official alerts (CAP): where they are listed, who issues them, and which kinds of incident they are about."""

    index: str = ""  # address of an RSS or Atom index
    issuers: Mapping[str, str] = field(default_factory=dict)  # end of a sender's name → whom to name
    kinds: tuple[tuple[str, str], ...] = ()  # words in the event's name, in small letters → kind; the first that fits
    other: str = "peringatan"  # kind of an event that none fits

    def kind(self, event: str) -> str:
        """The kind of incident that an event is."""
        return next((kind for words, kind in self.kinds if words in event.casefold()), self.other)


@dataclass(frozen=True, slots=True)
class City:
    """One city; degrees are (lon, lat)."""

    code: str  # of the country's own code list
    name: str
    tz: str  # IANA name; a day is a day of this zone
    language: str
    origin: LonLat  # of the local plane
    bounds: tuple[float, float, float, float]  # west, south, east, north; west > east across the antimeridian
    areas: tuple[Area, ...]
    places: tuple[Place, ...]
    profiles: tuple[Profile, ...]
    shifts: tuple[Shift, ...] = ()
    streets: tuple[Line, ...] = ()  # main roads, drawn roughly; real ones come by import
    made_up: frozenset[str] = frozenset()  # ids of places that only the simulated city has
    stall: LonLat | None = None  # where the simulated truck hides an hour: an eatery that is no known place
    holidays: Mapping[str, str] = field(default_factory=dict)  # ISO date to name
    hazards: tuple[Hazard, ...] = ()
    alerts: Alerts = field(default_factory=Alerts)
    calling_code: str = ""  # of its country's telephones, without the plus
    words: Mapping[str, str] = field(default_factory=dict)

    def known_places(self) -> tuple[Place, ...]:
        """The places that exist; the others are scenery for the simulator and never part of a real installation."""
        return tuple(place for place in self.places if place.id not in self.made_up)

    def profile(self, cls: str) -> Profile:
        """The profile of a device class; raises `ConfigError` for a class that this city has none for."""
        for profile in self.profiles:
            if profile.cls == cls:
                return profile
        raise ConfigError(f"city {self.name} has no profile for device class {cls!r}; add one to its profiles")


def load(name: str) -> City:
    """The city called `name`: a package of `cities`, or the dotted path of a module with `city()`."""
    path = name if "." in name else f"{__name__}.{name}"
    try:
        module = importlib.import_module(path)
        city = module.city()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"no city {name!r}: set RONDA_CITY to a package of cities/ or to a module that has city() ({error})"
        ) from error
    if not isinstance(city, City):
        raise ConfigError(f"{path}.city() must return a cities.City, not {type(city).__name__}")
    return city
