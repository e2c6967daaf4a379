"""Afterwards: what became of one incident, and of all of a span in figures."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from api.acting import incident_of
from api.afteraction import after_action_row, summary_row, tally_of
from api.afterpage import parts as after_parts
from api.answers import CSV, csv_lines, every, json, pages
from api.deps import Deps, GivenDeps
from api.htmlpages import DRILL, drill, html_page
from api.incidentreport import cells, written
from api.params import FromText, ToText, span
from api.placing import names_of, what, where
from api.problems import NotFoundError, ParameterError
from api.roles import Allow
from api.summarypage import markup, sections
from api.times import rfc3339
from core.units import US_PER_S
from dispatch.review import Review, review
from dispatch.summary import Tally
from store.stories import Opened, Story, count, stories
from store.timeline import timeline

MOST: Final = 5000  # incidents in one answer
USUAL_US: Final = 30 * 86_400 * US_PER_S
router = APIRouter(prefix="/api/v1", tags=["incidents"])
_staff = [Depends(Allow("incident.read")), Depends(Allow("people.read"))]


@router.get(
    "/incidents/{incident}/after-action", summary="What became of it, and what it was worth", dependencies=_staff
)
async def after_action(
    deps: GivenDeps,
    incident: str,
    format: Literal["json", "html"] = "json",  # noqa: A002  the name of the other tables
) -> Response:
    found = await reviewed(deps, incident)
    if format == "json":
        return json(after_action_row(found, deps.zone))
    names = await names_of(deps, (turn.person for turn in found.turns.values()))
    place = f"{what(deps, found.incident)}, {await where(deps, found.incident)}"
    title, shown = drill(
        f"Evaluasi kejadian: {place}", after_parts(found, names, deps.clock.now_us(), deps.zone),
        exercise=found.incident.exercise,
    )  # fmt: skip
    return html_page(title, shown, wide=True)


async def reviewed(deps: Deps, incident: str) -> Review:
    """Everything that was said of an incident, put together; `NotFoundError` when nothing was."""
    await incident_of(deps, incident)
    found = review([said async for said in every(timeline, deps.pool, incident)])
    if found is None:
        raise NotFoundError(f"nothing is kept of what happened to incident {incident[:200]!r}")
    return found


@router.get(
    "/dispatch/summary",
    summary="Incidents of a span in figures: how many, how soon, how willing; of nobody in particular",
    dependencies=[Depends(Allow("figures.read"))],
)
async def summary(
    deps: GivenDeps,
    from_text: FromText = None,
    to_text: ToText = None,
    exercise: Annotated[bool, Query(description="exercises alone, instead of real incidents")] = False,
    format: Literal["json", "csv", "html"] = "json",  # noqa: A002  the name of the other tables
) -> Response:
    asked = span(from_text, to_text, deps.zone)
    to_us = deps.clock.now_us() + 1 if asked.to_us is None else asked.to_us
    usual_us = min(to_us, max(0, to_us - USUAL_US))  # no calendar begins 30 days before its first year
    opened = Opened(usual_us if asked.from_us is None else asked.from_us, to_us, exercise)
    if await count(deps.pool, opened, MOST + 1) > MOST:
        raise ParameterError("from", f"to `to` has more than {MOST} incidents; ask for a shorter span")
    total = await _tally(deps, opened)
    if format != "json":
        return _printed(deps, opened, total, format)
    told = {"from": rfc3339(opened.from_us, deps.zone), "to": rfc3339(opened.to_us, deps.zone), "exercise": exercise}
    return json(told | summary_row(total, deps.city))


def _printed(deps: Deps, opened: Opened, total: Tally, form: Literal["csv", "html"]) -> Response:
    """In Indonesian; the span stands in it, for a page that is handed on has no address."""
    spanned = f"{written(opened.from_us, deps.zone)} sampai {written(opened.to_us, deps.zone)}"
    kind = [("Sifat", "LATIHAN, bukan kejadian sebenarnya")] if opened.exercise else []
    about = ("Keterangan", [("Instansi", f"BPBD {deps.city.name}"), ("Kejadian dibuka", spanned), *kind])
    found = [about, *sections(total, deps.city)]
    if form == "csv":
        name = f"{DRILL.lower()}-" * opened.exercise + "ringkasan-kejadian.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(csv_lines(cells(found)), headers=headers, media_type=CSV)
    title, parts = drill("RINGKASAN KEJADIAN", markup(found, total), exercise=opened.exercise)
    return html_page(title, parts, wide=True)


async def _tally(deps: Deps, opened: Opened) -> Tally:
    """Some incidents in memory at a time; adding up is no work for the loop."""

    async def page(after: str | None) -> tuple[list[Story], str | None]:
        found = await stories(deps.pool, opened, after=after)
        return found.rows, found.next

    total = tally_of((), deps.zone)
    async for rows in pages(page, None):
        await asyncio.to_thread(tally_of, rows, deps.zone, total)
    return total
