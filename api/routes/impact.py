"""A page on which a coordinator enters what an incident did; the same as PATCH with `impact`, without a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api import impactpage
from api.acting import Coordinator, incident_of
from api.commands import DISPATCH, Commands
from api.deps import Deps, GivenDeps, commands_of
from api.htmlpages import drill, html_page
from api.placing import what, where
from api.roles import Allow
from core.errors import ConflictError
from core.events import IncidentChanged

router = APIRouter(prefix="/api/v1/incidents/{incident}/impact", tags=["incidents"])
_write = [Depends(Allow("incident.write"))]


@router.get("", summary="A form for what it did", dependencies=_write)
async def form(deps: GivenDeps, incident: str) -> Response:
    return await _page(deps, await incident_of(deps, incident), {}, [])


@router.post("", summary="What was entered in the form; leads to the report", status_code=303)
async def enter(
    request: Request,
    deps: GivenDeps,
    commands: Annotated[Commands, Depends(commands_of)],
    identity: Coordinator,
    incident: str,
) -> Response:
    found = await incident_of(deps, incident)
    typed = parse_qs((await request.body()).decode(errors="replace"), keep_blank_values=True)
    entered = impactpage.read(typed, found.impact)
    if entered.wrong:
        return await _page(deps, found, typed, entered.wrong)
    if entered.changes:
        body = {"id": incident, "revision": found.revision, "impact": entered.changes}
        try:
            await commands.send("incident.edit", identity.subject, body, DISPATCH)
        except ConflictError as refusal:
            return await _page(deps, await incident_of(deps, incident), typed, [str(refusal)])
    return RedirectResponse(f"/api/v1/incidents/{incident}/report?kind=berkala", 303)


async def _page(deps: Deps, found: IncidentChanged, typed: Mapping[str, list[str]], wrong: Sequence[str]) -> Response:
    place = f"Dampak: {what(deps, found)}, {await where(deps, found)}"
    title, parts = drill(place, impactpage.markup(found.impact, typed, wrong), exercise=found.exercise)
    return html_page(title, parts, status=409 if wrong else 200, posts=True)
