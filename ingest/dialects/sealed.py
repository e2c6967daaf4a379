"""OwnTracks messages sealed with a shared secret: `{"_type": "encrypted", "data": base64(nonce + box)}`.

The box is libsodium's secretbox, its key the secret of the device, filled up with NUL to 32 bytes. It hides positions
from a broker in between; who may speak is decided by the credential, as ever.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from typing import Any, Final

import msgspec

from ingest.dialects.dialect import parse
from ingest.raw import Problem

KEY_BYTES: Final = 32
_NO_KEY: Final = Problem(
    "unknown_type", "encrypted, and no key of this device is known: store it, or clear it in the app"
)
_WRONG_KEY: Final = Problem("unknown_type", "encrypted, and the key of this device does not open it: compare both ends")
_NO_BOX: Final = Problem("unknown_type", "encrypted, and data is no base64 text of a nonce and a box")
_LONG_KEY: Final = Problem(
    "unknown_type", f"the key of this device has more than {KEY_BYTES} bytes; the app allows fewer"
)


def unseal(payload: bytes, key: bytes | None) -> bytes | Problem:
    """The payload with what is sealed in it opened; anything else comes back as it is, for the decoder to judge."""
    if b'"encrypted"' not in payload:  # nearly all are not
        return payload
    try:
        value = parse(payload)
    except ValueError:
        return payload
    if isinstance(value, list):
        return msgspec.json.encode([_opened(element, key) for element in value])
    return _open(value["data"], key) if _is_sealed(value) else payload


def _is_sealed(value: Any) -> bool:
    return isinstance(value, dict) and value.get("_type") == "encrypted" and "data" in value


def _opened(value: Any, key: bytes | None) -> Any:
    """An element of an array, opened if it can be."""
    plain = _open(value["data"], key) if _is_sealed(value) else None
    try:
        return parse(plain) if isinstance(plain, bytes) else value
    except ValueError:
        return value


def _open(data: Any, key: bytes | None) -> bytes | Problem:
    from nacl.exceptions import CryptoError  # only those who encrypt pay for loading it
    from nacl.secret import SecretBox

    if not key:
        return _NO_KEY
    if len(key) > KEY_BYTES:
        return _LONG_KEY
    try:
        box = b64decode(data, validate=True) if isinstance(data, str) else b""
    except (binascii.Error, ValueError):
        return _NO_BOX
    if len(box) < SecretBox.NONCE_SIZE + SecretBox.MACBYTES:
        return _NO_BOX
    try:
        return SecretBox(key.ljust(KEY_BYTES, b"\0")).decrypt(box)
    except CryptoError:
        return _WRONG_KEY
