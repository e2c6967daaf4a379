"""Closed dwells of open days follow a change of what is known: `rows.judge`, by the schedule.

The engine judges what it still holds at the entry that changes the configuration; what is archived already comes to it
again, in commands. A label that a person gives follows its dwell to any day.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from core.codec import encode
from core.errors import UnavailableError
from core.events import DwellChanged
from core.units import US_PER_S
from ronda.days import open_spans, zone_of
from ronda.looking import look_for_ever
from ronda.past import TRIES, archive_is_near, send
from ronda.runtime import Runtime
from store import history
from store.log import START

log = logging.getLogger(__name__)

SECTIONS: Final = frozenset({
    "city", "profiles", "vehicles", "routes", "shifts", "assignments", "places", "areas", "zones", "calendar", "tasks",
})  # fmt: skip
LOOK_S: Final = 1.0
QUIET_US: Final = 2 * US_PER_S  # an import comes in many entries
AT_LEAST_US: Final = 10 * US_PER_S
DAYS: Final = 7  # so many open days back
ROWS: Final = 500  # of one command
AT_ONCE: Final = 8
READER: Final = "judge"  # of the table `offsets`
STREAM: Final = "config"


class Judging:
    """How far the changes of configuration were followed."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.seen: str | None = None

    async def round(self) -> int:
        """Follow the changes that are complete by now; how many rows were given to the engine."""
        pool = self.runtime.pool
        if self.seen is None:
            self.seen = await history.mark(pool, READER, STREAM) or await self._now()
        changes = await history.configs_after(pool, self.seen)
        times = [change.at_us for change in changes if change.section in SECTIONS or change.section == "labels"]
        now_us = self.runtime.clock.now_us()
        if times and now_us - max(times) < QUIET_US and now_us - min(times) < AT_LEAST_US:
            return 0
        judged = 0
        if times:
            ids = {id_ for change in changes for id_ in change.ids or ()}
            whole = any(c.section in SECTIONS or (c.section == "labels" and c.ids is None) for c in changes)
            judged = await self._judge(ids, whole=whole)
        if changes:
            self.seen = changes[-1].entry_id
            await history.set_mark(pool, READER, STREAM, self.seen)
        return judged

    async def _now(self) -> str:
        """An installation that never followed begins with what comes next."""
        changes = await history.configs_after(self.runtime.pool)
        seen = changes[-1].entry_id if changes else START
        await history.set_mark(self.runtime.pool, READER, STREAM, seen)
        return seen

    async def _judge(self, ids: set[str], *, whole: bool) -> int:
        """These dwells, and (`whole`) all of open days."""
        await archive_is_near(self.runtime, list(range(self.runtime.partitions)))
        parts = by_device(await history.closed_among(self.runtime.pool, sorted(ids))) if ids else {}
        if whole:
            now_us = self.runtime.clock.now_us()
            for from_us, to_us in await open_spans(self.runtime.pool, now_us, DAYS, zone_of(self.runtime.settings)):
                for device, found in (await history.closed_dwells(self.runtime.pool, from_us, to_us)).items():
                    parts[device] = [*parts.get(device, ()), *found]
        room = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for device, found in parts.items():
                group.create_task(self._device(device, list(dict.fromkeys(found)), room))
        return sum(map(len, parts.values()))

    async def _device(self, device: str, ids: Sequence[str], room: asyncio.Semaphore) -> None:
        async with room:
            for at in range(0, len(ids), ROWS):
                await self._part(device, ids[at : at + ROWS])

    async def _part(self, device: str, ids: Sequence[str]) -> None:
        """One command; once more while the engine tells rows of the device meanwhile."""
        for _ in range(TRIES):
            seq, events = await history.closed_among(self.runtime.pool, ids)
            sent = await send(self.runtime, device, "rows.judge", {"device": device, "rows": encode(events)})
            if not sent.state.ok:
                log.error("%s: %s", device, sent.state.reason, extra={"action": "judge.refused", "device": device})
            if not await history.overtaken(self.runtime.pool, device, seq, sent.stream, sent.entry_id):
                return
        raise UnavailableError(f"{device} changes faster than its rows can be judged")


def by_device(told: history.Told) -> dict[str, list[str]]:
    """Ids of the dwells among events, by device."""
    found: dict[str, list[str]] = {}
    for event in told.events:
        if isinstance(event, DwellChanged):
            found.setdefault(event.row.device, []).append(event.row.id)
    return found


async def judge_for_ever(runtime: Runtime) -> None:
    """Look every second, until cancelled; not while intake stands still."""
    await look_for_ever("judge", LOOK_S, Judging(runtime).round, runtime.holds.why)
