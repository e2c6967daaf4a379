"""The intake of devices' HTTP: it answers at once while nothing can be taken in, and never lets a request wait long."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from api.problems import LaterError
from core.clock import Clock
from core.identity import Identity
from core.rejects import Reject
from ingest.intake import Intake
from ingest.message import Message, ignore

ANSWER_S: Final = 20.0  # then the client is told to come again; what it sent may yet be written, and counts once
WITNESSES: Final = 500  # messages turned away that still tell what their devices' clocks say
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
        self._witnesses: deque[Message] = deque(maxlen=WITNESSES)

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
            self._witnesses.append(
                Message(topic, payload, self._clock.now_us(), 0, retained=False, identity=identity, done=ignore)
            )
            raise LaterError(why)
        self._witnesses.clear()
        try:
            async with asyncio.timeout(self._answer_s):
                return await self._intake.submit(topic, payload, identity)
        except TimeoutError as error:
            raise LaterError("the log has not taken it yet; send it again, what came twice counts once") from error

    def times(self) -> dict[str, int]:
        """What the clocks of registered devices say, also of those that are being turned away because of ours."""
        return self._intake.admission.times(list(self._witnesses)) | self._intake.times()
