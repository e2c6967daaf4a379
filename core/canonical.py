"""One form of JSON for each value, and its digest: whatever stored the text between, equal values give equal bytes.

Keys sorted, no space, numbers that are whole without a fraction: RFC 8785 for all that Ronda says.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final

import msgspec


def _number(text: str) -> float | int:
    """A whole number is one however it was written: Postgres keeps 1e16 as its digits, and no minus before zero."""
    value = float(text)
    return int(value) if value.is_integer() else value


_decode: Final = msgspec.json.Decoder(float_hook=_number).decode
_encode: Final = msgspec.json.Encoder(order="sorted").encode


def canonical(text: str | bytes) -> bytes:
    """The one form of a JSON text."""
    return _encode(_decode(text))


def digest_of(value: Any) -> bytes:
    """sha256 of the one form of a value."""
    return sha256(canonical(msgspec.json.encode(value))).digest()
