"""The life of an offer as one table: from each state, which moves there are, where they lead and who may make them.

A move that is not in the table, or not by whom it is for, raises and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

import msgspec

from core.errors import ConflictError
from core.events import Mover, NoticeKind, OfferChanged, OfferState

Move = Literal[
    "deliver", "see", "accept", "decline", "expire", "withdraw", "commit", "depart", "arrive", "work", "leave", "stall",
    "stand_down",
]  # fmt: skip
By = frozenset[Mover]
Row = Mapping[Move, tuple[OfferState, By]]

_PERSON: Final[By] = frozenset({"volunteer", "coordinator"})  # a coordinator speaks for somebody on the telephone
_DESK: Final[By] = frozenset({"matcher", "coordinator"})
_PLACE: Final[By] = frozenset({"gps", "volunteer", "coordinator"})
_GPS: Final[By] = frozenset({"gps"})
_CLOCK: Final[By] = frozenset({"clock"})
_CHANNEL: Final[By] = frozenset({"channel"})
_LOOK: Final[By] = frozenset({"channel", "volunteer"})

_ASKED: Final[Row] = {
    "accept": ("accepted", _PERSON),
    "decline": ("declined", _PERSON),
    "expire": ("expired", _CLOCK),
    "withdraw": ("withdrawn", _DESK),
}
_COMING: Final[Row] = {
    "depart": ("en_route", _GPS),
    "arrive": ("arrived", _PLACE),
    "decline": ("declined", _PERSON),
    "stall": ("no_progress", _CLOCK),
    "stand_down": ("stood_down", _DESK),
}
_THERE: Final[Row] = {"leave": ("released", _PLACE)}

TABLE: Final[Mapping[OfferState, Row]] = {
    "offered": {"deliver": ("delivered", _CHANNEL), "see": ("seen", _LOOK), **_ASKED},
    "delivered": {"see": ("seen", _LOOK), **_ASKED},
    "seen": _ASKED,
    "accepted": {"commit": ("committed", frozenset({"clock"})), **_COMING},
    "committed": _COMING,
    "en_route": {move: to for move, to in _COMING.items() if move != "depart"},
    "no_progress": {move: to for move, to in _COMING.items() if move != "stall"},
    "arrived": {"work": ("working", _PLACE), **_THERE},
    "working": _THERE,
    "released": {},
    "declined": {},
    "expired": {},
    "withdrawn": {},
    "stood_down": {},
}
STATES: Final[tuple[OfferState, ...]] = get_args(OfferState)
MOVES: Final[tuple[Move, ...]] = get_args(Move)
PENDING: Final[frozenset[OfferState]] = frozenset({"offered", "delivered", "seen"})
COMING: Final[frozenset[OfferState]] = frozenset({"accepted", "committed", "en_route"})
THERE: Final[frozenset[OfferState]] = frozenset({"arrived", "working"})
PROMISED: Final = COMING | THERE  # holds a place
ENDED: Final = frozenset(state for state, row in TABLE.items() if not row)
LIVE: Final = frozenset(STATES) - ENDED  # one at most for each volunteer
OVER: Final[frozenset[OfferState]] = frozenset({"declined", "expired", "released"})  # not asked for the incident again
TOLD: Final[Mapping[Move, NoticeKind]] = {"withdraw": "withdrawn", "stand_down": "stood_down"}  # said to the volunteer


def moved(offer: OfferChanged, move: Move, by: Mover, at_us: int, actor: str = "") -> OfferChanged:
    """The next version of an offer; raises `ConflictError` when the table does not have this move by this mover."""
    after, movers = TABLE[offer.state].get(move, (None, frozenset[Mover]()))
    if after is None or by not in movers:
        possible = ", ".join(m for m, (_, who) in TABLE[offer.state].items() if by in who) or "nothing"
        raise ConflictError(f"an offer that is {offer.state} cannot {move} by {by}; possible now: {possible}")
    return msgspec.structs.replace(offer, at_us=at_us, state=after, by=by, actor=actor, revision=offer.revision + 1)
