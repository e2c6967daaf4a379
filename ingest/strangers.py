"""How much is kept of devices that nobody registered: enough to adopt one with its day, never without a bound."""

from __future__ import annotations

from typing import Final

from core.units import DAY_US, US_PER_S

DEVICES_LIMIT: Final = 2_000  # strangers at a time
DEVICE_LIMIT: Final = 100_000  # fixes of one stranger a day: one a second, and what it had buffered
TOTAL_LIMIT: Final = 2_000_000  # fixes of all of them a day: some 200 MB
_QUIET_US: Final = 3_600 * US_PER_S  # one not heard for this long makes room for another


class Strangers:
    """Grants unknown devices room for their fixes. Time is the time of receipt."""

    def __init__(
        self,
        *,
        devices_limit: int = DEVICES_LIMIT,
        device_limit: int = DEVICE_LIMIT,
        total_limit: int = TOTAL_LIMIT,
    ) -> None:
        self._devices_limit = devices_limit
        self._device_limit = device_limit
        self._total_limit = total_limit
        self._held: dict[str, tuple[int, int]] = {}  # device: when heard, fixes today; the longest quiet first
        self._day = 0
        self._total = 0

    def __contains__(self, device: object) -> bool:
        """Whether the device has a place now."""
        return device in self._held

    def take(self, device: str, fixes: int, now_us: int) -> bool:
        """Whether so many fixes more of this device are to be held."""
        self._turn_day(now_us)
        held = self._held.pop(device, None)
        if held is None and not self._make_room(now_us):
            return False
        count = held[1] if held else 0
        fits = count + fixes <= self._device_limit and self._total + fixes <= self._total_limit
        if fits:
            count += fixes
            self._total += fixes
        self._held[device] = (now_us, count)
        return fits

    def forget(self, device: str) -> None:
        """The device was registered meanwhile."""
        self._held.pop(device, None)

    def _turn_day(self, now_us: int) -> None:
        day = now_us // DAY_US
        if day != self._day:
            self._day, self._total = day, 0
            self._held = {device: (heard_us, 0) for device, (heard_us, _) in self._held.items()}

    def _make_room(self, now_us: int) -> bool:
        if len(self._held) < self._devices_limit:
            return True
        oldest = next(iter(self._held))
        if now_us - self._held[oldest][0] < _QUIET_US:
            return False
        del self._held[oldest]
        return True
