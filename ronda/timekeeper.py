"""Can this machine's clock be believed? Judged from the log, from the devices, and from how it moved. No I/O.

A machine without a battery wakes in the past, one with a bad battery anywhere. What is written under a wrong time
cannot be taken back: fixes would be refused as coming from the future, timers would fire, and after the clock was
set right the log would be ahead of it. So while it is in doubt, nothing is taken in.

| evidence | then |
|---|---|
| earlier than this program | hold |
| more than 2 s before what the log was last told | hold |
| a year after it, or 20 years after this program | hold, unless three devices or more say the same |
| three devices or more, and most of all, agree on a time more than 10 min later | hold |
| they agree on an earlier one, after a pause, and go on at its pace | hold |
| they agree on an earlier one and do not: what they held back | believe the clock after a minute |
| an hour or more after the log, and no device yet | listen a few seconds |

Devices are asked until they have confirmed the clock once, and anew after each jump of it. A clock that they
confirmed and that has run evenly since is better than any device.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Final

from core.units import US_PER_S

FLOOR_US: Final = 1_735_689_600 * US_PER_S  # 2025-01-01: no Ronda is older
BEHIND_S: Final = 2.0
FAR_S: Final = 366 * 86400.0
LIFETIME_S: Final = 20 * 365.25 * 86400.0
APART_S: Final = 600.0  # between the clock and the devices
AGREE_S: Final = 120.0  # between devices
ENOUGH: Final = 3  # devices that can contradict a clock
JUMP_S: Final = 5.0  # between the clock's pace and that of the machine
GAP_S: Final = 3600.0  # after a longer pause devices are listened to first
LISTEN_S: Final = 15.0
PACE_S: Final = 60.0  # how long we look whether devices that are behind speak of now
_PACED_FROM_S: Final = 5.0
_WITNESSES: Final = 1000  # devices remembered
_HINT: Final = "set the clock (NTP), or RONDA_TRUST_CLOCK=true if it is right"


@dataclass(slots=True)
class _Heard:
    """What a device's clock said: at the first sight of it, and newest."""

    first_us: int
    first_s: float
    time_us: int
    at_s: float
    offset_us: int  # its time minus ours, when we saw the newest

    def paced(self) -> bool:
        """Whether its time goes on as time does: it speaks of now."""
        passed_s, told_s = self.at_s - self.first_s, (self.time_us - self.first_us) / US_PER_S
        return passed_s >= _PACED_FROM_S and 0.5 * passed_s <= told_s <= 2.0 * passed_s


