"""Keeps one server running: starts it, watches it, starts it again with growing pauses, tells the composition."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, Literal

from ronda.embedded.process import ServerError, Spec, end_leftover, last_words, spawn, stop

log = logging.getLogger(__name__)

News = Literal["died", "restarted", "gave_up"]
Told = Callable[[str, News], None]
Ready = Callable[[], Awaitable[bool]]

_PAUSES_S: Final = (0.1, 0.5, 2.0, 5.0, 10.0)  # one after another; after the last the server is given up
_POLL_S: Final = 0.02
_ROOM_BYTES: Final = 16_000_000  # less than this, and a database cannot even recover
_ROOM_LOOK_S: Final = 1.0


def ignore(_name: str, _news: News) -> None:
    """For callers who do not care."""


@asynccontextmanager
async def supervised(spec: Spec, ready: Ready, told: Told = ignore) -> AsyncIterator[None]:
    """Inside, the server runs or is being restarted; on leaving, it is stopped and gone."""
    await end_leftover(spec)
    keeper = _Keeper(spec, ready, told)
    try:
        await keeper.start()
        watch = asyncio.create_task(keeper.watch(), name=f"watch-{spec.name}")
        try:
            yield
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
    finally:
        await keeper.stop()


class _Keeper:
    def __init__(self, spec: Spec, ready: Ready, told: Told) -> None:
        self._spec, self._ready, self._told = spec, ready, told
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start and wait until it answers; raises `ServerError` with its last words, leaving no process."""
        self._process = process = await spawn(self._spec)
        try:
            async with asyncio.timeout(self._spec.start_limit_s):
                await self._answers(process)
        except TimeoutError as error:
            await stop(process, self._spec)
            raise ServerError(f"{self._spec.name} does not answer: {last_words(self._spec)}") from error

    async def _answers(self, process: asyncio.subprocess.Process) -> None:
        while not await self._ready():
            if process.returncode is not None:
                raise ServerError(f"{self._spec.name} does not start: {last_words(self._spec) or 'no word'}")
            await asyncio.sleep(_POLL_S)

    async def stop(self) -> None:
        """Stop for good. Shielded: a second Ctrl-C must not leave an orphan."""
        if self._process is not None:
            await asyncio.shield(stop(self._process, self._spec))

    async def watch(self) -> None:
        """Restart after each death; the pauses begin anew once it has stayed up longer than the longest of them."""
        loop = asyncio.get_running_loop()
        attempt = 0
        while self._process is not None:
            since = loop.time()
            code = await self._process.wait()
            attempt = 0 if loop.time() - since > _PAUSES_S[-1] else attempt
            self._tell("died", f"code {code}")
            attempt = await self._restart(attempt)
            if attempt >= len(_PAUSES_S):
                self._tell("gave_up", last_words(self._spec))
                return
            self._tell("restarted", f"attempt {attempt}")

    async def _restart(self, attempt: int) -> int:
        while attempt < len(_PAUSES_S):
            await asyncio.sleep(_PAUSES_S[attempt])
            await self._room()
            attempt += 1
            with contextlib.suppress(ServerError):
                await self.start()
                return attempt
        return attempt

    async def _room(self) -> None:
        """A server that a full disk ended would only end again: wait until there is room."""
        told = False
        while shutil.disk_usage(self._spec.home).free < _ROOM_BYTES:
            if not told:
                told = True
                extra = {"action": "embedded.no_room", "path": str(self._spec.home)}
                log.error("%s: no room on its disk; it starts when there is", self._spec.name, extra=extra)
            await asyncio.sleep(_ROOM_LOOK_S)

    def _tell(self, news: News, why: str) -> None:
        level = logging.INFO if news == "restarted" else logging.ERROR
        log.log(level, "%s: %s (%s)", self._spec.name, news, why, extra={"action": f"embedded.{news}"})
        self._told(self._spec.name, news)
