"""Credentials of connected clients, asked for again: one that was revoked or has expired ends its connection.

Each client is asked about once in `every_s`, spread over that time. If nobody can answer (the database is away) the
client stays: a credential was good when it came, and a failing database must not empty the house.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from core.identity import Identity
from ingest import wire
from ingest.counters import Counters
from ingest.session import Session

Credential = tuple[str, str, str]  # client id, user, password
Ask = Callable[[Credential], Awaitable[Identity | None]]

_PERIOD_S: Final = 1.0

_logger = logging.getLogger(__name__)


class Rechecks:
    """Asks `ask` about each of `sessions` again and again."""

    def __init__(self, sessions: Collection[Session], ask: Ask, every_s: float, counters: Counters) -> None:
        self._sessions = sessions
        self._ask = ask
        self._every_s = every_s
        self._counters = counters
        self._failing = False

    async def run(self) -> None:
        """Ask until cancelled, never about more at once than their share of the time."""
        period_s = min(_PERIOD_S, self._every_s / 4)
        while True:
            await asyncio.sleep(period_s)
            now_s = asyncio.get_running_loop().time()
            due = [s for s in self._sessions if s.credential and s.open and now_s - s.checked_s >= self._every_s / 2]
            due.sort(key=lambda session: session.checked_s)
            share = math.ceil(len(self._sessions) * period_s / (self._every_s / 2))
            await asyncio.gather(*(self._recheck(session) for session in due[:share]))

    async def _recheck(self, session: Session) -> None:
        if session.credential is None:
            return
        session.checked_s = asyncio.get_running_loop().time()
        try:
            identity = await self._ask(session.credential)
        except Exception as error:  # noqa: BLE001  # whatever it was: nobody could answer
            if not self._failing:
                extra = {"action": "door.recheck_failed"}
                _logger.warning("credentials cannot be asked about now; clients stay: %s", error, extra=extra)
            self._failing = True
            return
        self._failing = False
        if identity != session.identity:
            self._counters.revoked += 1
            extra = {"action": "door.revoked", "subject": session.identity.subject if session.identity else ""}
            _logger.info("a credential is no longer good: its connection ends", extra=extra)
            session.close(wire.NOT_AUTHORIZED)
