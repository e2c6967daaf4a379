"""Why is it not on the map? And the strangers whose fixes wait, and taking them in."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from api import changing
from api.answers import json, page
from api.deps import Deps, GivenDeps, hub_of
from api.given import new_row_id
from api.hub import Hub
from api.ingesting import device_name
from api.params import NO_NUL, PAGE, Limit
from api.roles import Allow, may
from api.rows import clock_row, registry_row, reject_row, state_of
from api.times import rfc3339, rfc3339_or_none
from api.whys import Case, Check, checks, verdict
from core import entities
from core.entities import Assignment, Device, DeviceClass, VehicleId
from core.fixes import Flag
from core.heard import Heard, Knock
from core.identity import Identity
from core.live import Live
from ingest.dialects import NAMES
from store.credentials import TokenInfo
from store.held import HeldDevice, held_devices
from store.why import held_of, known

DeviceText = Annotated[str, Path(min_length=1, max_length=200, pattern=NO_NUL)]
router = APIRouter(prefix="/api/v1", tags=["registry"])


@router.get("/devices/{device}/why", summary="Why is it not on the map?")
async def why(
    deps: GivenDeps,
    hub: Annotated[Hub, Depends(hub_of)],
    identity: Annotated[Identity, Depends(Allow("registry.read"))],
    device: DeviceText,
) -> Response:
    now_us = deps.clock.now_us()
    found = await known(deps.pool, deps.log, device, now_us)
    case = Case(known=found, live=hub.rows.get(device), standstill=deps.standstill(), now_us=now_us, zone=deps.zone)
    looked = checks(case)
    first = deps.city.language
    in_full = may(identity.role, "rejects.read")
    return json(
        {
            "device": device,
            "at": rfc3339(now_us, deps.zone),
            "ok": all(check.ok is not False for check in looked),
            "verdict": verdict(looked).row(first),
            "checks": [_check(check, first) for check in looked],
            "registered": None if found.row is None else registry_row(dict(found.row), deps.zone),
            "vehicle": found.vehicle,
            "person": found.person.id if found.person else None,
            "credentials": [_token(token, now_us, deps) for token in found.tokens],
            "heard": _seen(_heard(found.heard, deps), "payload", in_full=in_full),
            "knock": _seen(_knock(found.knock, deps), "client", in_full=in_full),
            "reject": _seen(found.reject and reject_row(*found.reject, deps.zone), "payload", in_full=in_full),
            "position": _position(case.live, now_us, deps),
            "held": None if found.held is None else _held(found.held, deps),
        }
    )


@router.get("/held", summary="Strangers whose fixes wait for a registration, heard last first")
async def held(
    request: Request,
    deps: GivenDeps,
    _: Annotated[Identity, Depends(Allow("registry.read"))],
    limit: Limit = PAGE,
) -> Response:
    found = await held_devices(deps.pool, limit=limit)
    return page(request, [_held(row, deps) for row in found], None)


class Adoption(BaseModel):
    """How a stranger is registered."""

    cls: DeviceClass = Field("truck", alias="class")
    name: str = Field("", max_length=200, pattern=NO_NUL)
    vehicle: str | None = Field(None, max_length=200, pattern=NO_NUL)


@router.post("/devices/{device}/adopt", summary="Register a stranger; the fixes that were held of it come with it")
async def adopt(
    deps: GivenDeps,
    identity: Annotated[Identity, Depends(Allow("registry.write"))],
    device: DeviceText,
    wanted: Annotated[Adoption | None, Body()] = None,
) -> Response:
    wanted = wanted or Adoption()  # type: ignore[call-arg]  # its fields have defaults, under aliases
    waiting = await held_of(deps.pool, device)
    entity = Device(id=entities.DeviceId(device_name(device)), cls=wanted.cls, name=wanted.name)
    joined = None
    if wanted.vehicle:
        from_us = waiting.oldest_us if waiting else deps.clock.now_us()
        joined = Assignment(
            id=new_row_id("assignments"), from_us=from_us, device=entity.id, vehicle=VehicleId(wanted.vehicle)
        )
    row = await changing.adopt(deps, identity.subject, entity, joined)
    return json({"device": registry_row(row, deps.zone), "fixes": waiting.row.fixes if waiting else 0})


def _seen(row: dict[str, Any] | None, raw: str, *, in_full: bool) -> dict[str, Any] | None:
    """A row; what a stranger sent, as it was sent, is null for those who may not read rejects."""
    return row if row is None or in_full else row | {raw: None}


def _check(check: Check, first: str) -> dict[str, Any]:
    remedy = None if check.remedy is None else check.remedy.row(first)
    return {"check": check.name, "ok": check.ok, "detail": check.detail.row(first), "remedy": remedy}


def _token(token: TokenInfo, now_us: int, deps: Deps) -> dict[str, Any]:
    times = ("created", "expires", "revoked", "used")
    said = {name: rfc3339_or_none(getattr(token, f"{name}_us"), deps.zone) for name in times}
    return {"id": token.id, "label": token.label, "state": token.state(now_us), **said}


def _heard(heard: Heard | None, deps: Deps) -> dict[str, Any] | None:
    if heard is None:
        return None
    return {
        "received": rfc3339(heard.received_us, deps.zone),
        "source": heard.source,
        "topic": heard.topic,
        "dialect": heard.dialect,
        "payload": heard.payload.decode(errors="replace"),
        "outcome": heard.outcome,
        "reason": heard.reason or None,
        "detail": heard.detail,
        "fixes": heard.fixes,
        "time": rfc3339_or_none(heard.time_us, deps.zone),
        "lon": heard.lon,
        "lat": heard.lat,
        "speed": heard.speed_mps,
        "flags": [str(flag.name).lower() for flag in Flag if heard.flags & flag],
        "clock_error_s": heard.clock_error_s,
        "lateness_s": heard.lateness_s,
        "by": heard.by,
    }


def _knock(knock: Knock | None, deps: Deps) -> dict[str, Any] | None:
    if knock is None:
        return None
    return {"at": rfc3339(knock.at_us, deps.zone), "times": knock.times, "client": knock.client, "why": knock.why}


def _position(live: Live | None, now_us: int, deps: Deps) -> dict[str, Any] | None:
    if live is None:
        return None
    return {
        "time": rfc3339(live.time_us, deps.zone),
        "age_s": round((now_us - live.time_us) / 1e6, 3),
        "state": state_of(live, now_us),
        "lon": live.lon,
        "lat": live.lat,
        "accuracy": live.accuracy_m,
        "battery": live.battery_pct,
        "clock": clock_row(live.stray, deps.zone),
    }


def _held(row: HeldDevice, deps: Deps) -> dict[str, Any]:
    return {
        "device": row.device,
        "dialect": NAMES.get(row.dialect, str(row.dialect)),
        "fixes": row.fixes,
        "first": rfc3339(row.first_us, deps.zone),
        "last": rfc3339(row.last_us, deps.zone),
        "lon": row.lon,
        "lat": row.lat,
    }
