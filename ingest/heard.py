"""Notes of what was last heard of each device, and of who knocked in vain: for the page that says why.

The hot path only remembers the newest message of each device. Once a second those are looked at: what the device's
clock is worth, what became of the message, and which notes are due (at once when the outcome changed, else every few
seconds). Nothing waits for a note; one that cannot be written is dropped and counted.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final, Literal, Protocol

import msgspec
import numpy as np

from core.clock import Clock
from core.fixes import Fixes, Flag
from core.heard import HEARD, KNOCK, TTL_S, Heard, Knock
from core.naming import looks_secret
from core.rejects import PAYLOAD_LIMIT, Reject
from core.units import US_PER_S
from ingest.counters import Counters
from ingest.message import Message

STRANGER_TTL_S: Final = 86_400  # as long as its fixes are held
EARS_LIMIT: Final = 20_000  # devices of which we remember how late they usually are
EVERY_S: Final = 5.0  # a device whose outcome does not change is noted this often at most
SAMPLES: Final = 31  # messages by which a clock is judged
UNSTEADY_S: Final = 60.0  # lateness that varies more than this says nothing about a clock
KNOCKS_LIMIT: Final = 1_000  # names shown with a wrong credential that are noted in an hour; as many made-up ones
_HOUR_US: Final = 3_600 * US_PER_S
_PERIOD_S: Final = 1.0
_NAME_LIMIT: Final = 128
_PROVES_NOTHING: Final = int(Flag.RETAINED | Flag.HEARTBEAT)  # ... about when the device spoke

Outcome = Literal["accepted", "ignored", "rejected", "held"]

_logger = logging.getLogger(__name__)


class Note(Protocol):
    """`Log.note`."""

    def __call__(self, notes: Mapping[str, bytes], ttl_s: int) -> Awaitable[None]: ...


class Hearing(msgspec.Struct, gc=False):
    """A message of a device and what became of it. What is kept of it are the rows `fixes[start:stop]`."""

    device: str
    message: Message
    dialect: str
    fixes: Fixes | None = None
    start: int = 0
    stop: int = 0
    held: bool = False
    reject: Reject | None = None
    private: bool = False  # of what it sent nothing may be kept
    time_us: int | None = None  # of a fix that was refused for its time


@dataclass(slots=True)
class _Ear:
    """What is remembered of one device between notes."""

    lateness_s: deque[float] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    outcome: str = ""
    written_us: int = -(1 << 62)
    unwritten: Heard | None = None


class Notes:
    """Collects hearings and knocks; `run` writes them. `noteworthy` says how long a device's note is kept, 0: none."""

    def __init__(
        self, note: Note | None, noteworthy: Callable[[str], int], *, clock: Clock, counters: Counters
    ) -> None:
        self._note = note
        self._noteworthy = noteworthy
        self._clock = clock
        self._counters = counters
        self._news: dict[str, Hearing] = {}
        self._ears: dict[str, _Ear] = {}  # the longest unheard first
        self._knocks: dict[str, Knock] = {}
        self._knocked: set[str] = set()  # not yet written
        self._made_up = 0  # names among them that nobody registered
        self._knocks_since_us = 0

    def hear(self, hearings: Mapping[str, Hearing]) -> None:
        """Remember the newest message of each device."""
        if self._note is not None:
            self._news |= hearings
            if len(self._news) > EARS_LIMIT:
                self._news = dict(list(self._news.items())[-EARS_LIMIT:])

    def knock(self, user: str, client: str, why: str) -> None:
        """Somebody showed a credential that does not open; `user` is the name it came with."""
        user, client = shown(user)[:_NAME_LIMIT], shown(client)[:_NAME_LIMIT]
        if self._note is None or not user:
            return
        now_us = self._clock.now_us()
        if now_us - self._knocks_since_us > _HOUR_US:
            self._knocks_since_us = now_us
            self._knocks.clear()
            self._made_up = 0
        before = self._knocks.get(user)
        if before is None and not self._has_room(user):
            self._counters.notes_dropped += 1
            return
        times = before.times + 1 if before else 1
        self._knocks[user] = Knock(user=user, at_us=now_us, client=client, why=why, times=times)
        self._knocked.add(user)

    def _has_room(self, user: str) -> bool:
        """Whether one more name may be noted. Made-up ones have a share of their own: registered ones keep theirs."""
        if self._noteworthy(user) == TTL_S:
            return len(self._knocks) - self._made_up < KNOCKS_LIMIT
        self._made_up += (room := self._made_up < KNOCKS_LIMIT)
        return room

    async def run(self) -> None:
        """Write what is due once a second, until cancelled."""
        while self._note is not None:
            await asyncio.sleep(_PERIOD_S)
            await self.flush()

    async def flush(self) -> None:
        """Write what is due now."""
        due = self._due(self._clock.now_us())
        knocked, self._knocked = self._knocked, set()
        due.setdefault(STRANGER_TTL_S, {}).update(
            {KNOCK + user: msgspec.msgpack.encode(self._knocks[user]) for user in knocked if user in self._knocks}
        )
        for ttl_s, notes in due.items():
            if notes and self._note is not None:
                try:
                    await self._note(notes, ttl_s)
                except Exception as error:  # noqa: BLE001  # whatever the log raised: a note is not worth a second try
                    self._counters.notes_dropped += len(notes)
                    _logger.warning("notes were not written: %s", error, extra={"action": "ingest.notes_failed"})
                else:
                    self._counters.notes += len(notes)

    def _due(self, now_us: int) -> dict[int, dict[str, bytes]]:
        """Notes to write by the time they are kept."""
        news, self._news = self._news, {}
        due: dict[int, dict[str, bytes]] = {}
        for device, hearing in news.items():
            ttl_s = self._noteworthy(device)
            if not ttl_s:
                continue
            ear = self._ears.pop(device, None) or self._new_ear()
            self._ears[device] = ear
            ear.unwritten = _heard(hearing, ear)
        for device, ear in self._ears.items():
            note = ear.unwritten
            changed = note is not None and note.outcome + note.reason != ear.outcome
            if note is not None and (changed or now_us - ear.written_us >= EVERY_S * US_PER_S):
                due.setdefault(self._noteworthy(device) or TTL_S, {})[HEARD + device] = msgspec.msgpack.encode(note)
                ear.outcome, ear.written_us, ear.unwritten = note.outcome + note.reason, now_us, None
        return due

    def _new_ear(self) -> _Ear:
        if len(self._ears) >= EARS_LIMIT:
            del self._ears[next(iter(self._ears))]
        return _Ear()


