"""Who speaks for a device over HTTP: a secret in Basic or Bearer, and never a cookie.

The gate asks `speaker_of` for every path under `/ingest/`; routes then ask `Speaks` for the speaker that it found.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Final, NamedTuple

from fastapi import Depends, HTTPException
from starlette.requests import HTTPConnection

from api.deps import Deps
from api.origins import same_origin
from api.roles import Allow, may
from core.identity import Identity
from core.naming import looks_secret
from store import credentials

PREFIX: Final = "/ingest/"
SECRET_IN_BODY: Final = "/ingest/osmand"  # noqa: S105  a path: this client may show its secret as its id
CHALLENGE: Final = {"WWW-Authenticate": 'Basic realm="ronda"'}
_NAME_MAX: Final = 128


class Shown(NamedTuple):
    """What an Authorization header holds; an empty secret is none."""

    user: str
    secret: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who sends. Without an identity it is somebody of the open demo, or (not `proven`) has still to show a secret."""

    identity: Identity | None
    user: str = ""
    proven: bool = True
    secret: str = field(default="", repr=False)

    def scrubbed(self, text: bytes) -> bytes:
        """The text without the secret that was shown: what is refused is stored, and shown to people."""
        return text.replace(self.secret.encode(), b"***") if self.secret else text


class RefusedError(Exception):
    """Not let in; the gate answers with this."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def shown_in(headers: Mapping[str, str]) -> Shown | None:
    """The credential of an Authorization header, None where there is none; one that cannot be read opens nothing."""
    text = headers.get("authorization")
    if text is None:
        return None
    scheme, _, rest = text.strip().partition(" ")
    if scheme.lower() == "bearer":
        return Shown("", rest.strip() or "?")
    if scheme.lower() != "basic":
        return Shown("", "?")
    try:
        pair = base64.b64decode(rest.strip(), validate=True)
    except binascii.Error:
        return Shown("", "?")
    try:
        user, _, secret = pair.decode().partition(":")
    except UnicodeDecodeError:
        user, _, secret = pair.decode("latin-1").partition(":")
    return Shown(user, secret)


async def speaker_of(connection: HTTPConnection, deps: Deps) -> Speaker:
    """Who sends this, by its headers; raises `RefusedError`."""
    shown = shown_in(connection.headers)
    user = shown.user if shown else ""
    if shown and shown.secret:
        return await _proven(connection, deps, shown)
    if deps.demo:
        if same_origin(connection.headers, deps.public_url) is False:
            raise RefusedError(403, "pages of another site may not send positions")
        return Speaker(None, user)
    if connection.scope["path"] == SECRET_IN_BODY:
        return Speaker(None, user, proven=False)
    note_knock(connection, deps, user, "no secret was sent")
    raise RefusedError(401, "send the device's secret: as the password of Basic, or as Authorization: Bearer")


async def _proven(connection: HTTPConnection, deps: Deps, shown: Shown) -> Speaker:
    identity = await identity_of(deps, shown.secret)
    if identity is None:
        note_knock(connection, deps, shown.user, "the secret is wrong, expired or revoked")
        raise RefusedError(401, "this secret opens nothing: it is wrong, expired or revoked (see `ronda token list`)")
    if identity.device is not None and not _may_bear(shown.user, identity.device) and deps.known(shown.user):
        note_knock(connection, deps, shown.user, f"the secret of {identity.device} was used with this name")
        raise RefusedError(403, "the user name is the id of another device than the one that the secret belongs to")
    return Speaker(identity, shown.user, secret=shown.secret)


def _may_bear(user: str, device: str) -> bool:
    """Whether a device may show this name: its id, or the user's half of an OwnTracks id (a person's, often)."""
    return user == device or device.startswith(f"{user}-")


async def identity_of(deps: Deps, secret: str) -> Identity | None:
    """Whose secret this is; nobody's when it cannot be one."""
    if not looks_secret(secret):
        return None
    return await credentials.find_token(deps.pool, secret, deps.clock.now_us())


def note_knock(connection: HTTPConnection, deps: Deps, user: str, why: str) -> None:
    """Somebody used this name in vain: for the page that says why a device is not on the map."""
    if 0 < len(user) <= _NAME_MAX and user.isprintable() and not looks_secret(user):
        deps.knocked(user, connection.client.host if connection.client else "", why)


class Speaks(Allow):
    """A route's demand: somebody who may speak for a device. Gives the speaker that the gate found."""

    def __init__(self) -> None:
        super().__init__("fix.send")

    def __call__(self, connection: HTTPConnection) -> Speaker:  # type: ignore[override]  # a speaker, of an identity
        speaker: Speaker | None = connection.scope.get("speaker")
        if speaker is None:  # the gate lets nobody come here; this is the second lock
            raise HTTPException(401, "send the device's secret", headers=CHALLENGE)
        return allowed(speaker)


def allowed(speaker: Speaker) -> Speaker:
    """The speaker, if its role may send positions at all."""
    identity = speaker.identity
    if identity is not None and identity.device is None and not may(identity.role, "fix.send"):
        raise HTTPException(403, f"a credential of the role {identity.role} speaks for no device")
    return speaker


def with_identity(speaker: Speaker, identity: Identity, secret: str) -> Speaker:
    """The same sender, who has shown a secret in what was sent."""
    return allowed(replace(speaker, identity=identity, secret=secret, proven=True))


GivenSpeaker = Annotated[Speaker, Depends(Speaks())]
