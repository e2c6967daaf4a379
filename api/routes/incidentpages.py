"""Pages about an incident that are printed or carried to a telephone: the BPBD's report, the call sheet."""

from __future__ import annotations

from html import escape
from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.acting import incident_of
from api.answers import CSV, csv_lines, every, json
from api.deps import Deps, GivenDeps
from api.htmlpages import DRILL, drill, html_page, table
from api.incidentreport import TITLES, Facts, Kind, cells, markup, sections
from api.photosheet import lines, pictures
from api.placing import names_of, what, where
from api.roles import Allow, may
from core.entities import Person
from core.errors import ConflictError
from core.events import IncidentChanged, OfferChanged
from core.identity import Identity
from core.links import OfferLink, signed
from core.units import US_PER_S
from dispatch.callsheet import Call, call_sheet
from dispatch.incidents import ENDED
from dispatch.offers import PENDING
from dispatch.review import Review, review
from dispatch.wording import said
from store import joins, offers
from store.timeline import timeline

LINK_LIFE_S: Final = 86_400
router = APIRouter(prefix="/api/v1/incidents/{incident}", tags=["incidents"])


@router.get(
    "/report",
    summary="The BPBD's report, to be printed",
    dependencies=[Depends(Allow("people.read"))],
)
async def report(
    deps: GivenDeps,
    identity: Annotated[Identity, Depends(Allow("incident.read"))],
    incident: str,
    kind: Kind = "awal",
    format: Literal["html", "csv"] = "html",  # noqa: A002  the contract's name
) -> Response:
    found = await incident_of(deps, incident)
    if kind == "akhir" and found.status not in ENDED:
        raise ConflictError(f"the incident is {found.status}; its final report is made when it is closed or cancelled")
    facts = await _facts(deps, found)
    if format == "csv":
        name = f"{DRILL.lower()}-" * found.exercise + f"laporan-{kind}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        told = [*cells(sections(kind, facts, deps.zone)), *lines(found, deps.zone)]
        return Response(csv_lines(told), headers=headers, media_type=CSV)
    enter = '<a class="go" href="impact">Isi dampak / Enter the impact</a>'
    shown = [*markup(kind, facts, deps.zone), *pictures(found, deps.zone)]
    shown += [enter] if may(identity.role, "incident.write") else []
    title, parts = drill(TITLES[kind], shown, exercise=found.exercise)
    return html_page(title, parts, wide=True)


@router.get("/calls", summary="Whom to telephone, in which order", dependencies=[Depends(Allow("people.read"))])
async def calls(
    deps: GivenDeps,
    incident: str,
    format: Literal["html", "json"] = "html",  # noqa: A002  the name of the other tables
) -> Response:
    found = await incident_of(deps, incident)
    asked = (await offers.offers_of_incident(deps.pool, incident, limit=10_000)).rows
    rows = await joins.rows_of(deps.pool, "people", sorted({offer.person for offer in asked}))
    people = {name: msgspec.convert(row, Person) for name, row in rows.items()}
    place = await where(deps, found)
    sheet = call_sheet(asked, people, deps.city.calling_code, lambda offer: _text(deps, found, offer, place))
    if format == "json":
        return json({"items": [msgspec.to_builtins(call) for call in sheet]})
    columns = ("Nama", "Telepon", "Peran", "Keadaan", "Tiba (menit)")
    title, parts = drill(
        f"Daftar telepon: {what(deps, found)}", [table(columns, [_line(call) for call in sheet])],
        exercise=found.exercise,
    )  # fmt: skip
    return html_page(title, parts, wide=True)


def _line(call: Call) -> list[str]:
    links = [
        f'<a href="{escape(link)}">{name}</a>' for name, link in (("Telepon", call.tel), ("WhatsApp", call.wa)) if link
    ]
    eta = "?" if call.eta_s is None else str(max(1, round(call.eta_s / 60)))
    number = escape(call.phone) or "tidak ada nomor"
    return [escape(call.name), " ".join([number, *links]), escape(call.role), escape(call.state), eta]


def _text(deps: Deps, incident: IncidentChanged, offer: OfferChanged, place: str) -> str:
    """What the chat begins with: the question, and the link to its page while an answer is wanted."""
    words = said(
        "offer", incident, what=what(deps, incident), where=place, eta_s=offer.eta_s, language=deps.city.language
    )
    text = f"{words.title} {words.body}"
    if offer.state not in PENDING or not deps.link_secret:
        return text
    link = OfferLink(offer.id, offer.person, offer.made_us // US_PER_S + LINK_LIFE_S)
    return f"{text} {deps.public_url.rstrip('/')}/o/{signed(deps.link_secret, link)}"


async def _facts(deps: Deps, incident: IncidentChanged) -> Facts:
    story = [told async for told in every(timeline, deps.pool, incident.id)]
    found = review(story) or Review(incident)
    asked = (await offers.offers_of_incident(deps.pool, incident.id, limit=10_000)).rows
    return Facts(
        incident, [told.event for told in story if isinstance(told.event, IncidentChanged)], asked, found,
        await names_of(deps, (turn.person for turn in found.turns.values())), what(deps, incident),
        await where(deps, incident), deps.city.name, deps.clock.now_us(),
    )  # fmt: skip
