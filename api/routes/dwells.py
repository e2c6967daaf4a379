"""Dwells: who stood where, how long, and why; JSON pages, or a table as CSV or GeoJSON."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answers import CSV, collection, csv_lines, json, page, pages, streamed
from api.deps import Deps, GivenDeps, hub_of
from api.hub import Hub
from api.params import PAGE, AfterText, FromText, IdText, Limit, TableFormat, ToText, span
from api.problems import NotFoundError
from api.roles import Allow
from api.rows import DWELL_COLUMNS, dwell_cells, dwell_feature, dwell_row
from core.events import Purpose
from store import read
from store.read import DwellFilter, DwellRow

MinS = Annotated[float | None, Query(ge=0, le=1e9)]
GivenHub = Annotated[Hub, Depends(hub_of)]
router = APIRouter(prefix="/api/v1", tags=["dwells"], dependencies=[Depends(Allow("fleet.read"))])


@router.get("/dwells", summary="Dwells that overlap a time window, by start")
async def dwells(
    request: Request,
    deps: GivenDeps,
    hub: GivenHub,
    from_text: FromText = None,
    to_text: ToText = None,
    device: IdText = None,
    vehicle: IdText = None,
    area: IdText = None,
    purpose: Purpose | None = None,
    min_s: MinS = None,
    open: bool | None = None,  # noqa: A002  the contract's name
    format: TableFormat = "json",  # noqa: A002  the contract's name
    after: AfterText = None,
    limit: Limit = PAGE,
) -> Response:
    window = span(from_text, to_text, deps.zone)
    where = DwellFilter(
        from_us=window.from_us,
        to_us=window.to_us,
        device=device,
        vehicle=vehicle,
        area=area,
        purpose=purpose,
        min_s=min_s,
        open=open,
        now_us=deps.clock.now_us(),
    )
    if format == "csv":
        return await streamed(_csv(deps, hub, where, after), CSV, "dwells.csv")
    found = await read.dwells(deps.pool, where, after=after, limit=limit)
    rows = shown(found.rows, deps, hub)
    if format == "geojson":
        return collection(request, [dwell_feature(row) for row in rows], found.next)
    return page(request, rows, found.next)


@router.get("/dwells/{dwell}", summary="One dwell, a retracted one too")
async def one(deps: GivenDeps, hub: GivenHub, dwell: str) -> Response:
    found = await read.dwell(deps.pool, dwell)
    if found is None:
        raise NotFoundError(f"there is no dwell {dwell[:200]!r}")
    return json(shown([found], deps, hub)[0])


def shown(rows: list[DwellRow], deps: Deps, hub: Hub) -> list[dict[str, Any]]:
    """Rows as the contract names them, open ones as the engine holds them now."""
    now_us, zone = deps.clock.now_us(), deps.zone
    return [dwell_row(row, vehicle, now_us, zone, hub.rows.get(row.device)) for row, vehicle in rows]


async def _csv(deps: Deps, hub: Hub, where: DwellFilter, after: str | None) -> AsyncIterator[bytes]:
    """The whole table, whatever its length, a page in memory at a time."""

    async def read_page(key: str | None) -> tuple[list[DwellRow], str | None]:
        found = await read.dwells(deps.pool, where, after=key, limit=PAGE)
        return found.rows, found.next

    head: list[list[Any]] = [list(DWELL_COLUMNS)]
    async for rows in pages(read_page, after):
        yield csv_lines(head + [dwell_cells(row) for row in shown(rows, deps, hub)])
        head = []
