"""The volunteers: who there are and how many are on duty, what is kept of one, and its end."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json, next_link, streamed
from api.commands import Commands
from api.deps import Deps, GivenDeps, commands_of
from api.erasing import erase
from api.exporting import export
from api.params import PAGE, AfterText, Limit
from api.problems import NotFoundError
from api.pushing import Subscription, subscribe
from api.roles import Allow
from api.routes.people import own
from api.routes.registry import shown
from core.identity import Identity
from store import offers, read
from store.timeline import strength, volunteers

router = APIRouter(prefix="/api/v1/volunteers", tags=["volunteers"])


@router.get(
    "", summary="Volunteers by id, and how many of them are on duty", dependencies=[Depends(Allow("people.read"))]
)
async def register(request: Request, deps: GivenDeps, after: AfterText = None, limit: Limit = PAGE) -> Response:
    found = await volunteers(deps.pool, after=after, limit=limit)
    there = await strength(deps.pool, deps.clock.now_us())
    link = next_link(request, found.next)
    rows = [shown("people", row, deps) for row in found.rows]
    return json({"on_duty": there.on_duty, "registered": there.registered, "items": rows, "next": link}, link=link)


@router.get("/{volunteer}/me", summary="All that is kept of a volunteer, for them")
async def me(deps: GivenDeps, identity: Annotated[Identity, Depends(Allow("own.export"))], volunteer: str) -> Response:
    row = await _volunteer(deps, identity, volunteer)
    return await streamed(export(deps, row), "application/json", f"ronda-{volunteer}.json")


@router.put("/{volunteer}/push", summary="This browser is told too", status_code=204)
async def push(
    deps: GivenDeps, identity: Annotated[Identity, Depends(Allow("own.push"))], volunteer: str, browser: Subscription
) -> Response:
    await _volunteer(deps, identity, volunteer)
    await subscribe(deps, volunteer, browser)
    return Response(status_code=204)


@router.delete("/{volunteer}/push", summary="None of their browsers is told any more", status_code=204)
async def no_push(
    deps: GivenDeps, identity: Annotated[Identity, Depends(Allow("own.push"))], volunteer: str
) -> Response:
    await _volunteer(deps, identity, volunteer)
    await offers.drop_pushes(deps.pool, volunteer)
    return Response(status_code=204)


@router.get("/push-key", summary="What a browser subscribes with", dependencies=[Depends(Allow("self"))])
async def push_key(deps: GivenDeps) -> Response:
    if not deps.push_key:
        raise NotFoundError("this server sends nothing by Web Push")
    return json({"key": deps.push_key})


@router.delete("/{volunteer}", summary="Forget a volunteer: who they were, and where they have been", status_code=204)
async def forget(
    deps: GivenDeps,
    commands: Annotated[Commands, Depends(commands_of)],
    identity: Annotated[Identity, Depends(Allow("own.erase"))],
    volunteer: str,
) -> Response:
    await _volunteer(deps, identity, volunteer)
    await erase(deps, commands, identity.subject, volunteer)
    return Response(status_code=204)


async def _volunteer(deps: Deps, identity: Identity, volunteer: str) -> dict[str, Any]:
    own(identity, volunteer)
    row = await read.registry_row(deps.pool, "people", volunteer)
    if row is None or row.get("kind") != "volunteer":
        raise NotFoundError(f"there is no volunteer {volunteer[:200]!r}")
    return row
