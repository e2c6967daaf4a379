"""How the composition hears that it cannot go on."""

from __future__ import annotations

import asyncio

from core.errors import RondaError
from ronda.embedded.supervisor import News
from ronda.runtime import Parts


class StageError(RondaError):
    """A stage or a server of ours failed for good; the cause is in the log."""


class Alarm:
    """Hears from the embedded servers' supervisors; goes off when one is given up."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._lost = parts, ""
        self._gone = asyncio.Event()

    def __call__(self, name: str, news: News) -> None:
        self._parts.say(name, "ready" if news == "restarted" else "failing", news)
        if news == "gave_up":
            self._lost = name
            self._gone.set()

    async def wait(self) -> None:
        await self._gone.wait()
        raise StageError(f"The embedded server {self._lost} does not stay up; look at its log in the data folder.")
