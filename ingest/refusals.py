"""Rejects as admission writes them: bounded in number and size, and without a position that may not be kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from core.rejects import PAYLOAD_LIMIT, Reason, Reject
from ingest.message import Message
from ingest.raw import Problem, RawFix

_MORE: Final = re.compile(r"(?:and )?(\d+) (?:more )?of this message")
REJECTS_PER_MESSAGE: Final = 100  # an array of a million bad elements is not a million rejects


def refusal(message: Message, dialect: str, device: str, problem: Problem, *, private: bool = False) -> Reject:
    """One reject. `private`: of what the device sent nothing may be kept, only that it was refused."""
    payload = message.payload if problem.payload is None else problem.payload
    return Reject(
        received_us=message.received_us,
        reason=problem.reason,
        dialect=dialect,
        topic=message.topic[:PAYLOAD_LIMIT],
        device=device[:PAYLOAD_LIMIT],
        detail=_detail_of(problem, private=private)[:PAYLOAD_LIMIT],
        payload=b"" if private else payload[:PAYLOAD_LIMIT],
    )


def _detail_of(problem: Problem, *, private: bool) -> str:
    """What is said of it: where nothing may be kept, only how many there were."""
    return problem.detail if not private or problem.reason == "off_duty" or _MORE.match(problem.detail) else ""


def bounded(problems: Sequence[Problem]) -> list[Problem]:
    """The first problems of a message, and how many more there are."""
    shown = list(problems[:REJECTS_PER_MESSAGE])
    if len(problems) > REJECTS_PER_MESSAGE:
        shown.append(Problem(problems[-1].reason, f"and {len(problems) - REJECTS_PER_MESSAGE} more of this message"))
    return shown


def how_many(rejects: Sequence[Reject]) -> int:
    """How many elements the rejects of one message stand for, those that say a number counted by it."""
    said = [_MORE.match(reject.detail) for reject in rejects]
    return sum(1 if number is None else int(number[1]) for number in said)


def of_fix(raw: RawFix, reason: Reason, *, alone: bool) -> Problem:
    """Why a decoded fix cannot be true; `alone`: it is the whole message, else only it is shown."""
    return Problem(reason, _detail(raw, reason), None if alone else _shown(raw))


def _shown(raw: RawFix) -> bytes:
    """One element of an array as we read it, without what it did not say."""
    said = {name: value for name in raw.__struct_fields__ if (value := getattr(raw, name)) is not None}
    return msgspec.json.encode({name: value for name, value in said.items() if value == value})  # noqa: PLR0124  # NaN


def _detail(raw: RawFix, reason: Reason) -> str:
    if reason == "bad_coordinate":
        return f"lat {raw.lat}, lon {raw.lon}"
    if reason == "future":
        return f"time {raw.time!r:.40} is more than 120 s ahead of ours: set the device's clock"
    return f"time {raw.time!r:.40} is before 2010 or no time (RFC 3339 with an offset, or a number)"
