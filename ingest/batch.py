"""The bounded batcher: messages collect while the batch before them is being written, then go to disk as one.

Everything that waits is counted in messages and bytes. Above the bound the sources are asked to stop reading; they
go on when half of it is free again. If the log does not answer, the same batch is tried again until it does: nothing
is acknowledged, nothing is forgotten, nothing grows.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from itertools import islice, pairwise
from typing import Final, NamedTuple

import msgspec
import numpy as np

from core import codec
from core.clock import Clock
from core.entities import Device
from core.entries import Config
from core.fixes import COLUMNS, Fixes
from core.partition import partition_of
from core.rejects import Reject
from ingest.admit import Admission, Admitted
from ingest.counters import Counters
from ingest.heard import Hearing
from ingest.message import Append, Message
from ingest.ration import Ration

REJECTS_STREAM: Final = "rejects"
REJECTS_CAP: Final = 100_000  # entries of the rejects stream; what nobody read by then is forgotten
DISPATCH_STREAM: Final = "dispatch.in"
HELD_STREAM: Final = "held"  # fixes of devices that nobody registered
WAITING_SHOWN: Final = 500  # of the messages that wait, as many as the clock is compared with
BUSY_MESSAGES: Final = 64  # a batch from which on the next one may collect longer
BUSY_STRETCH: Final = 2
_CALLBACK_FAILED: Final = "a source failed when it was called back"  # ... which must not stop the writer of all
_CALLBACK: Final = {"action": "ingest.callback_failed"}
_LOOK_S: Final = 0.2  # how soon the writer goes on when it may
_OVERHEAD: Final = 256  # bytes that a waiting message costs beside its payload
_BACKOFF_S: Final = (0.05, 5.0)  # first and longest pause between attempts

_logger = logging.getLogger(__name__)


class Limits(NamedTuple):
    """Bounds of the batcher. The age counts from the first message that waits."""

    age_s: float = 0.005
    batch_messages: int = 4096
    batch_bytes: int = 1 << 20
    waiting_messages: int = 100_000
    waiting_bytes: int = 64 << 20


class Batcher:
    """A `Sink` in front of the log. `run` writes; `put` only queues.

    While `standstill` gives a reason (our clock is wrong, the disk is full) nothing is taken from the queue and
    nothing acknowledged. What waited is then stamped as received now: its first stamp may come from a wrong clock.
    `on_release` is awaited before the first of it is written.
    """

    def __init__(
        self,
        append: Append,
        admission: Admission,
        partitions: int,
        *,
        clock: Clock,
        counters: Counters,
        limits: Limits | None = None,
        ration: Ration | None = None,
        on_rejects: Callable[[list[Reject]], None] | None = None,
        standstill: Callable[[], str | None] = lambda: None,
        on_release: Callable[[], Awaitable[None]] | None = None,
        on_heard: Callable[[Mapping[str, Hearing]], None] | None = None,
    ) -> None:
        self._append = append
        self._admission = admission
        self._partitions = partitions
        self._clock = clock
        self._counters = counters
        self._limits = limits or Limits()
        self._ration = ration or Ration(lambda _: True)
        self._on_rejects = on_rejects
        self._standstill = standstill
        self._on_release = on_release
        self._on_heard = on_heard
        self._waiting: deque[Message] = deque()
        self._writing: Sequence[Message] = ()
        self._taken_messages = 0  # of the last batch
        self._bytes = self._taken_bytes = 0  # of all that waits or is being written; of the latter
        self._look_at_limits()
        self._full = False
        self._healthy = True
        self._standing = False
        self._listeners: list[Callable[[], None]] = []
        self._arrived = asyncio.Event()
        self._enough = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def full(self) -> bool:
        return self._full

    @property
    def healthy(self) -> bool:
        """Whether the last append succeeded."""
        return self._healthy

    def waiting(self) -> Sequence[Message]:
        """The newest messages that wait to be written."""
        return list(islice(reversed(self._waiting), WAITING_SHOWN))

    def watermark_us(self) -> int:
        """All that was received before this moment is in the log."""
        now_us = self._clock.now_us()
        oldest = self._writing or self._waiting
        return min(now_us, oldest[0].received_us) if oldest else now_us

    def on_pressure(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def put(self, message: Message) -> None:
        """Queue a message; its `done` is called when all that it said is on disk."""
        if not self._waiting:
            self._arrived.set()
            self._idle.clear()
        self._waiting.append(message)
        self._bytes += len(message.payload) + _OVERHEAD
        if len(self._waiting) >= self._much or self._bytes >= self._much_bytes:
            self._weigh()

    def _weigh(self) -> None:
        """There is enough for a batch, or too much."""
        self._enough.set()
        if not self._full and self._above(1.0):
            self._press(full=True)

    async def run(self) -> None:
        """Write batches until cancelled; then what waits is left unacknowledged."""
        while True:
            await self._arrived.wait()
            await self._linger()
            if self._standstill() is not None:
                await self._stand_still()
            await self._write(self._take())

    async def drain(self, timeout_s: float) -> bool:
        """Wait until everything is written; for a shutdown in which `run` still goes on."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def _linger(self) -> None:
        """Let a batch fill, but no message wait longer than the age bound; twice that while much comes.

        A batch costs as much as a hundred messages, whatever is in it: under load fewer and larger ones pay.
        """
        age_s = (self._clock.now_us() - self._waiting[0].received_us) / 1e6
        limit_s = self._limits.age_s * (BUSY_STRETCH if self._taken_messages >= BUSY_MESSAGES else 1)
        rest_s = min(limit_s - age_s, limit_s)
        if rest_s > 0 and not self._enough.is_set():
            try:
                async with asyncio.timeout(rest_s):
                    await self._enough.wait()
            except TimeoutError:
                return

    async def _stand_still(self) -> None:
        """Wait until intake may go on, then stamp anew what waited meanwhile."""
        while (why := self._standstill()) is not None:
            if not self._standing:
                self._standing = True
                _logger.warning("intake stands still: %s", why, extra={"action": "ingest.standstill"})
            await asyncio.sleep(_LOOK_S)
        now_us = self._clock.now_us()
        self._waiting = deque(msgspec.structs.replace(message, received_us=now_us) for message in self._waiting)
        if self._on_release is not None:
            await self._on_release()
        self._standing = False
        _logger.info("intake goes on", extra={"action": "ingest.released", "waiting": len(self._waiting)})

    def _take(self) -> list[Message]:
        """The next batch: all that waits, or as much of it as makes one. Nothing is being written now."""
        limits = self._limits
        batch: list[Message] = []
        if len(self._waiting) <= limits.batch_messages and self._bytes <= limits.batch_bytes:
            batch, self._taken_bytes = list(self._waiting), self._bytes
            self._waiting.clear()
        else:
            self._taken_bytes = 0
            while self._waiting and len(batch) < limits.batch_messages and self._taken_bytes < limits.batch_bytes:
                message = self._waiting.popleft()
                self._taken_bytes += len(message.payload) + _OVERHEAD
                batch.append(message)
        self._writing, self._taken_messages = batch, len(batch)
        self._look_at_limits()
        if not self._waiting:
            self._arrived.clear()
        if len(self._waiting) < self._limits.batch_messages:
            self._enough.clear()
        return batch

    def _look_at_limits(self) -> None:
        """From how much on a new message makes a batch, or too much: `put` compares with two numbers only."""
        limits, writing = self._limits, len(self._writing)
        self._much = min(limits.batch_messages, max(limits.waiting_messages - writing, 1))
        self._much_bytes = min(limits.batch_bytes, limits.waiting_bytes)

    async def _write(self, batch: list[Message]) -> None:
        admitted = self._admission.sort(batch)
        entries = self._entries(admitted)
        if entries:
            await self._append_surely(entries, cap=None)
        if len(admitted.held):
            await self._append_surely([(HELD_STREAM, codec.encode(admitted.held))], cap=None)
        if admitted.rejects:
            await self._write_rejects(self._ration.pick(admitted.rejects, self._clock.now_us()))
        if self._on_heard is not None:
            self._tell(partial(self._on_heard, admitted.heard))
        self._writing = ()
        self._look_at_limits()
        self._bytes -= self._taken_bytes
        self._count(batch, admitted)
        for listener, reject in admitted.told:
            self._tell(partial(listener, reject))
        for message in batch:
            try:
                message.done()
            except Exception:
                _logger.exception(_CALLBACK_FAILED, extra=_CALLBACK)
        if self._full and not self._above(0.5):
            self._press(full=False)
        if not self._waiting:
            self._idle.set()

    async def write_summaries(self) -> None:
        """Store how many rejects were withheld, if it is time to; beside `run`."""
        if self._standstill() is None:
            await self._write_rejects(self._ration.summaries(self._clock.now_us()))

    async def _write_rejects(self, rejects: list[Reject]) -> None:
        if rejects:
            await self._append_surely([(REJECTS_STREAM, codec.encode(rejects))], cap=REJECTS_CAP)
            self._counters.rejects_stored += len(rejects)
            if self._on_rejects is not None:
                self._tell(partial(self._on_rejects, rejects))

    async def _append_surely(self, items: Sequence[tuple[str, bytes]], *, cap: int | None) -> None:
        """Append, trying again with growing pauses until the log has it."""
        pause_s, longest_s = _BACKOFF_S
        while True:
            try:
                await self._append(items, cap=cap)
            except Exception as error:  # noqa: BLE001  # whatever the log raised, the answer is the same
                self._healthy = False
                self._counters.append_failures += 1
                extra = {"action": "ingest.append_failed", "pause_s": pause_s}
                _logger.warning("the log did not take a batch, trying again: %s", error, extra=extra)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, longest_s)
            else:
                self._healthy = True
                self._counters.appends += 1
                return

    def _entries(self, admitted: Admitted) -> list[tuple[str, bytes]]:
        """Log entries of a batch: registrations first, then what dispatch is told, then fixes by partition."""
        entries = self._registrations(admitted.devices)
        entries += [(DISPATCH_STREAM, codec.encode(command)) for command in admitted.commands]
        return entries + [(f"in.{p}", codec.encode(fixes)) for p, fixes in split(admitted.fixes, self._partitions)]

    def _registrations(self, devices: list[Device]) -> list[tuple[str, bytes]]:
        if not devices:
            return []
        rows = tuple(msgspec.to_builtins(device) for device in devices)
        config = Config(section="devices", rows=rows, at_us=self._clock.now_us(), actor="ingest")
        body = codec.encode(config)
        return [(f"in.{p}", body) for p in range(self._partitions)]

    def _count(self, batch: list[Message], admitted: Admitted) -> None:
        counters = self._counters
        counters.messages += len(batch)
        counters.fixes += len(admitted.fixes)
        counters.commands += len(admitted.commands)
        counters.ignored += admitted.ignored
        counters.held_fixes += len(admitted.held)
        counters.registered += len(admitted.devices)
        counters.rejects.update(reject.reason for reject in admitted.rejects)
        counters.acknowledged += len(batch)
        counters.pending_messages = len(self._waiting)
        counters.pending_bytes = self._bytes

    def _above(self, share: float) -> bool:
        limits = self._limits
        messages = len(self._waiting) + len(self._writing)
        return messages >= limits.waiting_messages * share or self._bytes >= limits.waiting_bytes * share

    def _press(self, *, full: bool) -> None:
        self._full = full
        self._counters.pressure += full
        extra = {"action": "ingest.pressure", "full": full, "bytes": self._bytes}
        _logger.info("sources are asked to %s", "wait" if full else "go on", extra=extra)
        for listener in self._listeners:
            self._tell(listener)

    def _tell(self, whom: Callable[[], None]) -> None:
        """Call back a source."""
        try:
            whom()
        except Exception:
            _logger.exception(_CALLBACK_FAILED, extra=_CALLBACK)


def split(fixes: Fixes, partitions: int) -> list[tuple[int, Fixes]]:
    """The rows of each partition that has any, in their order."""
    if not len(fixes):
        return []
    of_device = np.array([partition_of(device, partitions) for device in fixes.ids], np.intp)
    of_row = of_device[fixes.device]
    order = np.argsort(of_row, kind="stable")
    columns = {name: getattr(fixes, name)[order] for name in COLUMNS}
    own = np.zeros(len(fixes.ids), np.int32)  # each device's place in the dictionary of its partition
    stops = np.cumsum(np.bincount(of_row, minlength=partitions)).tolist()
    parts: list[tuple[int, Fixes]] = []
    for p, (start, stop) in enumerate(pairwise([0, *stops])):
        if stop > start:
            present = np.zeros(len(own), np.bool_)
            present[columns["device"][start:stop]] = True
            ids = tuple(fixes.ids[i] for i in np.nonzero(present)[0].tolist())
            own[present] = np.arange(len(ids), dtype=np.int32)
            part = {name: column[start:stop] for name, column in columns.items()}
            part["device"] = own[part["device"]]
            parts.append((p, Fixes(ids=ids, **part)))
    return parts
