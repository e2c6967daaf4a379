"""`GET /api/v1/events`: every event once and in order, by Server-Sent Events. The format is in docs/live.md."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query
from starlette.requests import Request
from starlette.responses import StreamingResponse

from api.deps import Deps, GivenDeps, feed_of
from api.feed import Feed, Item
from api.gate import identify
from api.problems import STORE_DOWN, LaterError, ParameterError
from api.roles import Allow, may

BEAT_S: Final = 15.0
START_S: Final = 5.0
RECHECK_S: Final = 30.0
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # a proxy in between must not collect
router = APIRouter(prefix="/api/v1", tags=["live"])


@router.get("/events", summary="Events as they are decided (SSE)", dependencies=[Depends(Allow("fleet.read"))])
async def events(
    request: Request,
    deps: GivenDeps,
    feed: Annotated[Feed, Depends(feed_of)],
    last_event_id: Annotated[str | None, Header()] = None,
    resume: Annotated[str | None, Query(alias="last_event_id")] = None,
    kind: Annotated[str | None, Query(max_length=200, description="only these, comma-separated")] = None,
) -> StreamingResponse:
    wanted = _position(last_event_id or resume)
    kinds = frozenset(kind.split(",")) if kind else None
    try:
        async with asyncio.timeout(START_S):
            after = await feed.start(wanted)
    except TimeoutError:
        raise LaterError("the archive's events cannot be read now; try again, and look at /readyz") from None
    return StreamingResponse(
        _stream(request, deps, feed, after, kinds), headers=HEADERS, media_type="text/event-stream"
    )


def _position(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ParameterError("last_event_id", "must be the id of an event as this stream gave it")
    return int(text)


async def _stream(
    request: Request, deps: Deps, feed: Feed, after: int, kinds: frozenset[str] | None
) -> AsyncIterator[bytes]:
    """Pages of events; the reader's own pace is the pace of reading."""
    loop = asyncio.get_running_loop()
    checked_s = loop.time()
    yield b"retry: 2000\nid: %d\n\n" % after
    async for page in feed.follow(after, BEAT_S):
        yield _written(page, kinds)
        if loop.time() - checked_s >= RECHECK_S:
            checked_s = loop.time()
            if not await _still(request, deps):
                return


def _written(page: list[Item], kinds: frozenset[str] | None) -> bytes:
    """Blocks of a page. One that is filtered out still moves the reader's position on."""
    blocks = [_block(item) for item in page if kinds is None or item.kind in kinds]
    if page and kinds is not None and page[-1].kind not in kinds:
        blocks.append(b"id: %d\n\n" % page[-1].seq)
    return b"".join(blocks) or b": beat\n\n"


def _block(item: Item) -> bytes:
    """JSON holds no line break, so one data line is enough."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (item.seq, item.kind.encode(), item.data)


async def _still(request: Request, deps: Deps) -> bool:
    """Whether the credential still counts; a server that is away throws nobody out."""
    try:
        identity = await identify(request, deps)
    except STORE_DOWN:
        return True
    return identity is not None and may(identity.role, "fleet.read")
