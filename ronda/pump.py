"""The one generic loop: read, step, commit, acknowledge.

A commit is one transaction that holds the outputs, the changed state, the live rows and the offset, fenced by the
owner's lease; whatever kills the process, the next owner resumes exactly after the last commit (law 4).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from core.errors import LeaseLostError
from store.cancel import heed_cancel
from store.log import Commit, Entry, Lease, Log

log = logging.getLogger(__name__)

LEASE_MS: Final = 10_000
READ_COUNT: Final = 64  # entries a step: bounds the memory of a batch and the length of a transaction
BLOCK_MS: Final = 1_000
RETRY_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)


class Step(Protocol):
    """What a pump drives. A new one is made from the committed state after every failure, so it may keep caches."""

    def __call__(self, entries: list[Entry]) -> Commit:
        """Apply entries in order; everything that changed, to be committed at the last entry's id."""
        ...


@dataclass(frozen=True, slots=True)
class Pump:
    """One reader of one stream. `load` makes the step from the state as of the last commit."""

    log: Log
    reader: str
    stream: str
    owner: str
    load: Callable[[dict[str, bytes]], Step]
    on_failure: tuple[type[Exception], ...]  # what the log raises while its server is away

    async def run(self) -> None:
        """Serve for ever: take the lease, resume, pump; on failure wait a little and begin again."""
        tries = 0
        while True:
            try:
                lease = await self.log.acquire(self._lease_name, self.owner, LEASE_MS)
                if lease is not None:
                    tries = 0
                    await self._serve(lease)
                await asyncio.sleep(RETRY_S[0])
            except self._expected as error:
                wait_s = RETRY_S[min(tries, len(RETRY_S) - 1)]
                tries += 1
                log.warning("%s: %s; again in %s s", self._lease_name, error, wait_s, extra={"action": "pump.retry"})
                await asyncio.sleep(wait_s)

    @property
    def _expected(self) -> tuple[type[Exception], ...]:
        return (LeaseLostError, *self.on_failure)

    @property
    def _lease_name(self) -> str:
        return f"{self.reader}:{self.stream}"

    async def _serve(self, lease: Lease) -> None:
        """Pump while the lease is ours; give it back when cancelled."""
        step = self.load(await self.log.state(self.reader, self.stream))
        offset = await self.log.offset(self.reader, self.stream)
        renewing = asyncio.create_task(self._renew(lease), name=f"lease-{self._lease_name}")
        try:
            while not renewing.done():
                read = await self.log.read({self.stream: offset}, count=READ_COUNT, block_ms=BLOCK_MS)
                heed_cancel()
                if entries := read.get(self.stream, []):
                    await self.log.commit(lease, await asyncio.to_thread(step, entries))
                    offset = entries[-1].id
        finally:
            renewing.cancel()
            await asyncio.shield(release(self.log, lease, self.on_failure))

    async def _renew(self, lease: Lease) -> None:
        """Keep the lease, beside a step however long; ends when it is lost (the fence in the commit decides)."""
        while True:
            await asyncio.sleep(LEASE_MS / 3000)
            try:
                if await self.log.acquire(lease.name, lease.owner, LEASE_MS) != lease:
                    return
            except self.on_failure as error:
                log.warning("%s: lease not renewed: %s", lease.name, error, extra={"action": "pump.renew_retry"})


async def release(log_: Log, lease: Lease, failures: tuple[type[Exception], ...]) -> None:
    """Give a lease back; if the log is away it expires by itself."""
    try:
        await log_.release(lease)
    except failures:
        log.info("lease %s left to expire", lease.name, extra={"action": "pump.lease_left"})
