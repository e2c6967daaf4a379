"""How honest a tracker was on a day: what its fixes were flagged for, and how late the promptest of them came."""

from __future__ import annotations

from typing import Final

import msgspec

from core.fixes import Flag

COUNTED: Final = (Flag.MOCK, Flag.STALE, Flag.DUPLICATE, Flag.REPEAT, Flag.JUMP, Flag.STUCK, Flag.SPEED, Flag.ACCURACY)
SHARE: Final = 0.01  # of the fixes: fewer happen to everybody
BEHIND_S: Final = 60.0  # the promptest fix came this late: its clock is behind, or the way is long
AHEAD_S: Final = -5.0  # nothing arrives before it is sent


class Honesty(msgspec.Struct, frozen=True, kw_only=True):
    """One device's day. `prompt_s` is the least time from a fix's own time to our receiving it; None: no fix."""

    device: str
    vehicle: str | None = None
    fixes: int = 0
    flags: dict[str, int] = {}
    prompt_s: float | None = None
    faults: tuple[str, ...] = ()  # the flags that are too many, and `clock`


def honesty(device: str, vehicle: str | None, fixes: int, flags: dict[str, int], prompt_s: float | None) -> Honesty:
    """The counts, and what is wrong: any made-up fix, a flag on more than one fix of a hundred, a clock that is off."""
    faults = [name for name, count in flags.items() if count > (0 if name == "mock" else SHARE * fixes)]
    if prompt_s is not None and not AHEAD_S <= prompt_s <= BEHIND_S:
        faults.append("clock")
    told = {name: count for name, count in flags.items() if count}
    return Honesty(device=device, vehicle=vehicle, fixes=fixes, flags=told, prompt_s=prompt_s, faults=tuple(faults))
