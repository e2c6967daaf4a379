"""The life of an incident as a table of moves. A move that is not in the table raises and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

from core.errors import ConflictError

Status = Literal["reported", "verified", "dispatching", "responding", "on_scene", "closed", "cancelled"]
Move = Literal["verify", "dispatch", "respond", "arrive", "close", "cancel", "reopen"]

STATUSES: Final[tuple[Status, ...]] = get_args(Status)
MOVES: Final[tuple[Move, ...]] = get_args(Move)
ENDED: Final[frozenset[Status]] = frozenset({"closed", "cancelled"})

TABLE: Final[Mapping[Status, Mapping[Move, Status]]] = {
    "reported": {"verify": "verified", "dispatch": "dispatching", "close": "closed", "cancel": "cancelled"},
    "verified": {"dispatch": "dispatching", "close": "closed", "cancel": "cancelled"},
    "dispatching": {"respond": "responding", "arrive": "on_scene", "close": "closed", "cancel": "cancelled"},
    "responding": {"dispatch": "dispatching", "arrive": "on_scene", "close": "closed", "cancel": "cancelled"},
    "on_scene": {"dispatch": "dispatching", "close": "closed", "cancel": "cancelled"},
    "closed": {"reopen": "verified"},
    "cancelled": {"reopen": "reported"},
}


def moved(status: Status, move: Move) -> Status:
    """The status after a move; raises `ConflictError` when the table has no such move from here."""
    after = TABLE[status].get(move)
    if after is None:
        allowed = ", ".join(TABLE[status])
        raise ConflictError(f"an incident that is {status} cannot {move}; possible now: {allowed}")
    return after
