"""Dispatch decides again what it decided then, from the entries and the state that the archive kept.

What it says is compared with the digests on the chain, entry by entry: bit for bit, and whatever became of the rows
since. A replay by another version than decided then says so instead of guessing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal, NamedTuple

import msgspec
from psycopg_pool import AsyncConnectionPool

from core.codec import decode
from core.errors import ConfigError, DecodeError
from core.events import Event
from dispatch.rows import restored
from dispatch.state import State
from ronda.deciding import decider
from ronda.steps import DispatchStep
from store import inputs
from store.chain import DISPATCH_IN, event_digest, said_digest, unpacked
from store.inputs import Snapshot
from store.log import START, id_key
from store.pg import ask
from store.text import clean, json_of

MOST: Final = (1 << 63) - 1  # no entry of a millisecond has a higher number
SHOWN: Final = 200  # characters of a value
_ask: Final = partial(ask, "chain.sql")
_event: Final = msgspec.json.Decoder(Event).decode


class Span(NamedTuple):
    """Entries of dispatch's stream that are asked for, both ends with them."""

    first: str
    last: str


class Given(NamedTuple):
    """An entry that dispatch was given then: its bytes (None: not there any more) and the digest of what it said."""

    id: str
    body: bytes | None
    said: bytes | None
    erased: bool
    version: str  # by which it was decided
    state: bool  # the state after it was kept


@dataclass(slots=True)
class Replayed:
    """What came of a replay."""

    since: str = START  # the state that it began with is as of this entry
    entries: int = 0  # given, before the span too
    compared: int = 0  # of them in the span
    said: int = 0  # events that were the same
    states: int = 0  # states on the way that were the same
    erased: int = 0  # entries given that a person had erased in part
    versions: set[str] = field(default_factory=set)
    difference: str = ""  # the first one; empty: none
    forgotten: bool = False  # it ends there because an entry is not kept any more

    @property
    def verdict(self) -> Literal["same", "different", "erased", "forgotten", "other version"]:
        """Of a difference, what it may come from: then it proves nothing."""
        if self.forgotten:
            return "forgotten"
        if not self.difference:
            return "same"
        if self.erased:
            return "erased"
        return "different" if self.versions <= {decider()} else "other version"


async def span_of(pool: AsyncConnectionPool, incident: str) -> Span:
    """From the first to the last entry from which something followed for an incident."""
    rows = await _ask(pool, "said_of_incident", {"incident": clean(incident)})
    if not rows:
        raise ConfigError(f"No incident {incident} is in the archive; `GET /api/v1/incidents` lists them.")
    ids = sorted((row.entry_id for row in rows), key=id_key)
    return Span(ids[0], ids[-1])


async def replay(
    pool: AsyncConnectionPool, span: Span, progress: Callable[[int, int], Any] = lambda _done, _of: None
) -> Replayed:
    """Decide again from the newest kept state before the span, to the first difference or its end."""
    begun = await _begin(pool, span)
    step, found = DispatchStep(dict(begun.rows or {})), Replayed(since=begun.entry_id)
    first_ms, last_ms = (id_key(entry_id)[0] for entry_id in (begun.entry_id, span.last))
    async for given in _given(pool, begun, span):
        if given.body is None:
            found.difference = f"entry {given.id} is not kept any more; what came after it cannot be decided again"
            found.forgotten = True
            return found
        await _again(pool, step, given, found, asked=id_key(given.id) >= id_key(span.first))
        if found.difference:
            return found
        progress(id_key(given.id)[0] - first_ms, last_ms - first_ms)
    return found


async def _again(pool: AsyncConnectionPool, step: DispatchStep, given: Given, found: Replayed, *, asked: bool) -> None:
    """Decide one entry again; what was said of those before the span is not looked at."""
    events = step.decide(_read(given))
    found.entries += 1
    found.erased += given.erased
    found.versions.add(given.version)
    if asked:
        found.compared += 1
        found.difference = await _difference(pool, given, events)
        found.said += len(events)
    if given.state and not found.difference:
        found.difference = await _other_state(pool, given, step.state)
        found.states += 1


async def span_between(pool: AsyncConnectionPool, from_us: int, to_us: int) -> Span:
    """Entries between two instants, as far as a state of before is kept, and it is known what followed from them."""
    (newest,) = await _ask(pool, "newest", {})
    known = (newest.heads or {}).get(DispatchStep.events, [START])[0]
    oldest = await _ask(pool, "oldest_snapshot", {})
    first = _after(oldest[0].entry_id) if oldest else _after(START)
    return Span(
        max(f"{from_us // 1000}-0", first, key=id_key),
        min(f"{to_us // 1000}-{MOST}", known, key=id_key),
    )


