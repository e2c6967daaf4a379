"""When the clock alone changes what a stop is for: a break that grows too long, a shift that begins or ends."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from geo.meaning.purpose import FOREVER

SLACK = 64  # stale entries that the heap may hold beyond one for each that is due


class Flips:
    """Slots by the moment at which the label of an open row may change. Derived from the rows: never saved."""

    def __init__(self) -> None:
        self.due_us: dict[int, int] = {}
        self.known = False  # whether every open row has been looked at
        self._heap: list[tuple[int, int]] = []
        self._waiting: set[int] = set()  # due by the clock, but nothing proves that the device still stands there

    def watch(self, slot: int, due_us: int) -> None:
        """From now on this is when a slot is due; `FOREVER`: never."""
        self._waiting.discard(slot)
        if due_us == FOREVER:
            self.due_us.pop(slot, None)
        else:
            self.due_us[slot] = due_us
            heappush(self._heap, (due_us, slot))
        if len(self._heap) > 2 * len(self.due_us) + SLACK:
            self._heap = [(at_us, slot) for slot, at_us in self.due_us.items()]
            heapify(self._heap)

    def ripe(self, now_us: int) -> list[int]:
        """Slots that are due, in order; each again at every call until it is watched anew."""
        while self._heap and self._heap[0][0] <= now_us:
            due_us, slot = heappop(self._heap)
            if self.due_us.get(slot) == due_us:
                self._waiting.add(slot)
        return sorted(self._waiting)
