"""A running application for tests: real Postgres, a log, a clock that moves when told, and somebody to ask it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.deps import CityInfo, Deps
from core.clock import ManualClock
from core.codec import decode
from core.entries import Command, Config
from core.events import CommandDone, Event
from core.fixes import Fixes
from core.live import Live
from core.rejects import Reject
from store import credentials
from store.archive import Archive
from store.log import START, Commit, Log
from store.memory import MemoryLog
from store.pg import connect
from tests.api.samples import NOW_US

BASE = "http://127.0.0.1:8000"
CITY = CityInfo(
    code="53.71", name="Kupang", tz="Asia/Makassar", centre=(123.6, -10.17), bounds=(123.5, -10.3, 123.7, -10.1)
)


@dataclass
class World:
    app: FastAPI
    deps: Deps
    client: httpx.AsyncClient
    archive: Archive
    entry: int = 0
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def clock(self) -> ManualClock:
        assert isinstance(self.deps.clock, ManualClock)
        return self.deps.clock

    async def token(self, role: str = "supervisor") -> str:
        """A token of a role; the same one each time."""
        if role not in self.tokens:
            _, self.tokens[role] = await credentials.create_token(
                self.deps.pool, role=role, subject=f"{role}@test", label="", expires_us=None, now_us=NOW_US
            )
        return self.tokens[role]

    async def ask(self, method: str, path: str, role: str | None = "supervisor", **rest: Any) -> httpx.Response:
        """One request, with the token of a role."""
        headers = {} if role is None else {"Authorization": f"Bearer {await self.token(role)}"}
        return await self.client.request(method, path, headers=headers | rest.pop("headers", {}), **rest)

    async def get(self, path: str, role: str | None = "supervisor", **params: Any) -> httpx.Response:
        return await self.ask("GET", path, role, params=params or None)  # {} would drop the path's own query

    async def archived(
        self,
        *events: Event,
        fixes: Fixes | None = None,
        configs: list[Config] | None = None,
        commands: list[Command] | None = None,
        rejects: list[Reject] | None = None,
    ) -> None:
        """Have the archive store these as one more entry."""
        self.entry += 1
        entry_id = f"{self.entry}-0"
        said = [("events.0", entry_id, list(events))] if events else []
        named = [(f"{entry_id}.{i}", config) for i, config in enumerate(configs or [])]
        await self.archive.write(
            {"events.0": entry_id}, fixes or Fixes.empty(), said, named, commands or [], rejects or []
        )

    async def shown(self, *rows: Live) -> None:
        """Have geo commit these latest positions, and wait until the hub has them."""
        lease = await self.deps.log.acquire("geo.0", "test", 60_000)
        assert lease is not None
        self.entry += 1
        live = {row.device: msgspec.msgpack.encode(row) for row in rows}
        frame = msgspec.msgpack.encode(list(rows))
        await self.deps.log.commit(
            lease, Commit(reader="geo", stream="in.0", offset=f"{self.entry}-0", live=live, frame=frame)
        )
        async with asyncio.timeout(5):
            while any(self.app.state.hub.rows.get(row.device) != row for row in rows):  # noqa: ASYNC110  no bell there
                await asyncio.sleep(0.005)


@asynccontextmanager
async def world(postgres_url: str, log: Log | None = None, **given: Any) -> AsyncIterator[World]:
    """An application that runs in this loop, and its surroundings."""
    async with await connect(postgres_url, max_size=4) as pool:
        usual = {"log": log or MemoryLog(), "clock": ManualClock(NOW_US), "city": CITY, "partitions": 2}
        deps = Deps(**{"pool": pool, "database_url": postgres_url} | usual | given)
        app = create_app(deps)
        archive = Archive(pool)
        await archive.offsets()
        async with app.router.lifespan_context(app):
            async with asyncio.timeout(5):
                await app.state.hub.ready.wait()
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
                yield World(app, deps, client, archive)


def in_world(postgres_url: str, body: Callable[[World], Awaitable[Any]], **given: Any) -> Any:
    """Run `body(world)`."""

    async def main() -> Any:
        async with asyncio.timeout(40), world(postgres_url, **given) as there:
            return await body(there)

    return asyncio.run(main())


@asynccontextmanager
async def answering(
    there: World, stream: str, effect: Callable[[Command], list[Event]], ok: bool = True
) -> AsyncIterator[list[Command]]:
    """Stand in for the stages behind: read commands of a stream, archive their effect and that they are done."""
    seen: list[Command] = []

    async def stage() -> None:
        at = START
        while True:
            for entry in (await there.deps.log.read({stream: at}, count=10, block_ms=200)).get(stream, []):
                at = entry.id
                command = decode(entry.body)
                seen.append(command)
                done = CommandDone(at_us=NOW_US, id=command.id, ok=ok, reason="" if ok else "not now")
                await there.archived(*effect(command), done, commands=[command])

    task = asyncio.create_task(stage())
    try:
        yield seen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class _Server(uvicorn.Server):
    def install_signal_handlers(self) -> None:
        """The test run owns the signals."""


@asynccontextmanager
async def served(there: World) -> AsyncIterator[str]:
    """The same application behind a real server on a free port; yields `127.0.0.1:port`."""
    config = uvicorn.Config(
        there.app,
        host="127.0.0.1",
        port=0,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110  uvicorn has no bell either
        await asyncio.sleep(0.01)
    try:
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
