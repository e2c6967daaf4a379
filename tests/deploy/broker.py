"""A real Mosquitto on the files that `ronda broker` writes, and Debian's clients to speak to it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ronda import broker
from ronda.brokerfiles import URL, Folder
from store.brokerhash import broker_hash
from store.credentials import BrokerUser

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "mosquitto"
NOW_US = 1_767_571_200_000_000
HOSTS = ["localhost", "127.0.0.1"]
PASSWORDS = {name: f"secret-of-{name}" for name in ("t1", "t2", "t1-warm", "t1-phone311", "t1-phone5")}


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def users(passwords: Mapping[str, str], gateways: Iterable[str] = ()) -> list[BrokerUser]:
    """What the database would say of these names."""
    return [
        BrokerUser(None if name in gateways else name, name, broker_hash(secret)) for name, secret in passwords.items()
    ]


class Broker:
    """Mosquitto on a folder of its own, once its files are there. Clients come by TLS and trust its authority."""

    def __init__(self, folder: Path, passwords: Mapping[str, str] = PASSWORDS) -> None:
        self.folder, self.passwords = folder, dict(passwords)
        self.tls_port, self.port = free_port(), free_port()

    @property
    def url(self) -> str:
        """What Ronda itself is given."""
        return (self.folder / URL).read_text().strip()

    def write(self, known: Iterable[BrokerUser]) -> list[str]:
        """As `ronda broker` does; the files that changed."""
        names = broker.sorted_out(known)
        return Folder(self.folder).settle(HOSTS, self.folder / "state", (self.tls_port, self.port), names, NOW_US)

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([MOSQUITTO, "-c", self.folder / "mosquitto.conf"], stderr=log)
        for _ in range(200):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.process.poll() is None, self.said()
            time.sleep(0.05)
        raise AssertionError(self.said())

    @contextmanager
    def running(self) -> Iterator[None]:
        """For the time of the block."""
        self.start()
        try:
            yield
        finally:
            self.stop()

    def said(self) -> str:
        return (self.folder / "log").read_text()

    def reload(self, until: str) -> None:
        """SIGHUP, as `systemctl reload` does; back when the log has said something new that shows its effect."""
        before = self.said().count(until)
        self.process.send_signal(signal.SIGHUP)
        for _ in range(100):
            if self.said().count(until) > before:
                return
            time.sleep(0.05)
        raise AssertionError(self.said())

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(10) == 0, self.said()

    def login(self, user: str, password: str | None = None) -> list[str]:
        """Arguments of Debian's clients."""
        where = ["-h", "localhost", "-p", str(self.tls_port), "--cafile", str(self.folder / "ca.pem")]
        return [*where, "-u", user, "-P", self.passwords.get(user, "") if password is None else password]

    def inside(self) -> list[str]:
        """Arguments for Ronda itself, on the inner listener."""
        return ["-h", "127.0.0.1", "-p", str(self.port), "-u", "ronda", "-P", str(urlsplit(self.url).password)]

    def client(self, program: str, user: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [program, *self.login(user), "-V", "mqttv5", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, **options)

    def publish(self, user: str, topic: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return self.client("mosquitto_pub", user, "-q", "1", "-t", topic, *arguments, **options)

    def subscribe(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """As Ronda does: on the inner listener, with a session that stays."""
        session = ["-V", "mqttv5", "-i", "ronda-test", "-c", "-x", "3600", "-q", "1"]
        topics = ["ronda/v1/+/fix", "owntracks/#", "+/+/teltonika/+/data", "traccar/positions"]
        asked = [word for topic in topics for word in ("-t", topic)]
        command = ["mosquitto_sub", *self.inside(), *session, *asked, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


@contextmanager
def broker_folder() -> Iterator[Path]:
    """An empty folder that the broker's own account can enter, as root's usual temporary folders cannot be."""
    folder = Path(tempfile.mkdtemp(prefix="rb-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def brokered(passwords: Mapping[str, str] = PASSWORDS, gateways: Iterable[str] = ()) -> Iterator[Broker]:
    """A broker that runs for the time of the block."""
    with broker_folder() as folder:
        made = Broker(folder, passwords)
        made.write(users(passwords, gateways))
        with made.running():
            yield made
