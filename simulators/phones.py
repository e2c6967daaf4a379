"""Pretended phones on the wire: each a connection that hears its own topics and says what its owner says."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import msgspec

from core.clock import Clock
from core.units import US_PER_S
from simulators.emit import Publisher
from simulators.rescuer import Rescuer, Said

log = logging.getLogger(__name__)

LOOK_S: Final = 0.2
KINDS: Final = ("offer", "notice")  # topics that a phone listens on


@dataclass(frozen=True, slots=True)
class Watch:
    """The simulated world's seconds beside the clock: `speedup` of them in each of ours, since `from_us`."""

    clock: Clock
    from_us: int
    speedup: float = 1.0

    def now_s(self) -> float:
        return (self.clock.now_us() - self.from_us) / US_PER_S * self.speedup

    def us(self, at_s: float) -> int:
        """When a moment of the world is by the clock."""
        return self.from_us + round(at_s / self.speedup * US_PER_S)


class Phone:
    """One volunteer's phone at a door or broker."""

    def __init__(self, rescuer: Rescuer, watch: Watch, url: str, secret: str, *, patience_s: float = 20.0) -> None:
        self.rescuer, self._watch = rescuer, watch
        topics = [f"ronda/v1/{rescuer.device}/{kind}" for kind in KINDS]
        self._publisher = Publisher(
            url, name=rescuer.device, secret=secret, patience_s=patience_s, topics=topics, heard=self._heard
        )

    @property
    def acknowledged(self) -> int:
        """Messages that the other side has taken over."""
        return self._publisher.acknowledged

    async def live(self, until_s: float) -> None:
        """Be there until that moment of the world, then have everything acknowledged."""
        connection = asyncio.create_task(self._publisher.run(), name=self.rescuer.device)
        try:
            while (now_s := self._watch.now_s()) < until_s:
                for said in self.rescuer.due(now_s):
                    await self._publisher.publish(*self._message(said))
                await asyncio.sleep(LOOK_S)
            await self._publisher.drain()
        finally:
            connection.cancel()
            with suppress(asyncio.CancelledError):
                await connection

    def _heard(self, topic: str, payload: bytes) -> None:
        try:
            told = msgspec.json.decode(payload, type=dict)
        except msgspec.DecodeError:
            log.warning("%s: no JSON object", topic, extra={"action": "simulate.unreadable"})
            return
        self.rescuer.hear(self._watch.now_s(), told)

    def _message(self, said: Said) -> tuple[str, bytes]:
        body = dict(said.body)
        if said.topic == "fix":
            body["time"] = self._watch.us(said.of_s) / US_PER_S
        return f"ronda/v1/{self.rescuer.device}/{said.topic}", msgspec.json.encode(body)


async def live(phones: Sequence[Phone], until_s: float) -> None:
    """All of them; the first that fails ends all, and what it says is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for phone in phones:
                group.create_task(phone.live(until_s))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
