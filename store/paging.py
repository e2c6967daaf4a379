"""Pages by keyset: rows, and the opaque key of the page after them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from core.errors import DecodeError

T = TypeVar("T")
_TOO_LARGE: Final = 1 << 63


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows and the opaque key of the page after them; None when this was the last."""

    rows: list[T]
    next: str | None


def page_of(rows: list[T], limit: int, key: Callable[[T], str]) -> Page[T]:
    """`rows` were asked for one beyond the limit, to know whether there are more."""
    return Page(rows[:limit], key(rows[limit - 1]) if len(rows) > limit else None)


def key_of(at_us: int, rest: object) -> str:
    return f"{at_us}~{rest}"


def position_of(after: str) -> tuple[int, str]:
    at_us, mark, rest = after.partition("~")
    if not mark:
        raise DecodeError("bad_cursor", "pass `after` exactly as the page before gave it")
    return whole_of(at_us), rest


def whole_of(text: str) -> int:
    """A 64-bit integer out of a key that came back from outside."""
    try:
        number = int(text)
    except ValueError:
        number = _TOO_LARGE
    if not -_TOO_LARGE <= number < _TOO_LARGE:
        raise DecodeError("bad_cursor", "pass `after` exactly as the page before gave it")
    return number
