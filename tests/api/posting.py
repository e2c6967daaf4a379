"""An application that takes positions: a real intake before a log in memory, a registry, and devices' secrets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from httpx import BasicAuth

from api.taking import HttpIntake
from core.clock import ManualClock
from core.codec import decode
from core.entries import Config
from core.fixes import Fixes
from core.rejects import Reject
from ingest.intake import Intake
from ronda.registry import Directory
from store import credentials
from store.log import START
from store.memory import MemoryLog
from tests.api.samples import NOW_US, S
from tests.api.world import World, world

PARTITIONS = 2
NOW_S = NOW_US // S


class Post:
    """What a test has in hand: the world, its intake, and who tried in vain."""

    def __init__(self, there: World, intake: Intake, http: HttpIntake, knocks: list[tuple[str, str]]) -> None:
        self.there, self.intake, self.http, self.knocks = there, intake, http, knocks

    async def secret(self, device: str | None = None, role: str = "device") -> str:
        _, secret = await credentials.create_token(
            self.there.deps.pool, role=role, subject="x", label="", expires_us=None, now_us=NOW_US, device=device
        )
        return secret

    async def as_device(self, device: str) -> BasicAuth:
        return BasicAuth("", await self.secret(device))

    async def send(self, path: str, body: Any = b"", **options: Any) -> Any:
        content = body.encode() if isinstance(body, str) else body
        return await self.there.client.request(options.pop("method", "POST"), path, content=content, **options)

    async def fixes(self) -> Fixes:
        """Everything that is in the log as a fix."""
        found = [f for p in range(PARTITIONS) for f in await self._entries(f"in.{p}") if isinstance(f, Fixes)]
        return Fixes.concat(found)

    async def heard(self) -> list[tuple[str, float, float]]:
        """(device, lat, lon) of the fixes in the log, by device and time."""
        fixes = await self.fixes()
        order = np.lexsort((fixes.time_us, fixes.device))
        return sorted((fixes.ids[fixes.device[i]], float(fixes.lat[i]), float(fixes.lon[i])) for i in order)

    async def rejects(self) -> list[Reject]:
        return [reject for part in await self._entries("rejects") for reject in part]

    async def _entries(self, stream: str) -> list[Any]:
        read = await self.there.deps.log.read({stream: START}, count=1000, block_ms=0)
        return [decode(entry.body) for entry in read.get(stream, [])]


def posting(
    postgres_url: str,
    body: Callable[[Post], Awaitable[Any]],
    *devices: str,
    configs: tuple[Config, ...] = (),
    log: MemoryLog | None = None,
    auto_register: bool = False,
    standstill: Callable[[], str | None] = lambda: None,
    answer_s: float = 20.0,
    **given: Any,
) -> Any:
    """Run `body(post)` where these devices are registered."""

    async def main() -> Any:
        directory = Directory()
        for config in (Config(section="devices", rows=tuple({"id": device} for device in devices)), *configs):
            directory.apply(config)
        kept, knocks = log or MemoryLog(), []
        clock = ManualClock(NOW_US)
        intake = Intake(
            append=kept.append,
            partitions=PARTITIONS,
            clock=clock,
            directory=directory,
            auto_register=auto_register,
            standstill=standstill,
        )
        http = HttpIntake(intake, clock, standstill, answer_s=answer_s)
        usual = {"log": kept, "submit": http.submit, "standstill": http.why, "known": directory.known, "clock": clock}
        usual["knocked"] = lambda user, _client, why: knocks.append((user, why))
        writer = asyncio.create_task(intake.run())
        try:
            async with asyncio.timeout(40), world(postgres_url, **usual | given) as there:
                return await body(Post(there, intake, http, knocks))
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)

    return asyncio.run(main())
