"""The folder of a Mosquitto in front: what is there and still good stays, the rest is written anew."""

from __future__ import annotations

import ipaddress
import os
import pwd
import re
import secrets
import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from core.errors import ConfigError, RondaError
from core.units import US_PER_S
from ronda import broker, certificates
from ronda.broker import Names
from ronda.certificates import Pair
from store.brokerhash import SALT_BYTES, broker_hash

ACCOUNT: Final = "mosquitto"  # what Debian's broker becomes when root starts it
URL: Final = "ronda.url"
_HOST: Final = re.compile(r"(?=.{1,253}$)(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")


class Folder:
    """The folder of the broker's files; what is there and still good stays as it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._owner = _account() if os.geteuid() == 0 else None
        self._changed: list[str] = []

    def settle(self, hosts: Sequence[str], state: Path, ports: tuple[int, int], names: Names, now_us: int) -> list[str]:
        """Bring every file up to date; the names of those that changed."""
        try:
            self.path.mkdir(mode=0o755, parents=True, exist_ok=True)
            self._own_state(state)
            self._certificates(hosts, datetime.fromtimestamp(now_us // US_PER_S, UTC))
            own_hash = self._own_hash(ports[1])
            self._put("passwd", broker.password_file(names, own_hash).encode())
            self._put("acl", broker.access_list(names).encode())
            self._put("mosquitto.conf", broker.settings_file(self.path, state, *ports).encode())
        except OSError as error:
            raise RondaError(f"{error.filename} cannot be written ({error.strerror}); choose another DIR.") from error
        return self._changed

    def _own_state(self, state: Path) -> None:
        if not state.exists():
            state.mkdir(mode=0o700, parents=True)
            if self._owner is not None:
                os.chown(state, *self._owner)

    def _certificates(self, hosts: Sequence[str], now: datetime) -> None:
        """The authority stays for ever, since every device trusts it; the server's certificate follows the names."""
        ca = Pair(self._get("ca.pem"), self._get("ca.key"))
        if not certificates.readable(ca):
            if any(ca):
                raise RondaError(
                    f"{self.path}/ca.pem and ca.key do not belong together: bring them back, or move both away."
                )
            ca = certificates.authority(now)
            self._put("ca.key", ca.key, ours=True)
            self._put("ca.pem", ca.certificate, mode=0o644)
        own = Pair(self._get("server.pem"), self._get("server.key"))
        wanted = _checked(hosts) or certificates.names(own.certificate) or [socket.gethostname(), "localhost"]
        if not (certificates.readable(own) and certificates.serves(own.certificate, ca.certificate, wanted, now)):
            own = certificates.server(ca, wanted, now)
            self._put("server.key", own.key)
            self._put("server.pem", own.certificate)

    def _own_hash(self, port: int) -> str:
        """The hash of Ronda's own password; the password itself lies in a file that only the caller reads."""
        there = urlsplit(self._get(URL).decode(errors="replace").strip()).password
        password = there or secrets.token_urlsafe(32)
        self._put(URL, f"mqtt://{broker.OURS}:{password}@127.0.0.1:{port}\n".encode(), ours=True)
        salt = sha256(password.encode()).digest()[:SALT_BYTES]  # the same file again: nothing changed
        return broker_hash(password, salt)

    def _get(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return b""

    def _put(self, name: str, content: bytes, *, mode: int = 0o600, ours: bool = False) -> None:
        """Write a file whole or not at all; the broker owns it, unless it is ours alone."""
        if self._get(name) == content:
            return
        path, fresh = self.path / name, self.path / f".{name}.{os.getpid()}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
            if self._owner is not None and not ours:
                os.fchown(descriptor, *self._owner)
        fresh.replace(path)
        self._changed.append(name)


def _account() -> tuple[int, int] | None:
    """The broker's own account, where there is one."""
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        return None
    return entry.pw_uid, entry.pw_gid


def _checked(hosts: Sequence[str]) -> list[str]:
    for host in hosts:
        if not _is_address(host) and not _HOST.fullmatch(host):
            raise ConfigError(f"--host {host!r} is neither a name nor an address.")
    return list(dict.fromkeys(hosts))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
