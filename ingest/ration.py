"""A ration of rejects: a device whose every message is refused is stored now and then, and counted always.

Each device has a bucket for each reason; all registered devices together have one, and all strangers another, so that
made-up names cannot crowd out the rejects of a device that somebody is looking for. Once a minute what was withheld is
stored as one reject each: "and 5,812 more".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from core.rejects import Reject
from core.units import US_PER_S

KEYS_LIMIT: Final = 20_000  # devices and reasons that are remembered
SUMMARIES_LIMIT: Final = 1_000  # stored a minute; what goes beyond is summed up in one
_SUMMARY_US: Final = 60 * US_PER_S


class Rate(NamedTuple):
    """So many at once, then one every so many seconds."""

    burst: int
    every_s: float


DEVICE: Final = Rate(200, 10.0)  # an array's worth of bad elements, then 8,640 a day: 6 MB
KNOWN: Final = Rate(20_000, 0.02)  # of all registered devices
STRANGERS: Final = Rate(5_000, 0.1)  # of all others, and of messages that name no device: 600 MB a day at worst


@dataclass(slots=True)
class _Bucket:
    """Tokens left at a moment, and what was withheld since the last summary."""

    tokens: float
    at_us: int
    withheld: int = 0
    sample: Reject | None = None

    def take(self, rate: Rate, now_us: int) -> bool:
        if now_us > self.at_us:
            self.tokens = min(rate.burst, self.tokens + (now_us - self.at_us) / US_PER_S / rate.every_s)
        self.at_us = now_us  # also after a clock that was set back
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Ration:
    """Says which rejects are stored. `known` tells registered devices from made-up names."""

    def __init__(
        self,
        known: Callable[[str], bool],
        *,
        device: Rate = DEVICE,
        all_known: Rate = KNOWN,
        strangers: Rate = STRANGERS,
        keys_limit: int = KEYS_LIMIT,
    ) -> None:
        self._known = known
        self._device = device
        self._pools = {True: (all_known, _Bucket(all_known.burst, 0)), False: (strangers, _Bucket(strangers.burst, 0))}
        self._buckets: dict[tuple[str, str], _Bucket] = {}  # the longest unused first
        self._keys_limit = keys_limit
        self._lost = 0  # withheld by buckets that had to go
        self._told_us = 0

    def pick(self, rejects: Sequence[Reject], now_us: int) -> list[Reject]:
        """Those that are stored; the others are counted for the next summary."""
        return [reject for reject in rejects if self._take(reject, now_us)]

    def summaries(self, now_us: int) -> list[Reject]:
        """What was withheld, if a minute has passed since it was last told."""
        if 0 <= now_us - self._told_us < _SUMMARY_US:
            return []
        self._told_us = now_us
        told = [bucket for bucket in self._buckets.values() if bucket.withheld and bucket.sample is not None]
        summaries = [
            _summary(bucket.sample, bucket.withheld, now_us) for bucket in told[:SUMMARIES_LIMIT] if bucket.sample
        ]
        rest = self._lost + sum(bucket.withheld for bucket in told[SUMMARIES_LIMIT:])
        for bucket in told:
            bucket.withheld, bucket.sample = 0, None
        self._lost = 0
        if rest:
            many = Reject(received_us=now_us, reason="unknown_type", dialect="", topic="")
            summaries.append(_summary(many, rest, now_us))
        return summaries

    def _take(self, reject: Reject, now_us: int) -> bool:
        key = (reject.device, reject.reason)
        bucket = self._buckets.pop(key, None) or self._new(now_us)
        self._buckets[key] = bucket
        rate, pool = self._pools[bool(reject.device) and self._known(reject.device)]
        if bucket.take(self._device, now_us) and pool.take(rate, now_us):
            return True
        bucket.withheld += 1
        bucket.sample = reject
        return False

    def _new(self, now_us: int) -> _Bucket:
        if len(self._buckets) >= self._keys_limit:
            self._lost += self._buckets.pop(next(iter(self._buckets))).withheld
        return _Bucket(self._device.burst, now_us)


def _summary(sample: Reject, withheld: int, now_us: int) -> Reject:
    """One reject that stands for those that were not stored."""
    detail = f"and {withheld:,} more, not stored one by one"
    return Reject(
        received_us=now_us,
        reason=sample.reason,
        dialect=sample.dialect,
        topic=sample.topic,
        device=sample.device,
        detail=detail,
    )
