"""What was told before against what holds now: which of the old each new one goes on with, and who is left over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple, TypeVar

Moment = tuple[int, int]  # time and content: the order of a device's fixes
FIRST: Final = -(1 << 63)  # no content comes before it
Old = TypeVar("Old")
New = TypeVar("New")


class Match(NamedTuple):
    """`goes_on`: of each new one, the old one that it goes on with. `left`: the other old ones, in order, each with the
    place among the new of the first that overlaps it.
    """

    goes_on: list[int | None]
    left: list[tuple[int, int | None]]


def matched(old: Sequence[Old], new: Sequence[New], overlap: Callable[[Old, New], bool]) -> Match:
    """Each new one goes on with the first old one that it overlaps and no other took; both by start."""
    if not old:
        return Match([None] * len(new), [])
    free = list(range(len(old)))
    goes_on: list[int | None] = []
    for one in new:
        for i in free:
            if overlap(old[i], one):
                goes_on.append(i)
                free.remove(i)
                break
        else:
            goes_on.append(None)
    if not free:
        return Match(goes_on, [])
    return Match(goes_on, [(i, next((n for n, one in enumerate(new) if overlap(old[i], one)), None)) for i in free])


def made_id(letter: str, *parts: object) -> str:
    """An id that follows from these words: the same wherever and whenever it is made."""
    return letter + blake2b("|".join(map(str, parts)).encode(), digest_size=10).hexdigest()
