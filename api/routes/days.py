"""City days: how they stand, closed by hand, computed anew, opened again."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from api.answers import json
from api.deps import Deps, GivenDeps
from api.params import IdText
from api.problems import LaterError, ParameterError
from api.roles import Allow
from api.times import parse_day, rfc3339, rfc3339_or_none
from core.errors import ConflictError
from store import days, late
from store.days import DayState

LISTED: Final = 31  # days, unless told otherwise
LISTED_MAX: Final = 400
FIRST, LAST = dt.date(1971, 1, 1), dt.date(2105, 12, 31)  # what our instants hold, with room for a listing
DayText = Annotated[str | None, Query(max_length=10, description="a city day, 2026-11-24")]
router = APIRouter(prefix="/api/v1/days", tags=["days"])


@router.get("", summary="Days and whether they are closed, newest first", dependencies=[Depends(Allow("fleet.read"))])
async def listed(
    deps: GivenDeps,
    first: Annotated[DayText, Query(alias="from")] = None,
    last: Annotated[DayText, Query(alias="to")] = None,
) -> Response:
    to = _day(last, "to") if last else days.day_of(deps.clock.now_us(), deps.zone)
    since = _day(first, "from") if first else to - dt.timedelta(days=LISTED - 1)
    count = (to - since).days + 1
    if not 0 < count <= LISTED_MAX:
        raise ParameterError("to", f"must lie after `from`, by {LISTED_MAX} days at most")
    known = {found.day: found for found in await days.listed(deps.pool, since, to)}
    wanted = [to - dt.timedelta(days=n) for n in range(count)]
    return json({"items": [_shown(known.get(day, DayState(day, "open", None, 0)), deps) for day in wanted]})


@router.get("/{day}", summary="One day: its state, corrections since", dependencies=[Depends(Allow("fleet.read"))])
async def one(deps: GivenDeps, day: str) -> Response:
    return json(await _told(deps, _day(day, "day")))


@router.post("/{day}/close", summary="Drain, then freeze", dependencies=[Depends(Allow("day.close"))])
async def close(deps: GivenDeps, day: str) -> Response:
    wanted = _day(day, "day")
    if days.span_of(wanted, deps.zone).to_us > deps.clock.now_us():
        raise ConflictError(f"{wanted} is not over yet")
    try:
        await deps.close_day(wanted)
    except days.PendingError as error:
        raise LaterError(str(error)) from error
    return json(await _told(deps, wanted))


@router.post("/{day}/reopen", summary="Reports read live rows again", dependencies=[Depends(Allow("day.reopen"))])
async def reopen(deps: GivenDeps, day: str) -> Response:
    wanted = _day(day, "day")
    await days.reopen(deps.pool, wanted)
    return json(await _told(deps, wanted))


@router.post("/{day}/rebuild", summary="Compute its rows anew", dependencies=[Depends(Allow("day.close"))])
async def rebuild(deps: GivenDeps, day: str, device: IdText = None) -> Response:
    wanted = _day(day, "day")
    rows = await deps.rebuild_day(wanted, device)
    return json(await _told(deps, wanted) | {"rows": {name: n for name, n in sorted(rows.items()) if n}})


def _day(text: str, name: str) -> dt.date:
    day = parse_day(text, name)
    if not FIRST <= day <= LAST:
        raise ParameterError(name, f"must lie between {FIRST} and {LAST}")
    return day


async def _told(deps: Deps, day: dt.date) -> dict[str, Any]:
    found = await days.state_of(deps.pool, day)
    span, closed = days.span_of(day, deps.zone), found.state == "closed"
    corrections = await days.corrections(deps.pool, day, span) if closed else None
    waiting = await late.touching(deps.pool, *span)
    return _shown(found, deps) | {
        "corrections": corrections,
        "closed_without": list(found.refused) if closed else None,
        "waiting": [_waits(each, deps) for each in waiting if not each.refused],
        "refused": [{"device": each.device, "reason": each.reason} for each in waiting if each.refused],
    }


def _waits(found: late.Waiting, deps: Deps) -> dict[str, Any]:
    """A device whose late fixes are to be computed, and what stood in the way when it was tried last."""
    return {
        "device": found.device,
        "since": rfc3339(found.since_us, deps.zone),
        "tries": found.tries,
        "next": rfc3339_or_none(found.next_us, deps.zone),
        "reason": found.reason or None,
    }


def _shown(found: DayState, deps: Deps) -> dict[str, Any]:
    return {
        "day": found.day.isoformat(),
        "state": found.state,
        "closed": rfc3339_or_none(found.closed_us, deps.zone),
        "version": found.version,
    }
