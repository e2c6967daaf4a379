"""What the map is made of, as GeoJSON: known places, the boundary set, zones, street segments."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api.answers import collection, json
from api.deps import GivenDeps
from api.features import common_version, feature_of
from api.given import etag
from api.params import PAGE, AfterText, Limit
from api.problems import NotFoundError
from api.roles import Allow
from core.entries import Section
from store import read

_PATHS: Final[dict[Section, tuple[str, str]]] = {
    "places": ("places", "Known places"),
    "areas": ("areas", "The boundary set"),
    "zones": ("zones", "Zones that people drew"),
    "streets": ("segments", "Street segments that rounds drive along"),
}
router = APIRouter(prefix="/api/v1", tags=["registry"])


def _add(section: Section, path: str, summary: str) -> None:
    async def many(request: Request, deps: GivenDeps, after: AfterText = None, limit: Limit = PAGE) -> Response:
        found = await read.registry(deps.pool, section, after=after, limit=limit)
        features = [feature_of(section, row) for row in found.rows]
        return collection(request, features, found.next, version=common_version(list(found.rows)))

    async def one(deps: GivenDeps, row_id: str) -> Response:
        row = await read.registry_row(deps.pool, section, row_id)
        if row is None:
            raise NotFoundError(f"{path} has no {row_id[:200]!r}")
        answer = json(feature_of(section, row))
        answer.headers["ETag"] = etag(row)
        return answer

    allowed = [Depends(Allow("map.read"))]
    router.add_api_route(f"/{path}", many, summary=f"{summary}, as GeoJSON", operation_id=section, dependencies=allowed)
    router.add_api_route(
        f"/{path}/{{row_id}}", one, summary=f"One of the {path}", operation_id=f"one_of_{section}", dependencies=allowed
    )


for _section, (_path, _summary) in _PATHS.items():
    _add(_section, _path, _summary)
