"""The fixes of one device, as a page of GeoJSON or as a whole file."""

from __future__ import annotations

import re
from typing import Final

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api.answers import collection, pages, streamed
from api.deps import Deps, GivenDeps
from api.params import AfterText, FromText, Limit, Span, ToText, TrackFormat, span
from api.problems import NotFoundError
from api.roles import Allow
from api.tracks import FORMATS, feature, records, written
from core.fixes import Fixes
from core.units import DAY_US
from store import read

FILE_PAGE: Final = 5000
router = APIRouter(prefix="/api/v1", tags=["history"])


@router.get(
    "/devices/{device}/fixes",
    summary="History of a device; the last 24 hours unless `from` and `to` say otherwise",
    dependencies=[Depends(Allow("fleet.read"))],
)
async def fixes(
    request: Request,
    deps: GivenDeps,
    device: str,
    from_text: FromText = None,
    to_text: ToText = None,
    format: TrackFormat = "geojson",  # noqa: A002  the contract's name
    after: AfterText = None,
    limit: Limit = 5000,
) -> Response:
    window = _window(span(from_text, to_text, deps.zone), deps.clock.now_us())
    if format != "geojson":
        return await _file(deps, device, window, format)
    rows, following = await read.fixes(deps.pool, device, window[0], window[1], after=after, limit=limit)
    if not len(rows):
        await _known(deps, device)
    return collection(request, [feature(record) for record in records(rows, deps.zone)], following)


def _window(asked: Span, now_us: int) -> tuple[int, int]:
    """An open end is a little ahead of now (clocks of devices are); an open start is a day before the end."""
    to_us = now_us + 120_000_000 if asked.to_us is None else asked.to_us
    return (to_us - DAY_US if asked.from_us is None else asked.from_us), to_us


async def _file(deps: Deps, device: str, window: tuple[int, int], format_name: str) -> Response:
    async def read_page(after: str | None) -> tuple[Fixes, str | None]:
        return await read.fixes(deps.pool, device, window[0], window[1], after=after, limit=FILE_PAGE)

    track = FORMATS[format_name]
    name = re.sub(r"[^\w.-]+", "_", device, flags=re.ASCII)[:80]
    chunks = written(track, device, pages(read_page, None), deps.zone)
    return await streamed(chunks, track.media, f"{name}.{track.suffix}")


async def _known(deps: Deps, device: str) -> None:
    """An empty history of a device that nobody registered and that never spoke is a wrong address."""
    if await read.registry_row(deps.pool, "devices", device) is None:
        rows, _ = await read.fixes(deps.pool, device, 0, 2**53, limit=1)
        if not len(rows):
            raise NotFoundError(f"no device {device[:200]!r} is registered or was ever heard; see /api/v1/devices")
