"""A dispatch that runs on a real log and archive, with one volunteer on duty, for tests of the channels."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from psycopg_pool import AsyncConnectionPool

from core.clock import Clock
from core.codec import decode, encode
from core.entities import Person
from core.entries import Command, Config, Sightings, Tick
from core.events import Event, NoticeAsked, OfferChanged
from ronda.archiving import archive_for_ever
from ronda.pump import Pump
from ronda.runtime import AWAY, Runtime, Urls
from ronda.settings import Settings
from ronda.steps import DispatchStep
from store import read
from store.archive import Archive
from store.cancel import ended
from store.log import Log
from store.pg import connect

HERE: Final = {"lon": 123.6, "lat": -10.17}


class Town:
    """What happens there goes into dispatch's input; what was said is read from its events."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.log = runtime.log
        self._numbers = 0

    def now_us(self) -> int:
        return self.runtime.clock.now_us()

    async def put(self, *entries: Any) -> None:
        await self.log.append([("dispatch.in", encode(entry)) for entry in entries])

    async def register(self, *names: str, **more: Any) -> None:
        """Volunteers on duty, `ana` carries the phone `hp-ana`, each seen 300 m from the incidents."""
        now_us = self.now_us()
        duty = ((now_us - 10**9, now_us + 10**12),)
        people = [Person(id=n, name=n.title(), kind="volunteer", consent_us=0, duty=duty, **more) for n in names]  # type: ignore[arg-type]
        rows = tuple(msgspec.to_builtins(person) for person in people)
        held = tuple({"id": f"a-{n}", "from_us": 0, "device": f"hp-{n}", "person": n} for n in names)
        configs = [Config(section="people", rows=rows), Config(section="assignments", rows=held)]
        await self.log.append([("in.0", encode(config)) for config in configs])
        await self.until(lambda: self._archived(names[-1]))
        await self.put(
            *configs, Sightings(now_us=now_us, rows=tuple((f"hp-{n}", 123.6, -10.1673, now_us) for n in names))
        )

    async def _archived(self, name: str) -> bool:
        return await read.registry_row(self.runtime.pool, "people", name) is not None

    async def fire(self, name: str = "i", count: int = 1) -> None:
        """An incident that wants so many people."""
        body = {"kind": "kebakaran", "needs": [{"count": count}], **HERE}
        await self.command("incident.open", name, **body)
        await self.command("incident.dispatch", id=name)

    async def command(self, kind: str, id_: str = "", /, **body: Any) -> None:
        self._numbers += 1
        id_ = id_ or f"c{self._numbers}"
        await self.put(Command(id=id_, kind=kind, actor="desk", at_us=self.now_us(), body=body))

    async def tick(self) -> None:
        await self.put(Tick(now_us=self.now_us()))

    async def said(self) -> list[Event]:
        """All events so far."""
        entries = (await self.log.read({"dispatch.events": "0-0"}, count=10_000, block_ms=0)).get("dispatch.events", [])
        return [event for entry in entries for event in decode(entry.body)]

    async def offers(self, offer: str = "") -> list[str]:
        """The states that offers (or one of them) went through, in order."""
        found = [event for event in await self.said() if isinstance(event, OfferChanged)]
        return [event.state for event in found if offer in ("", event.id)]

    async def notices(self) -> list[NoticeAsked]:
        return [event for event in await self.said() if isinstance(event, NoticeAsked)]

    async def until(self, condition: Callable[[], Awaitable[bool]], timeout_s: float = 10.0) -> None:
        async with asyncio.timeout(timeout_s):
            while not await condition():  # noqa: ASYNC110  # the log does not call
                await asyncio.sleep(0.02)


@asynccontextmanager
async def at_work(log: Log, postgres_url: str, folder: Path, clock: Clock, **settings: Any) -> AsyncIterator[Town]:
    """Dispatch and the archive, as long as the block lasts."""
    await log.partitions(1)
    async with await connect(postgres_url, max_size=4) as pool:
        pump = Pump(log, DispatchStep.reader, DispatchStep.stream, "town", DispatchStep, AWAY)
        works = [pump.run(), archive_for_ever(log, Archive(pool), 1)]
        tasks = {asyncio.ensure_future(work) for work in works}
        try:
            yield Town(runtime_of(log, pool, folder, clock, **settings))
        finally:
            await ended(tasks)


def runtime_of(log: Log, pool: AsyncConnectionPool, folder: Path, clock: Clock, **settings: Any) -> Runtime:
    urls = Urls(redis="", database="", mqtt="")
    return Runtime(
        settings=Settings(data_dir=folder, **settings), clock=clock, log=log, pool=pool, urls=urls, partitions=1
    )


@asynccontextmanager
async def beside(work: Any) -> AsyncIterator[asyncio.Task[None]]:
    """Work that is killed at the end of the block."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        await ended({task})
