"""Closures as people draw them: shown as features, and refused where dispatch could not use them."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any, Final

import msgspec
import shapely
import shapely.geometry

from api.deps import CityInfo, Deps
from api.problems import ParameterError
from api.rows import registry_row
from core.entities import Closure
from core.errors import ConflictError
from dispatch.reach import checked, lasts
from dispatch.roads.closing import MAX_CLOSURES
from store import read

_ALL: Final = 10 * MAX_CLOSURES


def closure_feature(row: dict[str, Any], now_us: int, zone: tzinfo) -> dict[str, Any]:
    """A closure as a feature; `in_force` is false once its time is over."""
    until_us = row.get("until_us")
    properties = registry_row({name: value for name, value in row.items() if name != "shape"}, zone)
    properties["in_force"] = until_us is None or until_us > now_us
    return {"type": "Feature", "id": row["id"], "geometry": row.get("shape"), "properties": properties}


async def check_closure(deps: Deps, closure: Closure) -> None:
    """Raises `ParameterError` for what cannot be used, `ConflictError` when there are too many."""
    if not lasts(closure, now_us := deps.clock.now_us()):
        raise ParameterError("until", "is over already; leave it out while nobody knows")
    try:
        checked([], [closure])
    except ConflictError as error:
        raise ParameterError("geometry", str(error).removeprefix("the hazard ")) from error
    if not _meets(deps.city, closure):
        raise ParameterError("geometry", f"lies outside {deps.city.name}; longitude comes before latitude")
    known = [msgspec.convert(row, Closure) async for row in read.registry_rows(deps.pool, "closures")]
    if sum(lasts(other, now_us) for other in known[:_ALL] if other.id != closure.id) >= MAX_CLOSURES:
        raise ConflictError(f"{MAX_CLOSURES} closures are in force already; end some first")


def _meets(city: CityInfo, closure: Closure) -> bool:
    """Whether a corner lies in the city, or the city in the shape."""
    shape = shapely.geometry.shape(closure.shape)
    inside = any(city.holds(lon, lat) for lon, lat in shapely.get_coordinates(shape).tolist())
    return inside or bool(shapely.intersects_xy(shapely.make_valid(shape), *city.centre))
