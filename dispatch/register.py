"""The register as dispatch follows it: people, who carries what, areas, the city's clock and kinds, roads and closures.

A change holds from its entry on, whole; one that cannot be used raises, and nothing has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from core.calendar import CityZone
from core.entities import Area, Assignment, Closure, IncidentKind, Person, RoadPart
from core.entries import Config, Section
from core.errors import ConfigError
from dispatch.desk import Desk
from dispatch.people import carriers, device_of
from dispatch.reach import checked, lasts
from dispatch.roads.packing import graph_of

Entity = TypeVar("Entity", Person, Assignment, Area, Closure, IncidentKind)
Follow = Callable[[Desk, Config], dict[str, Any]]  # the parts of the state that change


class _City(msgspec.Struct, frozen=True):
    id: str
    offsets: tuple[tuple[int, int], ...] = ()
    bounds: tuple[float, float, float, float] | None = None
    origin: tuple[float, float] | None = None


def configure(desk: Desk, change: Config) -> None:
    """Take a change in; sections that are not dispatch's change nothing."""
    if change.section in FOLLOWED:
        desk.put(**FOLLOWED[change.section](desk, change), dirty=True)
    if change.section == "assignments":
        readdress(desk, change.actor)


def readdress(desk: Desk, actor: str) -> None:
    """Whose phone is in other hands now is told by the one they carry instead, or by none; a question is put again."""
    who = carriers(desk.state)
    for offer in desk.live():
        if offer.device and who.get(offer.device) != offer.person:
            desk.hand_over(offer, device_of(desk.state, offer.person), actor)


def _people(desk: Desk, change: Config) -> dict[str, Any]:
    return {"people": _followed(desk.state.people, change, Person, lambda person: person.kind == "volunteer")}


def _assignments(desk: Desk, change: Config) -> dict[str, Any]:
    holds = _followed(desk.state.holds, change, Assignment, lambda held: bool(held.device and held.person))
    return {"holds": holds}


def _areas(desk: Desk, change: Config) -> dict[str, Any]:
    return {"areas": _followed(desk.state.areas, change, Area)}


def _closures(desk: Desk, change: Config) -> dict[str, Any]:
    drawn = _followed(desk.state.closures, change, Closure, lambda closure: lasts(closure, desk.now_us))
    if change.op != "delete":  # an end is never refused
        checked(desk.state.incidents.values(), drawn.values())
    return {"closures": drawn}


def _city(_desk: Desk, change: Config) -> dict[str, Any]:
    """The row city/city; what else is kept in the section is not dispatch's."""
    told = [row for row in change.rows if _id(row) == "city" and change.op != "delete"]
    if not told:
        return {}
    city = msgspec.convert(told[-1], _City)
    CityZone(city.offsets)
    return {"offsets": city.offsets, "bounds": city.bounds, "centre": city.origin}


def _kinds(desk: Desk, change: Config) -> dict[str, Any]:
    return {"kinds": _followed(desk.state.kinds, change, IncidentKind)}


def _roads(desk: Desk, change: Config) -> dict[str, Any]:
    """Parts of a new map are gathered beside the one in force, which holds until all are there and can be read."""
    ids = {_id(row) for row in change.rows}
    if change.op == "delete":
        coming = {id_: part for id_, part in desk.state.coming.items() if id_ not in ids}
        return {"coming": coming, "roads": {} if ids & desk.state.roads.keys() else desk.state.roads}
    coming = {} if change.op == "set" else dict(desk.state.coming)
    for row in change.rows:
        part = msgspec.convert(row, RoadPart)
        coming = {id_: other for id_, other in coming.items() if other.version == part.version} | {part.id: part}
    if graph_of(coming.values()) is not None or (change.op == "set" and not ids):
        return {"roads": coming, "coming": {}}
    return {"coming": coming}


FOLLOWED: Final[Mapping[Section, Follow]] = {
    "people": _people,
    "assignments": _assignments,
    "areas": _areas,
    "closures": _closures,
    "city": _city,
    "kinds": _kinds,
    "roads": _roads,
}


def _followed(
    known: Mapping[str, Entity], change: Config, kind: type[Entity], wanted: Callable[[Entity], bool] = lambda _: True
) -> dict[str, Entity]:
    """The rows of a section after a change, those that dispatch asks for."""
    rows = {} if change.op == "set" else dict(known)
    for row in change.rows:
        rows.pop(_id(row), None)
        if change.op != "delete" and wanted(entity := msgspec.convert(row, kind)):
            rows[entity.id] = entity
    return rows


def _id(row: Mapping[str, Any]) -> str:
    if not isinstance(row_id := row.get("id"), str):
        raise ConfigError("a row has no `id`, or one that is no text")
    return row_id
