"""The archive's writer: a batch of everything and the offsets it reaches, in one Postgres transaction."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import numpy as np
import psycopg
from psycopg import AsyncCursor
from psycopg_pool import AsyncConnectionPool

from core.entries import Command, Config
from core.errors import ConflictError, RondaError
from core.events import (
    AlertChanged,
    CommandDone,
    DwellChanged,
    Event,
    IncidentChanged,
    OfferChanged,
    PlanMade,
    SpellChanged,
)
from core.fixes import Fixes
from core.rejects import Reject
from store import chain
from store.chain import Erased, Link
from store.log import START, id_key
from store.pg import queries, query, transaction
from store.registry import apply_config
from store.staging import device_numbers, stage
from store.text import clean, json_of

READER: Final = "archive"
HELD_KEPT: Final = 1_000_000  # rows of unknown devices, about 150 MB
BODY_LIST: Final = 100  # a command's list longer than this is for its stage alone
REJECTS_KEPT: Final = 100_000  # the newest; a device gone mad must not fill the disk
Events = Sequence[tuple[str, str, Sequence[Event | None]]]  # (stream, entry id, events; None: one that is left out)
_log = logging.getLogger(__name__)


class RefusedError(RondaError):
    """Postgres cannot take this content: trying again does not help, leaving it out does."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(f"the archive cannot store this: {str(cause).partition(chr(10))[0]}")
        self.bad_time = getattr(cause, "sqlstate", None) == psycopg.errors.DatetimeFieldOverflow.sqlstate


@asynccontextmanager
async def storing(pool: AsyncConnectionPool) -> AsyncIterator[AsyncCursor[Any]]:
    """A transaction whose failures by its content are told apart from those of the server."""
    try:
        async with transaction(pool) as cursor:
            yield cursor
    except (psycopg.DataError, psycopg.IntegrityError, psycopg.OperationalError, UnicodeError) as error:
        raise RefusedError(error) from error


class Archive:
    """The only writer of archived rows. Redelivery is harmless, and of two writers at one offset the second fails.

    Call `offsets` first, and again after any error of `write`: whether a failed write is in the archive is unknown
    until then.
    """

    def __init__(self, pool: AsyncConnectionPool, version: str = "") -> None:
        """`version` is written beside all that is put on the chain: by what it was decided."""
        self._pool, self._version = pool, version
        self._believed: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._begun = False  # whether the chain is known to be
        self._held_room = 0  # at least so many more rows fit; counted anew when used up

    async def offsets(self) -> dict[str, str]:
        """Stream and id of the last entry archived; streams never read are not in it."""
        async with transaction(self._pool) as cursor:
            await cursor.execute(query("offsets"), {"reader": READER})
            self._believed = {row.stream: row.last_id for row in await cursor.fetchall()}
        self._begun = False
        return dict(self._believed)

    async def write(
        self,
        offsets: dict[str, str],
        fixes: Fixes,
        events: Events = (),
        configs: Sequence[tuple[str, Config]] = (),
        commands: Sequence[Command] = (),
        rejects: Sequence[Reject] = (),
        held: Fixes | None = None,
        links: Sequence[Link] = (),
        refused: Sequence[Erased] = (),
    ) -> None:
        """Store all of it and move the offsets, or nothing. `held` are fixes of devices that nobody registered.

        Of `links` those that the offsets pass are put on the chain; `refused` are parts that nobody will find.

        Raises `ConflictError` when the archive is not where this writer believes it to be, and `RefusedError` when
        something in it cannot be stored, however often it is tried; nothing was written, the offsets are as before.
        """
        passed = [link for link in links if self._passed(link, offsets)]
        async with storing(self._pool) as cursor:
            await chain.lock(cursor)
            if not self._begun:
                await chain.begin(cursor)
            await self._move(cursor, offsets)
            await self._store_held(cursor, held)
            numbers = await self._store_fixes(cursor, fixes)
            await _store_commands(cursor, commands)
            await store_events(cursor, events)
            for entry_id, config in configs:
                await apply_config(cursor, entry_id, config)
            await _store_rejects(cursor, rejects)
            if events or configs:
                await cursor.execute(query("ring"))
            await chain.erase(cursor, refused)
            await chain.extend(cursor, passed, self._version)
        self._believed, self._begun = self._believed | offsets, True
        self._numbers |= numbers

    def at(self, stream: str) -> str:
        """How far this writer believes the stream to be archived."""
        return self._believed.get(stream, START)

    def _passed(self, link: Link, offsets: dict[str, str]) -> bool:
        """Whether the offsets move over this entry, and not over a part of it."""
        return id_key(self.at(link.source)) < id_key(link.id) <= id_key(offsets.get(link.source, START))

    async def _move(self, cursor: AsyncCursor[Any], offsets: dict[str, str]) -> None:
        named = {"reader": READER, "streams": list(offsets), "ids": list(offsets.values())}
        if not all(stream in self._believed for stream in offsets):
            await cursor.execute(query("new_offsets"), named)
        await cursor.execute(query("lock_offsets"), named)
        for stream, last_id in await cursor.fetchall():
            if last_id != self.at(stream) or id_key(offsets[stream]) < id_key(last_id):
                raise ConflictError(f"the archive is at {last_id} of {stream}, not where this writer is: ask offsets()")
        await cursor.execute(query("move_offsets"), named)

    async def _store_fixes(self, cursor: AsyncCursor[Any], fixes: Fixes) -> dict[str, int]:
        """Store the fixes; returns device numbers that this writer did not know (kept only once committed)."""
        if not len(fixes):
            return {}
        ids = [clean(name) for name in fixes.ids]
        new = await device_numbers(cursor, [name for name in ids if name not in self._numbers])
        numbers = np.array([self._numbers.get(name) or new[name] for name in ids], np.int32)
        await stage(cursor, fixes, numbers)
        await cursor.execute(query("store_fixes"))
        return new

    async def _store_held(self, cursor: AsyncCursor[Any], held: Fixes | None) -> None:
        """Store strangers' fixes while there is room: whoever invents device names must not fill the disk."""
        if not held:
            return
        if self._held_room < len(held):
            await cursor.execute(query("held_count"), {"limit": HELD_KEPT})
            self._held_room = HELD_KEPT - (await cursor.fetchall())[0].count
        if self._held_room < len(held):
            _log.warning("no room for %d fixes of unknown devices", len(held), extra={"action": "archive.held_full"})
            return
        self._held_room -= len(held)
        await stage(cursor, held, np.arange(len(held.ids), dtype=np.int32))
        await cursor.execute(query("store_held"), {"ids": [clean(name) for name in held.ids]})
        await cursor.execute(query("empty_staging"))