def _after(entry_id: str) -> str:
    """The first id that an entry behind this one may have."""
    ms, seq = id_key(entry_id)
    return f"{ms}-{seq + 1}"


async def _begin(pool: AsyncConnectionPool, span: Span) -> Snapshot:
    """The newest state before the first entry that is asked for."""
    at_us = id_key(span.first)[0] * 1000
    begun = await inputs.snapshot_before(pool, at_us)
    if begun is not None and id_key(begun.entry_id) >= id_key(span.first):
        begun = await inputs.snapshot_before(pool, at_us - 1)
    if begun is None:
        raise ConfigError(
            "No state of dispatch from before then is kept: it is older than the chain, or was forgotten "
            "(RONDA_KEEP_VOLUNTEERS_DAYS)."
        )
    return begun


async def _given(pool: AsyncConnectionPool, begun: Snapshot, span: Span) -> AsyncIterator[Given]:
    """Entries after the state and up to the end of the span, in order."""
    erased = {(row.stream, row.entry_id) for row in await _ask(pool, "erased", {"after": -1, "limit": 1 << 31})}
    said, held = dict[str, bytes](), list[Given]()
    after, last = id_key(begun.entry_id), id_key(span.last)
    states = await inputs.snapshot_ids(pool, begun.at_us, id_key(span.last)[0] * 1000)
    from_no = await inputs.block_at(pool, begun.at_us) or 1
    async for block in inputs.blocks(pool, from_no - 1, 1 << 62):
        leaves = list(unpacked(block.leaves))
        said |= {id_: digest for stream, id_, digest in leaves if stream == DispatchStep.events}
        bodies = {id_: body for stream, id_, body in unpacked(block.kept or b"") if stream == DISPATCH_IN}
        held += [
            Given(id_, bodies.get(id_), None, (DISPATCH_IN, id_) in erased, block.version, id_ in states)
            for stream, id_, _ in leaves
            if stream == DISPATCH_IN and after < id_key(id_) <= last
        ]
        for given in _settled(held, block):
            yield given._replace(said=said.pop(given.id, None))
        if id_key(block.heads.get(DispatchStep.events, [START])[0]) >= last and not held:
            return
    for given in held:
        yield given._replace(said=said.pop(given.id, None))


def _settled(held: list[Given], block: Any) -> Iterator[Given]:
    """Entries of which it is known by this block what they said: dispatch may be behind whoever archives."""
    known = id_key(block.heads.get(DispatchStep.events, [START])[0])
    while held and id_key(held[0].id) <= known:
        yield held.pop(0)


def _read(given: Given) -> Any:
    try:
        return decode(given.body or b"")
    except DecodeError:
        return None  # dispatch passed over it too


async def _difference(pool: AsyncConnectionPool, given: Given, events: list[Event]) -> str:
    """How what was decided again differs from what was said then; empty: not at all."""
    if (said_digest([event_digest(event) for event in events]) if events else None) == given.said:
        return ""
    rows = await _ask(pool, "said_by_entry", {"entry_id": given.id})
    then, now = [row.body for row in rows], [json_of(event) for event in events]
    if given.version != decider() and _same(then, now):
        return ""  # but for fields that did not exist then
    for i in range(max(len(then), len(now))):
        a, b = (msgspec.json.decode(texts[i]) if i < len(texts) else None for texts in (then, now))
        if found := unlike(a, b, f"event {i}"):
            return f"entry {given.id}, {found}"
    return f"entry {given.id}: its rows in the archive are not what was said then; see `ronda audit verify`"


def unlike(then: Any, now: Any, path: str) -> str:
    """Where two values differ first, and what stands there; empty: nowhere."""
    if isinstance(then, dict) and isinstance(now, dict):
        pairs = [(then.get(key), now.get(key), f"{path}.{key}") for key in sorted({*then, *now})]
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = [(a, b, f"{path}[{i}]") for i, (a, b) in enumerate(zip(then, now, strict=True))]
    else:
        return "" if then == now else f"{path}: then {_short(then)}, now {_short(now)}"
    return next((found for a, b, inside in pairs if (found := unlike(a, b, inside))), "")


def _short(value: Any) -> str:
    text = "nothing" if value is None else msgspec.json.encode(value).decode()
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def _same(then: list[str], now: list[str]) -> bool:
    try:
        return [_event(text) for text in then] == [_event(text) for text in now]
    except msgspec.MsgspecError:
        return False


async def _other_state(pool: AsyncConnectionPool, given: Given, state: State) -> str:
    """Whether the state on the way differs from the one that was kept then."""
    then = await inputs.snapshot(pool, given.id)
    if then is None or then.rows is None or restored(then.rows)[0] == state:
        return ""
    return f"entry {given.id}: the state after it is another than was kept then"
