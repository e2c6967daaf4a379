"""Who said what a stop was for, and who said why: two people often, each with the time of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo
from typing import Any, Final, NamedTuple

import msgspec
from psycopg_pool import AsyncConnectionPool

from api.times import rfc3339
from core.entities import Label
from store import joins

SAYINGS: Final = ("labelled_by", "labelled_at", "reason_by", "reason_at")
NOTHING: Final = Label(id="")


class Author(NamedTuple):
    """Who, and when."""

    by: str
    at_us: int


async def labels_of(pool: AsyncConnectionPool, dwells: Iterable[str]) -> dict[str, Label]:
    """What people said of these stops, by id."""
    found = await joins.rows_of(pool, "labels", dwells)
    return {id_: msgspec.convert(body, Label) for id_, body in found.items()}


def judge_of(label: Label) -> Author | None:
    """Who gave the purpose; nobody if it is the rules' again."""
    return Author(label.by, label.at_us) if label.purpose and label.at_us else None


def teller_of(label: Label) -> Author | None:
    """Who gave the reason. An old label that has a purpose too does not tell whose reason it is."""
    if label.reason_at_us:
        return Author(label.reason_by, label.reason_at_us) if label.reason else None
    return Author(label.by, label.at_us) if label.reason and not label.purpose and label.at_us else None


def sayings(label: Label, zone: tzinfo) -> dict[str, str | None]:
    """Both, under the names of `SAYINGS`."""
    judge, teller = judge_of(label), teller_of(label)
    return dict(zip(SAYINGS, (*_said(judge, zone), *_said(teller, zone)), strict=True))


def last_of(label: Label) -> Author:
    """Who spoke last, of either."""
    both = Author(label.by, label.at_us), Author(label.reason_by, label.reason_at_us)
    return max(both, key=lambda author: author.at_us)


def spoken(label: Label, changes: dict[str, Any], by: str, at_us: int) -> Label:
    """The label with what somebody says now; who said the rest, and when, stays with the rest."""
    fresh = msgspec.structs.replace(label, **changes)
    if fresh.reason != label.reason:
        fresh = msgspec.structs.replace(fresh, reason_by=by, reason_at_us=at_us)
    elif label.reason and not label.reason_at_us:  # an old one: what it tells of the reason's author is kept
        author = "" if label.purpose else label.by
        fresh = msgspec.structs.replace(fresh, reason_by=author, reason_at_us=label.at_us)
    if fresh.purpose != label.purpose:
        fresh = msgspec.structs.replace(fresh, by=by, at_us=at_us)
    return fresh


def _said(author: Author | None, zone: tzinfo) -> tuple[str | None, str | None]:
    return (author.by, rfc3339(author.at_us, zone)) if author and author.by else (None, None)
