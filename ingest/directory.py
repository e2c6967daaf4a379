"""What admission asks about a device. The registry answers, from memory: this stands in the way of every message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.fixes import Fixes, Flag


class Directory(Protocol):
    """Who is registered and what admission has to know of it. Every answer is immediate: no I/O, no waiting."""

    def known(self, device: str) -> bool:
        """Whether the device is registered."""
        ...

    def cls(self, device: str) -> str:
        """Class of a registered device (`truck`, `phone`), "" for a stranger."""
        ...

    def key_of(self, device: str) -> bytes | None:
        """The secret with which the device seals its payloads, None where it has none."""
        ...

    def keeps(self, device: str, time_us: int) -> bool:
        """Whether a fix of that moment may be kept.

        False: the device was then the phone of a volunteer who was off duty or had not consented. A device that is
        nobody's phone is always kept.
        """
        ...


def kept_rows(directory: Directory, fixes: Fixes) -> NDArray[np.bool_] | None:
    """Which rows may be kept, None: all. Volunteers are heard on duty only; a call for help is always heard."""
    keeps, ids, times = directory.keeps, fixes.ids, fixes.time_us.tolist()
    names = [ids[at] for at in fixes.device.tolist()]
    if all(map(keeps, names, times)):
        return None
    on_duty = np.fromiter(map(keeps, names, times), np.bool_, len(fixes))
    kept: NDArray[np.bool_] = on_duty | (fixes.flags & int(Flag.SOS) != 0)
    return None if kept.all() else kept


class Listed:
    """A directory that knows who is registered and no more: for benches, tests and where no registry is."""

    def __init__(self, known: Callable[[str], bool]) -> None:
        self._known = known

    def known(self, device: str) -> bool:
        return self._known(device)

    def cls(self, device: str) -> str:
        return "truck" if self._known(device) else ""

    def key_of(self, device: str) -> bytes | None:
        del device
        return None

    def keeps(self, device: str, time_us: int) -> bool:
        del device, time_us
        return True
