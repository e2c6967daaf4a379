"""Where everything is now, as GeoJSON."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answers import collection
from api.deps import GivenDeps, hub_of
from api.hub import Box, Hub
from api.params import BoxText, IdText, box
from api.problems import LaterError
from api.roles import Allow
from api.rows import State, point, position_properties, state_of
from api.times import rfc3339
from core.live import Live

router = APIRouter(prefix="/api/v1", tags=["live"])
Class = Annotated[str | None, Query(alias="class", max_length=40)]


@router.get("/positions", summary="The latest position of every device", dependencies=[Depends(Allow("fleet.read"))])
async def positions(
    request: Request,
    deps: GivenDeps,
    hub: Annotated[Hub, Depends(hub_of)],
    bbox: BoxText = None,
    cls: Class = None,
    state: State | None = None,
    device: IdText = None,
) -> Response:
    if not hub.ready.is_set():
        raise LaterError("the latest positions have not been read yet; try again in a second")
    now_us, zone, window = deps.clock.now_us(), deps.zone, box(bbox)
    rows = [
        live
        for live in hub.rows.values()
        if hub.seen(live.device) and _wanted(live, window, cls, device) and state in (None, state_of(live, now_us))
    ]
    features = [
        point(live.lon, live.lat, position_properties(live, hub.vehicles.get(live.device), now_us, zone), live.device)
        for live in rows
    ]
    return collection(request, features, time=rfc3339(now_us, zone))


def _wanted(live: Live, window: Box | None, cls: str | None, device: str | None) -> bool:
    inside = window is None or window.shows(live)
    return inside and cls in (None, live.cls) and device in (None, live.device)
