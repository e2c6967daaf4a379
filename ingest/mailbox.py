"""What a device is to be told: its subscriptions, what was sent and not yet acknowledged, what waits for it.

A mailbox outlives the connection when the client asked for a lasting session. It is kept in memory and is small on
purpose: offers and notices age fast. A full one forgets its oldest message, and that is counted. Whoever sent a message
is told what became of it; one that is past its life is not sent any more.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Final, Literal, NamedTuple

from core.identity import Identity

KINDS: Final = ("offer", "notice", "reject")
QUEUE_LIMIT: Final = 32
BOXES_LIMIT: Final = 20_000
INFLIGHT_LIMIT: Final = 16
LASTING_S: Final = 86_400  # a session without its client is kept no longer than a day
_TOPIC: Final = re.compile(rf"ronda/v1/([^/+#]+)/(?:{'|'.join(KINDS)})")

Key = tuple[str, str]  # whose credential, client id


Fate = Literal["delivered", "sent", "lost"]  # the device has it, a broker has it, nobody has it
Told = Callable[[Fate], None]


def unasked(fate: Fate) -> None:
    """Whoever sent it does not want to know."""
    del fate


class Notice(NamedTuple):
    """A message for a device. `told` is called when its fate is known; after `until_s` (monotonic) it is not sent."""

    topic: str
    payload: bytes
    told: Told = unasked
    until_s: float = inf


@dataclass(slots=True)
class Mailbox:
    """One session's state. `left_s` is when its client went away (monotonic), None while it is here."""

    key: Key
    lasting_s: int
    topics: dict[str, int] = field(default_factory=dict)  # topic: QoS granted
    waiting: deque[Notice] = field(default_factory=deque)
    inflight: dict[int, Notice] = field(default_factory=dict)
    left_s: float | None = None
    mid: int = 0

    def put(self, notice: Notice) -> int:
        """Queue a message; the number of older ones that had to go."""
        self.waiting.append(notice)
        if len(self.waiting) <= QUEUE_LIMIT:
            return 0
        self.waiting.popleft().told("lost")
        return 1

    def next(self, now_s: float) -> Notice | None:
        """The next message to send, None if there is none; what is past its life goes."""
        while self.waiting:
            notice = self.waiting.popleft()
            if now_s < notice.until_s:
                return notice
            notice.told("lost")
        return None

    def again(self, now_s: float) -> list[tuple[int, Notice]]:
        """What was sent and not acknowledged, by packet id; what is past its life goes."""
        for mid in [mid for mid, notice in self.inflight.items() if notice.until_s <= now_s]:
            self.inflight.pop(mid).told("lost")
        return list(self.inflight.items())

    def acknowledged(self, mid: int) -> None:
        """The client has it."""
        notice = self.inflight.pop(mid, None)
        if notice is not None:
            notice.told("delivered")

    def close(self) -> None:
        """It is forgotten, and with it what is in it."""
        for notice in [*self.inflight.values(), *self.waiting]:
            notice.told("lost")

    def next_mid(self) -> int:
        while True:
            self.mid = self.mid % 65_535 + 1
            if self.mid not in self.inflight:
                return self.mid


def may_subscribe(identity: Identity | None, topic: str) -> bool:
    """A device hears what is addressed to it; a client of the open demo may listen to any one device."""
    found = _TOPIC.fullmatch(topic)
    return found is not None and (identity is None or identity.device == found[1])


class Mailboxes:
    """All mailboxes, by owner and by topic."""

    def __init__(self, limit: int = BOXES_LIMIT) -> None:
        self._limit = limit
        self._boxes: dict[Key, Mailbox] = {}
        self._by_topic: dict[str, set[Key]] = {}

    def __len__(self) -> int:
        return len(self._boxes)

    def open(self, key: Key, *, clean: bool, lasting_s: int, now_s: float) -> tuple[Mailbox, bool]:
        """The mailbox of a client that has come, and whether it was there before."""
        box = self._boxes.get(key)
        if box is not None and (clean or self._expired(box, now_s)):
            self._drop(box)
            box = None
        if box is not None:
            box.left_s, box.lasting_s = None, lasting_s
            return box, True
        box = self._boxes[key] = Mailbox(key, lasting_s)
        return box, False

    def leave(self, box: Mailbox, now_s: float) -> None:
        """Its client has gone: forget it, or keep it for as long as was asked."""
        if self._boxes.get(box.key) is not box:
            return
        if box.lasting_s <= 0 or not box.topics:
            self._drop(box)
            return
        box.left_s = now_s
        self._boxes[box.key] = self._boxes.pop(box.key)  # the longest away come first
        if len(self._boxes) > self._limit:
            self._drop_oldest()

    def sweep(self, now_s: float) -> None:
        for box in [box for box in self._boxes.values() if self._expired(box, now_s)]:
            self._drop(box)

    def subscribe(self, box: Mailbox, topic: str, qos: int) -> None:
        box.topics[topic] = qos
        self._by_topic.setdefault(topic, set()).add(box.key)

    def unsubscribe(self, box: Mailbox, topic: str) -> bool:
        if box.topics.pop(topic, None) is None:
            return False
        self._forget(box.key, topic)
        return True

    def of_topic(self, topic: str) -> list[Mailbox]:
        return [self._boxes[key] for key in self._by_topic.get(topic, ())]

    def _expired(self, box: Mailbox, now_s: float) -> bool:
        return box.left_s is not None and now_s - box.left_s > box.lasting_s

    def _drop_oldest(self) -> None:
        away = next((box for box in self._boxes.values() if box.left_s is not None), None)
        if away is not None:
            self._drop(away)

    def _drop(self, box: Mailbox) -> None:
        del self._boxes[box.key]
        for topic in box.topics:
            self._forget(box.key, topic)
        box.close()

    def _forget(self, key: Key, topic: str) -> None:
        keys = self._by_topic.get(topic)
        if keys is not None:
            keys.discard(key)
            if not keys:
                del self._by_topic[topic]
