"""From a person's will to its effect: append to the log, then wait until the archive knows what became of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final

from psycopg_pool import AsyncConnectionPool

from api.feed import Feed, until
from api.problems import LaterError
from core.clock import Clock
from core.codec import encode
from core.entries import Command
from core.errors import ConflictError
from store import read
from store.log import Log
from store.read import CommandState

WAIT_S: Final = 5.0
DISPATCH: Final = ("dispatch.in",)


class Commands:
    """Sends commands and answers after their effect."""

    def __init__(
        self,
        log: Log,
        pool: AsyncConnectionPool,
        clock: Clock,
        feed: Feed,
        partitions: int,
        unwritable: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._log = log
        self._pool = pool
        self._clock = clock
        self._feed = feed
        self._unwritable = unwritable  # why no command can be written now
        self.wait_s = WAIT_S
        self.geo: Final = tuple(f"in.{p}" for p in range(partitions))

    async def send(
        self, kind: str, actor: str, body: dict[str, Any], streams: tuple[str, ...], *, key: str = ""
    ) -> CommandState:
        """Append a command and wait for its effect. Refused: `ConflictError`; not now, or no answer: `LaterError`.

        What the same person sends again under the same `key` is the same command, whatever it says.
        """
        if why := self._unwritable():
            raise LaterError(why)
        name = _keyed(kind, actor, key) if key else new_id("c")
        if key and (state := await read.command(self._pool, name)) and state.done:
            return _taken(state)
        command = Command(id=name, kind=kind, actor=actor, at_us=self._clock.now_us(), body=body)
        await self._log.append([(stream, encode(command)) for stream in streams])
        state = await self._settled(command.id)
        if state is None:
            raise LaterError(
                f"the request is in the log (command {command.id}) but its effect is not known yet; "
                "look at the result before sending it again"
            )
        return _taken(state)

    async def known(self, kind: str, actor: str, key: str) -> bool:
        """Whether this very command was carried out or refused already."""
        state = await read.command(self._pool, _keyed(kind, actor, key)) if key else None
        return state is not None and state.done

    async def _settled(self, command_id: str) -> CommandState | None:
        found: list[CommandState] = []

        async def probe() -> bool:
            state = await read.command(self._pool, command_id)
            if state is not None and state.done:
                found.append(state)
            return bool(found)

        return found[0] if await until(self._feed, probe, self.wait_s) else None


def _taken(state: CommandState) -> CommandState:
    if not state.ok:
        raise ConflictError(state.reason or "the engine refused this in the present state; read again")
    return state


def _keyed(kind: str, actor: str, key: str) -> str:
    said = f"{kind}\n{actor}\n{key}".encode(errors="replace")
    return f"c-{blake2b(said, digest_size=12).hexdigest()}"


def new_id(prefix: str) -> str:
    """An id nobody can guess or repeat."""
    return f"{prefix}-{secrets.token_hex(12)}"
