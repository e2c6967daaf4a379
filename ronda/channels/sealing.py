"""Web Push on the wire: messages that only one browser can open (RFC 8291, RFC 8188) and our name (RFC 8292).

Written here because the libraries for it bring two HTTP clients along; `cryptography` we have. The RFC's own example
is among the tests.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from typing import Final
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD: Final = 4096
PLAIN_MAX: Final = 3993  # bytes of a message: a push service need not take more than one record
TOKEN_S: Final = 12 * 3600
_LAST: Final = b"\x02"


def seal(
    plain: bytes,
    public_key: bytes,
    secret: bytes,
    *,
    salt: bytes | None = None,
    ours: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body of a push. Raises ValueError when the browser's key is none, or the message is too long."""
    if len(plain) > PLAIN_MAX:
        raise ValueError(f"a push holds at most {PLAIN_MAX} bytes, not {len(plain)}")
    salt, ours = salt or os.urandom(16), ours or ec.generate_private_key(ec.SECP256R1())
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
    mine = point(ours)
    shared = ours.exchange(ec.ECDH(), theirs)
    key = _derive(shared, secret, b"WebPush: info\0" + public_key + mine, 32)
    nonce = _derive(key, salt, b"Content-Encoding: nonce\0", 12)
    sealed = AESGCM(_derive(key, salt, b"Content-Encoding: aes128gcm\0", 16)).encrypt(nonce, plain + _LAST, None)
    return salt + RECORD.to_bytes(4, "big") + bytes([len(mine)]) + mine + sealed


def authorization(key: ec.EllipticCurvePrivateKey, endpoint: str, contact: str, now_s: int) -> str:
    """The header by which a push service knows that it is us."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": now_s + TOKEN_S, "sub": contact}
    head, body = (_b64(msgspec.json.encode(part)) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
    r, s = decode_dss_signature(key.sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256())))
    return f"vapid t={head}.{body}.{_b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}, k={public(key)}"


def public(key: ec.EllipticCurvePrivateKey) -> str:
    """What a browser is given as `applicationServerKey`."""
    return _b64(point(key))


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """The public half, uncompressed."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derive(key: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(key)


def _b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