async def store_events(cursor: AsyncCursor[Any], events: Events) -> None:
    """Store events, and the rows that they bring up to date."""
    if not events:
        return
    await cursor.execute(query("lock_events"))
    flat = [(stream, entry, i, event) for stream, entry, said in events for i, event in enumerate(said) if event]
    await cursor.execute(
        query("store_events"),
        {
            "stream": [stream for stream, _, _, _ in flat],
            "entry_id": [entry for _, entry, _, _ in flat],
            "ordinal": [i for _, _, i, _ in flat],
            "kind": [event.__struct_config__.tag for _, _, _, event in flat],
            "device": [device_of(event) for _, _, _, event in flat],
            "at_us": [event.at_us for _, _, _, event in flat],
            "body": [json_of(event) for _, _, _, event in flat],
        },
    )
    await _store_rows(cursor, [event for _, _, _, event in flat])


async def _store_rows(cursor: AsyncCursor[Any], events: Sequence[Event]) -> None:
    """Bring the tables of newest versions up to date; of several versions in one batch only the last counts."""
    dwells = [event.row for event in events if isinstance(event, DwellChanged)]
    spells = [event.row for event in events if isinstance(event, SpellChanged)]
    alerts = [event for event in events if isinstance(event, AlertChanged)]
    incidents = [event for event in events if isinstance(event, IncidentChanged)]
    offers = [event for event in events if isinstance(event, OfferChanged)]
    plans = {(e.incident, e.at_us): e for e in events if isinstance(e, PlanMade)}
    done = [event for event in events if isinstance(event, CommandDone)]
    await _upsert(cursor, "store_dwells", newest(dwells))
    await _upsert(cursor, "store_spells", newest(spells))
    await _upsert(cursor, "store_alerts", oldest(alerts))
    await _upsert(cursor, "store_alerts", newest(alerts))
    await _upsert(cursor, "store_incidents", newest(incidents))
    await _upsert(cursor, "store_offers", newest(offers), "offers.sql")
    await _upsert(cursor, "store_plans", list(plans.values()))
    await _upsert(cursor, "finish_commands", _outcomes(done))


async def _upsert(cursor: AsyncCursor[Any], name: str, rows: Sequence[Any], file: str = "queries.sql") -> None:
    if rows:
        await cursor.execute(queries(file)[name], {"rows": json_of(rows)})


def newest(rows: Iterable[Any]) -> list[Any]:
    """The highest revision of each id; of equal revisions the first."""
    found: dict[str, Any] = {}
    for row in rows:
        if row.id not in found or found[row.id].revision < row.revision:
            found[row.id] = row
    return list(found.values())


def oldest(rows: Iterable[Any]) -> list[Any]:
    """The first version of each id: it tells when an alert was raised."""
    found: dict[str, Any] = {}
    for row in rows:
        found.setdefault(row.id, row)
    return list(found.values())


def _outcomes(done: Iterable[CommandDone]) -> list[CommandDone]:
    """One outcome a command: a success outweighs another partition's refusal."""
    found: dict[str, CommandDone] = {}
    for outcome in done:
        if outcome.id not in found or not found[outcome.id].ok:
            found[outcome.id] = outcome
    return list(found.values())


async def _store_commands(cursor: AsyncCursor[Any], commands: Sequence[Command]) -> None:
    await _upsert(cursor, "store_commands", list({command.id: _lean(command) for command in commands}.values()))


def _lean(command: Command) -> Command:
    """The command without what only its stage reads: fixes and rows that are in the archive already."""
    plain = {name: value for name, value in command.body.items() if not _bulky(value)}
    return command if len(plain) == len(command.body) else msgspec.structs.replace(command, body=plain)


def _bulky(value: Any) -> bool:
    return isinstance(value, bytes | bytearray) or (isinstance(value, list | tuple) and len(value) > BODY_LIST)


async def _store_rejects(cursor: AsyncCursor[Any], rejects: Sequence[Reject]) -> None:
    if rejects:
        texts = {
            name: [clean(getattr(r, name)) for r in rejects]
            for name in ("reason", "dialect", "topic", "device", "detail")
        }
        plain = {name: [getattr(r, name) for r in rejects] for name in ("received_us", "payload")}
        await cursor.execute(query("store_rejects"), texts | plain)
        await cursor.execute(query("forget_rejects"), {"keep": REJECTS_KEPT})


def device_of(event: Event) -> str | None:
    """The device that an event is about, if it is about one."""
    device = event.row.device if isinstance(event, DwellChanged | SpellChanged) else getattr(event, "device", None)
    return None if device is None else clean(device)
