"""Bodies of answers: JSON pages with a `next` link, and tables streamed page by page as CSV or GeoJSON."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from store.paging import Page

T = TypeVar("T")
GEOJSON: Final = "application/geo+json"
CSV: Final = "text/csv; charset=utf-8"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run such a text


def json(value: Any, status: int = 200, *, media: str = "application/json", link: str | None = None) -> Response:
    """A JSON answer; `link` is the address of the next page."""
    headers = {"Cache-Control": "no-store"} | ({"Link": f'<{link}>; rel="next"'} if link else {})
    return Response(msgspec.json.encode(value), status, headers=headers, media_type=media)


def next_link(request: Request, after: str | None) -> str | None:
    """The same request for the page after this one."""
    if after is None:
        return None
    query = [(k, v) for k, v in request.query_params.multi_items() if k != "after"]
    return f"{request.url.path}?{urlencode([*query, ('after', after)])}"


def page(request: Request, rows: Sequence[Any], after: str | None) -> Response:
    """`{"items": [...], "next": address | null}`."""
    link = next_link(request, after)
    return json({"items": rows, "next": link}, link=link)


def collection(request: Request, features: Sequence[Any], after: str | None = None, **members: Any) -> Response:
    """A GeoJSON FeatureCollection; `next` only when there is more."""
    link = next_link(request, after)
    body = {"type": "FeatureCollection", **members, "features": features} | ({"next": link} if link else {})
    return json(body, media=GEOJSON, link=link)


def csv_lines(rows: Iterable[Sequence[Any]]) -> bytes:
    """CSV of rows: None is empty, booleans are true and false."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows([_cell(v) for v in row] for row in rows)
    return out.getvalue().encode()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return disarmed(value) if isinstance(value, str) else value


def disarmed(text: str) -> str:
    """The text, marked as one where a spreadsheet would run it."""
    return "'" + text if text.startswith(_FORMULA) else text


async def pages(
    read_page: Callable[[str | None], Awaitable[tuple[T, str | None]]], after: str | None
) -> AsyncIterator[T]:
    """All pages from a key on, one at a time: whatever the length, one page is in memory."""
    while True:
        rows, after = await read_page(after)
        yield rows
        if after is None:
            return


async def every(read_page: Callable[..., Awaitable[Page[T]]], *asked: Any) -> AsyncIterator[T]:
    """The rows of all pages of a read of the archive, one page in memory."""

    async def paged(after: str | None) -> tuple[list[T], str | None]:
        found = await read_page(*asked, after=after)
        return found.rows, found.next

    async for rows in pages(paged, None):
        for row in rows:
            yield row


async def streamed(chunks: AsyncIterator[bytes], media: str, filename: str | None = None) -> StreamingResponse:
    """Stream chunks. The first is made before the answer starts, so that an early error still has its status."""
    first = await anext(chunks, b"")

    async def body() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    headers = {"Cache-Control": "no-store"}
    if filename:
        headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return StreamingResponse(body(), headers=headers, media_type=media)
