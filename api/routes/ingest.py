"""Positions by HTTP, each dialect with the answers that its clients expect. 2xx only after the log has it."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Query
from starlette.requests import Request
from starlette.responses import Response

from api import ingesting
from api.answers import json
from api.bodies import Bodies
from api.deps import Deps, GivenDeps
from api.ingesting import DROPPED, TRACCAR, Osmand, Refused
from api.problems import LaterError, ParameterError, problem
from api.speakers import CHALLENGE, GivenSpeaker, Speaker, identity_of, note_knock, with_identity
from core.naming import looks_secret
from core.rejects import Reject
from ingest.refusals import how_many

MALFORMED: Final = frozenset({"not_json", "unknown_type", "missing_field", "too_large"})
WHOLE: Final = frozenset({"unknown_device", "forbidden", "too_large"})  # one reject for all of a message
DeviceQuery = Annotated[str, Query(max_length=200, description="whose fixes; else the credential's device")]
NameQuery = Annotated[str, Query(max_length=200)]
router = APIRouter(prefix="/ingest", tags=["ingest"])


def bodies_of(request: Request) -> Bodies:
    """The reader of bodies."""
    bodies: Bodies = request.app.state.bodies
    return bodies


GivenBodies = Annotated[Bodies, Depends(bodies_of)]


@router.post("/v1/fixes", summary="Native fixes: one object or an array")
async def native(
    request: Request, deps: GivenDeps, speaker: GivenSpeaker, bodies: GivenBodies, device: DeviceQuery = ""
) -> Response:
    own = speaker.identity.device if speaker.identity else None
    name = device or own or speaker.user
    if not name:
        raise ParameterError("device", "is not named: add ?device=ID, or send the device's own secret")
    payload = await bodies.read(request)
    rejects = await taken(deps, ingesting.native_topic(name), payload, speaker)
    return _report(rejects, ingesting.elements(payload))


@router.post("/owntracks", summary="OwnTracks in HTTP mode")
async def owntracks(request: Request, deps: GivenDeps, speaker: GivenSpeaker, bodies: GivenBodies) -> Response:
    payload = await bodies.read(request)
    if not payload.strip():  # the app does that; it means nothing
        return json([])
    own = speaker.identity.device if speaker.identity else None
    user, name = ingesting.owntracks_names(request.headers, request.query_params, payload)
    rejects = await taken(deps, ingesting.owntracks_topic(own, user, name), payload, speaker)
    status = ingesting.status_of(rejects) if rejects else 200
    return _refused(rejects, status) if status in (403, 413) else json([])


@router.get("/osmand", summary="OsmAnd and the old Traccar Client: the position in the query")
@router.post("/osmand", summary="Traccar Client: form or JSON")
async def osmand(request: Request, deps: GivenDeps, speaker: GivenSpeaker, bodies: GivenBodies) -> Response:
    body = await bodies.read(request)
    try:
        said = ingesting.osmand_of(request.url.query, body)
        speaker, said = await _by_secret(request, deps, speaker, said)
        topic = ingesting.osmand_topic(said.device)
    except ParameterError as error:
        return problem(400, str(error))
    rejects = [reject for reject in await taken(deps, topic, said.payload, speaker) if reject.reason != DROPPED]
    status = ingesting.status_of(rejects) if rejects else 200
    if status == 422 or (status == 404 and not said.is_json):
        status = 400
    stuck: Refused = request.app.state.refused
    if status == 400 and ingesting.passable(rejects) and stuck.again(said.device, said.payload):
        status = 200
    return _refused(rejects, status) if status != 200 else Response()


async def _by_secret(request: Request, deps: Deps, speaker: Speaker, said: Osmand) -> tuple[Speaker, Osmand]:
    """Who sends, where the id may be a secret. From here on the id is the device's."""
    if not looks_secret(said.device):
        if not speaker.proven:
            note_knock(request, deps, said.device, "no secret was sent")
            raise HTTPException(401, "send the device's secret: in Basic, or as the device identifier", CHALLENGE)
        own = speaker.identity.device if speaker.identity else None
        return speaker, said if said.device or own is None else said._replace(device=own)
    identity = await identity_of(deps, said.device)
    if identity is None:
        raise HTTPException(401, "the device identifier looks like a secret and opens nothing", CHALLENGE)
    if identity.device is None:
        raise HTTPException(403, "the secret used as device identifier belongs to no device")
    if speaker.identity is None or speaker.secret == said.device:
        speaker = with_identity(speaker, identity, said.device)
    return speaker, ingesting.renamed(said, identity.device)


@router.post("/traccar", summary="Position forwarding of a Traccar server (JSON)")
async def traccar(request: Request, deps: GivenDeps, speaker: GivenSpeaker, bodies: GivenBodies) -> Response:
    payload = await bodies.read(request)
    return _judged(await taken(deps, TRACCAR, payload, speaker))


@router.post("/chirpstack", summary="ChirpStack's HTTP integration (JSON)")
async def chirpstack(
    request: Request, deps: GivenDeps, speaker: GivenSpeaker, bodies: GivenBodies, event: NameQuery = "up"
) -> Response:
    payload = await bodies.read(request)
    topic = ingesting.chirpstack_topic(event, payload)
    return _judged([] if topic is None else await taken(deps, topic, payload, speaker))


async def taken(deps: Deps, topic: str, payload: bytes, speaker: Speaker) -> list[Reject]:
    """What was refused of a message that is now on disk."""
    if deps.submit is None:
        raise LaterError("this server takes no positions by HTTP")
    clean = speaker.scrubbed(topic.encode(errors="replace")).decode()
    return await deps.submit(clean, speaker.scrubbed(payload), speaker.identity)


def _report(rejects: list[Reject], offered: int) -> Response:
    """How much was accepted, and what was not."""
    refused = [reject for reject in rejects if reject.reason != DROPPED]
    whole = any(reject.reason in WHOLE for reject in rejects)
    accepted = 0 if whole else max(offered - how_many(rejects), 0)
    if refused and not accepted:
        return _refused(rejects, ingesting.status_of(refused))
    return json({"accepted": accepted, "rejected": ingesting.told(rejects)})


def _judged(rejects: list[Reject]) -> Response:
    """A forwarder must not be made to repeat what was understood and judged; what it cannot know is its own fault."""
    status = ingesting.status_of(rejects) if rejects else 200
    if status in (403, 413) or any(reject.reason in MALFORMED for reject in rejects):
        return _refused(rejects, status)
    return json({"rejected": ingesting.told(rejects)})


def _refused(rejects: list[Reject], status: int) -> Response:
    first = rejects[0]
    more = f", and {len(rejects) - 1} more" if len(rejects) > 1 else ""
    detail = f"{first.reason}: {first.detail}{more}"
    return problem(status, detail, rejected=ingesting.told(rejects))
