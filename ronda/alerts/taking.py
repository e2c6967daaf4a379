"""One alert, whatever it came from: understood, told to dispatch, and what became of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from hashlib import blake2b
from typing import Final, Literal, NamedTuple

import msgspec

from cities import City
from core.codec import encode
from core.entities import Area
from core.errors import DecodeError, UnavailableError
from core.rejects import PAYLOAD_LIMIT, Reason, Reject
from core.units import HOUR_US
from dispatch.desk import NO_ROOM
from ingest.batch import REJECTS_CAP, REJECTS_STREAM
from ingest.cap.alert import Alert, decode
from ronda.alerts.land import Land
from ronda.alerts.meaning import PASSED, Meant, Passed, meaning
from ronda.channels.channel import LaterError
from ronda.runtime import DISPATCH_IN, Runtime
from store import read

AHEAD_US: Final = HOUR_US  # a sender's clock may differ, but not by more
WEEK_S: Final = 7 * 24 * 3600
DIALECT: Final = "cap"
WAIT_S: Final = 15.0  # for dispatch and the archive
ASK_S: Final = (0.02, 0.3)
What = Literal["told", "known", "refused", "rejected", Passed]
WHATS: Final[tuple[What, ...]] = ("told", "known", "refused", "rejected", *PASSED)


class Outcome(NamedTuple):
    """What became of an alert, and why it was refused."""

    what: What
    why: str = ""
    alert: Alert | None = None


class Understood(NamedTuple):
    """An alert and what it means; or the error why it cannot be read."""

    alert: Alert | None
    meant: Meant | Passed | DecodeError


async def land_of(runtime: Runtime, city: City) -> Land:
    """The city by the areas in force; before anybody told them, by those it comes with."""
    areas = list[Area]()
    async for row in read.registry_rows(runtime.pool, "areas"):
        with suppress(msgspec.ValidationError):
            areas.append(msgspec.convert(row, Area))
    return await asyncio.to_thread(Land.of, city, areas or city.areas)


def understood(body: bytes, city: City, land: Land, now_us: int) -> Understood:
    """Pure; takes milliseconds."""
    try:
        alert = decode(body)
        if alert.sent_us > now_us + AHEAD_US:
            raise DecodeError("future", "it was sent more than an hour from now; correct the sender's clock")  # noqa: TRY301
    except DecodeError as error:
        return Understood(None, error)
    return Understood(alert, meaning(alert, city, land))


async def take(runtime: Runtime, city: City, land: Land, body: bytes) -> Outcome:
    """Tell dispatch what an alert means, unless it was told before; return when dispatch has answered.

    Raises `UnavailableError` when it does not, and `LaterError` when it has no room for one more incident: nothing is
    lost by taking the same alert again.
    """
    alert, meant = await asyncio.to_thread(understood, body, city, land, runtime.clock.now_us())
    if isinstance(meant, DecodeError):
        return Outcome("rejected", str(meant))
    if not isinstance(meant, Meant):
        return Outcome(meant, alert=alert)
    if (state := await read.command(runtime.pool, meant.key)) is not None and state.done and not _for_now(state):
        return Outcome("known", state.reason, alert)
    if meant.needs_known and not await _any_known(runtime, meant.references):
        return Outcome("elsewhere", alert=alert)
    await runtime.tell(meant.command(runtime.clock.now_us()), [DISPATCH_IN])
    done = await _done(runtime, meant.key)
    if _for_now(done):
        raise LaterError(f"dispatch has no room for the alert {meant.key}: {done.reason}")
    return Outcome("told" if done.ok else "refused", done.reason, alert)


def _for_now(state: read.CommandState) -> bool:
    """Whether it was refused for a reason that may be over soon."""
    return not state.ok and state.reason.endswith(NO_ROOM)


async def reject(runtime: Runtime, why: str, where: str, body: bytes) -> None:
    """Keep what cannot be read, with the reason, where people look for such things; the same once a week."""
    note = f"cap:{blake2b(where.encode() + body, digest_size=16).hexdigest()}"
    if (await runtime.log.notes([note]))[0] is not None:
        return
    reason, _, detail = why.partition(": ")
    row = Reject(
        received_us=runtime.clock.now_us(),
        reason=msgspec.convert(reason, Reason),
        dialect=DIALECT,
        topic=where[:PAYLOAD_LIMIT],
        detail=detail,
        payload=body[:PAYLOAD_LIMIT],
    )
    await runtime.log.append([(REJECTS_STREAM, encode([row]))], cap=REJECTS_CAP)
    await runtime.log.note({note: b"1"}, WEEK_S)


async def _any_known(runtime: Runtime, keys: tuple[str, ...]) -> bool:
    for key in keys:
        state = await read.command(runtime.pool, key)
        if state is not None and state.ok:
            return True
    return False


async def _done(runtime: Runtime, key: str) -> read.CommandState:
    loop = asyncio.get_running_loop()
    end_s, pause_s = loop.time() + WAIT_S, ASK_S[0]
    while loop.time() < end_s:
        await asyncio.sleep(pause_s)
        pause_s = min(1.5 * pause_s, ASK_S[1])
        state = await read.command(runtime.pool, key)
        if state is not None and state.done:
            return state
    raise UnavailableError(f"No answer to the alert {key} yet: see whether the stages dispatch and archive run.")
