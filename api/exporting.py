"""All that is kept of a volunteer, as one JSON document; positions are read page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final

import msgspec

from api.answers import every, pages
from api.deps import Deps
from api.rows import dwell_row, offer_row, registry_row
from api.times import rfc3339
from core.fixes import Fixes
from store import offers, photos, read
from store.erasure import Carried, carried_by
from store.read import DwellFilter

PAGE: Final = 10_000


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
        "browsers": browsers,
        "reports": [
            {"incident": said.incident, "at": rfc3339(said.at_us, deps.zone), "said": said.body}
            for said in await photos.reports_of(deps.pool, person)
        ],
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
