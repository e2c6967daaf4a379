"""Secrets of the installation that outsiders hold the other half of: made once, in the data folder.

`links.key` signs links to offers, `push.pem` is our name at push services. Stages that run on several machines need
the same two files; a new one makes links that are out void, or browsers deaf until they subscribe again.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from core.errors import ConfigError

LINKS: Final = "links.key"
PUSH: Final = "push.pem"
_LINK_BYTES: Final = 32


def link_secret(data_dir: Path) -> bytes:
    """What links to offers are signed with."""
    secret = _made(data_dir / LINKS, lambda: secrets.token_bytes(_LINK_BYTES))
    if len(secret) != _LINK_BYTES:
        raise ConfigError(f"{data_dir / LINKS} is damaged: bring it back, or move it away (links that are out end).")
    return secret


def push_key(data_dir: Path) -> ec.EllipticCurvePrivateKey:
    """The key that push services know us by."""
    path = data_dir / PUSH
    try:
        key = load_pem_private_key(_made(path, _new_key), None)
    except ValueError as error:
        raise ConfigError(f"{path} is damaged: bring it back, or move it away (browsers subscribe again).") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise ConfigError(f"{path} is no key of the curve P-256: bring the right one back, or move it away.")
    return key


def _new_key() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _made(path: Path, make: Callable[[], bytes]) -> bytes:
    """What is in the file, whoever made it first; for its owner's eyes only, and on disk when it is used."""
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(make())
                file.flush()
                os.fsync(descriptor)
            with suppress(FileExistsError):  # unlike a rename, it fails where another process was first
                os.link(fresh, path)
            fresh.unlink()
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read or made ({error.strerror}); mend the data folder.") from error
