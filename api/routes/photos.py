"""Photos of incidents: added by staff, or by volunteers who have a part in it; seen by those who may read incidents."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api.acting import incident_of
from api.answers import json
from api.clerks import Clerks, clerks_of, take
from api.commands import Commands
from api.deps import GivenDeps, commands_of
from api.forms import FILE_MAX
from api.photographing import had_part, photograph
from api.problems import NotFoundError
from api.roles import Allow
from api.times import rfc3339
from core.identity import Identity
from store import photos

router = APIRouter(prefix="/api/v1/incidents/{incident}/photos", tags=["incidents"])
_read = [Depends(Allow("incident.read"))]


@router.post("", summary="Add a photo: JPEG, PNG or WebP of at most 5 MB, as the body or in a form", status_code=201)
async def add(
    request: Request,
    deps: GivenDeps,
    commands: Annotated[Commands, Depends(commands_of)],
    clerks: Annotated[Clerks, Depends(clerks_of)],
    identity: Annotated[Identity, Depends(Allow("incident.photo"))],
    incident: str,
) -> Response:
    await incident_of(deps, incident)
    if identity.role == "volunteer" and not await had_part(deps, identity.subject, incident):
        raise HTTPException(403, "volunteers add photos to what they reported or were asked for")
    take(clerks.photos, identity.subject)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await clerks.forms.read(request)
        raw, cut = form.file, form.cut
    else:
        raw, cut = await clerks.forms.body(request)
    digest = await photograph(
        deps, commands, clerks, incident=incident, person=identity.subject, raw=raw, cut=cut or len(raw) > FILE_MAX
    )
    where = f"/api/v1/incidents/{incident}/photos/{digest}"
    answer = json({"id": digest, "url": where}, 201)
    answer.headers["Location"] = where
    return answer


@router.get("", summary="Its photos, the oldest first", dependencies=_read)
async def listed(deps: GivenDeps, incident: str) -> Response:
    found = await incident_of(deps, incident)
    kept = await photos.sizes(deps.pool, [shot.sha256 for shot in found.photos])
    rows = [
        {"id": shot.sha256, "at": rfc3339(shot.at_us, deps.zone), "by": shot.by}
        | ({"width": kept[shot.sha256][0], "height": kept[shot.sha256][1]} if shot.sha256 in kept else {"gone": True})
        for shot in found.photos
    ]
    return json({"items": rows, "next": None})


@router.get("/{photo}", summary="One, as JPEG", dependencies=_read)
async def one(deps: GivenDeps, incident: str, photo: str, size: Literal["full", "thumb"] = "full") -> Response:
    found = await incident_of(deps, incident)
    named = photo in {shot.sha256 for shot in found.photos}
    image = await photos.image(deps.pool, photo, thumb=size == "thumb") if named else None
    if image is None:
        raise NotFoundError("that photo is not kept, or not any more" if named else "the incident has no such photo")
    return Response(image, media_type="image/jpeg", headers={"Cache-Control": "no-store"})
