"""Entries cut in halves, so that the part which the archive refuses is found, and what is kept of that part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from core.fixes import Fixes
from core.rejects import PAYLOAD_LIMIT, Reject
from store.chain import Erased, Link, event_digest

NAME_LIMIT: Final = 128  # characters: the name may be what was refused
_PLAIN: Final = ("time_us", "received_us", "lat", "lon", "flags", "dialect")  # what is told of a refused fix


class Item(NamedTuple):
    """One decoded entry of the log, or a part of it; `links` are always the whole one's."""

    stream: str
    id: str
    value: Any
    links: tuple[Link, ...] = ()


def halves(item: Item) -> tuple[Item, Item] | None:
    """The first and the second half of an entry's fixes, events or rejects; None for what has no parts."""
    value = item.value
    if isinstance(value, Fixes):
        if len(value) < 2:
            return None
        middle = len(value) // 2
        rows = np.arange(len(value))
        return item._replace(value=value.take(rows[:middle])), item._replace(value=value.take(rows[middle:]))
    filled = [i for i, part in enumerate(value) if part is not None] if isinstance(value, list) else []
    if len(filled) < 2:
        return None
    middle = filled[len(filled) // 2]
    return item._replace(value=_only(value, 0, middle)), item._replace(value=_only(value, middle, len(value)))


def _only(parts: Sequence[Any], start: int, end: int) -> list[Any]:
    """The parts of [start, end) in their places; rejects have no places."""
    if isinstance(next(part for part in parts if part is not None), Reject):
        return list(parts[start:end])
    return [part if start <= i < end else None for i, part in enumerate(parts)]


def refused(item: Item, error: Any) -> Reject:
    """What is kept of an entry, or of its one part, that cannot be stored."""
    value = item.value
    if isinstance(value, list):
        value = next(part for part in value if part is not None)
    device = value.names()[0] if isinstance(value, Fixes) else str(getattr(value, "device", "") or "")
    return Reject(
        received_us=int(item.id.partition("-")[0]) * 1000,
        reason="bad_time" if error.bad_time else "unknown_type",
        dialect="",
        topic=item.stream,
        device=device[:NAME_LIMIT],
        detail=str(error),
        payload=_told(value)[:PAYLOAD_LIMIT],
    )


def missing(item: Item) -> list[Erased]:
    """What the chain has and the archive never will: an event that it refused."""
    if not item.links or not isinstance(item.value, list):
        return []
    refused_ = [(i, event_digest(event)) for i, event in enumerate(item.value) if event is not None]
    return [Erased(item.stream, item.id, i, was, None, "refused") for i, was in refused_]


def _told(value: Any) -> bytes:
    if isinstance(value, Fixes):
        value = {name: getattr(value, name)[0].item() for name in _PLAIN}
    return msgspec.json.encode(value)