def shown(name: str) -> str:
    """A name as it may be noted: none where it may be a secret that stands in the wrong place."""
    return "" if looks_secret(name) else name


def clock_error_s(lateness_s: Iterable[float]) -> float | None:
    """How far a device's clock is ahead of ours (negative: behind), from how late its messages were.

    The promptest message tells: it can be late by the way it took, and not more. So a small lag counts as behind, and
    where no message of many was prompt and each was late by another time, nothing can be said: the device had stored
    them.
    """
    values = sorted(lateness_s)
    if not values:
        return None
    steady = values[len(values) // 2] - values[0] <= UNSTEADY_S
    return -round(values[0], 1) if steady or values[0] <= UNSTEADY_S else None


def _heard(hearing: Hearing, ear: _Ear) -> Heard:
    """The note of a hearing; its lateness enters the device's memory."""
    message, reject, fixes = hearing.message, hearing.reject, hearing.fixes
    row, flags = None, 0
    if fixes is not None and hearing.stop > hearing.start:
        span = slice(hearing.start, hearing.stop)
        row = hearing.start + int(fixes.time_us[span].argmax())
        flags = int(np.bitwise_or.reduce(fixes.flags[span]))
    time_us = int(fixes.time_us[row]) if fixes is not None and row is not None else hearing.time_us
    if time_us is not None and not flags & _PROVES_NOTHING:
        ear.lateness_s.append((message.received_us - time_us) / US_PER_S)
    at = _place(fixes, row)
    return Heard(
        device=hearing.device,
        received_us=message.received_us,
        source=message.source,
        topic=message.topic[:PAYLOAD_LIMIT],
        dialect=hearing.dialect,
        payload=b"" if hearing.private else message.payload[:PAYLOAD_LIMIT],
        outcome=_outcome(hearing),
        reason=reject.reason if reject else "",
        detail=reject.detail if reject else "",
        fixes=hearing.stop - hearing.start,
        time_us=time_us,
        lon=at[0],
        lat=at[1],
        speed_mps=at[2],
        flags=flags,
        clock_error_s=clock_error_s(ear.lateness_s),
        lateness_s=round(median(ear.lateness_s), 1) if ear.lateness_s else None,
        by=message.identity.subject if message.identity else "",
    )


def _outcome(hearing: Hearing) -> Outcome:
    if hearing.held:
        return "held"
    if hearing.stop > hearing.start:
        return "accepted"
    return "rejected" if hearing.reject else "ignored"


def _place(fixes: Fixes | None, row: int | None) -> Sequence[float | None]:
    """lon, lat and speed of a row, None where it has none."""
    if fixes is None or row is None:
        return None, None, None
    speed = float(fixes.speed_mps[row])
    return float(fixes.lon[row]), float(fixes.lat[row]), None if np.isnan(speed) else speed
