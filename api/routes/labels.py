"""What people know of a stop: its purpose (who supervises), its reason (also its driver)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.answers import json
from api.deps import Deps, GivenDeps
from api.params import NO_NUL
from api.problems import NotFoundError
from api.roles import Allow
from api.sayings import last_of, sayings, spoken
from api.times import rfc3339
from core.calendar import Calendar
from core.entities import Assignment, Label
from core.entries import Config
from core.errors import ConflictError
from core.identity import Identity
from geo.meaning.duty import Duties
from store import joins, read
from store.read import DwellRow

REASON_MAX: Final = 500  # characters
_JOINS: Final = 1000  # assignments of one vehicle that are looked at
router = APIRouter(prefix="/api/v1/dwells", tags=["dwells"])
Text = Annotated[str, Field(max_length=REASON_MAX, pattern=NO_NUL)]


class Labelled(BaseModel):
    """What the stop was for; `null` leaves that to the rules again."""

    model_config = ConfigDict(extra="forbid")
    purpose: Literal["planned", "allowed", "break", "unexplained"] | None
    reason: Text | None = None  # None: what was said stays


class Said(BaseModel):
    """What the driver, or somebody for them, says about the stop."""

    model_config = ConfigDict(extra="forbid")
    reason: Text


@router.post("/{dwell}/label", summary="Say what a stop was for; the row and its alert follow within seconds")
async def label(
    deps: GivenDeps, identity: Annotated[Identity, Depends(Allow("dwell.label"))], dwell: str, body: Labelled
) -> Response:
    found = await _found(deps, dwell)
    changes: dict[str, Any] = {"purpose": body.purpose}
    return await _changed(deps, identity, found, changes if body.reason is None else changes | {"reason": body.reason})


@router.post("/{dwell}/reason", summary="Say why: the driver of the vehicle, or who supervises")
async def reason(
    deps: GivenDeps, identity: Annotated[Identity, Depends(Allow("dwell.reason"))], dwell: str, body: Said
) -> Response:
    found = await _found(deps, dwell, of_driver=identity.role == "driver")
    if identity.role == "driver" and identity.subject not in await _people(deps, found):
        raise HTTPException(403, "drivers may speak only of stops of the vehicle that they then drove")
    return await _changed(deps, identity, found, {"reason": body.reason})


async def _found(deps: Deps, dwell: str, *, of_driver: bool = False) -> DwellRow:
    """The row, if it is one that can be labelled. A driver does not learn which rows of others exist."""
    found = await read.dwell(deps.pool, dwell)
    if found is None:
        if of_driver:
            raise HTTPException(403, "drivers may speak only of stops of the vehicle that they then drove")
        raise NotFoundError(f"there is no dwell {dwell[:200]!r}")
    if found.row.cls == "phone":
        raise ConflictError("this is the stop of a phone: where people stand has no purpose here")
    if found.row.state == "retracted":
        raise ConflictError(f"this row was retracted; label {found.row.merged_into or 'what took its place'}")
    return found


async def _people(deps: Deps, found: DwellRow) -> tuple[str, ...]:
    """Who was in the vehicle when the stop began."""
    row, at_us = found.row, found.row.start_us
    bodies = await joins.joins_of(deps.pool, [row.device])
    if found.vehicle is not None:
        bodies += await joins.joins_naming(deps.pool, "vehicle", found.vehicle, at_us=at_us, limit=_JOINS)
    unique = {body["id"]: msgspec.convert(body, Assignment) for body in bodies}
    return Duties(Calendar(), unique.values()).of(row.device, at_us).people


async def _changed(deps: Deps, identity: Identity, found: DwellRow, changes: dict[str, Any]) -> Response:
    """Write the label with what changed; the same again is no change."""
    dwell, now_us = found.row, deps.clock.now_us()
    async with deps.register.alone():
        body = (await joins.rows_of(deps.pool, "labels", [dwell.id])).get(dwell.id)
        known = msgspec.convert(body, Label) if body else Label(id=dwell.id)
        fresh = spoken(known, changes, identity.subject, now_us)
        if body is None or msgspec.structs.replace(known, **changes) != known:
            fresh = msgspec.structs.replace(fresh, device=dwell.device)
            rows = (msgspec.to_builtins(fresh),)
            await deps.register([Config(section="labels", rows=rows, actor=identity.subject, at_us=now_us)])
    return json(_shown(fresh, deps))


def _shown(label: Label, deps: Deps) -> dict[str, Any]:
    said, last = {"id": label.id, "purpose": label.purpose, "reason": label.reason}, last_of(label)
    return said | {"by": last.by, "at": rfc3339(last.at_us, deps.zone)} | sayings(label, deps.zone)
