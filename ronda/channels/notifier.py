"""From `dispatch.events` to people: each notice over each channel, until it is there, past its life, or moot.

One process sends, by lease. Its cursor in the log is the newest entry before which nothing waits any more; beside it
lie the names of those letters after it that a channel has acknowledged. So a restart begins where something may still
wait and sends nothing again that was acknowledged. Between an acknowledgement and that commit (a millisecond) a kill
makes it be sent twice: at least once, under the same id.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Final

from core.clock import Clock
from core.codec import encode
from core.entries import Command
from core.errors import LeaseLostError
from core.events import Event, NoticeAsked
from core.units import US_PER_S
from ronda.channels.channel import ASKING, Channel, LaterError, Letter, NeverError, Outcome
from ronda.channels.cursor import Cursor
from ronda.channels.facts import Facts
from ronda.pump import release
from ronda.runtime import AWAY
from ronda.steps import DispatchStep, readable
from store.cancel import ended, heed_cancel
from store.log import Lease, Log

log = logging.getLogger(__name__)

STREAM: Final = DispatchStep.events
LEASE_MS: Final = 5_000  # after a kill the next one waits this long at most
READ_COUNT: Final = 64
BLOCK_MS: Final = 1_000
RETRY_S: Final = 1.0
LETTERS_MAX: Final = 5_000  # under way at once; beyond it the oldest is given up, and counted
PAUSES_S: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # between attempts
REACHED: Final = "reached:"  # + id of the notice: a channel delivered it, others need not
ASKED: Final = "asked:"  # + channel and offer: a last resort asked, so it also takes back
NOTED_S: Final = 7_200

Append = Callable[[Sequence[tuple[str, bytes]]], Awaitable[list[str]]]


@dataclass(slots=True)
class Counters:
    """What became of letters, in all; `waiting` as it stands."""

    sent: int = 0
    delivered: int = 0
    retries: int = 0
    refused: int = 0  # nobody to reach by this channel, or refused for good
    expired: int = 0
    moot: int = 0
    given_up: int = 0  # too many were waiting
    waiting: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


class Notifier:
    """Carries notices over `channels` under the name `reader`; `run` until cancelled."""

    def __init__(
        self,
        reader: str,
        channels: Sequence[Channel],
        *,
        log: Log,
        clock: Clock,
        facts: Callable[[], Facts],
        owner: str,
        on_event: Callable[[Event], None] = lambda _: None,
    ) -> None:
        self._reader = reader
        self._on_event = on_event
        self._channels = channels
        self._log = log
        self._clock = clock
        self._make_facts = facts
        self._owner = owner
        self._facts = facts()
        self.counters = Counters()
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Take the lease, carry, and begin again when it is lost or a server is away."""
        while True:
            try:
                lease = await self._log.acquire(f"{self._reader}:{STREAM}", self._owner, LEASE_MS)
                if lease is not None:
                    await self._serve(lease)
            except (LeaseLostError, *AWAY) as error:
                log.warning("%s: %s", self._reader, error, extra={"action": "notify.retry"})
            await asyncio.sleep(RETRY_S)

    async def _serve(self, lease: Lease) -> None:
        cursor = await Cursor.load(self._log, lease, self._reader, STREAM)
        self._facts = self._make_facts()
        works = [self._read(cursor), cursor.keep(), self._renew(lease)]
        tasks = [asyncio.create_task(work, name=f"{self._reader}-{i}") for i, work in enumerate(works)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            ending = [*tasks, *self._under_way.values()]
            await ended({*ending})
            await asyncio.gather(*ending, return_exceptions=True)
            self._under_way.clear()
            await asyncio.shield(release(self._log, lease, AWAY))

    async def _renew(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(LEASE_MS / 4_000)
            if await self._log.acquire(lease.name, lease.owner, LEASE_MS) != lease:
                raise LeaseLostError(f"the lease {lease.name} is no longer held by {lease.owner}")

    async def _read(self, cursor: Cursor) -> None:
        while True:
            read = await self._log.read({STREAM: cursor.read}, count=READ_COUNT, block_ms=BLOCK_MS)
            heed_cancel()
            entries = read.get(STREAM, [])
            told: dict[str, list[Event]] = dict(readable(entries, STREAM))
            for events in told.values():  # first all that is known by now, so that nothing is sent that is over already
                for event in events:
                    self._facts.take(event)
                    self._on_event(event)
            for entry in entries:
                for event in told.get(entry.id, []):
                    if isinstance(event, NoticeAsked):
                        self._post(cursor, entry.id, event)
                cursor.pass_by(entry.id)

    def _post(self, cursor: Cursor, entry_id: str, notice: NoticeAsked) -> None:
        """Put it under way on each channel that has not acknowledged it yet."""
        for channel in self._channels:
            key = f"{channel.name}:{notice.id}"
            if key in self._under_way or not cursor.open(key, entry_id):
                continue
            if len(self._under_way) >= LETTERS_MAX:
                self.counters.given_up += 1
                next(iter(self._under_way.values())).cancel()
            task = asyncio.create_task(self._carry(channel, notice, key, cursor), name=key)
            self._under_way[key] = task
            task.add_done_callback(partial(self._ended, key))
        self.counters.waiting = len(self._under_way)

    def _ended(self, key: str, _task: asyncio.Task[None]) -> None:
        self._under_way.pop(key, None)
        self.counters.waiting = len(self._under_way)

    async def _carry(self, channel: Channel, notice: NoticeAsked, key: str, cursor: Cursor) -> None:
        """One notice over one channel, from the first attempt to its end. An end is known to the cursor."""
        outcome: Outcome | None = None
        try:
            async with asyncio.timeout(max(0.0, (notice.expires_us - self._clock.now_us()) / US_PER_S)):
                if await self._wanted(channel, notice):
                    outcome = await self._attempts(channel, notice)
                    await self._told(channel, notice, outcome)
                else:
                    self.counters.moot += 1
        except TimeoutError:
            self.counters.expired += 1
        except NeverError as error:
            self.counters.refused += 1
            log.info("%s: %s", key, error, extra={"action": "notify.refused"})
        finally:
            cursor.close(key, acknowledged=outcome is not None)

    async def _wanted(self, channel: Channel, notice: NoticeAsked) -> bool:
        """Whether it is to be sent: at once, or after others had their time and did not deliver it."""
        if channel.wait_s:
            since_s = (self._clock.now_us() - notice.at_us) / US_PER_S
            await asyncio.sleep(max(0.0, channel.wait_s - since_s))
            reached, asked = await self._log.notes([REACHED + notice.id, _asked(channel, notice)])
            if self._facts.reached(notice) or reached is not None:
                return False
            if notice.kind == "withdrawn" and asked is None:  # it would be the first that they hear of it
                return False
        return not self._facts.moot(notice)

    async def _attempts(self, channel: Channel, notice: NoticeAsked) -> Outcome:
        """Try until it is sent. Raises `NeverError` when that cannot be; the caller bounds the time."""
        tries = 0
        while True:
            try:
                return await channel.send(await self._letter(notice))
            except (LaterError, *AWAY) as error:
                pause_s = PAUSES_S[min(tries, len(PAUSES_S) - 1)]
                after_s = error.after_s if isinstance(error, LaterError) else None
                log.info("%s by %s: %s", notice.id, channel.name, error, extra={"action": "notify.again"})
            except NeverError:
                raise
            except Exception:
                pause_s, after_s = PAUSES_S[-1], None
                log.exception("%s by %s", notice.id, channel.name, extra={"action": "notify.failed"})
            tries += 1
            self.counters.retries += 1
            await asyncio.sleep(pause_s if after_s is None else after_s)

    async def _letter(self, notice: NoticeAsked) -> Letter:
        if self._facts.moot(notice):
            raise NeverError("answered, withdrawn or past its life meanwhile")
        return await self._facts.letter(notice)

    async def _told(self, channel: Channel, notice: NoticeAsked, outcome: Outcome) -> None:
        """Tell dispatch, and the other channels, that it is on the phone. Sent is not delivered."""
        self.counters.sent += 1
        self.counters.delivered += outcome == "delivered"
        while True:
            try:
                await self._tell(channel, notice, outcome)
            except AWAY as error:
                log.warning("%s: %s", notice.id, error, extra={"action": "notify.tell_retry"})
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def _tell(self, channel: Channel, notice: NoticeAsked, outcome: Outcome) -> None:
        if channel.wait_s and notice.kind in ASKING:
            await self._log.note({_asked(channel, notice): b"1"}, NOTED_S)
        if outcome != "delivered":
            return
        await self._log.note({REACHED + notice.id: channel.name.encode()}, NOTED_S)
        if notice.kind in ASKING and not self._facts.reached(notice):
            command = Command(
                id=f"{notice.id}:delivered",
                kind="offer.delivered",
                actor=channel.name,
                at_us=self._clock.now_us(),
                body={"offer": notice.offer},
            )
            await self._log.append([(DispatchStep.stream, encode(command))])


def _asked(channel: Channel, notice: NoticeAsked) -> str:
    return f"{ASKED}{channel.name}:{notice.offer}"
