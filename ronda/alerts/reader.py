"""Reads the index of alerts every minute, and each alert that is new in it, for ever.

What was read is remembered here for as long as the index lists it; a restart reads all of it again, and what dispatch
was told is known by its key. One process reads, by lease.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Mapping
from time import monotonic
from typing import Final
from uuid import uuid4

import cities
from core.errors import ConfigError, DecodeError
from ingest.cap.index import Listed, listed
from ronda.alerts.bucket import Bucket
from ronda.alerts.fetch import ElsewhereError, Fetcher
from ronda.alerts.land import Land
from ronda.alerts.taking import WHATS, Outcome, land_of, reject, take
from ronda.channels.channel import LaterError, NeverError
from ronda.runtime import AWAY, Runtime
from store.log import Lease

log = logging.getLogger(__name__)

EVERY_S: Final = 60.0
LONGEST_S: Final = 900.0  # between two attempts while the index does not answer
JITTER: Final = 0.2  # share of a pause
LEASE: Final = "alerts"
LEASE_MS: Final = 120_000  # longer than a request: it is renewed before each
LATE: Final = 3  # alerts that do not answer: the others are not asked either
THE_CITYS: Final = "city"  # the setting that stands for the city's own index


class Reader:
    """One index. `counts` are for `/metrics`."""

    def __init__(self, runtime: Runtime, url: str, *, bucket: Bucket | None = None, every_s: float = EVERY_S) -> None:
        self._runtime, self._url, self._every_s = runtime, url, every_s
        self._city = cities.load(runtime.settings.city)
        self._fetcher = Fetcher(url, bucket or Bucket())
        self._owner = uuid4().hex
        self._lease: Lease | None = None
        self._listing: list[Listed] = []
        self._seen: dict[str, str] = {}  # address → stamp of what was read
        self._found = Counter[str]()
        self._read_s = monotonic()
        self._failures = 0

    def counts(self) -> Mapping[str, float]:
        """What became of alerts; requests; how long ago the index was last read."""
        own = {"requests": self._fetcher.requests, "listed": len(self._listing), "failures": self._failures}
        age_s = monotonic() - self._read_s if self._lease else 0.0  # another reads, or nobody yet
        return {name: self._found[name] for name in (*WHATS, "gone")} | own | {"age_s": age_s}

    async def run(self) -> None:
        """Until cancelled; then the next one may begin at once."""
        pause_s, tries = 0.0, 0
        try:
            while True:
                await asyncio.sleep(pause_s)
                try:
                    await self.round()
                    pause_s, tries = self._every_s, 0
                except* (LaterError, *AWAY) as errors:
                    error = errors.exceptions[0]
                    pause_s = self._again_s(tries, getattr(error, "after_s", None))
                    tries, self._failures = tries + 1, self._failures + 1
                    extra = {"action": "alerts.retry"}
                    log.warning("alerts: %s; again in %.0f s", error, pause_s, extra=extra)
        finally:
            if self._lease is not None:
                await self._runtime.log.release(self._lease)

    def _again_s(self, tries: int, asked_s: float | None) -> float:
        wait_s = max(min(LONGEST_S, self._every_s * 2.0 ** min(tries, 10)), asked_s or 0.0)
        return wait_s * random.uniform(1.0 - JITTER, 1.0 + JITTER)  # noqa: S311  no secret: so that many do not come at once

    async def round(self) -> None:
        """The index, and what is new in it, the oldest first; not while intake stands still, nor if another reads."""
        if self._runtime.holds.why() is not None or not await self._leads():
            return
        await self._read_index()
        fresh = [one for one in reversed(self._listing) if self._seen.get(one.url) != one.stamp]
        land = await land_of(self._runtime, self._city) if fresh else None
        late = list[LaterError]()
        for one in fresh:
            if land is None or not await self._leads():
                return
            try:
                outcome = await self._one(one, land)
            except LaterError as error:  # this one again the next time, and the others now, unless nothing answers
                late.append(error)
                if len(late) == LATE:
                    break
                continue
            self._tell(one, outcome)
            self._seen[one.url] = one.stamp
        if late:
            raise late[-1]
        self._read_s = monotonic()

    async def _leads(self) -> bool:
        self._lease = await self._runtime.log.acquire(LEASE, self._owner, LEASE_MS)
        return self._lease is not None

    async def _read_index(self) -> None:
        """An index that cannot be used is a reject; the one before holds meanwhile."""
        try:
            body = await self._fetcher.get(self._url)
        except NeverError as error:  # it was moved, perhaps, or shut for a while
            raise LaterError(f"the index: {error}") from error
        if body is None:
            return
        try:
            self._listing = await asyncio.to_thread(listed, body, self._url)
        except DecodeError as error:
            self._fetcher.forget(self._url)
            await reject(self._runtime, str(error), self._url, body)
            raise LaterError(f"the index cannot be read: {error}") from error
        there = {one.url for one in self._listing}
        self._seen = {url: stamp for url, stamp in self._seen.items() if url in there}

    async def _one(self, one: Listed, land: Land) -> Outcome | None:
        """What became of one alert; None: it is gone, or as it was."""
        try:
            body = await self._fetcher.get(one.url)
        except ElsewhereError as error:
            await reject(self._runtime, f"forbidden: {error}", one.url, b"")
            return Outcome("rejected", str(error))
        except NeverError as error:
            self._found["gone"] += 1
            log.warning("alerts: %s", error, extra={"action": "alerts.gone"})
            return None
        if body is None:
            return None
        try:
            outcome = await take(self._runtime, self._city, land, body)
            if outcome.what == "rejected":
                await reject(self._runtime, outcome.why, one.url, body)
        except (LaterError, *AWAY):
            self._fetcher.forget(one.url)
            raise
        return outcome

    def _tell(self, one: Listed, outcome: Outcome | None) -> None:
        if outcome is None:
            return
        self._found[outcome.what] += 1
        if outcome.what in ("told", "refused", "rejected"):
            alert = outcome.alert
            signed = " (signed, not checked)" if alert is not None and alert.signed else ""
            text = f"{one.url[:200]}: {outcome.what}{signed} {outcome.why}".strip()
            level = logging.INFO if outcome.what == "told" else logging.WARNING
            log.log(level, "alert %s", text, extra={"action": f"alerts.{outcome.what}"})


def index_of(setting: str, city: cities.City) -> str:
    """The address that the setting means."""
    if setting != THE_CITYS:
        return setting
    if not city.alerts.index:
        raise ConfigError(f"{city.name} has no index of alerts of its own; give RONDA_CAP_URL the address of one")
    return city.alerts.index


async def read_for_ever(runtime: Runtime) -> None:
    """Read, if an index is set up, until cancelled."""
    if runtime.settings.cap_url:
        reader = Reader(runtime, index_of(runtime.settings.cap_url, cities.load(runtime.settings.city)))
        runtime.parts.counters["alerts"] = reader.counts
        await reader.run()
