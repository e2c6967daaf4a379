"""What is learned of how people answer: one common rate, from everybody's answers.

Most who never answer are not waited for until their offer expires: it is withdrawn once the places are full. It counts
as what it was still worth then, else silence would count for nothing and the rate be believed too high.
"""

from __future__ import annotations

from typing import Final

from core.events import OfferChanged
from core.units import us_to_seconds
from dispatch import offers, sizing
from dispatch.state import State

DECLINE: Final = 0.4  # of those who do not accept, so many say so
KEEP: Final = 0.99  # what an answer weighs after each newer one
_LEARNED: Final = frozenset({"accepted", "declined", "expired", "withdrawn"})


def acceptance(state: State) -> float:
    """The common rate."""
    return sizing.pooled(sizing.Answers(min(state.accepted, state.asked), state.asked))


def still(state: State, offer: OfferChanged, p: float) -> float:
    """What an offer without an answer so far is worth."""
    age_s = us_to_seconds(state.now_us - offer.made_us)
    return sizing.still_accepts(p, DECLINE * (1 - p), age_s, sizing.Latency())


def learned(state: State, before: OfferChanged, after: OfferChanged) -> dict[str, float]:
    """The counts after a move of an offer: an answer, or that none came; old ones weigh less as new ones come."""
    if before.state not in offers.PENDING or after.state not in _LEARNED:
        return {}
    yes = still(state, before, acceptance(state)) if after.state == "withdrawn" else float(after.state == "accepted")
    return {"accepted": state.accepted * KEEP + yes, "asked": state.asked * KEEP + 1}
