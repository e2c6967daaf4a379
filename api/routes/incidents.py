"""Incidents: open one, list them, see who was chosen and why."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json, page
from api.commands import DISPATCH, Commands
from api.deps import Deps, GivenDeps, commands_of
from api.params import NO_NUL, PAGE, AfterText, Limit
from api.problems import NotFoundError
from api.roles import Allow
from api.rows import incident_row, plan_row
from core.events import IncidentChanged
from core.identity import Identity
from store import read

router = APIRouter(prefix="/api/v1", tags=["incidents"])
_read = [Depends(Allow("incident.read"))]


class NewIncident(BaseModel):
    """What is known when an incident is opened."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    kind: str = Field(min_length=1, max_length=40, pattern=NO_NUL)
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    severity: Literal[1, 2, 3] = 2
    text: str = Field("", max_length=2000, pattern=NO_NUL)
    exercise: bool = False


@router.post("/incidents", summary="Open an incident; answers after volunteers were chosen", status_code=201)
async def open_incident(
    deps: GivenDeps,
    commands: Annotated[Commands, Depends(commands_of)],
    identity: Annotated[Identity, Depends(Allow("incident.open"))],
    new: NewIncident,
) -> Response:
    done = await commands.send("incident.open", identity.subject, new.model_dump(), DISPATCH)
    found = await _found(deps, done.id)
    answer = json(incident_row(found, deps.zone), 201)
    answer.headers["Location"] = f"/api/v1/incidents/{done.id}"
    return answer


@router.get("/incidents", summary="Incidents, newest first", dependencies=_read)
async def incidents(request: Request, deps: GivenDeps, after: AfterText = None, limit: Limit = PAGE) -> Response:
    found = await read.incidents(deps.pool, after=after, limit=limit)
    return page(request, [incident_row(row, deps.zone) for row in found.rows], found.next)


@router.get("/incidents/{incident}", summary="One incident", dependencies=_read)
async def one(deps: GivenDeps, incident: str) -> Response:
    return json(incident_row(await _found(deps, incident), deps.zone))


@router.get("/incidents/{incident}/plan", summary="Who was chosen, who was not, by which figures", dependencies=_read)
async def plan(deps: GivenDeps, incident: str) -> Response:
    await _found(deps, incident)
    made = await read.plan(deps.pool, incident)
    if made is None:
        raise NotFoundError("nobody has been matched to this incident yet")
    return json(plan_row(made, deps.zone))


async def _found(deps: Deps, incident: str) -> IncidentChanged:
    row = await read.incident(deps.pool, incident)
    if row is None:
        raise NotFoundError(f"there is no incident {incident[:200]!r}")
    return row
