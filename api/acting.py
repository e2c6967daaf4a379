"""Commands about incidents and offers: sent, and answered with what became of what they are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json
from api.commands import DISPATCH, Commands
from api.deps import Deps, deps_of
from api.problems import NotFoundError, OvertakenError, ParameterError
from api.roles import Allow
from api.rows import incident_row, offer_row
from core.errors import ConflictError
from core.events import IncidentChanged, OfferChanged
from core.identity import Identity
from dispatch.offers import COMING, THERE
from dispatch.state import LOOK
from store import offers, read

_HEADS: Final = offers.HeadStates(sorted(COMING), sorted(THERE), LOOK)
IfMatch = Annotated[str | None, Header(alias="If-Match", description="the ETag (the revision) that you have seen")]
Coordinator = Annotated[Identity, Depends(Allow("incident.write"))]


async def incident_of(deps: Deps, incident: str) -> IncidentChanged:
    """The newest version; `NotFoundError` when there is none."""
    row = await read.incident(deps.pool, incident)
    if row is None:
        raise NotFoundError(f"there is no incident {incident[:200]!r}")
    return row


async def offer_of(deps: Deps, incident: str, offer: str) -> OfferChanged:
    """The newest version of an offer of this incident; `NotFoundError` when there is none."""
    row = await offers.offer(deps.pool, offer)
    if row is None or row.incident != incident:
        raise NotFoundError(f"incident {incident[:200]!r} has no offer {offer[:200]!r}")
    return row


async def rows_of(deps: Deps, incidents: Sequence[IncidentChanged]) -> list[dict[str, Any]]:
    """Incidents as answers show them: with who comes, and who is really there."""
    heads = await offers.heads(deps.pool, [incident.id for incident in incidents], _HEADS)
    none = offers.Heads()
    return [incident_row(i, deps.zone) | heads.get(i.id, none)._asdict() for i in incidents]


async def told(incident: IncidentChanged, deps: Deps, status: int = 200, **more: Any) -> Response:
    """An incident with its version as the ETag."""
    answer = json((await rows_of(deps, [incident]))[0] | more, status)
    answer.headers["ETag"] = f'"{incident.revision}"'
    return answer


async def act(
    request: Request, identity: Identity, incident: str, name: str, body: dict[str, Any], match: str | None = None
) -> Response:
    """Do something with an incident; refused, the answer holds the version that somebody else made meanwhile."""
    deps, commands = deps_of(request), _commands(request)
    await incident_of(deps, incident)
    revision = _revision(match) if body.get("revision") is None else body["revision"]
    try:
        await commands.send(
            f"incident.{name}", identity.subject, body | {"id": incident, "revision": revision}, DISPATCH
        )
    except ConflictError as refusal:
        newest = await incident_of(deps, incident)
        raise OvertakenError(str(refusal), (await rows_of(deps, [newest]))[0]) from refusal
    return await told(await incident_of(deps, incident), deps)


async def speak(request: Request, identity: Identity, offer: OfferChanged, kind: str, body: dict[str, Any]) -> Response:
    """A coordinator's word about an offer; refused, the answer holds the offer as it is."""
    deps = deps_of(request)
    try:
        await _commands(request).send(kind, identity.subject, {"offer": offer.id} | body, DISPATCH)
    except ConflictError as refusal:
        newest = await offers.offer(deps.pool, offer.id) or offer
        raise OvertakenError(str(refusal), offer_row(newest, deps.zone)) from refusal
    return json(offer_row(await offers.offer(deps.pool, offer.id) or offer, deps.zone))


def _commands(request: Request) -> Commands:
    commands: Commands = request.app.state.commands
    return commands


def _revision(match: str | None) -> int | None:
    """The revision of an `If-Match`; `*` and none are any."""
    text = (match or "*").strip().removeprefix("W/").strip('"')
    if text == "*":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ParameterError("If-Match", "must be the ETag of the incident, its revision in quotes")
    return int(text)
