"""Signed links: to an offer, to see and answer it; to a person's own page, to report and to switch duty. Pure.

Whoever has one may do so for that person, until it ends.

The secret is the installation's own. A link holds what it is for, so nothing has to be kept of it; a change of any bit
makes it nobody's.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final, TypeVar

import msgspec

from core.units import US_PER_S

_MAC_BYTES: Final = 16
_TOKEN_LIMIT: Final = 1024  # characters


class OfferLink(msgspec.Struct, frozen=True, array_like=True):
    """What a link is for; it ends at `until_s` (seconds since the epoch)."""

    offer: str
    person: str
    until_s: int


class PersonLink(msgspec.Struct, frozen=True, array_like=True):
    """A person's own page; it ends at `until_s`, or when the person's row has another `number`."""

    person: str
    number: int
    until_s: int


Link = TypeVar("Link", OfferLink, PersonLink)
_PURPOSE: Final[dict[type, bytes]] = {  # a link for one is none for the other
    OfferLink: b"ronda offer link 1\0",
    PersonLink: b"ronda person link 1\0",
}


def signed(secret: bytes, link: OfferLink | PersonLink) -> str:
    """The part of the address after `/o/` or `/l/`."""
    body = msgspec.msgpack.encode(link)
    return urlsafe_b64encode(body + _mac(secret, type(link), body)).rstrip(b"=").decode()


def opened(secret: bytes, token: str, now_us: int) -> OfferLink | None:
    """What a link to an offer is for; None if it is not ours or has ended."""
    return _opened(secret, token, now_us, OfferLink)


def opened_person(secret: bytes, token: str, now_us: int) -> PersonLink | None:
    """Whose page a link opens, if it is still the number of that person; None if it is not ours or has ended."""
    return _opened(secret, token, now_us, PersonLink)


def _opened(secret: bytes, token: str, now_us: int, kind: type[Link]) -> Link | None:
    if len(token) > _TOKEN_LIMIT or not token.isascii():
        return None
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        ours = hmac.compare_digest(mac, _mac(secret, kind, body))
        link = msgspec.msgpack.decode(body, type=kind) if ours else None
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None
    return link if link is not None and now_us < link.until_s * US_PER_S else None


def _mac(secret: bytes, kind: type, body: bytes) -> bytes:
    return hmac.digest(secret, _PURPOSE[kind] + body, "sha256")[:_MAC_BYTES]
