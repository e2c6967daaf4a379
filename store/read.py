"""What the archive answers: typed questions to Postgres, one function each. Times are int microseconds.

Paging is by keyset: pass the `after` of the last page (`Page.next`) and get the rows beyond it; None starts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
import psycopg
from psycopg_pool import AsyncConnectionPool

from core.errors import DecodeError
from core.events import AlertChanged, Dwell, IncidentChanged, PlanMade, Spell, SpellKind
from core.fixes import Fixes
from core.rejects import Reject
from store.bell import event_bell
from store.paging import Page, key_of, page_of, position_of, whole_of
from store.pg import query, transaction
from store.rows import dwell_of, fixes_of
from store.text import clean

__all__ = [
    "AlertFilter", "AlertRow", "CommandState", "DwellFilter", "DwellRow", "EventRow", "Page", "RejectRow",
    "SpellFilter", "SpellRow", "Versions", "alert", "alerts", "command", "config_done", "dwell", "dwells",
    "event_bell", "events_after", "fixes", "incident", "incidents", "last_seq", "ping", "plan", "registry",
    "registry_row", "rejects", "spell", "spells", "vehicles_at",
]  # fmt: skip

T = TypeVar("T")
_REGISTRY_PAGE: Final = 1000
_decode_spell: Final = msgspec.json.Decoder(Spell).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class DwellFilter:
    """Which dwells: those that overlap [from_us, to_us); None asks for anything.

    `open` True keeps open rows only, False closed ones only. `min_s` bounds the duration; an open row counts up
    to `now_us` when that is given, else up to its last fix. Retracted rows are left out unless `retracted`.
    """

    from_us: int | None = None
    to_us: int | None = None
    device: str | None = None
    vehicle: str | None = None
    area: str | None = None
    purpose: str | None = None
    min_s: float | None = None
    open: bool | None = None
    now_us: int | None = None
    retracted: bool = False


class DwellRow(NamedTuple):
    """A dwell and the vehicle that carried the device when the dwell began (None: nobody assigned one)."""

    row: Dwell
    vehicle: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpellFilter:
    """Which spells of a kind: as `DwellFilter`; `area` keeps those during which the device was there."""

    kind: SpellKind
    from_us: int | None = None
    to_us: int | None = None
    device: str | None = None
    vehicle: str | None = None
    area: str | None = None
    subject: str | None = None
    min_s: float | None = None
    open: bool | None = None
    now_us: int | None = None
    retracted: bool = False


class SpellRow(NamedTuple):
    """A spell and the vehicle that carried the device when it began (None: nobody assigned one)."""

    row: Spell
    vehicle: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """Which alerts: raised in [from_us, to_us)."""

    from_us: int | None = None
    to_us: int | None = None
    device: str | None = None
    vehicle: str | None = None
    kind: str | None = None
    state: str | None = None
    rule: str | None = None
    thread: str | None = None
    digest: bool | None = None


class AlertRow(NamedTuple):
    """The newest version of an alert, when it was first raised, and the vehicle of that time."""

    alert: AlertChanged
    raised_us: int
    vehicle: str | None


class EventRow(NamedTuple):
    """One event as it is streamed: `body` is its JSON (tagged with "type")."""

    seq: int
    kind: str
    device: str | None
    body: bytes


class RejectRow(NamedTuple):
    seq: int
    reject: Reject


class CommandState(NamedTuple):
    """A command as the archive knows it; `ok` and `reason` mean something once `done`."""

    id: str
    kind: str
    done: bool
    ok: bool
    reason: str


class Versions(NamedTuple):
    """Of the server, and of TimescaleDB ("" when it is not used)."""

    server: str
    timescale: str


async def dwells(
    pool: AsyncConnectionPool, where: DwellFilter, *, after: str | None = None, limit: int = 1000
) -> Page[DwellRow]:
    """Dwells by start, oldest first."""
    after_us, after_id = position_of(after) if after else (None, "")
    named = asdict(where) | {"after_us": after_us, "after_id": after_id}
    rows = await _all(pool, "dwells", named | {"limit": limit + 1})
    return page_of([_dwell(row) for row in rows], limit, lambda found: key_of(found.row.start_us, found.row.id))


async def dwell(pool: AsyncConnectionPool, dwell_id: str) -> DwellRow | None:
    """One dwell by id, retracted ones too."""
    row = await _one(pool, "dwell", {"id": dwell_id})
    return row and _dwell(row)


async def spells(
    pool: AsyncConnectionPool, where: SpellFilter, *, after: str | None = None, limit: int = 1000
) -> Page[SpellRow]:
    """Spells of a kind by start, oldest first."""
    after_us, after_id = position_of(after) if after else (None, "")
    named = asdict(where) | {"after_us": after_us, "after_id": after_id}
    rows = await _all(pool, "spells", named | {"limit": limit + 1})
    return page_of([_spell(row) for row in rows], limit, lambda found: key_of(found.row.start_us, found.row.id))


async def spell(pool: AsyncConnectionPool, spell_id: str) -> SpellRow | None:
    """One spell by id, retracted ones too."""
    row = await _one(pool, "spell", {"id": spell_id})
    return row and _spell(row)


async def fixes(
    pool: AsyncConnectionPool, device: str, from_us: int, to_us: int, *, after: str | None = None, limit: int = 10_000
) -> tuple[Fixes, str | None]:
    """Fixes of a device with from_us <= time < to_us by (time, content), and the key of the page after."""
    after_us, content = position_of(after) if after else (from_us - 1, "0")
    named = {"device": device, "from_us": from_us, "to_us": to_us, "after_us": after_us, "limit": limit + 1}
    rows = await _all(pool, "fixes", named | {"after_content": whole_of(content)})
    last = rows[limit - 1] if len(rows) > limit else None
    return fixes_of(device, rows[:limit]), last and key_of(last.time_us, last.content)


async def registry(
    pool: AsyncConnectionPool, section: str, *, after: str | None = None, limit: int = 1000
) -> Page[dict[str, Any]]:
    """Rows of a config section by id, as they were configured."""
    rows = await _all(pool, "registry", {"section": section, "after": after or "", "limit": limit + 1})
    more = rows[limit - 1].id if len(rows) > limit else None
    return Page([row.body for row in rows[:limit]], more)


async def registry_rows(pool: AsyncConnectionPool, section: str) -> AsyncIterator[dict[str, Any]]:
    """All rows of a config section by id, read page by page."""
    after: str | None = None
    while True:
        page = await registry(pool, section, after=after, limit=_REGISTRY_PAGE)
        for row in page.rows:
            yield row
        after = page.next
        if after is None:
            return


async def registry_row(pool: AsyncConnectionPool, section: str, row_id: str) -> dict[str, Any] | None:
    """One row of a section."""
    row: Any = await _one(pool, "registry_row", {"section": section, "id": row_id})
    return row.body if row else None


async def alerts(
    pool: AsyncConnectionPool, where: AlertFilter, *, after: str | None = None, limit: int = 1000
) -> Page[AlertRow]:
    """Alerts, newest first."""
    after_us, after_id = position_of(after) if after else (None, None)
    named = asdict(where) | {"id": None, "after_us": after_us, "after_id": after_id}
    rows = await _all(pool, "alerts", named | {"limit": limit + 1})
    return page_of([_alert(row) for row in rows], limit, lambda found: key_of(found.raised_us, found.alert.id))


async def alert(pool: AsyncConnectionPool, alert_id: str) -> AlertRow | None:
    """One alert by id."""
    named = asdict(AlertFilter()) | {"id": alert_id, "after_us": None, "after_id": None, "limit": 1}
    row = await _one(pool, "alerts", named)
    return row and _alert(row)


async def rejects(
    pool: AsyncConnectionPool,
    *,
    after: str | None = None,
    limit: int = 1000,
    device: str | None = None,
    reason: str | None = None,
) -> Page[RejectRow]:
    """Rejects, newest first."""
    named = {"after": whole_of(after) if after else None, "limit": limit + 1, "device": device, "reason": reason}
    rows = [row._asdict() for row in await _all(pool, "rejects", named)]
    found = [RejectRow(row.pop("seq"), Reject(**row)) for row in rows]
    return page_of(found, limit, lambda reject: str(reject.seq))


async def incidents(pool: AsyncConnectionPool, *, after: str | None = None, limit: int = 1000) -> Page[IncidentChanged]:
    """Incidents in their newest version, newest first."""
    after_us, after_id = position_of(after) if after else (None, None)
    named = {"id": None, "after_us": after_us, "after_id": after_id, "limit": limit + 1}
    rows = await _all(pool, "incidents", named)
    found = [msgspec.json.decode(row.body, type=IncidentChanged) for row in rows]
    return page_of(found, limit, lambda incident: key_of(incident.opened_us, incident.id))


async def incident(pool: AsyncConnectionPool, incident_id: str) -> IncidentChanged | None:
    """One incident in its newest version."""
    row = await _one(pool, "incidents", {"id": incident_id, "after_us": None, "after_id": None, "limit": 1})
    return row and msgspec.json.decode(row.body, type=IncidentChanged)


async def plan(pool: AsyncConnectionPool, incident_id: str) -> PlanMade | None:
    """The newest matching decision for an incident."""
    row = await _one(pool, "plan", {"incident": incident_id})
    return row and msgspec.json.decode(row.body, type=PlanMade)


async def events_after(pool: AsyncConnectionPool, seq: int, limit: int = 1000) -> list[EventRow]:
    """Events after `seq` in order; complete up to its last row: no event can appear later with a smaller seq."""
    rows = await _all(pool, "events_after", {"seq": seq, "limit": limit})
    return [EventRow(row.seq, row.kind, row.device, row.body.encode()) for row in rows]


async def last_seq(pool: AsyncConnectionPool) -> int:
    """The newest event's seq, 0 if none."""
    return int((await _all(pool, "last_seq", {}))[0][0])


