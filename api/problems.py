"""Every error of this room is an RFC 9457 problem: status, title, and a detail that says what to do."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketState

from core.errors import ConflictError, DecodeError, RondaError, UnavailableError

MEDIA: Final = "application/problem+json"
logger: Final = logging.getLogger("ronda.api")
# How the servers behind us say that they are away; whoever meets one waits and tries again.
STORE_DOWN: Final = (UnavailableError,)
Handler = Callable[[HTTPConnection, Any], Awaitable[Response]]


class ParameterError(RondaError):
    """A parameter or a body cannot be used; becomes a 422 that names it."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name} {detail}")
        self.name = name


class OvertakenError(ConflictError):
    """What was asked for does not go with the present state; the answer holds that state."""

    def __init__(self, detail: str, newest: dict[str, Any]) -> None:
        super().__init__(detail)
        self.newest = newest


class NotFoundError(RondaError):
    """There is no such thing; becomes a 404."""


class LaterError(RondaError):
    """Not now; becomes a 503 with this very text."""


def problem(status: int, detail: str, *, headers: dict[str, str] | None = None, **extra: Any) -> Response:
    """A problem response; `extra` are its extension members."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **extra}
    return Response(msgspec.json.encode(body), status, headers=headers, media_type=MEDIA)


def install(app: FastAPI) -> None:
    """Have every error of the app answered as a problem."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, _for_both(handler))


def _for_both(handler: Handler) -> Any:
    """The handler for requests, and for a WebSocket whose handshake it answers with the same problem."""

    async def answer(connection: HTTPConnection, error: Exception) -> Response | None:
        response = await handler(connection, error)
        if not isinstance(connection, WebSocket):
            return response
        if connection.application_state is WebSocketState.CONNECTING:
            await connection.send_denial_response(response)
        return None

    return answer


async def _http(_: HTTPConnection, error: HTTPException) -> Response:
    return problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))


async def _validation(_: HTTPConnection, error: RequestValidationError) -> Response:
    errors = [{"name": _name(e["loc"]), "detail": str(e["msg"])} for e in error.errors()]
    return problem(422, "; ".join(f"{e['name']}: {e['detail']}" for e in errors), errors=errors)


def _name(place: tuple[Any, ...]) -> str:
    """`("query", "limit")` is `limit`, `("body",)` is `body`."""
    return ".".join(map(str, place[1:] or place))


async def _parameter(_: HTTPConnection, error: ParameterError) -> Response:
    return problem(422, str(error), errors=[{"name": error.name, "detail": str(error)}])


async def _not_found(_: HTTPConnection, error: Exception) -> Response:
    return problem(404, str(error))


async def _conflict(_: HTTPConnection, error: Exception) -> Response:
    extra = {"newest": error.newest} if isinstance(error, OvertakenError) else {}
    return problem(409, str(error), **extra)


async def _unreadable(_: HTTPConnection, error: DecodeError) -> Response:
    """A value or a page key from outside that the archive cannot take."""
    return problem(422, error.detail or str(error))


async def _later(_: HTTPConnection, error: Exception) -> Response:
    return problem(503, str(error), headers={"Retry-After": "2"})


def _place(connection: HTTPConnection) -> str:
    """The route's template: an address may hold the secret of an invitation."""
    return getattr(connection.scope.get("route"), "path", "") or "unknown"


async def _store_down(connection: HTTPConnection, error: Exception) -> Response:
    """The error's own text names sockets and hosts: it is for the log."""
    extra = {"action": "api.store_down", "path": _place(connection)}
    logger.warning("a server behind us does not answer: %r", error, extra=extra)
    detail = "a server behind this one does not answer; try again, and look at /readyz if it lasts"
    return problem(503, detail, headers={"Retry-After": "2"})


async def _unexpected(connection: HTTPConnection, error: Exception) -> Response:
    extra = {"action": "api.request_failed", "path": _place(connection)}
    logger.error("request failed", exc_info=error, extra=extra)
    return problem(500, "this should not have happened; the server's log has the details")


_HANDLERS: Final[dict[Any, Handler]] = {
    HTTPException: _http,
    RequestValidationError: _validation,
    WebSocketRequestValidationError: _validation,
    ParameterError: _parameter,
    NotFoundError: _not_found,
    ConflictError: _conflict,
    DecodeError: _unreadable,
    LaterError: _later,
    **dict.fromkeys(STORE_DOWN, _store_down),
    Exception: _unexpected,
}
