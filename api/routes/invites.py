"""Invitations: made by staff for a person, shown and answered on the phone, without any other credential."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Annotated, Any, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api import invitepage, inviting
from api.answers import json
from api.bodies import Bodies
from api.deps import Deps, GivenDeps, hub_of
from api.gate import SECRET
from api.inviting import GoneError
from api.phoneapps import qr_svg
from api.problems import STORE_DOWN, LaterError, NotFoundError
from api.roles import Allow
from api.times import rfc3339
from core.identity import Identity
from store import invites

logger: Final = logging.getLogger("ronda.api")
router = APIRouter(tags=["invitations"])


@router.post("/api/v1/people/{person}/invite", summary="A link and a QR code that set up this person's phone, once")
async def invite(
    deps: GivenDeps, person: str, identity: Annotated[Identity, Depends(Allow("people.write"))]
) -> Response:
    if await inviting.person_of(deps, person) is None:
        raise NotFoundError(f"there is no person {person}; register them first")
    made = await invites.create_invite(deps.pool, person=person, actor=identity.subject, now_us=deps.clock.now_us())
    secret, expires_us = made
    url = f"{deps.public_url.rstrip('/')}/i/{secret}"
    extra = {"action": "invite.made", "person": person, "subject": identity.subject}
    logger.info("an invitation was made", extra=extra)
    return json({"person": person, "url": url, "expires": rfc3339(expires_us, deps.zone), "qr": qr_svg(url)}, 201)


@router.get("/i/{secret}", include_in_schema=False)
async def show(deps: GivenDeps, secret: str) -> Response:
    """The page; looking at it uses nothing up, since messengers fetch every link for a preview."""
    try:
        person = await _waiting(deps, secret)
    except STORE_DOWN:
        return invitepage.later()
    if person is None:
        return invitepage.gone()
    name = person.get("name") or person["id"]
    return invitepage.invitation(name, deps.city.name, volunteer=person.get("kind") == "volunteer")


@router.post("/i/{secret}", include_in_schema=False)
async def answer(request: Request, deps: GivenDeps, secret: str) -> Response:
    """Its button: sets up the phone, once."""
    bodies: Bodies = request.app.state.bodies
    try:
        if await _waiting(deps, secret) is None:
            return invitepage.gone()
        form = parse_qs((await bodies.read(request)).decode(errors="replace"))
        done = await inviting.answer(deps, secret, consent=form.get("consent") == ["yes"])
        with suppress(*STORE_DOWN):  # the secret is shown now or never; the map looks again by itself
            await hub_of(request).name_vehicles()
        return invitepage.ready(done)
    except GoneError:
        return invitepage.gone()
    except (LaterError, *STORE_DOWN) as error:
        logger.warning("an invitation has to wait: %s", error, extra={"action": "invite.later"})
        return invitepage.later()


async def _waiting(deps: Deps, secret: str) -> dict[str, Any] | None:
    """The person of an invitation that can be answered now."""
    found = await invites.find_invite(deps.pool, secret) if SECRET.fullmatch(secret) else None
    if found is None or not found.open(deps.clock.now_us()):
        return None
    return await inviting.person_of(deps, found.person)
