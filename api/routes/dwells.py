"""Dwells: who stood where, how long, and why; JSON pages, or a table as CSV, GeoJSON or a workbook."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json
from api.deps import Deps, GivenDeps, hub_of
from api.hub import Hub
from api.params import PAGE, AfterText, FromText, IdText, Limit, TableFormat, ToText, span
from api.problems import NotFoundError
from api.roles import Allow
from api.rows import DWELL_COLUMNS, dwell_cells, dwell_feature, dwell_row
from api.sayings import NOTHING, SAYINGS, labels_of, sayings
from api.tables import ReadPage, Row, Table, answered
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
    table = Table(
        name="dwells",
        columns=[*DWELL_COLUMNS, *SAYINGS],
        read=_reader(deps, hub, where),
        feature=dwell_feature,
        cells=lambda row: [*dwell_cells(row), *(row[name] for name in SAYINGS)],
    )
    return await answered(request, table, format, after, limit)


@router.get("/dwells/{dwell}", summary="One dwell, a retracted one too")
async def one(deps: GivenDeps, hub: GivenHub, dwell: str) -> Response:
    found = await read.dwell(deps.pool, dwell)
    if found is None:
        raise NotFoundError(f"there is no dwell {dwell[:200]!r}")
    return json((await shown([found], deps, hub))[0])


async def shown(rows: list[DwellRow], deps: Deps, hub: Hub) -> list[dict[str, Any]]:
    """Rows as the contract names them, open ones as the engine holds them now, with who said what of them."""
    now_us, zone = deps.clock.now_us(), deps.zone
    labels = await labels_of(deps.pool, [row.id for row, _ in rows if row.reason or row.why == "label"])
    return [
        dwell_row(row, vehicle, now_us, zone, hub.rows.get(row.device)) | sayings(labels.get(row.id, NOTHING), zone)
        for row, vehicle in rows
    ]


def _reader(deps: Deps, hub: Hub, where: DwellFilter) -> ReadPage:
    async def read_page(after: str | None, limit: int) -> tuple[list[Row], str | None]:
        found = await read.dwells(deps.pool, where, after=after, limit=limit)
        return await shown(found.rows, deps, hub), found.next

    return read_page
