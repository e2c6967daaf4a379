"""What ingest must know of the registry: read from the archive once, then kept up to date from the log.

Who is registered, of which class, with which key its payloads are sealed, and whose phone it is: fixes of a
volunteer's phone are kept only as `core.duty` allows. Following costs as much as there are new entries.
"""

from __future__ import annotations

import asyncio
import logging
from bisect import insort
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from core.assigning import in_force
from core.codec import decode
from core.duty import kept
from core.entities import Assignment, Device, Person
from core.entries import Config
from core.errors import DecodeError
from ronda.runtime import AWAY
from store import read
from store.archive import Archive
from store.cancel import heed_cancel
from store.log import START, Log

log = logging.getLogger(__name__)

STREAM: Final = "in.0"  # configuration is told to every partition
STALLED_S: Final = 5.0  # `ronda.trimming` keeps more than this of configuration's stream, however tight memory is
RETRY_S: Final = 0.5
KEYS_S: Final = 5.0  # how soon a new payload key counts
SECTIONS: Final = ("devices", "people", "assignments")
E = TypeVar("E", Device, Person, Assignment)
ReadKeys = Callable[[], Awaitable[Mapping[str, bytes]]]


class Directory:
    """The registry as ingest asks it. `load` before use, `follow` for as long as it is used."""

    def __init__(self) -> None:
        self._devices: dict[str, Device] = {}
        self._people: dict[str, Person] = {}
        self._assignments: dict[str, Assignment] = {}
        self._carried: dict[str, list[Assignment]] = {}  # by device: whom and what it was joined to, by start
        self._keys: Mapping[str, bytes] = {}
        self._offset = START

    def known(self, device: str) -> bool:
        """Whether the device is registered."""
        return device in self._devices

    def cls(self, device: str) -> str:
        """Its class, "" for a stranger."""
        found = self._devices.get(device)
        return found.cls if found is not None else ""

    def key_of(self, device: str) -> bytes | None:
        """The key that its payloads are sealed with."""
        return self._keys.get(device)

    def keeps(self, device: str, time_us: int) -> bool:
        """Whether a fix of this time may be kept: not if a volunteer who carries it was off duty or has not consented.

        A time before anybody carried it is judged by the first who did, and a time after a return by the last: a
        volunteer's phone says nothing about them from before they agreed or after they left, until it is joined to
        something else. A phone whose person is gone from the registry says nothing either.
        """
        join = _at(self._carried.get(device, []), time_us)
        if join is None or not join.person:
            return True
        person = self._people.get(join.person)
        return self.cls(device) != "phone" if person is None else kept(person, time_us)

    async def load(self, pool: Any) -> None:
        """What the archive knows, and how far in the log that is; once more, it takes the place of what was here."""
        there = Directory()
        await there._read_archive(pool)
        self._offset = there._offset
        self._devices, self._people = there._devices, there._people
        self._assignments, self._carried = there._assignments, there._carried

    async def _read_archive(self, pool: Any) -> None:
        self._offset = (await Archive(pool).offsets()).get(STREAM, START)
        for section in SECTIONS:
            self.apply(Config(section=section, rows=tuple([row async for row in read.registry_rows(pool, section)])))

    async def follow(self, stream_log: Log, pool: Any = None) -> None:
        """Apply what the log says from there on, until cancelled.

        Whoever could not read for longer than the log surely keeps reads the archive again, if it is given.
        """
        loop = asyncio.get_running_loop()
        read_s = loop.time()
        while True:
            try:
                entries = (await stream_log.read({STREAM: self._offset}, count=500, block_ms=1000)).get(STREAM, [])
                if pool is not None and loop.time() - read_s > STALLED_S:  # what it brought may begin behind a gap
                    await self.load(pool)
                    entries = []
                read_s = loop.time()
            except AWAY as error:
                log.warning("registry: %s", error, extra={"action": "registry.retry"})
                await asyncio.sleep(RETRY_S)
                continue
            heed_cancel()
            for entry in entries:
                self._offset = entry.id
                if entry.body[2:3] == b"G":  # most entries are fixes and ticks: not worth decoding here
                    self._read(entry.body)

    async def follow_keys(self, read_keys: ReadKeys, every_s: float = KEYS_S) -> None:
        """Keep the payload keys up to date, until cancelled; while they cannot be read, the old ones count."""
        while True:
            try:
                self._keys = await read_keys()
            except AWAY as error:
                log.warning("payload keys: %s", error, extra={"action": "registry.keys_retry"})
            await asyncio.sleep(every_s)

    def apply(self, change: Config) -> None:
        """Take in one change; a row that does not fit its section is passed over, as the archive does."""
        match change.section:
            case "devices":
                _change(self._devices, change, Device)
            case "people":
                _change(self._people, change, Person)
            case "assignments":
                for join in _change(self._assignments, change, Assignment):
                    self._carry(join)

    def _read(self, body: bytes) -> None:
        try:
            change = decode(body)
        except DecodeError:
            return  # the pump reports it
        if isinstance(change, Config):
            self.apply(change)

    def _carry(self, touched: Assignment) -> None:
        """Bring the joins of one device up to date after this one came, went or changed."""
        device, now = touched.device, self._assignments.get(touched.id)
        if not device:
            return
        joins = [join for join in self._carried.pop(device, []) if join.id != touched.id]
        if now is not None and now.device == device and (now.person or now.vehicle):
            insort(joins, now, key=lambda join: (join.from_us, join.id))
        if joins:
            self._carried[device] = joins


def _at(joins: list[Assignment], time_us: int) -> Assignment | None:
    """The join that a time is judged by: one with a person that is in force (of several the one that began last), or
    another in force; before all with a person the first of them, after some the one that began last.
    """
    covering = [join for join in joins if in_force(join, time_us)]
    if covering:
        return ([join for join in covering if join.person] or covering)[-1]
    carried = [join for join in joins if join.person]
    before = [join for join in carried if join.from_us <= time_us]
    return before[-1] if before else next(iter(carried), None)


def _change(rows: dict[str, E], change: Config, kind: type[E]) -> list[E]:
    """Apply a change to rows by id; returns the rows that came or went."""
    given = {row_id: row for row in change.rows if isinstance(row_id := row.get("id"), str)}
    gone = list(rows) if change.op == "set" else list(given) if change.op == "delete" else []
    touched: list[E] = [rows.pop(row_id) for row_id in gone if row_id in rows]
    if change.op == "delete":
        return touched
    fresh: dict[str, E] = dict(_entities(given.items(), kind))
    touched += [rows[row_id] for row_id in fresh if row_id in rows]
    rows.update(fresh)
    touched.extend(fresh.values())
    return touched


def _entities(rows: Iterable[tuple[str, dict[str, Any]]], kind: type[E]) -> Iterable[tuple[str, E]]:
    for row_id, row in rows:
        try:
            yield row_id, msgspec.convert(row, kind)
        except msgspec.ValidationError as error:
            log.warning("%s: %s", row_id, error, extra={"action": "registry.row_refused"})
