"""Text that Postgres takes: it stores every character but NUL, so that one becomes U+FFFD."""

from __future__ import annotations

from typing import Any

import msgspec


def clean(text: str) -> str:
    """The text without NUL."""
    return text.replace("\0", "\ufffd")


def json_of(value: Any) -> str:
    """The value as JSON without NUL."""
    return msgspec.json.encode(value).decode().replace("\\u0000", "\\ufffd")
