"""Incidents: open one, list them, and everything that a coordinator does with one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from api.acting import Coordinator, IfMatch, act, incident_of, rows_of, told
from api.answers import json, page
from api.clerks import Clerks, clerks_of, take
from api.commands import DISPATCH, Commands
from api.deps import GivenDeps, commands_of
from api.incidentbodies import (
    Assigned,
    Edited,
    Into,
    Look,
    Moved,
    NewIncident,
    Other,
    PersonOf,
    Seen,
    editing,
    opening,
    reporting,
    within,
)
from api.params import PAGE, AfterText, Limit
from api.roles import Allow
from api.rows import report_row
from core.identity import Identity
from store import read

router = APIRouter(prefix="/api/v1", tags=["incidents"])
_read = [Depends(Allow("incident.read"))]
GivenCommands = Annotated[Commands, Depends(commands_of)]


@router.post(
    "/incidents", summary="Open an incident, a volunteer: report one; asks nobody before `dispatch`", status_code=201
)
async def open_incident(
    deps: GivenDeps,
    commands: GivenCommands,
    identity: Annotated[Identity, Depends(Allow("incident.open"))],
    clerks: Annotated[Clerks, Depends(clerks_of)],
    new: NewIncident,
    key: Annotated[str, Header(alias="Idempotency-Key", max_length=100)] = "",
) -> Response:
    report = identity.role == "volunteer"
    body = reporting(new, deps.city) if report else opening(new, deps.city)
    if report and not await commands.known("incident.open", identity.subject, key):
        take(clerks.reports, identity.subject)
    done = await commands.send("incident.open", identity.subject, body, DISPATCH, key=key)
    opened, remark = await incident_of(deps, done.id), done.reason or None
    if report:
        answer = json(report_row(opened, deps.zone) | {"remark": remark}, 201)
    else:
        answer = await told(opened, deps, 201, remark=remark)
    answer.headers["Location"] = f"/api/v1/incidents/{done.id}"
    return answer


@router.get("/incidents", summary="Incidents, newest first", dependencies=_read)
async def incidents(request: Request, deps: GivenDeps, after: AfterText = None, limit: Limit = PAGE) -> Response:
    found = await read.incidents(deps.pool, after=after, limit=limit)
    return page(request, await rows_of(deps, found.rows), found.next)


@router.get("/incidents/{incident}", summary="One incident, with its revision as the ETag", dependencies=_read)
async def one(deps: GivenDeps, incident: str) -> Response:
    return await told(await incident_of(deps, incident), deps)


@router.patch("/incidents/{incident}", summary="Correct what is known, the needs or the place")
async def edit(
    request: Request, deps: GivenDeps, identity: Coordinator, incident: str, changed: Edited, match: IfMatch = None
) -> Response:
    return await act(request, identity, incident, "edit", editing(changed, deps.city), match)


@router.post("/incidents/{incident}/move", summary="It is elsewhere: who comes is told")
async def move(
    request: Request, deps: GivenDeps, identity: Coordinator, incident: str, place: Moved, match: IfMatch = None
) -> Response:
    within(deps.city, place.lon, place.lat)
    return await act(request, identity, incident, "move", place.model_dump(), match)


_ACTS: Final[Mapping[str, tuple[type[Seen], str]]] = {
    "verify": (Seen, "The report is true"),
    "dispatch": (Seen, "Ask volunteers until its places are filled"),
    "merge": (Into, "It is the same as another one"),
    "unmerge": (Seen, "It is not the same after all"),
    "distinct": (Other, "It is not the same as one that is proposed as such"),
    "close": (Seen, "It is over"),
    "reopen": (Seen, "It is not over"),
    "cancel": (Seen, "There was nothing"),
    "look": (Look, "Ask the nearest to go and see"),
    "assign": (Assigned, "Give a volunteer a place by hand; the matcher never takes it away"),
    "exclude": (PersonOf, "Never ask this volunteer for it"),
    "include": (PersonOf, "They may be asked again"),
    "wake": (Seen, "Ask those off duty who agreed to be woken; severity 3"),
    "pause": (Seen, "Ask nobody more for now"),
    "resume": (Seen, "Ask again"),
    "undo": (Seen, "Take back one's own last command about it, of the last five minutes"),
}


def _add(name: str, kind: type[Seen], summary: str) -> None:
    async def endpoint(
        request: Request, identity: Coordinator, incident: str, body: Any, match: IfMatch = None
    ) -> Response:
        return await act(request, identity, incident, name, body.model_dump() if body else {}, match)

    needed = any(field.is_required() for field in kind.model_fields.values())
    # FastAPI reads the annotation of each act's own body here
    endpoint.__annotations__["body"] = Annotated[kind if needed else kind | None, Body()]
    if not needed:
        endpoint.__defaults__ = (None, None)
    router.add_api_route(
        f"/incidents/{{incident}}/{name}",
        endpoint,
        methods=["POST"],
        summary=summary,
        operation_id=f"{name}_incident",
    )


for _name, (_kind, _summary) in _ACTS.items():
    _add(_name, _kind, _summary)


def _add_city(name: str, summary: str) -> None:
    async def endpoint(commands: GivenCommands, identity: Coordinator) -> Response:
        await commands.send(f"dispatch.{name}", identity.subject, {}, DISPATCH)
        return json({"paused": name == "pause"})

    router.add_api_route(
        f"/dispatch/{name}", endpoint, methods=["POST"], summary=summary, operation_id=f"{name}_dispatch"
    )


_add_city("pause", "Ask nobody in the whole city for now")
_add_city("resume", "Ask again in the whole city")
