"""Alerts and their acknowledgement; rejects."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Depends
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json, page
from api.commands import Commands
from api.deps import Deps, GivenDeps, commands_of
from api.params import NO_NUL, PAGE, AfterText, FromText, IdText, Limit, ToText, span
from api.problems import NotFoundError
from api.roles import Allow
from api.rows import alert_row, reject_row
from core.errors import ConflictError
from core.events import AlertChanged, AlertKind
from core.identity import Identity
from core.rejects import Reason
from store import read
from store.read import AlertFilter, AlertRow

ACKNOWLEDGED: Final = (  # what the person saw
    "kind", "device", "revision", "lon", "lat", "dwell", "rule", "spell", "thread", "level", "digest",
)  # fmt: skip
THREAD: Final = 100  # alerts of a thread that are acknowledged at once
router = APIRouter(prefix="/api/v1", tags=["alerts"])


class Ack(BaseModel):
    """What a person may say when they acknowledge."""

    note: str = Field("", max_length=2000, pattern=NO_NUL)


@router.get("/alerts", summary="Alerts, newest first", dependencies=[Depends(Allow("fleet.read"))])
async def alerts(
    request: Request,
    deps: GivenDeps,
    from_text: FromText = None,
    to_text: ToText = None,
    device: IdText = None,
    vehicle: IdText = None,
    kind: AlertKind | None = None,
    state: Literal["raised", "cleared", "acknowledged"] | None = None,
    rule: IdText = None,
    thread: IdText = None,
    digest: bool | None = None,
    after: AfterText = None,
    limit: Limit = PAGE,
) -> Response:
    window = span(from_text, to_text, deps.zone)
    where = AlertFilter(
        from_us=window.from_us,
        to_us=window.to_us,
        device=device,
        vehicle=vehicle,
        kind=kind,
        state=state,
        rule=rule,
        thread=thread,
        digest=digest,
    )
    found = await read.alerts(deps.pool, where, after=after, limit=limit)
    return page(request, [alert_row(*row, deps.zone) for row in found.rows], found.next)


@router.get("/alerts/{alert}", summary="One alert", dependencies=[Depends(Allow("fleet.read"))])
async def one(deps: GivenDeps, alert: str) -> Response:
    return json(alert_row(*await _found(deps, alert), deps.zone))


@router.post("/alerts/{alert}/ack", summary="Say that somebody looks after it, and all of its thread")
async def acknowledge(
    deps: GivenDeps,
    commands: Annotated[Commands, Depends(commands_of)],
    identity: Annotated[Identity, Depends(Allow("alert.ack"))],
    alert: str,
    ack: Annotated[Ack | None, Body()] = None,
) -> Response:
    found = (await _found(deps, alert)).alert
    if found.state == "cleared":
        raise ConflictError("this alert was cleared: better knowledge says that it was none")
    if found.state == "raised":  # once more is harmless: it is acknowledged already
        body = _seen(found) | {"note": ack.note if ack else "", "also": await _also(deps, found)}
        await commands.send("alert.ack", identity.subject, body, commands.geo)
    return json(alert_row(*await _found(deps, alert), deps.zone))


def _seen(alert: AlertChanged) -> dict[str, Any]:
    return {"alert": alert.id} | {name: getattr(alert, name) for name in ACKNOWLEDGED}


async def _also(deps: Deps, alert: AlertChanged) -> list[dict[str, Any]]:
    """Other alerts of its thread that wait for a person."""
    if alert.thread is None:
        return []
    found = await read.alerts(deps.pool, AlertFilter(thread=alert.thread, state="raised"), limit=THREAD)
    return [_seen(row.alert) for row in found.rows if row.alert.id != alert.id]


async def _found(deps: Deps, alert: str) -> AlertRow:
    row = await read.alert(deps.pool, alert)
    if row is None:
        raise NotFoundError(f"there is no alert {alert[:200]!r}")
    return row


@router.get("/rejects", summary="What was refused and why, newest first", dependencies=[Depends(Allow("rejects.read"))])
async def rejects(
    request: Request,
    deps: GivenDeps,
    device: IdText = None,
    reason: Reason | None = None,
    after: AfterText = None,
    limit: Limit = PAGE,
) -> Response:
    found = await read.rejects(deps.pool, after=after, limit=limit, device=device, reason=reason)
    return page(request, [reject_row(*row, deps.zone) for row in found.rows], found.next)
