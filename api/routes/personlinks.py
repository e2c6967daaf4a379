"""The link to a volunteer's own page: shown to be handed out, or made void with all that were."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.answers import json
from api.deps import GivenDeps
from api.personal import link_of
from api.phoneapps import qr_svg
from api.problems import NotFoundError
from api.roles import Allow
from api.routes.people import changed, own
from api.times import rfc3339
from core.entities import Person
from core.identity import Identity
from store import read

router = APIRouter(prefix="/api/v1/volunteers", tags=["volunteers"])
Who = Annotated[Identity, Depends(Allow("duty.write"))]


@router.get("/{volunteer}/link", summary="The link to their own page, and its QR code")
async def link(deps: GivenDeps, identity: Who, volunteer: str) -> Response:
    own(identity, volunteer)
    row = await read.registry_row(deps.pool, "people", volunteer)
    person = msgspec.convert(row, Person) if row else None
    if person is None or person.kind != "volunteer":
        raise NotFoundError(f"there is no volunteer {volunteer[:200]!r}")
    if not deps.link_secret:
        raise NotFoundError("this server signs no links")
    url, until_us = link_of(deps, person)
    return json({"id": person.id, "url": url, "expires": rfc3339(until_us, deps.zone), "qr": qr_svg(url)})


@router.delete("/{volunteer}/link", summary="Links to their page open nothing any more", status_code=204)
async def void(deps: GivenDeps, identity: Who, volunteer: str) -> Response:
    await changed(deps, identity, volunteer, lambda person, _: msgspec.structs.replace(person, links=person.links + 1))
    return Response(status_code=204)
