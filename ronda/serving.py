"""Serve an ASGI application inside a stage: no signal handling of its own, an early word about a taken port."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

import uvicorn

from ronda.installation import InUseError

_GRACE_S: Final = 1  # open streams (SSE, WebSocket) are cut after this
_WS_MAX: Final = 65_536  # bytes: viewers only say where they look


class _Server(uvicorn.Server):
    """uvicorn catches SIGTERM and raises it again after its own shutdown, which would kill us mid-drain."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _nothing() -> None:
    """No hook."""


async def serve(
    app: Any, host: str, port: int, on_ready: Callable[[], None] = _nothing, on_stop: Callable[[], None] = _nothing
) -> None:
    """Serve until cancelled; then `on_stop` ends what would go on for ever, and requests finish for a few seconds."""
    listening = bind(host, port, "RONDA_HTTP_PORT or --port")
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,  # a printed link carries its secret in the query; it is never logged
        server_header=False,
        ws_max_size=_WS_MAX,
        timeout_graceful_shutdown=_GRACE_S,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]), name="http")
    try:
        await _started(server, serving)
        on_ready()
        await asyncio.shield(serving)
    finally:
        on_stop()
        server.should_exit = True
        await serving
        listening.close()


def bind(host: str, port: int, setting: str) -> socket.socket:
    """A bound socket, or an `InUseError` that names the setting to change."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends at once only on sockets whose protocol is named; else each answer waits 40 ms for an acknowledgement
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise InUseError(f"Cannot listen on {host}:{port} ({error.strerror}); choose another {setting}.") from error
    return listening


def settled_port(host: str, port: int, setting: str) -> int:
    """`port` itself when it is free, any free one for 0; told early, before servers start."""
    with bind(host, port, setting) as probe:
        return int(probe.getsockname()[1])


async def _started(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    while not server.started and not serving.done():  # noqa: ASYNC110 - the server has only a flag
        await asyncio.sleep(0.01)
