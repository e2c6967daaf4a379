"""Telephone numbers as people write them, and the links that call them or open a chat. Pure."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

_NOISE: Final = re.compile(r"[\s().\-/]")
_DIGITS: Final = re.compile(r"[1-9]\d{6,14}")  # E.164 without the plus


def international(number: str, calling_code: str) -> str | None:
    """Digits of the number with its country's code (E.164 without the plus), None if it cannot be one.

    `0812…` is of this country; `+62 812…`, `0062 812…` and `62812…` name theirs.
    """
    bare = _NOISE.sub("", number)
    if bare.startswith("+"):
        digits = bare[1:]
    elif bare.startswith("00"):
        digits = bare[2:]
    elif bare.startswith("0"):
        digits = calling_code + bare[1:] if calling_code else ""
    elif calling_code and bare.startswith(calling_code):
        digits = bare
    else:
        digits = calling_code + bare
    return digits if digits.isascii() and _DIGITS.fullmatch(digits) else None


def tel_link(number: str, calling_code: str) -> str | None:
    """A link that calls."""
    digits = international(number, calling_code)
    return None if digits is None else f"tel:+{digits}"


def wa_link(number: str, calling_code: str, text: str = "") -> str | None:
    """A link that opens WhatsApp on one's own phone, with a text ready to be sent."""
    digits = international(number, calling_code)
    if digits is None:
        return None
    return f"https://wa.me/{digits}" + (f"?text={quote(text, safe='')}" if text else "")
