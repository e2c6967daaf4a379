"""A volunteer's own pages, without a password: report, add a photo, duty and consent, their data, being told."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from fastapi import APIRouter, HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api import ownpage, reportform
from api.answers import streamed
from api.clerks import clerks_of, take
from api.deps import commands_of, deps_of
from api.erasing import erase
from api.exporting import export
from api.eyewitness import UnfitError, report
from api.forms import Form
from api.ownshown import page_of, switched
from api.personal import Visit, owner
from api.photographing import photograph
from api.placing import what, where
from api.problems import STORE_DOWN, LaterError, NotFoundError, ParameterError
from api.pushing import Subscription, subscribe
from api.routes.people import changed
from core.errors import ConflictError
from core.events import IncidentChanged
from store import offers, photos, read
from store.timeline import areas

Served = Callable[[Request, Visit], Awaitable[Response]]
logger: Final = logging.getLogger("ronda.api")
router = APIRouter(tags=["own page"], include_in_schema=False)
_LATER: Final = ("Belum terkirim. Isi di bawah masih ada: tekan sekali lagi.", "Not sent yet. Press once more.")


@router.get("/l/{signed}")
async def form(request: Request, signed: str) -> Response:
    """The form of a report."""
    return await _served(request, signed, _form)


@router.post("/l/{signed}")
async def send(request: Request, signed: str) -> Response:
    """A report. Sent twice, it is one."""
    return await _served(request, signed, _send)


@router.get("/l/{signed}/saya")
async def own(request: Request, signed: str) -> Response:
    """Duty, consent, requests, reports, data."""
    return await _served(request, signed, _own)


@router.post("/l/{signed}/saya")
async def act(request: Request, signed: str) -> Response:
    """One of its buttons."""
    return await _served(request, signed, _act)


@router.get("/l/{signed}/data")
async def data(request: Request, signed: str) -> Response:
    """All that is kept of them, as a file."""
    return await _served(request, signed, _data)


@router.put("/l/{signed}/push", status_code=204)
async def push(request: Request, signed: str, browser: Subscription) -> Response:
    """Have this browser told too."""

    async def kept(_: Request, visit: Visit) -> Response:
        take(visit.clerks.browsers, str(visit.person.id))
        await subscribe(visit.deps, str(visit.person.id), browser)
        return Response(status_code=204)

    return await _served(request, signed, kept)


@router.get("/l/{signed}/r/{incident}")
async def told(request: Request, signed: str, incident: str) -> Response:
    """What became of their report."""
    return await _served(request, signed, partial(_told, incident=incident))


@router.post("/l/{signed}/r/{incident}")
async def more(request: Request, signed: str, incident: str) -> Response:
    """A photo more of it."""
    return await _served(request, signed, partial(_more, incident=incident))


async def _served(request: Request, token: str, page: Served) -> Response:
    """A page for its owner alone; what is away is said on a page too, for a person reads it."""
    deps = deps_of(request)
    try:
        found = await owner(deps, token)
        if found is None:
            return ownpage.gone()
        return await page(request, Visit(deps, commands_of(request), clerks_of(request), *found, f"/l/{token}"))
    except (LaterError, *STORE_DOWN) as error:
        logger.warning("a page has to wait: %s", error, extra={"action": "own.later"})
        return ownpage.later()


async def _form(
    _: Request, visit: Visit, form: Form | None = None, wrong: tuple[str, str] | None = None, status: int = 200
) -> Response:
    typed = form.fields if form else {}
    found = await areas(visit.deps.pool)
    return reportform.form_page(visit.deps.city, visit.home, found, typed, wrong, status)


async def _send(request: Request, visit: Visit) -> Response:
    form = await visit.clerks.forms.read(request)
    try:
        incident = await report(visit, form)
    except UnfitError as error:
        again = Form({name: text for name, text in form.fields.items() if name != "key"})  # a refused key stays refused
        return await _form(request, visit, again, error.texts, 422)
    except (LaterError, *STORE_DOWN) as error:
        logger.warning("a report has to wait: %s", error, extra={"action": "own.later"})
        return await _form(request, visit, form, _LATER, 503)
    if form.file or form.cut:
        wrong = await _photo(visit, incident, form)
        if wrong:
            return await _told(request, visit, incident, wrong)
    return _to(visit, f"/r/{incident}")


async def _photo(visit: Visit, incident: str, form: Form) -> tuple[str, str] | None:
    """Add the photo of a form; why it is not there."""
    who = str(visit.person.id)
    try:
        take(visit.clerks.photos, who)
        await photograph(
            visit.deps, visit.commands, visit.clerks, incident=incident, person=who, raw=form.file, cut=form.cut
        )
    except ParameterError as error:
        return "Laporan sudah masuk, tetapi fotonya tidak terpakai. Pilih foto lain, paling besar 5 MB.", str(error)
    except (ConflictError, LaterError, HTTPException, *STORE_DOWN) as error:
        text = error.detail if isinstance(error, HTTPException) else str(error)
        return "Laporan sudah masuk, tetapi fotonya belum. Coba lagi nanti.", text
    return None


async def _told(_: Request, visit: Visit, incident: str, wrong: tuple[str, str] | None = None) -> Response:
    found = await _reported(visit, incident)
    return reportform.told_page(visit.home, found, what(visit.deps, found), await where(visit.deps, found), wrong)


async def _more(request: Request, visit: Visit, incident: str) -> Response:
    await _reported(visit, incident)
    wrong = await _photo(visit, incident, await visit.clerks.forms.read(request))
    return await _told(request, visit, incident, wrong) if wrong else _to(visit, f"/r/{incident}")


async def _reported(visit: Visit, incident: str) -> IncidentChanged:
    """A report of their own."""
    found = await read.incident(visit.deps.pool, incident)
    if found is None or await photos.reporter(visit.deps.pool, incident) != visit.person.id:
        raise NotFoundError("there is no such report of yours")
    return found


async def _own(_: Request, visit: Visit, wrong: tuple[str, str] | None = None) -> Response:
    return ownpage.own_page(await page_of(visit), wrong)


async def _act(request: Request, visit: Visit) -> Response:
    form, who = await visit.clerks.forms.read(request), str(visit.person.id)
    word = form.get("do")
    if word == "erase":
        return await _erase(request, visit, sure=form.get("sure") == "yes")
    try:
        if word == "nopush":
            await offers.drop_pushes(visit.deps.pool, who)
        else:
            known = {area for area, _ in await areas(visit.deps.pool)} if word == "wake" else set()
            home = form.get("area") if form.get("area") in known else ""  # what is no area of ours is none
            await changed(visit.deps, visit.identity, who, partial(switched, word=word, area=home))
    except UnfitError as error:
        return await _own(request, visit, error.texts)
    return _to(visit, "/saya")


async def _erase(request: Request, visit: Visit, *, sure: bool) -> Response:
    if not sure:
        return await _own(request, visit, ("Centang dulu kotak di atas tombol hapus.", "Tick the box first."))
    try:
        await erase(visit.deps, visit.commands, str(visit.person.id), str(visit.person.id))
    except ConflictError:
        text = (
            "Anda sedang diminta atau ditunggu di sebuah kejadian. Jawab atau selesaikan dulu.",
            "An incident asks you or expects you. Answer it or end it first.",
        )
        return await _own(request, visit, text)
    return ownpage.erased()


async def _data(_: Request, visit: Visit) -> Response:
    return await streamed(export(visit.deps, visit.row), "application/json", "ronda-data-saya.json")


def _to(visit: Visit, path: str) -> Response:
    """Back to a page, so that going back in the browser sends nothing again."""
    return RedirectResponse(visit.home + path, 303, headers={"Cache-Control": "no-store"})
