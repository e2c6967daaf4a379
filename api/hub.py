"""The hub of latest positions: one reader of the engine's frames for all viewers of the live map.

The hub holds one row per device. A viewer holds the names of the devices that changed since its last frame: a
slow one therefore always ends at the newest position and costs one name per device, however long it sleeps.
Falling silent is a change without a fix: once a second the hub looks who has crossed its limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec

from api.problems import STORE_DOWN
from api.rows import State, frame_row, state_of
from core.clock import Clock
from core.errors import RondaError
from core.live import Live
from store.cancel import heed_cancel
from store.log import Log

FIELDS: Final = (
    "device", "vehicle", "class", "state", "lon", "lat", "time", "since", "speed", "course", "accuracy", "battery",
    "area", "alert", "dwell", "sos", "clock",
)  # fmt: skip
SWEEP_S: Final = 1.0
VEHICLES_S: Final = 5.0  # how soon a new assignment shows on the map
RETRY_S: Final = 1.0

logger: Final = logging.getLogger("ronda.api")
_one: Final = msgspec.msgpack.Decoder(Live)
_many: Final = msgspec.msgpack.Decoder(list[Live])


class Box(NamedTuple):
    """A window on the map; `west > east` crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lon: float, lat: float) -> bool:
        inside = self.west <= lon <= self.east
        if self.west > self.east:
            inside = lon >= self.west or lon <= self.east
        return inside and self.south <= lat <= self.north

    def shows(self, live: Live) -> bool:
        """Whether its last position is in here, or where a device with a wrong clock says that it is."""
        stray = live.stray
        return self.holds(live.lon, live.lat) or (stray is not None and self.holds(stray.lon, stray.lat))


@dataclass(eq=False, slots=True)
class Viewer:
    """One open live map: what it looks at and what changed since its last frame."""

    box: Box | None
    changed: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    reset: bool = True  # the next message is a snapshot
    bell: asyncio.Event = field(default_factory=asyncio.Event)

    def look(self, box: Box | None) -> None:
        """Look elsewhere: a snapshot follows."""
        self.box, self.reset = box, True
        self.bell.set()


@dataclass(slots=True)
class HubCounters:
    """What the hub did, for /metrics."""

    frames_in: int = 0
    reloads: int = 0
    frames_out: int = 0
    rows_out: int = 0
    coalesced: int = 0
    slow_closed: int = 0


