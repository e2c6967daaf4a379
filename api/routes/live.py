"""`WS /api/v1/live`: latest positions, coalesced per viewer. The format is in docs/live.md.

First a snapshot `{"type": "snapshot", "t", "fields", "positions"}`, then frames `{"type": "frame", "t", "positions",
"gone"}` of what changed: at once when the last message is at least `interval_ms` old, else when it is. A frame with
nothing in it is the heartbeat. The viewer may send `{"type": "view", "bbox": [w, s, e, n] | null}`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Query
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.deps import Deps, deps_of, hub_of
from api.gate import identify
from api.hub import Hub, Viewer
from api.params import box, box_of
from api.problems import STORE_DOWN, ParameterError
from api.roles import Allow, may
from store.cancel import heed_cancel

BEAT_S: Final = 5.0
SLOW_S: Final = 20.0  # a viewer that takes nothing for so long is closed
RECHECK_S: Final = 30.0  # how soon a session that ended or a token that was revoked closes the feed
CLOSE_S: Final = 2.0
BAD_MESSAGE: Final = 1003
TRY_LATER: Final = 1013
SIGNED_OUT: Final = 4401

logger: Final = logging.getLogger("ronda.api")
router = APIRouter(prefix="/api/v1", tags=["live"])


class View(msgspec.Struct, frozen=True):
    """What a viewer may say: look there."""

    type: Literal["view"]
    bbox: list[float] | None = None


class Closed(Exception):  # noqa: N818  not an error: the end of one feed
    """End this feed with a close code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@router.websocket("/live", dependencies=[Depends(Allow("fleet.read"))])
async def live(
    socket: WebSocket,
    deps: Annotated[Deps, Depends(deps_of)],
    hub: Annotated[Hub, Depends(hub_of)],
    bbox: str | None = None,
    interval_ms: Annotated[int, Query(ge=100, le=10_000)] = 1000,
) -> None:
    viewer = Viewer(box(bbox))
    await socket.accept()
    hub.join(viewer)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_send(socket, hub, viewer, interval_ms / 1000), name="api.live.send")
            group.create_task(_listen(socket, viewer), name="api.live.listen")
            group.create_task(_recheck(socket, deps), name="api.live.recheck")
    except* Closed as ends:
        await _close(socket, ends)
    except* (WebSocketDisconnect, RuntimeError):
        pass  # the viewer went away; sending to it afterwards is a RuntimeError of the server
    finally:
        hub.leave(viewer)


async def _send(socket: WebSocket, hub: Hub, viewer: Viewer, interval_s: float) -> None:
    await hub.ready.wait()
    while True:
        message = hub.message(viewer).decode()
        try:
            async with asyncio.timeout(SLOW_S):
                await socket.send_text(message)
        except TimeoutError:
            hub.counters.slow_closed += 1
            raise Closed(TRY_LATER, "nothing was taken for too long; connect again") from None
        await asyncio.sleep(interval_s)
        with contextlib.suppress(TimeoutError):  # then the heartbeat: an empty frame
            async with asyncio.timeout(max(BEAT_S - interval_s, 0)):
                await viewer.bell.wait()


async def _listen(socket: WebSocket, viewer: Viewer) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        viewer.look(_view(message.get("text") or message.get("bytes") or b""))


def _view(message: str | bytes) -> Any:
    try:
        view = msgspec.json.decode(message, type=View)
        return None if view.bbox is None else box_of(view.bbox)
    except (msgspec.MsgspecError, UnicodeDecodeError, ParameterError) as error:
        raise Closed(BAD_MESSAGE, str(error)[:100]) from error


async def _recheck(socket: WebSocket, deps: Deps) -> None:
    while True:
        await asyncio.sleep(RECHECK_S)
        with contextlib.suppress(*STORE_DOWN):  # nobody is thrown out because a server is away
            identity = await identify(socket, deps)
            heed_cancel()
            if identity is None or not may(identity.role, "fleet.read"):
                raise Closed(SIGNED_OUT, "the credential has ended; sign in again")


async def _close(socket: WebSocket, ends: BaseExceptionGroup[Closed]) -> None:
    first = ends.exceptions[0]
    code, reason = (first.code, first.reason) if isinstance(first, Closed) else (1011, "")
    with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
        async with asyncio.timeout(CLOSE_S):  # one that takes nothing does not take the farewell either
            await socket.close(code, reason)
