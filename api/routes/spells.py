"""Trips, visits, services, speedings and gaps: what devices did, by time; pages, or a table as a file."""

from __future__ import annotations

from dataclasses import dataclass
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
from api.spellrows import PLURALS, spell_columns, spell_feature, spell_row
from api.tables import ReadPage, Row, Table, answered
from core.events import SpellKind
from store import read
from store.read import SpellFilter, SpellRow

MinS = Annotated[float | None, Query(ge=0, le=1e9)]
SubjectText = Annotated[str | None, Query(max_length=200, description="`area:ID`, `place:ID`, `zone:ID`, `street:ID`")]
OpenOnly = Annotated[bool | None, Query(alias="open")]
router = APIRouter(prefix="/api/v1", tags=["rounds"], dependencies=[Depends(Allow("fleet.read"))])


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the five routes share: the filters of the query and the page."""

    request: Request
    deps: Deps
    hub: Hub
    filters: dict[str, Any]
    form: TableFormat
    after: str | None
    limit: int

    async def answer(self, kind: SpellKind) -> Response:
        """The spells of a kind in the form that was asked for."""
        columns = spell_columns(kind)
        table = Table(
            name=PLURALS[kind],
            columns=columns,
            read=_reader(self, SpellFilter(kind=kind, **self.filters)),
            feature=spell_feature,
            cells=lambda row: [row[name] for name in columns],
        )
        return await answered(self.request, table, self.form, self.after, self.limit)


def asked(
    request: Request,
    deps: GivenDeps,
    hub: Annotated[Hub, Depends(hub_of)],
    from_text: FromText = None,
    to_text: ToText = None,
    device: IdText = None,
    vehicle: IdText = None,
    area: IdText = None,
    subject: SubjectText = None,
    min_s: MinS = None,
    open_only: OpenOnly = None,
    format: TableFormat = "json",  # noqa: A002  the contract's name
    after: AfterText = None,
    limit: Limit = PAGE,
) -> Asked:
    window = span(from_text, to_text, deps.zone)
    filters = {
        "from_us": window.from_us,
        "to_us": window.to_us,
        "device": device,
        "vehicle": vehicle,
        "area": area,
        "subject": subject,
        "min_s": min_s,
        "open": open_only,
        "now_us": deps.clock.now_us(),
    }
    return Asked(request=request, deps=deps, hub=hub, filters=filters, form=format, after=after, limit=limit)


GivenAsked = Annotated[Asked, Depends(asked)]


@router.get("/trips", summary="Drives between stops that overlap a time window, by start")
async def trips(given: GivenAsked) -> Response:
    return await given.answer("trip")


@router.get("/visits", summary="Stays inside areas, places and zones, by start")
async def visits(given: GivenAsked) -> Response:
    return await given.answer("visit")


@router.get("/services", summary="Passes of service points and streets, each with how near it came")
async def services(given: GivenAsked) -> Response:
    return await given.answer("service")


@router.get("/speedings", summary="Drives above the limit of the device's profile")
async def speedings(given: GivenAsked) -> Response:
    return await given.answer("speeding")


@router.get("/gaps", summary="Silences during which nobody knows where the device was")
async def gaps(given: GivenAsked) -> Response:
    return await given.answer("gap")


@router.get("/spells/{spell}", summary="One trip, visit, service, speeding or gap by id, a retracted one too")
async def one(deps: GivenDeps, hub: Annotated[Hub, Depends(hub_of)], spell: str) -> Response:
    found = await read.spell(deps.pool, spell)
    if found is None:
        raise NotFoundError(f"there is no trip, visit, service, speeding or gap {spell[:200]!r}")
    return json({"kind": found.row.kind} | shown([found], deps, hub)[0])


def shown(rows: list[SpellRow], deps: Deps, hub: Hub) -> list[Row]:
    """Rows as the contract names them, open ones as the engine holds them now."""
    now_us, zone = deps.clock.now_us(), deps.zone
    return [spell_row(row, vehicle, now_us, zone, hub.rows.get(row.device)) for row, vehicle in rows]


def _reader(given: Asked, where: SpellFilter) -> ReadPage:
    async def read_page(after: str | None, limit: int) -> tuple[list[Row], str | None]:
        found = await read.spells(given.deps.pool, where, after=after, limit=limit)
        return shown(found.rows, given.deps, given.hub), found.next

    return read_page
