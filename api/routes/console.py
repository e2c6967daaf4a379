"""What the console asks once at its start, and the streets that it draws without a tile server."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.answers import GEOJSON, json
from api.deps import Deps, GivenDeps
from api.roles import Allow
from api.rows import need_row
from cities import Hazard
from store import read

router = APIRouter(prefix="/api/v1", tags=["console"], dependencies=[Depends(Allow("map.read"))])


@router.get("/console", summary="City, addresses of areas and streets, map style")
async def console(deps: GivenDeps) -> Response:
    streets = await _streets(deps)
    city = deps.city
    return json(
        {
            "city": {
                "code": city.code,
                "name": city.name,
                "tz": city.tz,
                "centre": city.centre,
                "bounds": city.bounds,
                "words": dict(city.words),
                "hazards": [_hazard(hazard) for hazard in city.hazards],
            },
            "language": city.language,
            "demo": deps.demo,
            "map_style_url": deps.map_style_url,
            "areas": "/api/v1/areas",
            "places": "/api/v1/places",
            "streets": "/api/v1/streets" if streets else None,
            "version": deps.version,
        }
    )


@router.get("/streets", summary="Streets of the city, as GeoJSON")
async def streets(deps: GivenDeps) -> Response:
    row = await _streets(deps)
    features = [] if row is None else [{"type": "Feature", "properties": {}, "geometry": _geometry(row)}]
    return json({"type": "FeatureCollection", "features": features}, media=GEOJSON)


async def _streets(deps: Deps) -> dict[str, Any] | None:
    return await read.registry_row(deps.pool, "city", "streets")


def _hazard(hazard: Hazard) -> dict[str, Any]:
    """A kind of incident, for a form: its name, and what it usually needs."""
    return {"kind": hazard.kind, "name": hazard.name, "needs": [need_row(need) for need in hazard.needs]}


def _geometry(row: dict[str, Any]) -> dict[str, Any]:
    """`lines` of the row: each a list of [lon, lat]."""
    return {"type": "MultiLineString", "coordinates": row.get("lines") or []}
