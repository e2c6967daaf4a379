"""Writing the registries: PUT, POST, DELETE. A change goes through the log and is answered when the archive has it."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Header, Query
from starlette.requests import Request
from starlette.responses import Response

from api import changing
from api.answers import json
from api.changing import Change
from api.deps import Deps, GivenDeps, hub_of
from api.given import WRITTEN, entity_of, etag, new_row_id
from api.roles import Allow, Permission
from api.routes.registry import shown
from core.entries import Section
from core.errors import UnavailableError
from core.identity import Identity

_PERMISSIONS: Final[dict[str, Permission]] = {"people": "people.write", "closures": "incident.write"}
Given = Annotated[dict[str, Any], Body(description="the row, under the names that GET shows")]
Close = Annotated[bool, Query(description="end assignments that contradict it, instead of 409")]
Seen = Annotated[str | None, Header(alias="If-Match", description="the ETag of the row as you have seen it")]
router = APIRouter(prefix="/api/v1", tags=["registry"])


def _add(section: Section, permission: Permission) -> None:
    async def put(
        request: Request,
        deps: GivenDeps,
        row_id: str,
        body: Given,
        close: Close = False,
        seen: Seen = None,
    ) -> Response:
        change = Change(section, _actor(request), seen, close)
        row, new = await changing.put(deps, change, entity_of(section, row_id, body, deps.zone))
        return await _answer(request, deps, section, row, new=new)

    async def post(
        request: Request,
        deps: GivenDeps,
        body: Given,
        close: Close = False,
    ) -> Response:
        row_id = str(body.get("id") or new_row_id(section))
        change = Change(section, _actor(request), None, close)
        entity = entity_of(section, row_id, body, deps.zone)
        row, _ = await changing.put(deps, change, entity, only_new=True)
        return await _answer(request, deps, section, row, new=True)

    async def delete(
        request: Request,
        deps: GivenDeps,
        row_id: str,
        close: Close = False,
        seen: Seen = None,
    ) -> Response:
        await changing.delete(deps, Change(section, _actor(request), seen, close), row_id)
        await _renamed(request)
        return Response(status_code=204)

    for path, method, route in (("/{row_id}", "PUT", put), ("", "POST", post), ("/{row_id}", "DELETE", delete)):
        router.add_api_route(
            f"/{section}{path}",
            route,
            methods=[method],
            summary=f"{method} a row of the {section}; answers after its effect",
            operation_id=f"{method.lower()}_{section}",
            dependencies=[Depends(Allow(permission))],
        )


for _section in WRITTEN:
    _add(_section, _PERMISSIONS.get(_section, "registry.write"))  # type: ignore[arg-type]


def _actor(request: Request) -> str:
    """Who asks; `Allow` has let them in."""
    identity: Identity = request.scope["identity"]
    return identity.subject


async def _answer(request: Request, deps: Deps, section: str, row: dict[str, Any], *, new: bool) -> Response:
    await _renamed(request)
    answer = json(shown(section, row, deps), 201 if new else 200)
    answer.headers["ETag"] = etag(row)
    if new:
        answer.headers["Location"] = f"/api/v1/{section}/{row['id']}"
    return answer


async def _renamed(request: Request) -> None:
    """The map names vehicles by the assignments of now: at once, or, should the database go away, at its next look."""
    with contextlib.suppress(UnavailableError):
        await hub_of(request).name_vehicles()
