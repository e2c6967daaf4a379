"""How dispatch stands: who could be asked, what is wanted, and what one more incident would find."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json
from api.deps import GivenDeps
from api.roles import Allow
from api.standing import Standing
from api.times import rfc3339
from dispatch.coverage import PEOPLE, SEVERITY, Coverage

router = APIRouter(prefix="/api/v1/dispatch", tags=["incidents"], dependencies=[Depends(Allow("figures.read"))])
Severity = Annotated[int, Query(ge=1, le=3)]
People = Annotated[int, Query(ge=1, le=20, description="how many it would want")]


@router.get("", summary="How dispatch stands, in figures", operation_id="dispatch")
async def standing(request: Request, deps: GivenDeps) -> Response:
    found, at_us = await _standing(request).figures()
    row: dict[str, Any] = msgspec.to_builtins(found)
    newest = rfc3339(row.pop("newest_us"), deps.zone)
    return json({"at": rfc3339(at_us, deps.zone), "newest": newest, **row})


@router.get("/coverage", summary="One more incident here, now? By area", operation_id="dispatch_coverage")
async def coverage(
    request: Request, deps: GivenDeps, people: People = PEOPLE, severity: Severity = SEVERITY
) -> Response:
    found, at_us = await _standing(request).coverage(people, severity)
    items = [_item(each) for each in found]
    return json({"at": rfc3339(at_us, deps.zone), "people": people, "severity": severity, "items": items})


def _item(each: Coverage) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(each)
    if each.taking is not None:
        row["taking"]["takes"] = [{"incident": incident, "places": many} for incident, many in each.taking.takes]
    return row | {"words": msgspec.to_builtins(each.words)}


def _standing(request: Request) -> Standing:
    found: Standing = request.app.state.standing
    return found
