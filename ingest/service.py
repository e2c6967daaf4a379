"""The ingest stage, wired. All that it needs of the world is an argument:

    ingest = Ingest(
        IngestParams(door=DoorParams(host, port, anonymous=demo), mqtt_url="", auto_register=demo),
        append=log.append,            # Log.append
        partitions=4,
        clock=clock,                  # core.clock.Clock
        directory=registry,           # who is registered: ingest.directory.Directory
        authenticate=check,           # (client id, user name, password) -> Identity | None, or an awaitable of it
        last_tick=await find_last_tick(log),
        ticks_here=holds_the_lease,   # () -> awaitable bool: of several ingests one ticks
        find_last=...,                # () -> awaitable Tick: what the other one said last
        note=log.note,                # Log.note: what was last heard of each device
        standstill=holds.why,         # () -> why nothing may be taken in now, None: it may
    )
    await ingest.run()                # until cancelled; what is on its way to disk then is finished first

Either the door is open (`door` set) or a broker is in front (`mqtt_url` set), or both.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final

import msgspec

from core.clock import Clock
from core.entries import Tick
from core.identity import Identity
from core.rejects import Reject
from ingest.batch import Limits
from ingest.directory import Directory
from ingest.door import Authenticate, Door, DoorParams
from ingest.heard import Note
from ingest.intake import Intake
from ingest.mailbox import Told, unasked
from ingest.message import Append, Source
from ingest.mqtt import MqttSource
from ingest.ticker import Ticker

__all__ = ["Ingest", "IngestParams", "Intake"]

_DRAIN_S: Final = 3.0
_TOLD_PER_BATCH: Final = 100  # rejects that are sent back to their devices

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IngestParams:
    """What a city decides about ingest."""

    door: DoorParams | None = None
    mqtt_url: str = ""
    mqtt_client_id: str = "ronda-ingest"
    auto_register: bool = False
    limits: Limits = field(default_factory=Limits)


class Ingest:
    """Sources, admission, batcher and ticker as one stage. Build it inside a running event loop."""

    def __init__(
        self,
        params: IngestParams,
        *,
        append: Append,
        partitions: int,
        clock: Clock,
        directory: Directory,
        authenticate: Authenticate,
        last_tick: Tick | None = None,
        ticks_here: Callable[[], Awaitable[bool]] | None = None,
        find_last: Callable[[], Awaitable[Tick | None]] | None = None,
        standstill: Callable[[], str | None] = lambda: None,
        note: Note | None = None,
    ) -> None:
        self.intake = Intake(
            append=append,
            partitions=partitions,
            clock=clock,
            directory=directory,
            auto_register=params.auto_register,
            limits=params.limits,
            standstill=standstill,
            note=note,
            on_rejects=self._tell,
            on_release=self._resume,
        )
        self.counters = counters = self.intake.counters
        self._standstill = standstill
        sink = self._batcher = self.intake.batcher
        self.door = (
            Door(params.door, sink, authenticate, clock=clock, counters=counters, on_knock=self.intake.knock)
            if params.door
            else None
        )
        self._broker = (
            MqttSource(params.mqtt_url, params.mqtt_client_id, sink, clock=clock, counters=counters)
            if params.mqtt_url
            else None
        )
        self._ticker = Ticker(
            append,
            partitions,
            watermark_us=self._batcher.watermark_us,
            listening=lambda: self.listening,
            counters=counters,
            last=last_tick,
            ours=ticks_here,
            find_last=find_last,
            held=lambda: standstill() is not None,
        )
        self.opened = asyncio.Event()  # set when the door is open

    @property
    def listening(self) -> bool:
        """Whether every source is open, nothing makes intake stand still and the log takes what they say."""
        return (
            self._standstill() is None
            and (self.door is None or self.door.listening)
            and (self._broker is None or self._broker.connected)
            and self._batcher.healthy
        )

    async def run(self) -> None:
        """Serve until cancelled, then write what has been taken in."""
        async with AsyncExitStack() as stack:
            writer = await stack.enter_async_context(_background(self.intake.run()))
            await self._ticker.resume()  # before the first fix: the pause of our own is over, and counted
            if self.door is not None:
                await stack.enter_async_context(self.door)
            self.opened.set()
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._ticker.run())
                    if self._broker is not None:
                        tasks.create_task(self._broker.run())
                    await asyncio.shield(writer)
            finally:
                await self._drain()

    async def submit(
        self, topic: str, payload: bytes, identity: Identity | None, *, source: Source = "http"
    ) -> list[Reject]:
        """Take one message from a source of another kind; see `Intake.submit`."""
        return await self.intake.submit(topic, payload, identity, source=source)

    @property
    def full(self) -> bool:
        """Whether `submit` should be put off: the sources are waiting for the log."""
        return self.intake.full

    def notify(self, device: str, kind: str, payload: bytes, told: Told = unasked, life_s: float = inf) -> int:
        """Tell a device something (`offer`, `notice`, `reject`); how many of its sessions, or brokers, get it.

        `told` is called once for each of them, when it is known what became of it.
        """
        at_door = self.door.notify(device, kind, payload, told, life_s) if self.door else 0
        return at_door + (self._broker.notify(device, kind, payload, told, life_s) if self._broker else 0)

    def answer(self, command_id: str, why: str, *, ok: bool) -> None:
        """Dispatch did not do what a phone asked for, or has a remark on it: tell the phone, if it is known which."""
        spoken = self.intake.admission.spoken.take(command_id)
        if spoken is None:
            return
        told = {"detail": why, "payload": spoken.payload.decode(errors="replace")}
        if ok:
            self.notify(spoken.device, "notice", msgspec.json.encode({"type": "remark"} | told))
        else:
            self.notify(spoken.device, "reject", msgspec.json.encode({"reason": "conflict"} | told))

    def _tell(self, rejects: list[Reject]) -> None:
        """Send rejects back to the devices that listen for them (whoever is writing a device wants to know why)."""
        for reject in rejects[:_TOLD_PER_BATCH]:
            if reject.device and reject.reason != "forbidden":  # a forgery concerns its author, not its victim
                payload = reject.payload.decode(errors="replace")
                told = {"reason": reject.reason, "detail": reject.detail, "payload": payload}
                self.notify(reject.device, "reject", msgspec.json.encode(told))

    async def _resume(self) -> None:
        """Intake goes on after a standstill: say how long nobody was heard before the first of it is written."""
        await self._ticker.resume()

    async def _drain(self) -> None:
        if self.door is not None:
            self.door.stop_reading()
        written = await self._batcher.drain(_DRAIN_S)
        extra = {"action": "ingest.drained", "complete": written}
        _logger.info("ingest stops; all it took in is on disk: %s", written, extra=extra)


@asynccontextmanager
async def _background(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """A task that is cancelled at the end of the block, and not before."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
