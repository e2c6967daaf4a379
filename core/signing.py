"""Signatures of webhooks, as Standard Webhooks has them: HMAC-SHA256 over id, time and body. Pure."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from typing import Final

PREFIX: Final = "whsec_"


def key_of(secret: str) -> bytes:
    """The key that a secret stands for; raises ValueError. `whsec_` and base64 is the standard's form."""
    return b64decode(secret.removeprefix(PREFIX), validate=True) if secret.startswith(PREFIX) else secret.encode()


def signature(key: bytes, message: str, at_s: int, body: bytes) -> str:
    """What the header `webhook-signature` holds."""
    digest = hmac.digest(key, f"{message}.{at_s}.".encode() + body, "sha256")
    return f"v1,{b64encode(digest).decode()}"
