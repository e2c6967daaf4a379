"""A data folder with a short path that an unprivileged server can enter, and processes that run on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPOSITION = Path(__file__).with_name("composition.py")


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """An empty folder below /tmp."""
    folder = Path(tempfile.mkdtemp(prefix="rt-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def import_path() -> str:
    """Our rooms and the installed packages, for an interpreter that is not our own."""
    return os.pathsep.join([str(ROOT), *(p for p in sys.path if p.endswith("site-packages"))])


Compose = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def compose(data_dir: Path) -> Iterator[Compose]:
    """Start tests/ronda/composition.py on the data folder; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(
        mode: str = "write", *, python: str = sys.executable, prefix: tuple[str, ...] = ()
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*prefix, python, str(COMPOSITION), str(data_dir), mode],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(data_dir),
                "PYTHONPATH": import_path(),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
    for name in ("valkey", "postgres"):  # they end by themselves; give them the time before their folder goes
        wait_gone(data_dir, name)


def server_pid(data_dir: Path, name: str) -> int | None:
    """Pid that the supervisor noted for a server."""
    with suppress(OSError, ValueError):
        return int((data_dir / f"{name}.pid").read_text())
    return None


def alive(pid: int | None) -> bool:
    """Whether a process runs (a zombie does not)."""
    if pid is None:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_gone(data_dir: Path, name: str, limit_s: float = 15.0) -> bool:
    """Wait until the noted server has ended."""
    import time

    pid = server_pid(data_dir, name)
    for _ in range(int(limit_s / 0.05)):
        if not alive(pid):
            return True
        time.sleep(0.05)
    return False
