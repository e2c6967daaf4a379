"""Volunteers' own switches: on duty, consent, and whether they may be woken. Their fixes are kept only with both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.answers import json
from api.deps import Deps, GivenDeps
from api.params import NO_NUL
from api.problems import NotFoundError, ParameterError
from api.roles import Allow
from api.times import rfc3339, rfc3339_or_none
from core import duty
from core.entities import AreaId, Person
from core.entries import Config
from core.identity import Identity
from store import read

router = APIRouter(prefix="/api/v1/volunteers", tags=["volunteers"])
Who = Annotated[Identity, Depends(Allow("duty.write"))]


class Wake(BaseModel):
    """Whether they may be asked off duty when an incident is severe, and where they live then."""

    model_config = ConfigDict(extra="forbid")
    on: bool
    area: str | None = Field(None, max_length=128, pattern=NO_NUL)


class Duty(BaseModel):
    """Whether the volunteer is on duty from now."""

    model_config = ConfigDict(extra="forbid")
    on: bool


class Consent(BaseModel):
    """Whether the volunteer agrees, from now, that positions of their duty are kept."""

    model_config = ConfigDict(extra="forbid")
    given: bool


@router.put("/{volunteer}/duty", summary="On duty for eight hours from now, or off; answers after its effect")
async def put_duty(deps: GivenDeps, identity: Who, volunteer: str, body: Duty) -> Response:
    def change(person: Person, now_us: int) -> Person:
        return duty.begin(person, now_us) if body.on else duty.end(person, now_us)

    return json(_shown(await changed(deps, identity, volunteer, change), deps))


@router.put("/{volunteer}/consent", summary="Give consent, or withdraw it, which also ends the duty")
async def put_consent(deps: GivenDeps, identity: Who, volunteer: str, body: Consent) -> Response:
    def change(person: Person, now_us: int) -> Person:
        return duty.consent(person, now_us, given=body.given)

    return json(_shown(await changed(deps, identity, volunteer, change), deps))


@router.put("/{volunteer}/wake", summary="May be woken when it is severe near home, or not")
async def put_wake(deps: GivenDeps, identity: Who, volunteer: str, body: Wake) -> Response:
    def change(person: Person, _now_us: int) -> Person:
        area = person.area if body.area is None else AreaId(body.area)
        if body.on and area is None:
            raise ParameterError("area", "is missing: where they live, so that only what is near wakes them")
        return msgspec.structs.replace(person, wake=body.on, area=area)

    fresh = await changed(deps, identity, volunteer, change)
    return json({"id": fresh.id, "wake": fresh.wake, "area": fresh.area})


async def changed(deps: Deps, identity: Identity, volunteer: str, change: Callable[[Person, int], Person]) -> Person:
    """Read, change and write while nobody else changes the registry."""
    own(identity, volunteer)
    async with deps.register.alone():
        row = await read.registry_row(deps.pool, "people", volunteer)
        person = msgspec.convert(row, Person) if row else None
        if person is None or person.kind != "volunteer":
            raise NotFoundError(f"there is no volunteer {volunteer[:200]!r}")
        now_us = deps.clock.now_us()
        fresh = change(person, now_us)
        if fresh != person:
            rows = (msgspec.to_builtins(fresh),)
            await deps.register([Config(section="people", rows=rows, actor=identity.subject)])
    return fresh


def own(identity: Identity, volunteer: str) -> None:
    """Staff act for anybody, a volunteer for themselves alone."""
    if identity.role == "volunteer" and identity.subject != volunteer:
        raise HTTPException(403, "volunteers may see and change only what is their own")


def _shown(person: Person, deps: Deps) -> dict[str, Any]:
    now_us = deps.clock.now_us()
    on = duty.on_duty(person, now_us)
    return {
        "id": person.id,
        "consent": rfc3339_or_none(person.consent_us, deps.zone),
        "on_duty": on,
        "until": rfc3339(person.duty[-1][1], deps.zone) if on else None,
        "kept": duty.kept(person, now_us),
    }
