"""The registries as they stand: devices, vehicles, people, routes, shifts, assignments; places and areas as GeoJSON."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api.answers import collection, page
from api.deps import GivenDeps
from api.params import PAGE, AfterText, Limit
from api.roles import Allow, Permission
from api.rows import point, registry_row
from store import read

SECTIONS: dict[str, Permission] = {
    "devices": "registry.read",
    "vehicles": "registry.read",
    "people": "people.read",
    "routes": "registry.read",
    "shifts": "registry.read",
    "assignments": "registry.read",
}
router = APIRouter(prefix="/api/v1", tags=["registry"])


def _add(section: str, permission: Permission) -> None:
    async def rows(request: Request, deps: GivenDeps, after: AfterText = None, limit: Limit = PAGE) -> Response:
        found = await read.registry(deps.pool, section, after=after, limit=limit)
        return page(request, [registry_row(row, deps.zone) for row in found.rows], found.next)

    router.add_api_route(
        f"/{section}",
        rows,
        summary=f"The {section}, by id",
        operation_id=section,
        dependencies=[Depends(Allow(permission))],
    )


for _section, _permission in SECTIONS.items():
    _add(_section, _permission)


@router.get("/places", summary="Known places, as GeoJSON", dependencies=[Depends(Allow("map.read"))])
async def places(request: Request, deps: GivenDeps, after: AfterText = None, limit: Limit = PAGE) -> Response:
    found = await read.registry(deps.pool, "places", after=after, limit=limit)
    return collection(request, [_place(row) for row in found.rows], found.next)


def _place(row: dict[str, Any]) -> dict[str, Any]:
    properties = {name: value for name, value in row.items() if name not in ("lon", "lat")}
    return point(row["lon"], row["lat"], properties, row["id"])


@router.get("/areas", summary="The boundary set, as GeoJSON", dependencies=[Depends(Allow("map.read"))])
async def areas(request: Request, deps: GivenDeps, after: AfterText = None, limit: Limit = PAGE) -> Response:
    found = await read.registry(deps.pool, "areas", after=after, limit=limit)
    return collection(request, [_area(row) for row in found.rows], found.next)


def _area(row: dict[str, Any]) -> dict[str, Any]:
    properties = {name: value for name, value in row.items() if name != "polygons"}
    geometry = {"type": "MultiPolygon", "coordinates": row.get("polygons") or []}
    return {"type": "Feature", "id": row["id"], "geometry": geometry, "properties": properties}
