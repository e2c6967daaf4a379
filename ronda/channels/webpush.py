"""Web Push: to each browser in which a person agreed, without an app store. The push service keeps it for its life."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import tzinfo
from hashlib import sha256
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from core.clock import Clock
from core.units import US_PER_S
from ronda.channels.channel import LaterError, Letter, NeverError, Outcome
from ronda.channels.http import Poster
from ronda.channels.payload import payload
from ronda.channels.sealing import PLAIN_MAX, authorization, seal
from store.offers import Push

_GONE: Final = frozenset({404, 410})
_TEXT_LIMIT: Final = 500  # characters of what was reported: a push is small


class WebPush:
    """Sent when one of a person's browsers' services has it; whether it was shown, its page tells by `seen`."""

    name: Final = "webpush"
    wait_s: Final = 0.0

    def __init__(
        self, key: ec.EllipticCurvePrivateKey, contact: str, *, poster: Poster, clock: Clock, zone: tzinfo,
        pushes: Callable[[str], Awaitable[Sequence[Push]]], drop: Callable[[str], Awaitable[None]],
    ) -> None:  # fmt: skip
        self._key = key
        self._contact = contact
        self._poster = poster
        self._clock = clock
        self._zone = zone
        self._pushes = pushes
        self._drop = drop

    async def send(self, letter: Letter) -> Outcome:
        """To all of them; those that are gone are forgotten."""
        body = _body(payload(letter, self._zone))
        sent, later = 0, None
        for push in await self._pushes(letter.notice.person):
            try:
                sent += await self._push(push, body, letter)
            except LaterError as error:
                later = error
        if not sent and later is not None:
            raise later
        if not sent:
            raise NeverError(f"{letter.notice.person} has no browser that takes it")
        return "sent"

    async def _push(self, push: Push, body: bytes, letter: Letter) -> bool:
        try:
            sealed = seal(body, push.public_key, push.secret)
            status = await self._poster.post(push.endpoint, sealed, self._headers(push, letter))
        except (ValueError, NeverError):  # keys that are none, or an address that is not a push service's
            status = 410
        if status in _GONE:
            await self._drop(push.endpoint)
        return 200 <= status < 300

    def _headers(self, push: Push, letter: Letter) -> dict[str, str]:
        now_s = self._clock.now_us() // US_PER_S
        return {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(max(0, int(letter.life_s))),
            "Urgency": "high",
            "Topic": sha256(letter.notice.offer.encode()).hexdigest()[:32],  # a newer word about it replaces this one
            "Authorization": authorization(self._key, push.endpoint, self._contact, now_s),
        }


def _body(told: dict[str, Any]) -> bytes:
    """Small enough for one push: of a long report the beginning, in the worst case nothing."""
    for limit in (_TEXT_LIMIT, 0):
        body = msgspec.json.encode(told | {"text": str(told.get("text", ""))[:limit]})
        if len(body) <= PLAIN_MAX:
            return body
    return msgspec.json.encode({name: told[name] for name in ("notice", "type", "offer", "incident", "title")})
