"""What a source hands over, whatever the transport."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, Protocol

import msgspec

from core.identity import Identity
from core.rejects import Reason, Reject

Source = Literal["door", "broker", "http"]


class Message(msgspec.Struct, frozen=True, gc=False):
    """One message as it came in. `done` is called once, when all that it said is on disk.

    Untracked by the garbage collector, for a hundred thousand of them may wait: whatever a message refers to must not
    keep the message.
    """

    topic: str
    payload: bytes
    received_us: int
    qos: int
    retained: bool  # a broker replayed it (never true at our own door)
    identity: Identity | None  # None: whoever let it in has vouched for it (a broker in front, or the open demo)
    done: Callable[[], None]
    refused: Reason | None = None  # the source refused it already; only the reject has to be written
    told: Callable[[Reject], None] | None = None  # called for each reject of this message, before `done`
    source: Source = "door"


class Append(Protocol):
    """`Log.append`: on disk when it returns; if it raises, any of the pairs may or may not have been written."""

    def __call__(self, items: Sequence[tuple[str, bytes]], *, cap: int | None = None) -> Awaitable[list[str]]: ...


class Sink(Protocol):
    """Where sources put messages. A source stops reading while it is `full`."""

    @property
    def full(self) -> bool: ...

    def put(self, message: Message) -> None: ...

    def on_pressure(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever `full` has changed."""
        ...


def ignore() -> None:
    """The `done` of a message that nobody waits for (QoS 0)."""
