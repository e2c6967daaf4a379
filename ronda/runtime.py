"""What every stage is given: the settings, a clock, the log, the database, and a board where it says how it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from psycopg_pool import AsyncConnectionPool

from core.clock import Clock
from core.codec import encode
from core.entries import DISPATCH_ONLY, OF_DISPATCH, Config, Entry
from core.errors import UnavailableError
from ronda.holds import Holds, TrustedClock
from ronda.settings import Settings
from store.log import Log

AWAY: Final = (UnavailableError, OSError)  # a server is not there: wait and try again
DISPATCH_IN: Final = "dispatch.in"
State = Literal["starting", "ready", "failing", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Urls:
    """Where the servers are, embedded or not."""

    redis: str = field(repr=False)
    database: str = field(repr=False)
    mqtt: str = field(repr=False)  # where devices publish


class Parts:
    """The readiness and the counters of each part, for `/readyz`, `/metrics` and `doctor`."""

    def __init__(self) -> None:
        self._parts: dict[str, tuple[State, str]] = {}
        self.counters: dict[str, Callable[[], Mapping[str, float]]] = {}  # read at the moment of asking

    def say(self, part: str, state: State, why: str = "") -> None:
        self._parts[part] = (state, why)

    def all(self) -> dict[str, tuple[State, str]]:
        return dict(self._parts)

    def ready(self) -> bool:
        """Whether every part that ever spoke is ready."""
        return all(state == "ready" for state, _ in self._parts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """The composition's gift to a stage; a stage takes from it and builds nothing of it."""

    settings: Settings
    clock: Clock
    log: Log
    pool: AsyncConnectionPool
    urls: Urls
    partitions: int
    parts: Parts = field(default_factory=Parts)
    holds: Holds = field(default_factory=Holds)

    @property
    def trusted(self) -> Clock:
        """The clock for expiries and for people: it is not led astray by a wrong one of the machine."""
        return TrustedClock(self.clock, self.holds)

    async def append(self, items: Sequence[tuple[str, bytes]], *, cap: int | None = None) -> list[str]:
        """`Log.append` for an intake: counted, so that a burst between two looks at the memory cannot fill the log."""
        ids = await self.log.append(items, cap=cap)
        self.holds.left_bytes -= sum(len(body) for _, body in items)
        return ids

    def inputs(self) -> list[str]:
        """The input stream of every partition."""
        return [f"in.{p}" for p in range(self.partitions)]

    async def configure(self, config: Config) -> None:
        """Append a configuration version to every input where it decides something, in one durable append."""
        await self.tell(config, inputs_of(config, self.partitions))

    async def tell(self, entry: Entry, streams: Sequence[str] | None = None) -> None:
        """Append one entry to these streams, else to every partition's input; not under a wrong clock."""
        if why := self.holds.of("clock"):
            raise UnavailableError(why)
        body = encode(entry)
        await self.log.append([(stream, body) for stream in (self.inputs() if streams is None else streams)])


def inputs_of(change: Config, partitions: int) -> list[str]:
    """Where a change of configuration is written: to all that decide by it, and to the first partition for the archive.

    Those who write it do so in one append, so that dispatch and geo hear of it in one order.
    """
    mine = 1 if change.section in DISPATCH_ONLY else partitions
    return [f"in.{p}" for p in range(mine)] + ([DISPATCH_IN] if change.section in OF_DISPATCH else [])