class Hub:
    """Latest position of every device and the viewers that want to hear of changes."""

    def __init__(
        self,
        log: Log,
        clock: Clock,
        vehicles_at: Callable[[int], Awaitable[dict[str, str]]],
        off_duty: Callable[[int], Awaitable[frozenset[str]]] | None = None,
    ) -> None:
        self._log = log
        self._clock = clock
        self._vehicles_at = vehicles_at
        self._off_duty = off_duty
        self._private: frozenset[str] | None = None if off_duty else frozenset()  # None: not known yet
        self._viewers: set[Viewer] = set()
        self._states: dict[str, State] = {}
        self.rows: dict[str, Live] = {}
        self.vehicles: dict[str, str] = {}
        self.counters = HubCounters()
        self.ready = asyncio.Event()  # the first full picture is here

    @property
    def viewers(self) -> int:
        return len(self._viewers)

    async def run(self) -> None:
        """Follow the engine until cancelled; a log or database that is away is waited for."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(), name="api.hub.follow")
            group.create_task(self._sweep(), name="api.hub.sweep")
            group.create_task(self._name_vehicles(), name="api.hub.vehicles")

    async def _follow(self) -> None:
        while True:
            try:
                async for frame in self._log.frames():
                    rows = _many.decode(frame) if frame else []
                    if rows:
                        self.counters.frames_in += 1
                        self.apply(rows)
                    else:  # at the start, after a gap, and when a row went
                        await self.reload()
            except STORE_DOWN as error:
                logger.warning("live positions are away: %r", error, extra={"action": "api.live_lost"})
            await asyncio.sleep(RETRY_S)

    async def reload(self) -> None:
        """Read all rows again. Frames queued meanwhile are applied after it, so the end is the newest row."""
        raw = await self._log.live()
        self.rows = {device: _one.decode(body) for device, body in raw.items()}
        now_us = self._clock.now_us()
        self._states = {device: state_of(live, now_us) for device, live in self.rows.items()}
        self.counters.reloads += 1
        for viewer in self._viewers:
            viewer.reset = True
            viewer.bell.set()
        self.ready.set()

    def apply(self, rows: list[Live]) -> None:
        """New rows from the engine: keep them and tell the viewers."""
        now_us = self._clock.now_us()
        for live in rows:
            self.rows[live.device] = live
            self._states[live.device] = state_of(live, now_us)
        self._tell([live.device for live in rows])

    def _tell(self, devices: list[str]) -> None:
        for viewer in self._viewers:
            before = len(viewer.changed)
            viewer.changed.update(devices)
            self.counters.coalesced += before + len(devices) - len(viewer.changed)
            viewer.bell.set()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            self.sweep()

    def sweep(self) -> None:
        """Find the devices whose state changed with no fix arriving."""
        now_us = self._clock.now_us()
        flipped = [d for d, live in self.rows.items() if state_of(live, now_us) != self._states.get(d)]
        for device in flipped:
            self._states[device] = state_of(self.rows[device], now_us)
        if flipped:
            self._tell(flipped)

    async def _name_vehicles(self) -> None:
        while True:
            with contextlib.suppress(RondaError):  # away, or unreadable: the map goes on with the names it has
                await self.name_vehicles()
            heed_cancel()
            await asyncio.sleep(VEHICLES_S)

    async def name_vehicles(self) -> None:
        """Read the assignments of now; devices whose vehicle changed, or whose carrier's duty, are sent again."""
        now_us = self._clock.now_us()
        old, self.vehicles = self.vehicles, await self._vehicles_at(now_us)
        renamed = [d for d in self.rows if old.get(d) != self.vehicles.get(d)]
        before = [d for d in self.rows if not self.seen(d)]
        if self._off_duty is not None:
            self._private = await self._off_duty(now_us)
        turned = {d for d in self.rows if not self.seen(d)} ^ set(before)
        if renamed or turned:
            self._tell([*renamed, *turned])

    def seen(self, device: str) -> bool:
        """Whether people may see where a device is: a volunteer's phone on duty only, or while it calls for help."""
        live = self.rows[device]
        if live.sos is not None:
            return True
        return live.cls != "phone" if self._private is None else device not in self._private

    def join(self, viewer: Viewer) -> None:
        self._viewers.add(viewer)

    def leave(self, viewer: Viewer) -> None:
        self._viewers.discard(viewer)

    def message(self, viewer: Viewer) -> bytes:
        """The next message of a viewer: a snapshot if it needs one, else a frame of what changed; both may be empty."""
        now_us = self._clock.now_us()
        viewer.bell.clear()
        devices = list(self.rows) if viewer.reset else sorted(viewer.changed)
        known = [d for d in devices if d in self.rows and self.seen(d)]
        visible = [live for d in known if _sees(viewer, live := self.rows[d])]
        rows = [frame_row(live, self.vehicles.get(live.device), now_us) for live in visible]
        names = {live.device for live in visible}
        body = {"type": "frame", "t": now_us // 1000, "positions": rows}
        if viewer.reset:
            body = {"type": "snapshot", "t": now_us // 1000, "fields": FIELDS, "positions": rows}
            viewer.shown = names
        else:
            gone = sorted((viewer.changed - names) & viewer.shown)
            viewer.shown = (viewer.shown - set(gone)) | names
            body["gone"] = gone
        viewer.changed.clear()
        viewer.reset = False
        self.counters.frames_out += 1
        self.counters.rows_out += len(rows)
        return msgspec.json.encode(body)


def _sees(viewer: Viewer, live: Live) -> bool:
    return viewer.box is None or viewer.box.shows(live)
