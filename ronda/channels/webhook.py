"""Webhook: each notice to one address, signed as in Standard Webhooks."""

from __future__ import annotations

from datetime import tzinfo
from typing import Final

import msgspec

from core.clock import Clock
from core.signing import key_of, signature
from core.units import US_PER_S
from ronda.channels.channel import FindPerson, Letter, NeverError, Outcome
from ronda.channels.http import Poster
from ronda.channels.payload import payload


class Webhook:
    """To a program that passes notices on: a chat bot, a gateway, another system."""

    name: Final = "webhook"
    wait_s: Final = 0.0

    def __init__(
        self, url: str, secret: str, *, poster: Poster, person: FindPerson, clock: Clock, zone: tzinfo
    ) -> None:
        self._url = url
        self._key = key_of(secret)
        self._poster = poster
        self._person = person
        self._clock = clock
        self._zone = zone

    async def send(self, letter: Letter) -> Outcome:
        """2xx: the other side has it, and says no more."""
        person = await self._person(letter.notice.person)
        told = payload(letter, self._zone)
        told |= {"name": person.name, "phone": person.phone} if person is not None else {}
        body, at_s = msgspec.json.encode(told), self._clock.now_us() // US_PER_S
        headers = {
            "Content-Type": "application/json",
            "webhook-id": letter.notice.id,
            "webhook-timestamp": str(at_s),
            "webhook-signature": signature(self._key, letter.notice.id, at_s, body),
        }
        status = await self._poster.post(self._url, body, headers)
        if not 200 <= status < 300:
            raise NeverError(f"the webhook answers {status}")
        return "sent"
