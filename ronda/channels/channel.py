"""What a channel is, and what it carries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from core.entities import Person
from core.errors import RondaError
from core.events import IncidentChanged, NoticeAsked, NoticeKind, OfferChanged
from dispatch.wording import Said

ASKING: Final[frozenset[NoticeKind]] = frozenset({"offer", "verify", "wake"})  # want an answer
Outcome = Literal["delivered", "sent"]  # the phone has it; it was handed on, and nobody tells whether it arrived
FindPerson = Callable[[str], Awaitable[Person | None]]


class LaterError(RondaError):
    """It did not work now; worth another try, not before `after_s` if the other side said so."""

    def __init__(self, why: str, after_s: float | None = None) -> None:
        super().__init__(why)
        self.after_s = after_s


class NeverError(RondaError):
    """The person cannot be reached by this channel, or the message is refused for good."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One notice with all that is known of what it is about. `link` is where an offer is answered, "" for others."""

    notice: NoticeAsked
    offer: OfferChanged | None
    incident: IncidentChanged | None
    said: Said
    link: str
    life_s: float  # left, when this was written

    @property
    def text(self) -> str:
        """All of it in one line, for channels that know text only."""
        stop = "" if self.said.title.endswith(("?", "!", ".")) else "."
        return " ".join(part for part in (self.said.title + stop, self.said.body, self.link) if part)


class Channel(Protocol):
    """One way to reach people."""

    @property
    def name(self) -> str: ...

    @property
    def wait_s(self) -> float:
        """So long other channels are given to deliver a notice first; 0: it is not a last resort."""
        ...

    async def send(self, letter: Letter) -> Outcome:
        """Hand the letter on. Raises `LaterError` or `NeverError`; the same letter may come twice, with the same id."""
        ...
