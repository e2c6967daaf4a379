"""All that is kept of a volunteer, as one JSON document; positions are read page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import msgspec

from api.deps import Deps
from api.rows import dwell_row, offer_row, registry_row
from api.times import rfc3339
from core.fixes import Fixes
from store import offers, read
from store.erasure import Carried, carried_by
from store.read import DwellFilter

PAGE: Final = 10_000


async def export(deps: Deps, row: dict[str, Any]) -> AsyncIterator[bytes]:
    """The pieces of the document."""
    person = str(row["id"])
    carried = await carried_by(deps.pool, person, deps.clock.now_us())
    told = [offer async for offer in _offers(deps, person)]
    browsers = [push.endpoint for push in await offers.pushes_of(deps.pool, person)]
    duty = [{"from": rfc3339(a, deps.zone), "until": rfc3339(b, deps.zone)} for a, b in row.get("duty") or ()]
    head = {
        "made": rfc3339(deps.clock.now_us(), deps.zone),
        "person": registry_row(row, deps.zone) | {"duty": duty},
        "devices": [_device(one, deps) for one in carried],
        "offers": told,
        "stops": [stop for one in carried async for stop in _stops(deps, one)],
        "browsers": browsers,
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


async def _offers(deps: Deps, person: str) -> AsyncIterator[dict[str, Any]]:
    after: str | None = None
    while True:
        page = await offers.offers_of_person(deps.pool, person, after=after)
        for offer in page.rows:
            yield offer_row(offer, deps.zone)
        if (after := page.next) is None:
            return


async def _stops(deps: Deps, one: Carried) -> AsyncIterator[dict[str, Any]]:
    """Where their phone stood, as the engine saw it."""
    where, after = DwellFilter(device=one.device, from_us=one.from_us, to_us=one.until_us), None
    while True:
        page = await read.dwells(deps.pool, where, after=after)
        for found in page.rows:
            yield dwell_row(found.row, None, deps.clock.now_us(), deps.zone)
        if (after := page.next) is None:
            return


async def _fixes(deps: Deps, one: Carried) -> AsyncIterator[Fixes]:
    after: str | None = None
    while True:
        fixes, after = await read.fixes(deps.pool, one.device, one.from_us, one.until_us, after=after, limit=PAGE)
        yield fixes
        if after is None:
            return


def _device(one: Carried, deps: Deps) -> dict[str, Any]:
    span = {"from": rfc3339(max(0, one.from_us), deps.zone), "until": rfc3339(one.until_us, deps.zone)}
    return {"device": one.device} | span


def _shown(fixes: Fixes, device: str, deps: Deps) -> list[dict[str, Any]]:
    columns = zip(fixes.time_us.tolist(), fixes.lon.tolist(), fixes.lat.tolist(), strict=True)
    return [{"device": device, "time": rfc3339(at, deps.zone), "lon": lon, "lat": lat} for at, lon, lat in columns]
