"""All that is kept of a volunteer, as one JSON document; positions are read page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final

import msgspec

from api.answers import every, pages
from api.deps import Deps
from api.rows import alert_row, dwell_row, offer_row, registry_row
from api.spellrows import spell_row
from api.times import rfc3339
from core.events import SpellKind
from core.fixes import Fixes
from store import offers, photos, read
from store.erasure import Carried, Word, carried_by, words_of
from store.read import AlertFilter, DwellFilter, SpellFilter

PAGE: Final = 10_000
SPELLS: Final[dict[str, SpellKind]] = {"trips": "trip", "visits": "visit", "speedings": "speeding", "gaps": "gap"}


async def export(deps: Deps, row: dict[str, Any]) -> AsyncIterator[bytes]:
    """The pieces of the document."""
    person = str(row["id"])
    carried = await carried_by(deps.pool, person, deps.clock.now_us())
    told = [offer_row(offer, deps.zone) async for offer in every(offers.offers_of_person, deps.pool, person)]
    browsers = [push.endpoint for push in await offers.pushes_of(deps.pool, person)]
    duty = [{"from": rfc3339(a, deps.zone), "until": rfc3339(b, deps.zone)} for a, b in row.get("duty") or ()]
    head = {
        "made": rfc3339(deps.clock.now_us(), deps.zone),
        "person": registry_row(row, deps.zone) | {"duty": duty},
        "devices": [_device(one, deps) for one in carried],
        "offers": told,
        "stops": [stop for one in carried async for stop in _stops(deps, one)],
        **{name: [row for one in carried async for row in _spells(deps, one, kind)] for name, kind in SPELLS.items()},
        "alerts": [alert for one in carried async for alert in _alerts(deps, one)],
        "said": [_said(word, deps) for word in await words_of(deps.pool, person)],
        "browsers": browsers,
        "photos": [
            {"id": shot.sha256, "incident": shot.incident, "at": rfc3339(shot.at_us, deps.zone)}
            for shot in await photos.taken_by(deps.pool, person)
        ],
    }
    yield msgspec.json.encode(head)[:-1] + b',"fixes":['
    first = True
    for one in carried:
        async for fixes in _fixes(deps, one):
            rows = b",".join(msgspec.json.encode(fix) for fix in _shown(fixes, one.device, deps))
            if rows:
                yield rows if first else b"," + rows
                first = False
    yield b"]}"


async def _stops(deps: Deps, one: Carried) -> AsyncIterator[dict[str, Any]]:
    """Where their phone stood, as the engine saw it."""
    where = DwellFilter(device=one.device, from_us=one.from_us, to_us=one.until_us)
    async for found in every(read.dwells, deps.pool, where):
        yield dwell_row(found.row, None, deps.clock.now_us(), deps.zone)


async def _spells(deps: Deps, one: Carried, kind: SpellKind) -> AsyncIterator[dict[str, Any]]:
    """Where it went, and what it passed."""
    where = SpellFilter(kind=kind, device=one.device, from_us=one.from_us, to_us=one.until_us)
    async for found in every(read.spells, deps.pool, where):
        yield spell_row(found.row, None, deps.clock.now_us(), deps.zone)


async def _alerts(deps: Deps, one: Carried) -> AsyncIterator[dict[str, Any]]:
    where = AlertFilter(device=one.device, from_us=one.from_us, to_us=one.until_us)
    async for found in every(read.alerts, deps.pool, where):
        yield alert_row(found.alert, found.raised_us, None, deps.zone)


def _said(word: Word, deps: Deps) -> dict[str, Any]:
    return {"id": word.id, "kind": word.kind, "at": rfc3339(word.at_us, deps.zone), "body": word.body}


async def _fixes(deps: Deps, one: Carried) -> AsyncIterator[Fixes]:
    read_page = partial(read.fixes, deps.pool, one.device, one.from_us, one.until_us, limit=PAGE)
    async for fixes in pages(lambda after: read_page(after=after), None):
        yield fixes


def _device(one: Carried, deps: Deps) -> dict[str, Any]:
    span = {"from": rfc3339(max(0, one.from_us), deps.zone), "until": rfc3339(one.until_us, deps.zone)}
    return {"device": one.device} | span


def _shown(fixes: Fixes, device: str, deps: Deps) -> list[dict[str, Any]]:
    columns = zip(fixes.time_us.tolist(), fixes.lon.tolist(), fixes.lat.tolist(), strict=True)
    return [{"device": device, "time": rfc3339(at, deps.zone), "lon": lon, "lat": lat} for at, lon, lat in columns]
