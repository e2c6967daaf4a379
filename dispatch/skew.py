"""What a phone's clock is wrong by, learned from when its positions come, so that a wrong clock makes nobody stale.

The lag of a position is when it came less its own time. A fix cannot come before it was made: a negative lag is a
clock that is ahead, at once. A lag that stays the same for half a minute is a clock that is behind; a phone that
empties its memory sends faster than time passes, so its lag falls.
"""

from __future__ import annotations

from typing import Final

import msgspec

from core.units import US_PER_S

SURE_US: Final = 30 * US_PER_S
SAME_US: Final = 60 * US_PER_S  # lags of a phone that sends in batches differ so much
LEAST_US: Final = 10 * US_PER_S  # a smaller lag is the way to us
WINDOW_US: Final = 600 * US_PER_S  # what was heard longer ago says nothing about the clock of now


class Lag(msgspec.Struct, frozen=True, array_like=True):
    """The lags since an instant, least and most; `skew_us` is what the clock is held to be behind (minus: ahead)."""

    since_us: int
    least_us: int
    most_us: int
    skew_us: int = 0


def heard(known: Lag | None, lag_us: int, now_us: int) -> Lag | None:
    """What is known of a clock after one position more; None: it is right, as those of most are."""
    if abs(lag_us) < LEAST_US and (known is None or known.skew_us >= 0):
        return None
    skew_us = 0 if known is None else known.skew_us
    if known is None or now_us - known.since_us > WINDOW_US:
        found = Lag(now_us, lag_us, lag_us, skew_us)
    else:
        found = Lag(known.since_us, min(known.least_us, lag_us), max(known.most_us, lag_us), skew_us)
    sure = now_us - found.since_us >= SURE_US and found.most_us - found.least_us <= SAME_US
    least_us = found.least_us if sure else min(skew_us, lag_us)  # it cannot be behind by more than the newest lag
    return msgspec.structs.replace(found, skew_us=least_us if abs(least_us) >= LEAST_US else 0)
