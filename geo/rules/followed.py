"""What the rules remember of a device, and when to look at it again."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heapify, heappop, heappush
from typing import Final

import msgspec

from geo.rules.alerts import Told
from geo.rules.facts import Fact

FACTS_MAX: Final = 64  # facts kept of a device; of more the oldest that are over are forgotten
SPARE: Final = 1024  # entries of the queue that may be void before it is made anew


class Followed(msgspec.Struct, omit_defaults=True):
    """Facts that may still change or last, and alerts that were told. Persisted, a row a device."""

    facts: list[Fact] = []
    told: list[Told] = []
    covered_us: dict[str, int] = {}  # by rule: being outside is counted from here; what was before is settled


class Dues:
    """Devices by when they are to be looked at next. Follows from the rest of the state: nothing of it is saved.

    To look too early is harmless. `waiting` are devices of which something is due that only a fix can prove, or that
    are silent: they are looked at when what the kernel knows of them changes.
    """

    def __init__(self, followed: Mapping[str, Followed]) -> None:
        self.at: dict[str, int] = dict.fromkeys(sorted(followed), 0)
        self.queue = [(0, device) for device in self.at]
        self.waiting: dict[str, tuple[int, ...]] = {}  # slot, and of its kernel state what a fix changes
        self.seen = 0  # slots that were looked at once
        self.silent: dict[str, set[int]] = {}  # since when, of devices whose silence was told while it lasts
        for device, known in followed.items():
            self.note_silence(device, known)

    def put(self, device: str, at_us: int) -> None:
        """Look at it then, if not before."""
        if at_us < self.at.get(device, at_us + 1):
            self.at[device] = at_us
            heappush(self.queue, (at_us, device))
            if len(self.queue) > 2 * len(self.at) + SPARE:
                self.queue = [(due_us, name) for name, due_us in self.at.items()]
                heapify(self.queue)

    def soon(self, device: str) -> None:
        """Look at it at the next tick."""
        self.put(device, 0)

    def pop(self, now_us: int) -> set[str]:
        """Devices whose time has come."""
        found = set()
        while self.queue and self.queue[0][0] <= now_us:
            at_us, device = heappop(self.queue)
            if self.at.get(device) == at_us:
                del self.at[device]
                found.add(device)
        return found

    def note_silence(self, device: str, known: Followed) -> None:
        """Remember whose silence stands as an alert and lasts: the fix that ends it counts, however soon it comes.

        It need not be the newest: one that a fix from beyond the horizon ended began when such a fix was heard.
        """
        over = {fact.id for fact in known.facts if fact.kind == "silence"}
        told = (alert for alert in known.told if alert.kind == "silence" and alert.stands)
        if since := {alert.start_us for alert in told if alert.thread not in over}:
            self.silent[device] = since
        else:
            self.silent.pop(device, None)
