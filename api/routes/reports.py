"""What a supervisor asks of a day: coverage, the roll, totals, honesty of trackers; and of weeks: places that recur."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, HTTPException, Query
from starlette.requests import Request
from starlette.responses import Response

from api import drafting
from api.answers import json
from api.deps import Deps, GivenDeps
from api.params import IdText
from api.problems import ParameterError
from api.reporting import Reporter
from api.reportrows import POINT_COLUMNS, TOTAL_COLUMNS, coverage_body, narrowed, point_rows, told, total_row
from api.roles import Allow, may
from api.tables import Row, Table, answered
from api.times import parse_day, rfc3339
from core.identity import Identity
from geo.reports.recurrent import USUAL, Least
from geo.reports.rollcall import rollcall
from geo.reports.totals import Totals, summed
from store import days

DAYS_MAX: Final = 92
OPEN_MAX: Final = 8  # days that are looked at anew for one answer
WINDOW: Final = 28  # days, unless told otherwise
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
DayText = Annotated[str | None, Query(max_length=10, description="a city day, 2026-11-24; today unless told otherwise")]
ReportFormat = Literal["json", "csv", "xlsx"]
By = Literal["vehicle", "group", "city"]
fleet = [Depends(Allow("fleet.read"))]
router = APIRouter(prefix="/api/v1", tags=["reports"])


def reporter_of(request: Request) -> Reporter:
    """The one of this application."""
    reporter: Reporter = request.app.state.reporter
    return reporter


GivenReporter = Annotated[Reporter, Depends(reporter_of)]


@router.get(
    "/coverage", summary="Points and streets of a day's rounds: served, late, missed, unknown", dependencies=fleet
)
async def coverage(
    request: Request,
    deps: GivenDeps,
    reporter: GivenReporter,
    day: DayText = None,
    area: IdText = None,
    route: IdText = None,
    format: ReportFormat = "json",  # noqa: A002  the contract's name
) -> Response:
    report, closed = await reporter.shown(_day(deps, day, "day"), deps.clock.now_us())
    rounds = narrowed(report.coverage.rounds, area, route)
    if format != "json":
        rows = await asyncio.to_thread(point_rows, rounds, deps.zone)
        return await _table(request, format, "coverage", POINT_COLUMNS, rows)
    return json(await asyncio.to_thread(coverage_body, report, rounds, deps.zone) | {"closed": closed})


@router.get("/rollcall", summary="What every vehicle does at an instant, or that nobody knows", dependencies=fleet)
async def roll(
    deps: GivenDeps,
    reporter: GivenReporter,
    day: DayText = None,
    at: Annotated[
        str | None, Query(max_length=5, description="a time of that day; 06:15 unless told otherwise")
    ] = None,
) -> Response:
    wanted, now_us = _day(deps, day, "day"), deps.clock.now_us()
    if at is None:
        report, closed = await reporter.shown(wanted, now_us)
        return json(_roll(wanted, report.rollcall_us, report.rollcall, deps) | {"closed": closed})
    minute, found = _minute(at), await days.state_of(deps.pool, wanted)
    closed = found.state == "closed"
    book = await reporter.book(wanted, now_us)
    at_us = book.config.calendar.instant_us(book.day, minute)
    if at_us > now_us:
        raise ParameterError("at", "lies ahead")
    at_us = min(at_us, book.now_us)
    seen = await reporter.seen(book.config, at_us, found.closed_us if closed else None)
    return json(_roll(wanted, at_us, rollcall(book, at_us, seen), deps) | {"closed": closed})


@router.get("/totals", summary="Kilometres, hours, stops, ritase and coverage by vehicle, group or city")
async def totals(
    request: Request,
    deps: GivenDeps,
    reporter: GivenReporter,
    identity: Annotated[Identity, Depends(Allow("figures.read"))],
    first: Annotated[DayText, Query(alias="from")] = None,
    last: Annotated[DayText, Query(alias="to")] = None,
    by: By = "vehicle",
    format: ReportFormat = "json",  # noqa: A002  the contract's name
) -> Response:
    if by == "vehicle" and not may(identity.role, "fleet.read"):
        raise HTTPException(403, f"the role {identity.role} sees sums of groups and of the city: by=group, by=city")
    from_day = _day(deps, first, "from")
    to_day = from_day if last is None else _day(deps, last, "to")
    rows = await _totals(deps, reporter, from_day, to_day)
    key = {"vehicle": lambda row: row.vehicle, "group": lambda row: row.group, "city": lambda _: deps.city.name}[by]
    sums = summed(rows, key)
    if format != "json":
        return await _table(request, format, "totals", TOTAL_COLUMNS, [total_row(row) for row in sums])
    return json({"from": from_day.isoformat(), "to": to_day.isoformat(), "by": by, "items": told(sums, deps.zone)})


@router.get("/recurrent", summary="Places of unexplained stops on several days, by hours", dependencies=fleet)
async def places(
    deps: GivenDeps,
    reporter: GivenReporter,
    first: Annotated[DayText, Query(alias="from")] = None,
    last: Annotated[DayText, Query(alias="to")] = None,
    min_stops: Annotated[int, Query(ge=1, le=10_000)] = USUAL.stops,
    min_days: Annotated[int, Query(ge=1, le=DAYS_MAX)] = USUAL.days,
    min_s: Annotated[float, Query(ge=0, le=1e9)] = USUAL.total_s,
) -> Response:
    to_day = _day(deps, last, "to")
    from_day = to_day - dt.timedelta(days=WINDOW - 1) if first is None else _day(deps, first, "from")
    _window(from_day, to_day)
    least = Least(min_stops, min_days, min_s)
    haunts = await reporter.haunts(from_day, to_day, deps.clock.now_us(), least)
    return json({"from": from_day.isoformat(), "to": to_day.isoformat(), "items": told(haunts, deps.zone)})


@router.get("/honesty", summary="What the fixes of each tracker were flagged for, and its clock", dependencies=fleet)
async def honest(deps: GivenDeps, reporter: GivenReporter, day: DayText = None) -> Response:
    report, closed = await reporter.shown(_day(deps, day, "day"), deps.clock.now_us())
    return json({"day": report.day, "items": told(report.honesty, deps.zone), "closed": closed})


@router.post(
    "/routes/draft",
    summary="A route proposed from what a device did on a day; nothing is saved",
    dependencies=[Depends(Allow("registry.write"))],
)
async def draft(
    deps: GivenDeps,
    reporter: GivenReporter,
    device: Annotated[str, Query(max_length=200)],
    day: Annotated[str, Query(max_length=10)],
) -> Response:
    book = await reporter.book(_day(deps, day, "day"), deps.clock.now_us())
    return json(await drafting.proposal(deps.pool, book, device))


async def _totals(deps: Deps, reporter: Reporter, first: dt.date, last: dt.date) -> list[Totals]:
    """Day by day: figures that were frozen, and those of open days as they are now."""
    _window(first, last)
    wanted = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    opened = len(wanted) - len(await days.closed_among(deps.pool, wanted))
    if opened > OPEN_MAX:
        raise ParameterError(
            "from", f"holds {opened} days that are not closed: close them, or ask for {OPEN_MAX} at most"
        )
    now_us = deps.clock.now_us()
    return [row for day in wanted for row in (await reporter.shown(day, now_us))[0].totals]


def _window(first: dt.date, last: dt.date) -> None:
    if not 0 <= (last - first).days < DAYS_MAX:
        raise ParameterError("to", f"must not lie before `from`, and {DAYS_MAX} days are the most")


def _roll(day: dt.date, at_us: int, answers: Any, deps: Deps) -> dict[str, Any]:
    states: dict[str, int] = {}
    for answer in answers:
        states[answer.state] = states.get(answer.state, 0) + 1
    head = {"day": day.isoformat(), "at": rfc3339(at_us, deps.zone), "summary": dict(sorted(states.items()))}
    return head | {"items": told(answers, deps.zone)}


async def _table(request: Request, form: ReportFormat, name: str, columns: Any, rows: list[Row]) -> Response:
    async def read(_after: str | None, _limit: int) -> tuple[list[Row], str | None]:
        return rows, None

    table = Table(
        name=name, columns=columns, read=read, feature=dict, cells=lambda row: [row[column] for column in columns]
    )
    return await answered(request, table, form, None, len(rows))


def _day(deps: Deps, text: str | None, name: str) -> dt.date:
    """A city day that has begun; today when none is named."""
    today = days.day_of(deps.clock.now_us(), deps.zone)
    day = today if text is None else parse_day(text, name)
    if not dt.date(1970, 1, 2) <= day <= today:
        raise ParameterError(name, "must be a day that has begun")
    return day


def _minute(text: str) -> int:
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise ParameterError("at", "must be a time of the day, such as 06:15")
    return int(found[1]) * 60 + int(found[2])
