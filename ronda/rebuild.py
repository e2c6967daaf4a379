"""What a rebuild of a device's past is made of: which fixes and which rows `device.rebuild` carries.

It reads from before the new fixes, so that the kernel knows where the device stood, to after them, until the device
drives on; longer spans are cut into several. The engine computes and tells (`geo/steps/rebuild.py`); nothing here does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from psycopg_pool import AsyncConnectionPool

from core.codec import encode
from core.events import DwellChanged, SpellChanged
from core.fixes import Fixes
from core.units import DAY_US, HOUR_US
from geo.steps.rebuild import Request
from store import history
from store.upkeep import forgotten

FOR_EVER_US: Final = 4_102_444_800_000_000  # 2100
FIXES: Final = 100_000  # of one command, about 8 MB
LEAD: Final = 40_000  # of them before the new ones
LEAD_US: Final = 14 * DAY_US
TAIL_US: Final = 2 * HOUR_US  # beyond the span: longer than any shortest dwell
ENDS_US: Final = (TAIL_US, DAY_US + TAIL_US)  # how far is looked for where a row ends, before all there is is taken


class Span(NamedTuple):
    """A stretch of a device's time, both ends included."""

    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True)
class Composed:
    """A request, up to where its fixes reach, and after which event its rows were read."""

    request: Request
    reached_us: int
    cut: bool  # there were more fixes than one command carries
    seq: int

    def body(self) -> dict[str, object]:
        """As a command carries it."""
        return {name: getattr(self.request, name) for name in self.request.__struct_fields__}


def spans(times_us: NDArray[np.int64]) -> list[Span]:
    """Stretches without a pause of a day or more."""
    times = np.sort(times_us)
    if not len(times):
        return []
    breaks = np.flatnonzero(np.diff(times) >= DAY_US)
    starts, ends = np.concatenate(([0], breaks + 1)), np.concatenate((breaks, [len(times) - 1]))
    return [Span(int(times[a]), int(times[b])) for a, b in zip(starts, ends, strict=True)]


async def compose(pool: AsyncConnectionPool, device: str, span: Span, end_us: int) -> Composed:
    """The request for a span: fixes from before it to `end_us`, as many as one command carries, and what is told."""
    start_us = await start_of(pool, device, span.from_us)
    fixes = await history.fixes_of(pool, device, start_us, end_us, FIXES + 1)
    cut = len(fixes) > FIXES
    fixes = fixes.take(np.arange(min(len(fixes), FIXES)))
    reached_us = int(fixes.time_us[-1]) if len(fixes) else span.to_us
    last = end_us == FOR_EVER_US and not cut
    seq, events = await history.told(pool, device, start_us, FOR_EVER_US if last else reached_us)
    request = Request(
        device=device,
        from_us=span.from_us,
        to_us=span.to_us,
        fixes=encode(fixes if len(fixes) else Fixes.empty()),
        rows=encode(events),
        whole_us=max(start_us, await forgotten(pool, device, start_us, reached_us + 1)),
        last=last,
    )
    return Composed(request, reached_us, cut, seq)


async def start_of(pool: AsyncConnectionPool, device: str, from_us: int) -> int:
    """From where the kernel must look to know what was going on at `from_us`: a day before, or more.

    Not in the middle of a row that reaches to there. What is over by then is not told anew, so it may be seen in part.
    A row that is longer than can be carried stands as it was told.
    """
    lead_us = await history.back(pool, device, from_us, LEAD)
    least_us = max(from_us - LEAD_US, from_us if lead_us is None else lead_us)
    at_us = from_us - DAY_US
    while at_us > least_us:
        told = (await history.told(pool, device, at_us, at_us)).events
        rows = [event.row for event in told if isinstance(event, DwellChanged | SpellChanged)]
        through = [row.start_us for row in rows if row.state == "open" or row.last_us >= from_us - TAIL_US]
        if not through:
            return at_us
        at_us = min(through) - HOUR_US
    return least_us


def longer(span: Span, end_us: int, now_us: int) -> int:
    """The next end to try: some hours after the span, a day, and then all that is there."""
    ends = (span.to_us + more_us for more_us in ENDS_US)
    return next((at_us for at_us in ends if end_us < at_us < now_us - TAIL_US), FOR_EVER_US)
