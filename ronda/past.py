"""Old fixes into a running installation, and the rows of their days computed anew: by commands, device by device."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from psycopg_pool import AsyncConnectionPool

from core.codec import encode
from core.entries import Command
from core.errors import RondaError, UnavailableError
from core.fixes import Fixes
from core.partition import partition_of
from geo.steps.rebuild import STALE, Outcome
from ronda.rebuild import Composed, Span, compose, longer, spans
from ronda.runtime import Runtime
from store import history, read
from store.archive import Archive
from store.log import START, id_key
from store.read import CommandState

log = logging.getLogger(__name__)

CHUNK: Final = 20_000  # fixes of one transaction
ASK_S: Final = (0.01, 0.25)  # at first, and later
WAIT_S: Final = 30.0  # for the archive, and for the engine
TRIES: Final = 5  # of a rebuild that the engine overtakes
TOLD: Final = ("new", "revised", "retracted")


class Sent(NamedTuple):
    """A command in the log, and what became of it."""

    stream: str
    entry_id: str
    state: CommandState


async def add(pool: AsyncConnectionPool, fixes: Fixes, progress: Callable[[int], Any] = lambda _: None) -> int:
    """Into the archive, each fix once; how many were new."""
    new = 0
    for start in range(0, len(fixes), CHUNK):
        part = fixes.take(np.arange(start, min(start + CHUNK, len(fixes))))
        new += await history.add_fixes(pool, part)
        progress(len(part))
    return new


async def rebuild_all(runtime: Runtime, fixes: Fixes, progress: Callable[[int], Any] = lambda _: None) -> Counter[str]:
    """Rebuild the days that these fixes touch; what became of rows, by word of `geo.steps.rebuild.Outcome`."""
    counts = Counter[str]()
    for part in fixes.split():
        for span in spans(part.time_us):
            counts.update(await rebuild(runtime, part.ids[0], span))
        progress(len(part))
    return counts


async def rebuild(runtime: Runtime, device: str, span: Span) -> Counter[str]:
    """Bring the rows of a device that touch the span to what its archived fixes say, by as many commands as it takes.

    Raises `UnavailableError` when the engine or the archive does not get there.
    """
    counts = Counter[str]()
    while True:
        composed, outcome, found = await _widened(runtime, device, span)
        counts.update(found)
        from_us = composed.reached_us + 1
        if outcome.next_us is not None and outcome.next_us <= min(span.to_us, composed.reached_us):
            if outcome.next_us > span.from_us:
                from_us = outcome.next_us
            else:  # longer than a command carries: it stands as it was told
                counts["left"] += outcome.left
        if not composed.cut or from_us > span.to_us:
            return counts
        span = Span(from_us, span.to_us)


async def _widened(runtime: Runtime, device: str, span: Span) -> tuple[Composed, Outcome, Counter[str]]:
    """Commands for a span with ever more after it, until all rows that touch it are over; the last, and all changes."""
    now_us, changed = runtime.clock.now_us(), Counter[str]()
    end_us = longer(span, 0, now_us)
    while True:
        composed, outcome = await _carried_out(runtime, device, span, end_us)
        same = max(0, outcome.same - changed["new"] - changed["revised"])  # of those looked at once more
        changed.update({name: getattr(outcome, name) for name in TOLD})
        over = outcome.next_us is None or outcome.next_us > span.to_us
        if over or composed.cut or composed.request.last:
            return composed, outcome, changed + Counter(same=same, forgotten=outcome.forgotten)
        end_us = longer(span, end_us, now_us)


async def _carried_out(runtime: Runtime, device: str, span: Span, end_us: int) -> tuple[Composed, Outcome]:
    """One command, again while the engine told rows of the device between our reading and its answer."""
    for _ in range(TRIES):
        await archive_is_near(runtime, [partition_of(device, runtime.partitions)])
        composed = await compose(runtime.pool, device, span, end_us)
        sent = await send(runtime, device, "device.rebuild", composed.body())
        if not sent.state.ok and sent.state.reason != STALE:
            raise RondaError(f"The engine refused to rebuild {device}: {sent.state.reason}")
        if sent.state.ok and not await history.overtaken(
            runtime.pool, device, composed.seq, sent.stream, sent.entry_id
        ):
            return composed, msgspec.json.decode(sent.state.reason, type=Outcome)
    raise UnavailableError(f"{device} changes faster than its past can be rebuilt; try again in a minute.")


async def send(runtime: Runtime, device: str, kind: str, body: dict[str, Any]) -> Sent:
    """Append a command to the device's partition and wait for what becomes of it."""
    if why := runtime.holds.why():
        raise UnavailableError(why)
    p = partition_of(device, runtime.partitions)
    command = Command(
        id=f"c-{secrets.token_hex(12)}", kind=kind, actor="schedule", at_us=runtime.clock.now_us(), body=body
    )
    (entry_id,) = await runtime.append([(f"in.{p}", encode(command))])
    return Sent(f"events.{p}", entry_id, await _done(runtime.pool, command))


async def _done(pool: AsyncConnectionPool, command: Command) -> CommandState:
    async for _ in _patiently():
        state = await read.command(pool, command.id)
        if state is not None and state.done:
            return state
    raise UnavailableError(f"No answer to {command.kind} {command.id} yet: see whether the stages geo and archive run.")


async def archive_is_near(runtime: Runtime, partitions: list[int]) -> None:
    """Wait until the archive has what the log holds of these partitions now, and all that geo made of it."""
    ends = {f"in.{p}": await runtime.log.last_id(f"in.{p}") for p in partitions}
    wanted = {**ends, **{f"events.{p}": START for p in partitions}}
    async for _ in _patiently():
        if await _reached(runtime, ends, wanted):
            return
    raise UnavailableError(
        "The archive is behind the log, so the past was not rebuilt; what is stored is stored. "
        "See `ronda doctor`, then try again."
    )


async def _patiently() -> AsyncIterator[None]:
    """Again and again, ever more slowly, until `WAIT_S` have passed."""
    loop = asyncio.get_running_loop()
    end_s, pause_s = loop.time() + WAIT_S, ASK_S[0]
    while loop.time() < end_s:
        yield
        await asyncio.sleep(pause_s)
        pause_s = min(1.5 * pause_s, ASK_S[1])


async def _reached(runtime: Runtime, ends: dict[str, str], wanted: dict[str, str]) -> bool:
    """Whether geo has read what the inputs held, and the archive all that came of it."""
    for stream, end in ends.items():
        if id_key(await runtime.log.offset("geo", stream)) < id_key(end):
            return False
    for stream, end in wanted.items():
        if stream.startswith("events.") and end == START:
            wanted[stream] = await runtime.log.last_id(stream)
    archived = await Archive(runtime.pool).offsets()
    return all(id_key(archived.get(stream, START)) >= id_key(end) for stream, end in wanted.items())
