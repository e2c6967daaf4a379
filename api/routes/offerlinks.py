"""A volunteer's page for one offer: the address is the credential. GET shows and changes nothing, POST answers.

No cookie counts here, so no foreign page can use one: whoever has the address may answer, and nobody else can.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api import offerpage
from api.clerks import Clerks, clerks_of, take
from api.commands import DISPATCH, Commands
from api.deps import Deps, GivenDeps, commands_of, feed_of
from api.feed import until
from api.forms import Form
from api.ownpage import push_button
from api.photographing import photograph
from api.placing import what, where
from api.problems import STORE_DOWN, LaterError, ParameterError
from api.pushing import Subscription, subscribe
from api.times import from_us
from core.errors import ConflictError
from core.events import IncidentChanged, NoticeKind, OfferChanged
from core.links import OfferLink, opened
from dispatch.offers import LIVE, PROMISED, THERE
from dispatch.state import LOOK
from dispatch.wording import said
from store import offers, read

TEXT_MAX: Final = 1000  # characters
MINUTES_MAX: Final = 240
ARCHIVED_S: Final = 2.0
_LEADS_TO: Final[Mapping[str, Collection[str]]] = {
    "accept": PROMISED,
    "accept_in": PROMISED,
    "decline": ("declined",),
    "decline_today": ("declined",),
    "arrived": THERE,
    "left": ("released",),
    "real": ("released",),
    "unreal": ("released",),
    "seen": LIVE,
}
logger: Final = logging.getLogger("ronda.api")
router = APIRouter(tags=["offers"])


class Found(NamedTuple):
    offer: OfferChanged
    incident: IncidentChanged


@router.get("/o/{signed}", include_in_schema=False)
async def show(request: Request, deps: GivenDeps, signed: str) -> Response:
    """The page; messengers fetch every link for a preview, so looking at it says nothing."""
    link = _link(deps, signed)
    if link is None:
        return offerpage.gone()
    try:
        await until(feed_of(request), lambda: _archived(deps, link), ARCHIVED_S)
        found = await _found(deps, link)
        return offerpage.later() if found is None else await _page(deps, found, signed)
    except STORE_DOWN:
        return offerpage.later()


@router.post("/o/{signed}", include_in_schema=False)
async def answer(
    request: Request, deps: GivenDeps, commands: Annotated[Commands, Depends(commands_of)], signed: str
) -> Response:
    """One of its buttons; what became of it is shown by the page itself, so that going back asks nothing again."""
    link = _link(deps, signed)
    if link is None:
        return offerpage.gone()
    clerks = clerks_of(request)
    try:
        form = await clerks.forms.read(request)
        if (refusal := await _answered(deps, commands, link, form)) is not None:
            return refusal
        wrong = await _photo(deps, commands, clerks, link, form) if form.file or form.cut else ""
        if wrong and (found := await _found(deps, link)):
            return await _page(deps, found, signed, offerpage.photo_failed(wrong))
    except (LaterError, *STORE_DOWN) as error:
        logger.warning("an answer has to wait: %s", error, extra={"action": "offer.later"})
        return offerpage.later()
    return RedirectResponse(f"/o/{signed}", 303, headers={"Cache-Control": "no-store"})


async def _answered(deps: Deps, commands: Commands, link: OfferLink, form: Form) -> Response | None:
    """Say what a button says; the page about why it cannot be, None when it is."""
    told = _told(form)
    if told is None:
        return offerpage.unclear()
    kind, body = told
    try:
        await commands.send(kind, link.person, {"offer": link.offer} | body, DISPATCH)
    except ConflictError:
        if not await _said_already(deps, link, form.get("answer")):
            return offerpage.refused()
    return None


@router.put("/o/{signed}/push", include_in_schema=False, status_code=204)
async def push(request: Request, deps: GivenDeps, signed: str, browser: Subscription) -> Response:
    """Have this browser told of this person's next offers."""
    link = _link(deps, signed)
    if link is None or await _found(deps, link) is None:  # also of a person who was erased since
        return offerpage.gone()
    take(clerks_of(request).browsers, link.person)
    await subscribe(deps, link.person, browser)
    return Response(status_code=204)


async def _photo(deps: Deps, commands: Commands, clerks: Clerks, link: OfferLink, form: Form) -> str:
    """Add the photo that came with an answer to its incident; why it is not there, "" when it is."""
    try:
        take(clerks.photos, link.person)
        offer = await offers.offer(deps.pool, link.offer)
        if offer is not None and offer.person == link.person:
            await photograph(
                deps, commands, clerks, incident=offer.incident, person=link.person, raw=form.file, cut=form.cut
            )
    except HTTPException as error:
        return str(error.detail)
    except (ParameterError, ConflictError, LaterError, *STORE_DOWN) as error:
        return str(error)
    return ""


def _link(deps: Deps, signed: str) -> OfferLink | None:
    return opened(deps.link_secret, signed, deps.clock.now_us()) if deps.link_secret else None


def _told(form: Form) -> tuple[str, dict[str, Any]] | None:
    """The command that a button stands for."""
    match form.get("answer"):
        case "accept" | "decline" | "decline_today" as word:
            return "offer.answer", {"answer": word}
        case "accept_in":
            minutes = form.get("minutes")
            fits = minutes.isascii() and minutes.isdigit() and len(minutes) < 4 and int(minutes) <= MINUTES_MAX
            return ("offer.answer", {"answer": "accept_in", "minutes": int(minutes)}) if fits else None
        case "arrived" | "left" as word:
            return f"offer.{word}", {}
        case "real" | "unreal" as word:
            return "offer.looked", {"real": word == "real", "text": form.get("text")[:TEXT_MAX]}
        case "seen":
            return "offer.seen", {}
    return None


async def _said_already(deps: Deps, link: OfferLink, answer: str) -> bool:
    """Whether the offer is where this answer leads: a button pressed twice is no quarrel."""
    offer = await offers.offer(deps.pool, link.offer)
    return offer is not None and offer.person == link.person and offer.state in _LEADS_TO.get(answer, ())


async def _archived(deps: Deps, link: OfferLink) -> bool:
    """Whether the archive has heard of the offer: a quick phone opens its link before that."""
    return await offers.offer(deps.pool, link.offer) is not None


async def _found(deps: Deps, link: OfferLink) -> Found | None:
    offer = await offers.offer(deps.pool, link.offer)
    incident = await read.incident(deps.pool, offer.incident) if offer and offer.person == link.person else None
    return Found(offer, incident) if offer and incident else None


async def _page(deps: Deps, found: Found, token: str, told: str = "") -> Response:
    offer, incident = found
    kind: NoticeKind = "verify" if offer.role == LOOK else "wake" if offer.why == "woken" else "offer"
    place, language = await where(deps, incident), deps.city.language
    words = said(kind, incident, what=what(deps, incident), where=place, eta_s=offer.eta_s, language=language)
    until = from_us(offer.expires_us, deps.zone).strftime("%H.%M")
    push = push_button(deps.push_key, f"/o/{token}/push") if deps.push_key else ""
    return offerpage.offered(offer, incident, words, until, push, told)
