"""A browser that is to be told: its subscription, checked."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from binascii import Error
from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from api.deps import Deps
from api.params import NO_NUL
from api.problems import ParameterError
from store import offers

_POINT_BYTES: Final = 65  # an uncompressed point of P-256
_SECRET_BYTES: Final = 16


class PushKeys(BaseModel):
    """What messages to this browser are sealed with, base64url."""

    model_config = ConfigDict(extra="ignore")
    p256dh: str = Field(max_length=100)
    auth: str = Field(max_length=40)


class Subscription(BaseModel):
    """A browser's `PushSubscription`, as it makes JSON of itself."""

    model_config = ConfigDict(extra="ignore")
    endpoint: str = Field(max_length=2000, pattern=NO_NUL)
    keys: PushKeys


async def subscribe(deps: Deps, person: str, browser: Subscription) -> None:
    """Keep it for a person; `ParameterError` names what is none."""
    address = urlsplit(browser.endpoint)
    if address.scheme != "https" or not address.hostname:
        raise ParameterError("endpoint", "must be the https address of a push service")
    point = _bytes(browser.keys.p256dh, "p256dh", _POINT_BYTES)
    secret = _bytes(browser.keys.auth, "auth", _SECRET_BYTES)
    await offers.add_push(deps.pool, person, offers.Push(browser.endpoint, point, secret), deps.clock.now_us())


def _bytes(text: str, name: str, length: int) -> bytes:
    try:
        found = urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except (Error, ValueError):
        found = b""
    if len(found) != length:
        raise ParameterError(f"keys.{name}", f"must be {length} bytes in base64url, as the browser gives it")
    return found
