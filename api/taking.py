"""The intake of devices' HTTP: it answers at once while nothing can be taken in, and never lets a request wait long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from api.problems import LaterError
from core.clock import Clock
from core.identity import Identity
from core.rejects import Reject
from ingest.intake import Intake
from ingest.message import Message, ignore

ANSWER_S: Final = 20.0  # then the client is told to come again; what it sent may yet be written, and counts once
WITNESSES: Final = 500  # devices turned away that still tell what their clocks say
TESTIMONY_MAX: Final = 4096  # bytes: a message with one time of now is no longer
_AWAY: Final = "the log does not answer, so nothing can be taken in; try again"
_FULL: Final = "more waits for the log than may; try again in a moment"


class HttpIntake:
    """An intake behind HTTP. `standstill` says why nothing may be taken in now."""

    def __init__(
        self, intake: Intake, clock: Clock, standstill: Callable[[], str | None], *, answer_s: float = ANSWER_S
    ) -> None:
        self._intake = intake
        self._clock = clock
        self._standstill = standstill
        self._answer_s = answer_s
        self._witnesses: dict[str, int] = {}  # what each of them said last, in microseconds

    def why(self) -> str | None:
        """Why nothing is taken in now, None when it is."""
        held = self._standstill()
        if held is not None:
            return held
        if not self._intake.batcher.healthy:
            return _AWAY
        return _FULL if self._intake.full else None

    async def submit(self, topic: str, payload: bytes, identity: Identity | None) -> list[Reject]:
        """What was refused of a message that is now on disk; `LaterError` when it is not, or perhaps not."""
        why = self.why()
        if why is not None:
            self._witness(topic, payload, identity)
            raise LaterError(why)
        self._witnesses.clear()
        try:
            async with asyncio.timeout(self._answer_s):
                return await self._intake.submit(topic, payload, identity)
        except TimeoutError as error:
            raise LaterError("the log has not taken it yet; send it again, what came twice counts once") from error

    def _witness(self, topic: str, payload: bytes, identity: Identity | None) -> None:
        """Remember what a device says last: one that tries again and again shall not crowd out the others."""
        if len(payload) > TESTIMONY_MAX:
            return
        now_us = self._clock.now_us()
        message = Message(topic, payload, now_us, 0, retained=False, identity=identity, done=ignore)
        for device, time_us in self._intake.admission.times([message]).items():
            self._witnesses.pop(device, None)
            if len(self._witnesses) >= WITNESSES:
                del self._witnesses[next(iter(self._witnesses))]
            self._witnesses[device] = time_us

    def times(self) -> dict[str, int]:
        """What the clocks of registered devices say, also of those that are being turned away because of ours."""
        return self._witnesses | self._intake.times()