class Timekeeper:
    """Judges one clock. `log_us` is the last time that the log was told; 0 when it is new."""

    def __init__(
        self, log_us: int = 0, *, trust: bool = False, floor_us: int = FLOOR_US, listen_s: float = LISTEN_S
    ) -> None:
        self._log_us, self._trust, self._floor_us, self._listen_s = log_us, trust, floor_us, listen_s
        self._heard: dict[str, _Heard] = {}
        self._last: tuple[int, float] | None = None  # clock and monotonic time at the look before
        self._confirmed = False
        self._base_us = log_us  # the log's time at the start or at the last jump
        self._since_s = 0.0  # of the start or the last jump
        self._held_s: float | None = None

    @property
    def confirmed(self) -> bool:
        """Whether devices need not be asked."""
        return self._confirmed or self._trust

    def look(self, now_us: int, monotonic_s: float, devices: Mapping[str, int]) -> str | None:
        """None: the clock can be believed. Else why not, and what to do. `devices`: time of each one's newest fix."""
        self._notice_jump(now_us, monotonic_s)
        if not self.confirmed:
            self._listen(now_us, monotonic_s, devices)
        why = None if self._trust else self._wrong(now_us) or self._contradicted(now_us, monotonic_s)
        if why is None:
            self._log_us, self._held_s = max(self._log_us, now_us), None
        elif self._held_s is None:
            self._held_s = monotonic_s
        return why

    def best_us(self, monotonic_s: float) -> int | None:
        """While the clock is held: the log's time and what passed since. None: ask the clock."""
        if self._held_s is None:
            return None
        return max(self._log_us, self._floor_us) + round((monotonic_s - self._held_s) * US_PER_S)

    def _notice_jump(self, now_us: int, monotonic_s: float) -> None:
        last, self._last = self._last, (now_us, monotonic_s)
        even = last is not None and abs((now_us - last[0]) / US_PER_S - (monotonic_s - last[1])) <= JUMP_S
        if not even:
            self._confirmed, self._heard = False, {}
            self._base_us, self._since_s = self._log_us, monotonic_s

    def _listen(self, now_us: int, monotonic_s: float, devices: Mapping[str, int]) -> None:
        for device, time_us in devices.items():
            heard = self._heard.get(device)
            if heard is None:
                if len(self._heard) < _WITNESSES:
                    self._heard[device] = _Heard(time_us, monotonic_s, time_us, monotonic_s, time_us - now_us)
            elif time_us < heard.time_us:  # it set its clock: what it said before counts no more
                self._heard[device] = _Heard(time_us, monotonic_s, time_us, monotonic_s, time_us - now_us)
            elif time_us > heard.time_us:
                heard.time_us, heard.at_s, heard.offset_us = time_us, monotonic_s, time_us - now_us

    def _wrong(self, now_us: int) -> str | None:
        """What no device can excuse, or only a majority of them."""
        clock, log = f"this machine's clock says {_said(now_us)}", _said(self._log_us)
        if now_us < self._floor_us:
            return f"{clock}, before Ronda was made: {_HINT}"
        if self._log_us and now_us < self._log_us - BEHIND_S * US_PER_S:
            return f"{clock}, but the log was written until {log}: {_HINT}"
        offset_us = agreed(heard.offset_us for heard in self._heard.values())
        if offset_us is not None and abs(offset_us) <= APART_S * US_PER_S:
            self._confirmed = True
        if self.confirmed:
            return None
        if self._log_us and now_us > self._log_us + FAR_S * US_PER_S:
            return f"{clock}, a year and more after the log's {log}: {_HINT}"
        if now_us > self._floor_us + LIFETIME_S * US_PER_S:
            return f"{clock}, which is too far ahead to be believed: {_HINT}"
        return None

    def _contradicted(self, now_us: int, monotonic_s: float) -> str | None:
        """What devices say against it, until they have confirmed it."""
        if self.confirmed:
            return None
        offset_us = agreed(heard.offset_us for heard in self._heard.values())
        if offset_us is not None and offset_us > APART_S * US_PER_S:
            return self._differs(now_us, offset_us)
        if not self._base_us or not self._listen_s or now_us - self._base_us < APART_S * US_PER_S:
            return None  # nothing says that it could be ahead
        return self._ahead(now_us, monotonic_s)

    def _ahead(self, now_us: int, monotonic_s: float) -> str | None:
        """After a pause: a clock that is ahead, or devices that send what they held back? Pace tells them apart."""
        passed_s = monotonic_s - self._since_s
        possible = [h for h in self._heard.values() if h.time_us > self._base_us - AGREE_S * US_PER_S]
        offset_us = agreed(heard.offset_us for heard in possible)
        if offset_us is None:
            listening = now_us - self._base_us >= GAP_S * US_PER_S and passed_s < self._listen_s
            return _LISTENING.format(now=_said(now_us), log=_said(self._base_us)) if listening else None
        paced = [heard for heard in possible if heard.paced()]
        if 2 * len(paced) > len(possible) and agreed(heard.offset_us for heard in paced) is not None:
            return self._differs(now_us, offset_us)
        if passed_s < PACE_S:
            return self._differs(now_us, offset_us)
        self._confirmed = True
        return None

    def _differs(self, now_us: int, offset_us: int) -> str:
        theirs = f"{len(self._heard)} devices are heard and most say {_said(now_us + offset_us)}"
        return f"this machine's clock says {_said(now_us)}, but {theirs}: {_HINT}"


_LISTENING: Final = "the log ends at {log} and this machine's clock says {now}: listening to devices for a few seconds"


def agreed(offsets_us: Iterable[int]) -> int | None:
    """What most devices, and at least `ENOUGH`, say: the median, if they stand close around it."""
    told = list(offsets_us)
    if len(told) < ENOUGH:
        return None
    middle_us = round(median(told))
    close = sum(1 for offset_us in told if abs(offset_us - middle_us) <= AGREE_S * US_PER_S)
    return middle_us if close >= ENOUGH and 2 * close > len(told) else None


def _said(us: int) -> str:
    """A time for people. A clock that is wrong may be wrong beyond any calendar."""
    try:
        return datetime.fromtimestamp(us / US_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return f"{us / US_PER_S:.0f} s after 1970"
