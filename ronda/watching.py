"""Watches the clock and the room of this process's machine, and puts up or takes down what holds intake."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec

from core.clock import Clock
from core.units import US_PER_S
from ingest.ticker import find_last_tick
from ronda.holds import Witness
from ronda.room import MB, Room, least_free, left_bytes
from ronda.runtime import AWAY, Runtime
from ronda.settings import Settings
from ronda.timekeeper import LISTEN_S, Timekeeper
from store.log import Log, id_key

log = logging.getLogger(__name__)

PERIOD_S: Final = 1.0
HOLD: Final = "hold:clock"  # the note by which processes tell each other what devices say
NOTE_S: Final = 5
SERVERS_APART_S: Final = 30.0  # the log's server has a clock of its own, which may be this wrong
CLOSELY_S: Final = 60.0  # how long after a start every batch is looked at
GLANCE_S: Final = 0.1  # afterwards so often, until devices have confirmed the clock


class _Told(msgspec.Struct, frozen=True):
    """Why a process holds ("": not any more), and which."""

    why: str
    by: str


class Watch:
    """`begin` before anything is written, `run` beside the stages."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime, self._holds = runtime, runtime.holds
        self._keeper: Timekeeper | None = None
        self._room = Room(runtime.settings.disk_min_mb * MB)
        self._me, self._own, self._shared = uuid4().hex, "", ""
        self._written = ""
        self._began_s = self._glanced_s = 0.0

    async def begin(self) -> None:
        """One look, before the first stage starts."""
        await self._look()
        self._holds.glance = self._glance

    async def run(self) -> None:
        """Look every second until cancelled."""
        while True:
            await asyncio.sleep(PERIOD_S)
            await self._look()

    async def _look(self) -> None:
        try:
            await self._know_the_log()
            self._judge()
            used, limit = await self._runtime.log.memory()
            self._holds.put("memory", self._room.memory(used, limit))
            self._holds.left_bytes = left_bytes(used, limit)
            await self._share()
        except AWAY as error:  # whoever writes finds out by himself
            log.debug("watch: %s", error, extra={"action": "watch.retry"})
            if self._keeper is None:
                self._holds.put("clock", "the log does not answer, so its time cannot be compared with this clock")
        try:
            free = least_free(folders(self._runtime.settings))
            self._holds.put("disk", self._room.disk(*free) if free else None)
        except OSError as error:  # a folder that cannot be looked at cannot be written to
            self._holds.put("disk", f"the data folder cannot be read ({error}); mount it, or correct its rights")

    async def _know_the_log(self) -> None:
        """Until the log's last time is known, nothing can be judged; nor can anything be written."""
        if self._keeper is None:
            settings = self._runtime.settings
            self._keeper = Timekeeper(
                await last_time_us(self._runtime.log),
                trust=settings.trust_clock,
                listen_s=0.0 if settings.demo else LISTEN_S,  # the demo tells the past at every start
            )
            self._began_s = _loop_s()

    def _judge(self) -> None:
        if self._keeper is None:
            return
        now_s = _loop_s()
        devices = {} if self._keeper.confirmed else heard(self._holds.witnesses)
        self._own = self._keeper.look(self._runtime.clock.now_us(), now_s, devices) or ""
        self._holds.trusted_us = self._keeper.best_us(now_s)
        self._holds.put("clock", self._own or self._shared or None)

    def _glance(self) -> None:
        """Before a batch is written: devices may show that the clock is wrong before it is too late for their fixes."""
        if self._keeper is None or self._keeper.confirmed or self._holds.of("disk") or self._holds.of("memory"):
            return  # nothing is written meanwhile, and the look every second judges all the same
        now_s = _loop_s()
        if now_s - self._began_s > CLOSELY_S and now_s - self._glanced_s < GLANCE_S:
            return
        self._glanced_s = now_s
        self._judge()

    async def _share(self) -> None:
        """Tell the other processes what ours found, and hear theirs: only some of them hear devices."""
        if self._own or self._written:
            body = msgspec.json.encode(_Told(self._own, self._me))
            await self._runtime.log.note({HOLD: body}, NOTE_S)
            self._written = self._own
        self._shared = "" if self._own else await told_hold(self._runtime.log, beside=self._me)
        self._holds.put("clock", self._own or self._shared or None)


async def look_once(runtime: Runtime) -> None:
    """For commands, which are over before a watch would help: is the clock one to write by?"""
    runtime.holds.put("clock", await judged_once(runtime.log, runtime.settings, runtime.clock))


async def judged_once(stream_log: Log, settings: Settings, clock: Clock) -> str | None:
    """Why the clock cannot be believed, by the log alone; None: it can."""
    keeper = Timekeeper(await last_time_us(stream_log), trust=settings.trust_clock, listen_s=0.0)
    return keeper.look(clock.now_us(), 0.0, {})


def heard(witnesses: Sequence[Witness]) -> dict[str, int]:
    """What all of them tell. A fault of one costs its word, not the stage: it reads what nobody has admitted yet."""
    devices: dict[str, int] = {}
    for witness in witnesses:
        try:
            devices |= witness()
        except Exception:
            log.exception("devices' clocks cannot be read", extra={"action": "watch.witness_failed"})
    return devices


async def last_time_us(stream_log: Log) -> int:
    """The last time that the log was told, by a tick or (roughly: it is the server's clock) by an entry's id."""
    tick = await find_last_tick(stream_log)
    entry_us = id_key(await stream_log.last_id("in.0"))[0] * 1000 - round(SERVERS_APART_S * US_PER_S)
    return max(tick.now_us if tick else 0, entry_us, 0)


async def told_hold(stream_log: Log, beside: str = "") -> str:
    """Why another process than `beside` holds for the clock, as it told a moment ago; "" when none does."""
    body = (await stream_log.notes([HOLD]))[0]
    told = msgspec.json.decode(body, type=_Told) if body else None
    return told.why if told is not None and told.by != beside else ""


def folders(settings: Settings) -> list[Path]:
    """Where embedded servers write; nothing when both are elsewhere."""
    if settings.redis_url and settings.database_url:
        return []
    return [settings.data_dir, (settings.data_dir / "postgres").resolve()]


def _loop_s() -> float:
    return asyncio.get_running_loop().time()
