"""Who was asked for an incident, why them, what became of it, and what a coordinator enters for them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api.acting import Coordinator, incident_of, offer_of, speak
from api.answers import json, page
from api.deps import Deps, GivenDeps
from api.events import shown_event
from api.incidentbodies import Spoken
from api.params import PAGE, AfterText, Limit
from api.problems import NotFoundError
from api.roles import Allow
from api.rows import offer_row, plan_row
from core.events import OfferChanged
from store import offers, read
from store.timeline import Said, timeline

router = APIRouter(prefix="/api/v1/incidents/{incident}", tags=["incidents"])
_read = [Depends(Allow("incident.read"))]


@router.get("/offers", summary="Who was asked, in that order, and what became of it", dependencies=_read)
async def of_incident(
    request: Request, deps: GivenDeps, incident: str, after: AfterText = None, limit: Limit = PAGE
) -> Response:
    await incident_of(deps, incident)
    found = await offers.offers_of_incident(deps.pool, incident, after=after, limit=limit)
    return page(request, [offer_row(row, deps.zone) for row in found.rows], found.next)


@router.post("/offers/{offer}/answer", summary="What a volunteer says on the telephone: an answer, there, gone again")
async def answer_for(
    request: Request, deps: GivenDeps, identity: Coordinator, incident: str, offer: str, said: Spoken
) -> Response:
    found = await offer_of(deps, incident, offer)
    if said.answer in ("arrived", "left"):
        return await speak(request, identity, found, f"offer.{said.answer}_for", {})
    return await speak(request, identity, found, "offer.answer_for", said.model_dump())


@router.post("/offers/{offer}/lock", summary="The place is theirs: the matcher never takes it away")
async def lock(request: Request, deps: GivenDeps, identity: Coordinator, incident: str, offer: str) -> Response:
    return await speak(request, identity, await offer_of(deps, incident, offer), "offer.lock", {})


@router.post("/offers/{offer}/stand_down", summary="They need not come, or may go")
async def stand_down(request: Request, deps: GivenDeps, identity: Coordinator, incident: str, offer: str) -> Response:
    return await speak(request, identity, await offer_of(deps, incident, offer), "offer.stand_down", {})


@router.get("/plan", summary="Who was chosen, who was not, by which figures", dependencies=_read)
async def plan(deps: GivenDeps, incident: str) -> Response:
    await incident_of(deps, incident)
    made = await read.plan(deps.pool, incident)
    if made is None:
        raise NotFoundError("nobody has been matched to this incident yet")
    return json(plan_row(made, deps.zone))


@router.get("/timeline", summary="All that happened to it, in order, and by whom", dependencies=_read)
async def history(
    request: Request, deps: GivenDeps, incident: str, after: AfterText = None, limit: Limit = PAGE
) -> Response:
    await incident_of(deps, incident)
    found = await timeline(deps.pool, incident, after=after, limit=limit)
    return page(request, [_told(said, deps) for said in found.rows], found.next)


def _told(said: Said, deps: Deps) -> dict[str, Any]:
    """An event with the command that it followed from; without one it followed from time, positions or the register."""
    event = said.event
    kind = event.__struct_config__.tag
    who = said.actor or (event.actor if isinstance(event, OfferChanged) else "") or None
    return {"seq": said.seq, "kind": kind, "act": said.act, "who": who} | shown_event(event, deps.zone)
