"""A secret as Mosquitto's password file keeps it: PBKDF2 with SHA-512, marked `$7$`."""

from __future__ import annotations

import secrets
from base64 import b64encode
from hashlib import pbkdf2_hmac
from typing import Final

# What mosquitto_passwd uses too. A secret of 256 random bits needs no slower hash, and a broker that restarts checks
# a whole fleet at once.
ITERATIONS: Final = 101
SALT_BYTES: Final = 12


def broker_hash(secret: str, salt: bytes | None = None) -> str:
    """The field after the colon in a line of the file."""
    salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt
    digest = pbkdf2_hmac("sha512", secret.encode(errors="replace"), salt, ITERATIONS)
    return f"$7${ITERATIONS}${b64encode(salt).decode()}${b64encode(digest).decode()}"
