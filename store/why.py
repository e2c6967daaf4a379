"""What is known of one device, for the page that says why it is not on the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from psycopg_pool import AsyncConnectionPool

from core.assigning import in_force
from core.entities import Assignment, Device, Person
from core.heard import HEARD, KNOCK, Heard, Knock
from store import credentials, joins, read
from store.credentials import TokenInfo
from store.held import HeldDevice
from store.log import Log
from store.pg import queries, transaction
from store.read import RejectRow
from store.text import clean


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the archive and the notes hold of a device. Rows are as they were configured; `None`: there is none."""

    device: str
    row: Mapping[str, Any] | None = None
    registered: Device | None = None
    vehicle: str | None = None
    person: Person | None = None
    tokens: tuple[TokenInfo, ...] = ()
    heard: Heard | None = None
    knock: Knock | None = None
    reject: RejectRow | None = None
    held: HeldDevice | None = None


async def known(pool: AsyncConnectionPool, log: Log, device: str, now_us: int) -> Known:
    """Everything at once."""
    device = clean(device)
    row = await read.registry_row(pool, "devices", device)
    assigned = [_read(body, Assignment) for body in await joins.joins_of(pool, [device])]
    current = sorted((a for a in assigned if a and in_force(a, now_us)), key=lambda a: a.from_us, reverse=True)
    vehicle = next((a.vehicle for a in current if a.vehicle), None)
    person = next((a.person for a in current if a.person), None)
    people = await joins.rows_of(pool, "people", [person]) if person else {}
    heard, knock = await log.notes([HEARD + device, KNOCK + device])
    rejects = await read.rejects(pool, device=device, limit=1)
    held = await held_of(pool, device)
    return Known(
        device=device,
        row=row,
        registered=_read(row, Device),
        vehicle=vehicle,
        person=_read(people.get(person), Person) if person else None,
        tokens=tuple(await credentials.list_tokens(pool, device=device)),
        heard=_note(heard, Heard),
        knock=_note(knock, Knock),
        reject=rejects.rows[0] if rejects.rows else None,
        held=held.row if held else None,
    )


class HeldOf(NamedTuple):
    """What is held of one device; `oldest_us` is the device's own time of its first fix."""

    row: HeldDevice
    oldest_us: int


async def held_of(pool: AsyncConnectionPool, device: str) -> HeldOf | None:
    """What is held of one device, None when nothing is."""
    async with transaction(pool) as cursor:
        await cursor.execute(queries("why.sql")["held_of"], {"device": clean(device)})
        row: Any = await cursor.fetchone()
    if not row.fixes:
        return None
    held = HeldDevice(device, row.dialect, row.fixes, row.first_us, row.last_us, row.lon, row.lat)
    return HeldOf(held, row.oldest_us)


def _read(body: Any, kind: type[msgspec.Struct]) -> Any:
    """A row as its entity, None when it is none or does not fit."""
    try:
        return None if body is None else msgspec.convert(body, kind)
    except msgspec.ValidationError:
        return None


def _note(body: bytes | None, kind: type[msgspec.Struct]) -> Any:
    """A note; one that a later version wrote differently is none."""
    try:
        return None if body is None else msgspec.msgpack.decode(body, type=kind)
    except msgspec.MsgspecError:
        return None
