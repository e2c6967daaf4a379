"""The data folder of an embedded installation: who runs on it, and how other commands find its servers.

`lock` is held by the `ronda up` that runs here, `urls.json` (for its owner's eyes only) says where its servers are.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from core.errors import RondaError

_LOCK_PATIENCE_S: Final = 2.0  # another command may be asking who runs here


class NotRunningError(RondaError):
    """No embedded installation runs on the data folder."""


class InUseError(RondaError):
    """Another process holds what we need."""


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """Where the servers of a running `ronda up` are."""

    pid: int
    redis_url: str
    database_url: str
    mqtt_url: str
    http_url: str


@contextmanager
def held(data_dir: Path) -> Iterator[None]:
    """Hold the folder: one `ronda up` at a time. The kernel lets go of it when we die, however we die."""
    descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, data_dir)
        (data_dir / "urls.json").unlink(missing_ok=True)  # of one who was killed: its servers are not ours
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def running(data_dir: Path) -> bool:
    """Whether a `ronda up` holds the folder now."""
    try:
        descriptor = os.open(data_dir / "lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def announced(data_dir: Path, installation: Installation) -> Iterator[None]:
    """Write `urls.json` for the other commands, and take it away again."""
    path, fresh = data_dir / "urls.json", data_dir / f"urls.json.{os.getpid()}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(installation)) + b"\n")
    fresh.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def find(data_dir: Path) -> Installation:
    """The installation that runs on the folder; raises `NotRunningError` with what to do when there is none."""
    try:
        installation = msgspec.json.decode((data_dir / "urls.json").read_bytes(), type=Installation)
    except PermissionError as error:
        raise NotRunningError(
            f"{data_dir} belongs to another user: run this as the user who runs `ronda up`."
        ) from error
    except (OSError, msgspec.MsgspecError):
        installation = None
    if installation is None or not running(data_dir):
        raise NotRunningError(
            f"No ronda runs on {data_dir}: start `ronda up --data {data_dir}` first, name the right folder with "
            "--data, or set RONDA_REDIS_URL and RONDA_DATABASE_URL."
        )
    return installation


def _lock(descriptor: int, data_dir: Path) -> None:
    for _ in range(int(_LOCK_PATIENCE_S / 0.05)):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.05)
    holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
    raise InUseError(f"{data_dir} is in use by process {holder}: stop that `ronda up`, or choose another --data.")
