"""Roads that people closed, as GeoJSON. Writing them is in `api.routes.changes`, as of every registry."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answers import collection, json
from api.closing import closure_feature
from api.deps import GivenDeps
from api.given import etag
from api.params import PAGE, AfterText, Limit
from api.problems import NotFoundError
from api.roles import Allow
from store import read

router = APIRouter(prefix="/api/v1/closures", tags=["incidents"], dependencies=[Depends(Allow("map.read"))])
All = Annotated[bool, Query(alias="all", description="those that are over too")]


@router.get("", summary="Roads that are closed, as GeoJSON", operation_id="closures")
async def closures(
    request: Request,
    deps: GivenDeps,
    everything: All = False,
    after: AfterText = None,
    limit: Limit = PAGE,
) -> Response:
    found, now_us = await read.registry(deps.pool, "closures", after=after, limit=limit), deps.clock.now_us()
    features = [closure_feature(row, now_us, deps.zone) for row in found.rows]
    return collection(request, [f for f in features if everything or f["properties"]["in_force"]], found.next)


@router.get("/{row_id}", summary="One closure, with its ETag", operation_id="one_of_closures")
async def one(deps: GivenDeps, row_id: str) -> Response:
    row = await read.registry_row(deps.pool, "closures", row_id)
    if row is None:
        raise NotFoundError(f"closures has no {row_id[:200]!r}")
    answer = json(closure_feature(row, deps.clock.now_us(), deps.zone))
    answer.headers["ETag"] = etag(row)
    return answer
