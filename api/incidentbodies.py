"""What people send about incidents: checked here, so that a wrong word never enters the log."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from api.deps import CityInfo
from api.params import NO_NUL
from api.problems import ParameterError
from core.entities import Closure
from core.errors import ConflictError
from core.events import Need
from dispatch.reach import checked

_NULLABLE: Final = frozenset({"address", "hazard", "impact", "revision"})
Kind = Annotated[str, Field(min_length=1, max_length=40, pattern=NO_NUL)]
Name = Annotated[str, Field(min_length=1, max_length=128, pattern=NO_NUL)]
Word = Annotated[str, Field(max_length=40, pattern=NO_NUL)]
Text = Annotated[str, Field(max_length=2000, pattern=NO_NUL)]
Lat = Annotated[float, Field(ge=-90, le=90)]
Lon = Annotated[float, Field(ge=-180, le=180)]
Severity = Literal[1, 2, 3]
Count = Annotated[int, Field(ge=0, le=100_000_000, strict=True)]


class Body(BaseModel):
    """What is not known is refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class NeedGiven(Body):
    """People that are wanted: each with this vehicle class (null: whichever) and all these skills."""

    role: Word = ""
    vehicle: Literal["foot", "motorbike", "car", "truck", "boat"] | None = None
    skills: tuple[Word, ...] = Field((), max_length=20)
    count: int = Field(1, ge=1, le=200)


class NewIncident(Body):
    """What is known when an incident is opened."""

    kind: Kind
    lat: Lat
    lon: Lon
    severity: Severity = 2
    text: Text = ""
    exercise: bool = False
    area: Name | None = None
    address: Text | None = None
    needs: tuple[NeedGiven, ...] = Field((), max_length=20)
    hazard: dict[str, Any] | None = None


class Seen(Body):
    """`revision`: the version that the person has seen; a newer one refuses."""

    revision: int | None = None


class ImpactGiven(Body):
    """What it did, as far as it is known: what is left out stays, null is not known after all."""

    deaths: Count | None = None
    missing: Count | None = None
    injured_heavy: Count | None = None
    injured_light: Count | None = None
    displaced_families: Count | None = None
    displaced_persons: Count | None = None
    houses_heavy: Count | None = None
    houses_moderate: Count | None = None
    houses_light: Count | None = None
    facilities: Text | None = None
    losses: Text | None = None
    urgent_needs: Text | None = None
    efforts: Text | None = None


class Edited(Seen):
    """What changes; what is left out stays."""

    kind: Kind | None = None
    severity: Severity | None = None
    text: Text | None = None
    address: Text | None = None
    needs: tuple[NeedGiven, ...] | None = Field(None, max_length=20)
    hazard: dict[str, Any] | None = None
    impact: ImpactGiven | None = None
    lat: Lat | None = None
    lon: Lon | None = None


class Moved(Seen):
    """Where it really is; the area is found by the place unless it is given."""

    lat: Lat
    lon: Lon
    area: Name | None = None
    address: Text | None = None


class Into(Seen):
    """The incident that it is the same as."""

    into: Name


class Other(Seen):
    """The incident that it is not the same as."""

    other: Name


class Look(Seen):
    """How many are asked to go and see."""

    count: int = Field(3, ge=1, le=20)


class PersonOf(Seen):
    """A volunteer."""

    person: Name


class Assigned(PersonOf):
    """A volunteer, and which of the needs (null: the first)."""

    role: Word | None = None


class Spoken(Body):
    """What a volunteer says on the telephone."""

    answer: Literal["accept", "accept_in", "decline", "decline_today", "arrived", "left"]
    minutes: int = Field(0, ge=0, le=240)


def opening(new: NewIncident, city: CityInfo) -> dict[str, Any]:
    """The body of `incident.open`; raises `ParameterError` for a place or a hazard that cannot be."""
    within(city, new.lon, new.lat)
    hazard = None if new.hazard is None else hazard_of(new.hazard)
    return new.model_dump() | {"needs": needs_of(new.needs), "hazard": hazard}


def reporting(new: NewIncident, city: CityInfo) -> dict[str, Any]:
    """The same of a volunteer: a report. Whom it needs, and where nobody gets through, a coordinator says."""
    for name in ("needs", "hazard"):
        if name in new.model_fields_set:
            raise ParameterError(name, "is for coordinators; leave it out of a report")
    return opening(new, city) | {"source": "volunteer"}


def editing(changed: Edited, city: CityInfo) -> dict[str, Any]:
    """The body of `incident.edit`: what was named, and nothing else; address, hazard and impact can be taken away."""
    body = changed.model_dump(exclude_unset=True)
    if none := [name for name, value in body.items() if value is None and name not in _NULLABLE]:
        raise ParameterError(none[0], "cannot be null; leave out what stays as it is")
    if ("lon" in body) != ("lat" in body):
        raise ParameterError("lat" if "lon" in body else "lon", "is missing: a place is both")
    if changed.lon is not None and changed.lat is not None:
        within(city, changed.lon, changed.lat)
    if changed.needs is not None:
        body["needs"] = needs_of(changed.needs)
    if changed.hazard is not None:
        body["hazard"] = hazard_of(changed.hazard)
    return body


def needs_of(given: tuple[NeedGiven, ...]) -> list[dict[str, Any]]:
    """Needs that can be told apart."""
    roles = [need.role for need in given]
    if len(set(roles)) < len(roles) or "look" in roles:
        raise ParameterError("needs", "must differ in `role`, and `look` is taken (use …/look)")
    return [msgspec.to_builtins(Need(**need.model_dump())) for need in given]


def hazard_of(given: dict[str, Any]) -> dict[str, Any]:
    """A geometry, or a feature whose properties are `label`, `depth_cm`, `access`."""
    feature = given.get("type") == "Feature"
    shape, about = (given.get("geometry"), given.get("properties") or {}) if feature else (given, {})
    hazard = {"shape": shape} | {k: about[k] for k in ("label", "depth_cm", "access") if about.get(k) is not None}
    try:
        told = {name: value for name, value in hazard.items() if name != "label"}
        checked([], [msgspec.convert({"id": "hazard", "depth_cm": 0.0} | told, Closure)])
    except (ConflictError, msgspec.ValidationError) as error:
        raise ParameterError("hazard", f"cannot be used: {error}") from error
    return hazard | {"label": str(hazard.get("label", ""))[:200]}


def within(city: CityInfo, lon: float, lat: float) -> None:
    """Refuse a place that is not the city's: nobody here could be sent, and it is mostly a typing error."""
    if not city.holds(lon, lat):
        west, south, east, north = city.bounds
        raise ParameterError(
            "lon, lat",
            f"{lon:g}, {lat:g} lies outside {city.name} (lon {west:g} to {east:g}, lat {south:g} to {north:g}); "
            "correct the place, or pass the report on to those whose it is",
        )
