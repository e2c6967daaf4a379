"""The gate: every request passes here, and all but a short list needs a credential.

It is the first lock (who are you); the routes' `Allow` is the second (may you). A path is closed unless this file
opens it, so a new route is closed by default. Secrets never reach a log: the console's link carries its secret in a
query, and no query is ever written by this room. Devices (`/ingest/`) have a lock of their own: `api/speakers.py`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Final

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.deps import Deps
from api.forms import FORM_MAX
from api.origins import same_origin
from api.problems import STORE_DOWN, problem
from api.speakers import CHALLENGE, PREFIX, RefusedError, speaker_of
from core.identity import Identity
from store import credentials

COOKIE: Final = "ronda_session"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN: Final = frozenset({"/", "/healthz", "/readyz", "/metrics"})  # /metrics looks for itself: local, or a token
_ASSET: Final = re.compile(
    r"/(?:assets/[\w.-]+(?:/[\w.-]+)*|phone/[\w-]+\.js|[\w-]+\.(?:css|html|ico|js|png|svg|txt|webmanifest|woff2))"
)
_LINK: Final = re.compile(  # the path itself is the credential: an invitation, an offer, a person's own page
    r"/(?:i/[\w-]+|o/[\w-]+(?:/push)?|l/[\w-]+(?:/[\w-]+){0,2})"
)
SECRET: Final = re.compile(r"[\w-]{20,200}")  # what our secrets look like; anything else is not worth a query

BODY_MAX: Final = 1 << 20  # bytes of a person's or a program's request; devices' bodies have bounds of their own
_BOUNDED: Final = "/api/"
_PHOTOS: Final = re.compile(r"/api/v1/incidents/[^/]+/photos")

logger: Final = logging.getLogger("ronda.api")


def is_open(path: str) -> bool:
    """Whether a path needs no credential: health, links that are one, the console's own files (no data)."""
    if path in OPEN or _LINK.fullmatch(path):
        return True
    return _ASSET.fullmatch(path) is not None and ".." not in path


def bearer_of(headers: Mapping[str, str]) -> str | None:
    """The token of an Authorization header."""
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


async def identify(connection: HTTPConnection, deps: Deps) -> Identity | None:
    """Whose credential this is: the Bearer token if there is one, else the session cookie."""
    now_us = deps.clock.now_us()
    token = bearer_of(connection.headers)
    if token is not None:
        return await credentials.find_token(deps.pool, token, now_us) if SECRET.fullmatch(token) else None
    session = connection.cookies.get(COOKIE, "")
    return await credentials.find_session(deps.pool, session, now_us) if SECRET.fullmatch(session) else None


class Gate:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, deps: Deps) -> None:
        self._app = app
        self._deps = deps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = await self._refuse(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is not None:
            status, detail = refusal
            headers = CHALLENGE if scope["path"].startswith(PREFIX) else {"WWW-Authenticate": "Bearer"}
            told = {401: headers, 503: {"Retry-After": "2"}}.get(status)
            await problem(status, detail, headers=told)(scope, receive, send)
            return
        if scope["type"] == "http" and scope["path"].startswith(_BOUNDED):
            receive = _bounded(receive, _most(scope["path"]))
        await self._app(scope, receive, send)

    async def _refuse(self, scope: Scope) -> tuple[int, str] | None:
        """Why this may not pass, None when it may."""
        try:
            await self._admit(scope)
        except RefusedError as error:
            return error.status, str(error)
        except STORE_DOWN as error:
            logger.warning("cannot check credentials: %r", error, extra={"action": "api.store_down"})
            return 503, "credentials cannot be checked now; try again, and look at /readyz if it lasts"
        return None

    async def _admit(self, scope: Scope) -> None:
        """Put who asks into the scope, or raise `RefusedError`."""
        path: str = scope["path"]
        if "\0" in path or b"%00" in scope["query_string"]:
            raise RefusedError(400, "an address cannot contain the character NUL: no name has one")
        if is_open(path):
            return
        connection = HTTPConnection(scope)
        if path.startswith(_BOUNDED) and _length(connection.headers) > (most := _most(path)):
            raise RefusedError(413, _too_large(most))
        if path.startswith(PREFIX):  # devices: no cookie counts here, so no foreign page can use one
            scope["speaker"] = await speaker_of(connection, self._deps)
            return
        identity = await identify(connection, self._deps)
        if identity is None:
            raise RefusedError(401, "sign in by your link, or send a token as Authorization: Bearer")
        foreign = _foreign(scope, connection.headers, self._deps.public_url)
        if foreign:
            raise RefusedError(403, foreign)
        scope["identity"] = identity
        if identity.role == "auditor":
            record = {"action": "api.audit", "subject": identity.subject, "path": path}
            logger.info("auditor reads", extra=record)


def _length(headers: Headers) -> int:
    """The length that a body is said to have; 0 when nothing is said."""
    said = headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else 0


def _most(path: str) -> int:
    """Bytes that a body may have."""
    return FORM_MAX if _PHOTOS.fullmatch(path) else BODY_MAX


def _too_large(most: int) -> str:
    return f"a body has at most {most} bytes here; send less at a time"


def _bounded(receive: Receive, most: int) -> Receive:
    """Read a body up to its bound: whoever sends in pieces says no length, and a role is asked only after the body."""
    read = 0

    async def piece() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise HTTPException(413, _too_large(most))
        return message

    return piece


def _foreign(scope: Scope, headers: Headers, public_url: str) -> str:
    """Why a request that a browser sends with our cookie is not ours; "" when it is, or when no cookie speaks."""
    same = same_origin(headers, public_url)
    if scope["type"] == "websocket":
        return "this origin may not open the live feed" if same is False else ""
    if scope["method"] in SAFE or bearer_of(headers) is not None:
        return ""
    if same is None:
        return "a write by session cookie must carry Origin; programs send a token as Authorization: Bearer"
    return "" if same else "this origin may not write here"
