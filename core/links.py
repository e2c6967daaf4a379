"""Signed links to an offer: whoever has one may see and answer that offer, for that person, until it ends. Pure.

The secret is the installation's own. A link holds what it is for, so nothing has to be kept of it; a change of any bit
makes it nobody's.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

import msgspec

from core.units import US_PER_S

_PURPOSE: Final = b"ronda offer link 1\0"  # what else the secret may sign is no link
_MAC_BYTES: Final = 16
_TOKEN_LIMIT: Final = 1024  # characters


class OfferLink(msgspec.Struct, frozen=True, array_like=True):
    """What a link is for; it ends at `until_s` (seconds since the epoch)."""

    offer: str
    person: str
    until_s: int


_decoder: Final = msgspec.msgpack.Decoder(OfferLink)


def signed(secret: bytes, link: OfferLink) -> str:
    """The last part of the address `/o/{signed}`."""
    body = msgspec.msgpack.encode(link)
    return urlsafe_b64encode(body + _mac(secret, body)).rstrip(b"=").decode()


def opened(secret: bytes, token: str, now_us: int) -> OfferLink | None:
    """What a link is for; None if it is not ours or has ended."""
    if len(token) > _TOKEN_LIMIT or not token.isascii():
        return None
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        body, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        link = _decoder.decode(body) if hmac.compare_digest(mac, _mac(secret, body)) else None
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None
    return link if link is not None and now_us < link.until_s * US_PER_S else None


def _mac(secret: bytes, body: bytes) -> bytes:
    return hmac.digest(secret, _PURPOSE + body, "sha256")[:_MAC_BYTES]
