"""What a dialect makes of a message: fixes in our units but not yet judged, and what it could not read."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import msgspec

from core.rejects import Reason

MISSING: Final = math.nan


class RawFix(msgspec.Struct, gc=False):
    """One fix as decoded: units are ours, values are not yet checked.

    Its fields are the native wire format, so that native JSON decodes straight into it. `time` is RFC 3339 or a
    number since the epoch: seconds, or milliseconds when at least 1e11.
    """

    time: float | str
    lat: float
    lon: float
    speed: float | None = MISSING  # m/s
    course: float | None = MISSING  # degrees from north
    accuracy: float | None = MISSING  # m
    altitude: float | None = MISSING  # m
    battery: float | None = MISSING  # percent
    odometer: float | None = MISSING  # m
    ignition: bool | None = None
    moving: bool | None = None
    sos: bool | None = None


class Problem(NamedTuple):
    """Why a message, or one element of it, is not a fix."""

    reason: Reason
    detail: str
    payload: bytes | None = None  # the element, when it is not the whole message


class Words(NamedTuple):
    """What a message wants of dispatch: the kind of the command, and its body."""

    kind: str
    body: dict[str, Any]


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """What a message said. `flags` (bits of `core.fixes.Flag`) has one number per fix, or none when all are zero.

    `device` is the device that the message itself names, in dialects whose topic names none.
    """

    fixes: list[RawFix]
    problems: list[Problem]
    flags: tuple[int, ...] = ()
    device: str = ""
    words: Words | None = None  # no fix, but something for dispatch


IGNORED: Final = Decoded([], [])  # known, and of no use here


def refuse(reason: Reason, detail: str) -> Decoded:
    """A message that is refused whole."""
    return Decoded([], [Problem(reason, detail)])


def number(value: Any) -> float:
    """A number that may come as text; NaN for anything else. Booleans are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return MISSING
    try:
        return float(value)
    except (ValueError, OverflowError):
        return MISSING
