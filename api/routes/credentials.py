"""Credentials of a device: which it has, a new one, one in the place of another, and their end."""

from __future__ import annotations

import logging
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Body, Depends
from starlette.responses import Response

from api.answers import json
from api.deps import Deps, GivenDeps
from api.problems import NotFoundError, ParameterError
from api.roles import Allow
from api.times import parse_us, rfc3339, rfc3339_or_none
from core.identity import Identity
from core.naming import storable
from core.units import TIMES_US
from store import credentials, read
from store.credentials import NewToken, TokenInfo

OVERLAP_S: Final = 24 * 3600
OVERLAP_MAX_S: Final = 90 * 24 * 3600
_PATH: Final = "/devices/{device}/credentials"
Given = Annotated[dict[str, Any] | None, Body(description="label, expires (RFC 3339); rotate: overlap_s, expires")]
Writer = Annotated[Identity, Depends(Allow("credential.write"))]
logger: Final = logging.getLogger("ronda.api")
router = APIRouter(prefix="/api/v1", tags=["credentials"])


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a new credential is for, until when, and how long an old one goes on beside it."""

    label: Annotated[str, msgspec.Meta(max_length=200)] = ""
    expires: str | float | None = None
    overlap_s: Annotated[int, msgspec.Meta(ge=0, le=OVERLAP_MAX_S)] = OVERLAP_S


@router.get(_PATH, summary="Credentials of a device, newest first, without their secrets")
async def listed(deps: GivenDeps, device: str, _: Annotated[Identity, Depends(Allow("registry.read"))]) -> Response:
    await _demand_device(deps, device)
    found = await credentials.list_tokens(deps.pool, device=device)
    return json({"items": [_shown(deps, token) for token in found], "next": None})


@router.post(_PATH, summary="A new credential; its secret is in this answer only")
async def make(deps: GivenDeps, device: str, identity: Writer, body: Given = None) -> Response:
    await _demand_device(deps, device)
    wanted = _wanted(body)
    made, now_us = credentials.new_token(device, device), deps.clock.now_us()
    expires_us = _expires_us(deps, wanted)
    await credentials.store_tokens(deps.pool, [made], label=wanted.label, expires_us=expires_us, now_us=now_us)
    _note("made", identity, device, [made.id])
    return await _given(deps, made, [])


@router.post(f"{_PATH}/rotate", summary="A new credential; the old ones end after overlap_s")
async def rotate(deps: GivenDeps, device: str, identity: Writer, body: Given = None) -> Response:
    await _demand_device(deps, device)
    wanted = _wanted(body)
    done = await credentials.rotate_tokens(
        deps.pool,
        device=device,
        overlap_s=wanted.overlap_s,
        expires_us=_expires_us(deps, wanted),
        now_us=deps.clock.now_us(),
    )
    if done is None:
        raise NotFoundError(f"{device} has no live credential to rotate; make one")
    made, old = done
    _note("rotated", identity, device, [made.id, *old])
    return await _given(deps, made, old)


@router.delete(f"{_PATH}/{{token}}", summary="Make a credential worthless at once")
async def revoke(deps: GivenDeps, device: str, token: str, identity: Writer) -> Response:
    own = {info.id for info in await credentials.list_tokens(deps.pool, device=device)}
    if token not in own or not await credentials.revoke_token(deps.pool, token, deps.clock.now_us()):
        raise NotFoundError(f"{device} has no live credential {token}")
    _note("revoked", identity, device, [token])
    return Response(status_code=204)


async def _demand_device(deps: Deps, device: str) -> None:
    if await read.registry_row(deps.pool, "devices", device) is None:
        raise NotFoundError(f"there is no device {device}; register it first")


def _wanted(body: dict[str, Any] | None) -> Wanted:
    try:
        wanted = msgspec.convert(body or {}, Wanted)
    except msgspec.ValidationError as error:
        raise ParameterError("body", f"cannot be used: {error}") from error
    if not storable(wanted.label):
        raise ParameterError("label", "holds the character NUL or half a character")
    return wanted


def _expires_us(deps: Deps, wanted: Wanted) -> int | None:
    if wanted.expires is None:
        return None
    expires_us = parse_us(str(wanted.expires), "expires", deps.zone)
    if expires_us <= deps.clock.now_us():
        raise ParameterError("expires", "lies in the past")
    if expires_us >= TIMES_US[1]:
        raise ParameterError("expires", "lies after 2105; leave it out for a credential without an end")
    return expires_us


async def _given(deps: Deps, made: NewToken, old: list[str]) -> Response:
    """The one answer that holds a secret."""
    tokens = await credentials.list_tokens(deps.pool, device=made.device)
    shown = next(_shown(deps, token) for token in tokens if token.id == made.id)
    return json(shown | {"secret": made.secret, "in_place_of": old}, 201)


def _shown(deps: Deps, token: TokenInfo) -> dict[str, Any]:
    return {
        "id": token.id,
        "device": token.device,
        "label": token.label,
        "state": token.state(deps.clock.now_us()),
        "created": rfc3339(token.created_us, deps.zone),
        "expires": rfc3339_or_none(token.expires_us, deps.zone),
        "revoked": rfc3339_or_none(token.revoked_us, deps.zone),
        "used": rfc3339_or_none(token.used_us, deps.zone),
    }


def _note(what: str, identity: Identity, device: str, tokens: list[str]) -> None:
    extra = {"action": f"credential.{what}", "subject": identity.subject, "device": device, "tokens": tokens}
    logger.info("a credential was %s", what, extra=extra)