async def command(pool: AsyncConnectionPool, command_id: str) -> CommandState | None:
    """What became of a command; None when the archive has not seen it yet."""
    row = await _one(pool, "command", {"id": command_id})
    return row and CommandState(*row)


async def config_done(pool: AsyncConnectionPool, command_id: str) -> bool:
    """Whether the archive has applied the config entry with this id."""
    return bool((await _all(pool, "config_done", {"id": command_id}))[0][0])


async def vehicles_at(pool: AsyncConnectionPool, at_us: int) -> dict[str, str]:
    """Vehicle of each assigned device as of a time."""
    return {row.device: row.vehicle for row in await _all(pool, "vehicles_at", {"at_us": at_us})}


async def ping(pool: AsyncConnectionPool) -> Versions:
    """Versions of the server: for readiness and the doctor."""
    return Versions(*(await _all(pool, "versions", {}))[0])


async def _all(pool: AsyncConnectionPool, name: str, named: dict[str, Any]) -> list[Any]:
    """All rows; whatever people ask for, a value that Postgres cannot take is their mistake and no failure of ours."""
    safe = {key: clean(value) if isinstance(value, str) else value for key, value in named.items()}
    try:
        async with transaction(pool) as cursor:
            await cursor.execute(query(name), safe)
            return await cursor.fetchall()
    except psycopg.DataError as error:
        raise DecodeError("bad_value", str(error)) from error


async def _one(pool: AsyncConnectionPool, name: str, named: dict[str, Any]) -> Any:
    rows = await _all(pool, name, named)
    return rows[0] if rows else None


def _dwell(row: Any) -> DwellRow:
    columns = row._asdict()
    vehicle = columns.pop("vehicle")
    return DwellRow(dwell_of(columns), vehicle)


def _spell(row: Any) -> SpellRow:
    return SpellRow(_decode_spell(row.body), row.vehicle)


def _alert(row: Any) -> AlertRow:
    columns = row._asdict()
    vehicle, raised_us, actor = columns.pop("vehicle"), columns.pop("raised_us"), columns.pop("actor")
    return AlertRow(AlertChanged(**columns, by=actor), raised_us, vehicle)
