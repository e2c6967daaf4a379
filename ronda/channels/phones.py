"""MQTT: to the phone's own topic, through our door or the broker in front. It is run where these are: by ingest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import tzinfo
from typing import Final, Protocol

import msgspec

from core.naming import fits_topic
from ingest.mailbox import Fate, Told
from ronda.channels.channel import ASKING, LaterError, Letter, NeverError, Outcome
from ronda.channels.payload import payload

AGAIN_S: Final = 2.0  # a phone that is away is looked for so often: it may come back for a moment only


class Notify(Protocol):
    """`ingest.service.Ingest.notify`."""

    def __call__(self, device: str, kind: str, payload: bytes, told: Told, life_s: float) -> int: ...


class Phones:
    """`ronda/v1/{device}/offer` and `…/notice`, QoS 1. At the door the phone's PUBACK is the word that it has it."""

    name: Final = "mqtt"
    wait_s: Final = 0.0

    def __init__(self, notify: Notify, zone: tzinfo) -> None:
        self._notify = notify
        self._zone = zone

    async def send(self, letter: Letter) -> Outcome:
        """Wait for the phone's word; it comes within the letter's life or not at all."""
        device = letter.notice.device
        if not device or not fits_topic(device):
            raise NeverError(f"no phone that listens by MQTT: {device!r}")
        kind = "offer" if letter.notice.kind in ASKING else "notice"
        fates = _Fates()
        body = msgspec.json.encode(payload(letter, self._zone))
        fates.expect(self._notify(device, kind, body, fates.told, letter.life_s))
        return await fates.best()


class _Fates:
    """What becomes of the copies of one letter: a phone may listen in several sessions."""

    def __init__(self) -> None:
        self._first: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._count: int | None = None
        self._lost = 0

    @property
    def told(self) -> Callable[[Fate], None]:
        return self._told

    def _told(self, fate: Fate) -> None:
        if fate != "lost" and not self._first.done():
            self._first.set_result(fate)
        self._lost += fate == "lost"
        self._look()

    def expect(self, count: int) -> None:
        """So many copies are on their way."""
        self._count = count
        self._look()

    def _look(self) -> None:
        if self._count is not None and self._lost >= self._count and not self._first.done():
            self._first.set_exception(LaterError("the phone is not connected", AGAIN_S))

    async def best(self) -> Outcome:
        """The first good end of a copy; raises `LaterError` when all are lost."""
        return await self._first
